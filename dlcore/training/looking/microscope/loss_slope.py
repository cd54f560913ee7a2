"""The derivative of a loss by an output of the network: where the backward pass begins."""

from typing import assert_never

import torch

from dlcore.choices.losses import (
    AutoLoss,
    BinaryCrossEntropy,
    CrossEntropy,
    Hinge,
    Huber,
    MeanAbsoluteError,
    MeanSquaredError,
)
from dlcore.training.looking.microscope.frozen import Frozen
from dlcore.training.looking.microscope.targets import figures_wanted, shares_wanted
from dlcore.training.looking.microscope.written import Written, written
from dlcore.training.losses import terms


def slope(frozen: Frozen, sample: int, unit: int) -> Written:
    """Return dL/d(output) of a unit in a sample: where the backward pass begins."""
    loss = frozen.step.config.loss
    outputs = frozen.outputs.detach().double()
    output, many = float(outputs[sample, unit]), terms(loss, outputs)
    share: tuple[str, tuple[str | int, ...]] = (f" / {many}", (" / ", many))
    if loss.reduction == "sum":
        many, share = 1, ("", ())
    match loss:
        case CrossEntropy():
            share_of = float(torch.softmax(outputs[sample], 0)[unit])
            wanted = float(shares_wanted(frozen, sample)[unit])
            value = (share_of - wanted) / many
            return written("dL/do", f"(p − y){share[0]}", value, "(", share_of, " − ", wanted, ")", *share[1])
        case BinaryCrossEntropy():
            chance, wanted = float(torch.sigmoid(outputs[sample])[unit]), _wanted(frozen, sample, unit)
            value = (chance - wanted) / many
            return written("dL/do", f"(p − y){share[0]}", value, "(", chance, " − ", wanted, ")", *share[1])
        case MeanSquaredError():
            wanted = _wanted(frozen, sample, unit)
            value = 2 * (output - wanted) / many
            return written(
                "dL/do", f"2·(o − y){share[0]}", value, "2·(", output, " − ", wanted, ")", *share[1]
            )
        case MeanAbsoluteError():
            wanted = _wanted(frozen, sample, unit)
            sign = float((output > wanted) - (output < wanted))
            return written("dL/do", f"sign of (o − y){share[0]}", sign / many, sign, *share[1])
        case Huber():
            apart = output - _wanted(frozen, sample, unit)
            bounded = max(-loss.delta, min(loss.delta, apart))
            rule = f"(o − y, at most {loss.delta:g} either way){share[0]}"
            return written("dL/do", rule, bounded / many, bounded, *share[1])
        case Hinge():
            counted = _hinge_count(frozen, sample, unit)
            classes = outputs.shape[1]
            if classes == 1:
                rule = f"(−y where 1 − y·f > 0, else 0){share[0]}"
                return written("dL/df", rule, counted / many, counted, *share[1])
            whose = (
                "others that come within 1, with a minus" if counted < 0 else "1 if within 1 of the true one"
            )
            rule = f"({whose}) / classes{share[0]}"
            return written("dL/df", rule, counted / classes / many, counted, " / ", classes, *share[1])
        case AutoLoss():
            raise AssertionError("the loss of a resolved configuration is never auto")
        case _:
            assert_never(loss)


def _hinge_count(frozen: Frozen, sample: int, unit: int) -> float:
    """Return the derivative of a hinge loss by an output, before it is divided by classes and samples."""
    outputs = frozen.outputs.detach()[sample]
    if len(outputs) == 1:
        side = 2 * _wanted(frozen, sample, unit) - 1
        return -side if 1 - side * float(outputs[0]) > 0 else 0.0
    true = int(frozen.targets[sample])
    beyond = (1 - outputs[true] + outputs) > 0
    beyond[true] = False
    return -float(beyond.sum()) if unit == true else float(beyond[unit])


def _wanted(frozen: Frozen, sample: int, unit: int) -> float:
    return float(figures_wanted(frozen)[sample, unit])
