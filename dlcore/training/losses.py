"""From a choice of loss to a function of outputs and class numbers."""

from collections.abc import Callable
from typing import assert_never

import torch
from torch.nn import functional

from dlcore.choices.losses import AutoLoss, CrossEntropy, Loss, MeanSquaredError

LossFunction = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def build_loss(loss: Loss) -> LossFunction:
    """Return the mean loss of a batch: outputs (batch, classes) and targets (batch,) to a number.

    The mean is what is recorded, so that batches of any size compare; see `terms` for the reduction `sum`.
    """
    match loss:
        case AutoLoss() | CrossEntropy():
            return functional.cross_entropy
        case MeanSquaredError():
            return lambda outputs, targets: functional.mse_loss(outputs, one_hot(targets, outputs.shape[1]))
        case _:
            assert_never(loss)


def terms(loss: Loss, outputs: torch.Tensor) -> int:
    """Return how many terms the mean is over: mean · terms is the loss with the reduction `sum`."""
    return outputs.numel() if isinstance(loss, MeanSquaredError) else len(outputs)


def one_hot(targets: torch.Tensor, classes: int) -> torch.Tensor:
    """Return float32 (batch, classes): 1 at the true class, else 0."""
    return functional.one_hot(targets, classes).to(torch.float32)
