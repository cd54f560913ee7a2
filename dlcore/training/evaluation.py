"""A whole split measured as it stands: without dropout, without augmentation, without gradients."""

from typing import Any

import torch
from torch import nn

from dlcore.training.data import AnySplit, Data
from dlcore.training.losses import LossFunction
from dlcore.training.metrics import ClassFigures, NumberFigures

_BATCH = 1000


def evaluate(model: nn.Module, data: Data, split: AnySplit, criterion: LossFunction) -> dict[str, Any]:
    """Return the mean loss and all figures of a split by name; the model is left in training mode."""
    if data.facts.task == "regression":
        figures: NumberFigures | ClassFigures = NumberFigures(data.target_deviation)
    else:
        figures = ClassFigures(data.facts.classes)
    loss = torch.zeros((), dtype=torch.float64)
    model.eval()
    with torch.no_grad():
        for inputs, targets in data.batches(split, _BATCH):
            outputs = model(inputs)
            # On the CPU, because some GPUs have no double.
            loss += criterion(outputs, targets).cpu().double() * len(targets)
            figures.add(outputs, targets)
    model.train()
    return {"loss": float(loss) / len(split), **figures.figures()}
