"""From a choice of loss to a function of outputs and targets; targets are encoded here, for each its way."""

from collections.abc import Callable
from typing import assert_never

import torch
from torch.nn import functional

from dlcore.choices.losses import (
    AutoLoss,
    BinaryCrossEntropy,
    CrossEntropy,
    Hinge,
    Huber,
    Loss,
    MeanAbsoluteError,
    MeanSquaredError,
)
from dlcore.errors import DltuiError

LossFunction = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def build_loss(loss: Loss) -> LossFunction:
    """Return the mean loss of a batch: outputs (batch, units) and targets to a number.

    Targets are class numbers, int64 (batch,), or figures to predict, float32 (batch, units). The mean is
    what is recorded, so that batches of any size compare; see `terms` for the reduction `sum`.
    """
    match loss:
        case CrossEntropy():
            if not loss.label_smoothing:
                return functional.cross_entropy
            smoothing = loss.label_smoothing
            return lambda outputs, targets: functional.cross_entropy(
                outputs, targets, label_smoothing=smoothing
            )
        case BinaryCrossEntropy():
            return lambda outputs, targets: functional.binary_cross_entropy_with_logits(
                outputs, encoded(targets, outputs)
            )
        case Hinge():
            return _hinge
        case MeanSquaredError():
            return lambda outputs, targets: functional.mse_loss(outputs, encoded(targets, outputs))
        case MeanAbsoluteError():
            return lambda outputs, targets: functional.l1_loss(outputs, encoded(targets, outputs))
        case Huber():
            delta = loss.delta
            return lambda outputs, targets: functional.huber_loss(
                outputs, encoded(targets, outputs), delta=delta
            )
        case AutoLoss():
            raise AssertionError("the loss of a resolved configuration is never auto")
        case _:
            assert_never(loss)


def _hinge(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return the mean of max(0, 1 − y·f) with y = ±1 for one output (Vapnik, 1995).

    For several, the mean over samples of Σ max(0, 1 − f_true + f_other) / classes (Weston and Watkins, 1999).
    """
    if outputs.shape[1] > 1:
        return functional.multi_margin_loss(outputs, targets)
    return (1 - (2 * encoded(targets, outputs) - 1) * outputs).clamp_min(0).mean()


def terms(loss: Loss, outputs: torch.Tensor) -> int:
    """Return how many terms the mean is over: mean · terms is the loss with the reduction `sum`."""
    return len(outputs) if isinstance(loss, CrossEntropy | Hinge) else outputs.numel()


def encoded(targets: torch.Tensor, outputs: torch.Tensor) -> torch.Tensor:
    """Return the targets as float32 of exactly the shape of the outputs, so that nothing is broadcast.

    Class numbers become 0 and 1 for a single output, else one-hot; figures to predict stay. Raises DltuiError
    where the shapes differ, as they do with a network that mixes the samples of a batch.
    """
    if targets.dtype.is_floating_point:
        wanted = targets
    elif outputs.shape[1] == 1:
        wanted = targets.to(torch.float32).unsqueeze(1)
    else:
        wanted = functional.one_hot(targets, outputs.shape[1]).to(torch.float32)
    if wanted.shape != outputs.shape:
        given, needed = ("×".join(map(str, values.shape)) for values in (outputs, wanted))
        raise DltuiError(
            f"the network gives {given} outputs for a batch whose targets are {needed}",
            "Let its forward return a row of outputs for each sample.",
        )
    return wanted
