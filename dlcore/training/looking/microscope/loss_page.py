"""Loss: one sample's outputs and target to a number, written out, and the batch's mean."""

from collections.abc import Callable
from typing import Any, assert_never

import torch
from torch.nn import functional

from dlcore.choices.losses import (
    AutoLoss,
    BinaryCrossEntropy,
    CrossEntropy,
    Hinge,
    Huber,
    MeanAbsoluteError,
    MeanSquaredError,
)
from dlcore.training.looking.microscope.chosen import Chosen
from dlcore.training.looking.microscope.frozen import Frozen
from dlcore.training.looking.microscope.targets import figures_wanted, shares_wanted
from dlcore.training.looking.microscope.written import Written, largest, number, written
from dlcore.training.losses import encoded, terms
from dlcore.training.metrics import predicted

Column = tuple[str, torch.Tensor]
"""A heading, and a figure for each output."""

_MOST_ROWS = 12
"""Outputs that get a row; of more, those that matter."""


def loss_page(frozen: Frozen, chosen: Chosen) -> dict[str, Any]:
    """Return the loss of the chosen sample, output by output, and how the batch does."""
    columns, rule = _columns(frozen, chosen.sample)
    row_count = len(columns[0][1])
    shown = _shown(columns[0][1], _true(frozen, chosen.sample))
    each = per_sample(frozen)
    mean, loss = frozen.loss, frozen.step.config.loss
    return {
        "kind": loss.kind,
        "columns": [name for name, _ in columns],
        "rows": [
            {
                "label": _label(frozen, index),
                "values": [number(values[index]) for _, values in columns],
                "true": index == _true(frozen, chosen.sample),
            }
            for index in shown
        ],
        "others": row_count - len(shown),
        "written": rule,
        "target": _target(frozen, chosen.sample),
        "mean": number(mean),
        "least": [number(each.min()), int(each.argmin())],
        "most": [number(each.max()), int(each.argmax())],
        "right": _right(frozen),
        "summed": number(mean * terms(loss, frozen.outputs)) if loss.reduction == "sum" else None,
    }


def per_sample(frozen: Frozen) -> torch.Tensor:
    """Return the loss of each sample of the batch (batch,): their mean is the batch's."""
    outputs, loss = frozen.outputs.detach().float(), frozen.step.config.loss
    if isinstance(loss, CrossEntropy):
        smoothing = loss.label_smoothing
        return functional.cross_entropy(outputs, frozen.targets, reduction="none", label_smoothing=smoothing)
    if isinstance(loss, Hinge) and outputs.shape[1] > 1:
        return functional.multi_margin_loss(outputs, frozen.targets, reduction="none")
    wanted = encoded(frozen.targets, outputs)
    match loss:
        case BinaryCrossEntropy():
            each = functional.binary_cross_entropy_with_logits(outputs, wanted, reduction="none")
        case MeanAbsoluteError():
            each = (outputs - wanted).abs()
        case Huber():
            each = functional.huber_loss(outputs, wanted, reduction="none", delta=loss.delta)
        case Hinge():
            each = (1 - (2 * wanted - 1) * outputs).clamp_min(0)
        case _:
            each = (outputs - wanted).square()
    return each.mean(1)


def _columns(frozen: Frozen, sample: int) -> tuple[list[Column], Written]:
    """Return the columns of the sample's outputs, the rule of its loss with numbers, and the loss."""
    loss = frozen.step.config.loss
    outputs = frozen.outputs.detach().double()[sample]
    match loss:
        case CrossEntropy():
            return _cross_entropy(frozen, sample, outputs)
        case BinaryCrossEntropy():
            wanted = figures_wanted(frozen)[sample]
            each = functional.binary_cross_entropy_with_logits(outputs, wanted, reduction="none")
            columns = [
                ("output o", outputs),
                ("p = sigmoid(o)", torch.sigmoid(outputs)),
                ("target y", wanted),
                ("−log p or −log(1 − p)", each),
            ]
            return columns, _mean_of(each, "the mean of the last column")
        case MeanSquaredError():
            return _differences(frozen, sample, "(o − y)²", lambda apart: apart.square())
        case MeanAbsoluteError():
            return _differences(frozen, sample, "|o − y|", lambda apart: apart.abs())
        case Huber():
            delta = loss.delta

            def bent(apart: torch.Tensor) -> torch.Tensor:
                return functional.huber_loss(apart, torch.zeros_like(apart), reduction="none", delta=delta)

            return _differences(frozen, sample, f"½·d² up to {delta:g}, then straight", bent)
        case Hinge():
            return _hinge(frozen, sample, outputs)
        case AutoLoss():
            raise AssertionError("the loss of a resolved configuration is never auto")
        case _:
            assert_never(loss)


def _cross_entropy(frozen: Frozen, sample: int, outputs: torch.Tensor) -> tuple[list[Column], Written]:
    powers, shares = (outputs - outputs.max()).exp(), torch.softmax(outputs, 0)
    wanted = shares_wanted(frozen, sample)
    columns = [("output o", outputs), ("e^(o − max)", powers), ("p = share", shares), ("target y", wanted)]
    logs = -torch.log_softmax(outputs, 0)
    true = int(frozen.targets[sample])
    if not getattr(frozen.step.config.loss, "label_smoothing", 0.0):
        value = float(logs[true])
        if not shares[true]:  # too small for a number: its logarithm is not
            below = float(outputs[true] - outputs.max())
            rule = "log Σ e^(o − max) − (o − max of the true class)"
            return columns, written("loss", rule, value, "log(", float(powers.sum()), ") − (", below, ")")
        return columns, written("loss", "−log p of the true class", value, "−log(", float(shares[true]), ")")
    value = float((wanted * logs).sum())
    columns.append(("−y·log p", wanted * logs))
    return columns, written("loss", "the sum of the last column", value, value)


def _differences(
    frozen: Frozen, sample: int, name: str, cost: Callable[[torch.Tensor], torch.Tensor]
) -> tuple[list[Column], Written]:
    outputs, wanted = frozen.outputs.detach().double()[sample], figures_wanted(frozen)[sample]
    each = cost(outputs - wanted)
    columns = [("output o", outputs), ("target y", wanted), ("d = o − y", outputs - wanted), (name, each)]
    return columns, _mean_of(each, "the mean of the last column")


def _mean_of(each: torch.Tensor, rule: str) -> Written:
    value = float(each.mean())
    if len(each) == 1:
        return written("loss", "the last column", value, value)
    return written("loss", rule, value, float(each.sum()), " / ", len(each))


def _hinge(frozen: Frozen, sample: int, outputs: torch.Tensor) -> tuple[list[Column], Written]:
    """The losses of Vapnik (1995), and of Weston and Watkins (1999) for several classes."""
    if len(outputs) == 1:
        side = 2 * figures_wanted(frozen)[sample] - 1
        short = 1 - side * outputs
        each = short.clamp_min(0)
        columns = [("output f", outputs), ("y = ±1", side), ("1 − y·f", short), ("max(0, 1 − y·f)", each)]
        return columns, _mean_of(each, "the last column")
    true = int(frozen.targets[sample])
    short = 1 - outputs[true] + outputs
    each = short.clamp_min(0)
    each[true] = 0
    columns = [("output f", outputs), ("1 − f_true + f", short), ("max(0, …), others", each)]
    value = float(each.sum()) / len(outputs)
    rule = "the sum of the last column / classes"
    return columns, written("loss", rule, value, float(each.sum()), " / ", len(outputs))


def _true(frozen: Frozen, sample: int) -> int | None:
    """Return the row of the true class, where there is one."""
    if frozen.targets.dtype.is_floating_point or frozen.outputs.shape[1] == 1:
        return None
    return int(frozen.targets[sample])


def _shown(values: torch.Tensor, true: int | None) -> list[int]:
    """Return the outputs that get a row, in their order: the true one and the largest of many."""
    if len(values) <= _MOST_ROWS:
        return list(range(len(values)))
    picked = largest(values - values.min(), _MOST_ROWS - 1)
    return sorted({*picked, *([] if true is None else [true])})


def _label(frozen: Frozen, index: int) -> str:
    facts = frozen.opened.facts
    if facts.task == "classification" and frozen.outputs.shape[1] > 1:
        return facts.name(index)
    return f"output {index}"


def _target(frozen: Frozen, sample: int) -> str:
    """Return what the sample is, in words; '' for a regression."""
    facts = frozen.opened.facts
    return facts.name(int(frozen.targets[sample])) if facts.task == "classification" else ""


def _right(frozen: Frozen) -> int | None:
    """Return how many samples are told rightly; None in a regression."""
    if frozen.opened.facts.task != "classification":
        return None
    return int((predicted(frozen.outputs.detach()) == frozen.targets).sum())
