"""A whole split measured as it stands: without dropout, without augmentation, without gradients."""

from typing import Any, NamedTuple

import torch

from dlcore.training.data import AnySplit, Data
from dlcore.training.metrics import ClassFigures, NumberFigures
from dlcore.training.step import TrainingStep

_BATCH = 1000


class Measured(NamedTuple):
    """What there is to know of a split."""

    figures: dict[str, Any]
    """By name, the mean loss among them."""
    confusion: torch.Tensor | None
    """(classes, classes), true ones in rows; None in a regression."""


def evaluate(step: TrainingStep, data: Data, split: AnySplit) -> Measured:
    """Measure a whole split; the network is left in training mode."""
    if data.facts.task == "regression":
        figures: NumberFigures | ClassFigures = NumberFigures(data.target_deviation)
    else:
        figures = ClassFigures(data.facts.classes)
    loss = torch.zeros((), dtype=torch.float64)
    step.network.eval()
    with torch.no_grad():
        for inputs, targets in data.batches(split, _BATCH):
            mean, outputs = step.loss_of(inputs, targets)
            loss += mean.cpu().double() * len(targets)  # on the CPU, because some GPUs have no double
            figures.add(outputs, targets)
    step.network.train()
    confusion = figures.confusion if isinstance(figures, ClassFigures) else None
    return Measured({"loss": float(loss) / len(split), **figures.figures()}, confusion)
