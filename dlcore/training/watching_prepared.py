"""What is told of a watched script once its network has seen a batch, and again when more of it is known."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from dlcore.events import Unknown
from dlcore.history import Metric
from dlcore.training.watching_config import Settings
from dlcore.training.watching_eyes import Eyes


@dataclass(frozen=True)
class Known:
    """What the script has let us know by now; 0 and None are what it has not."""

    metric: Metric | None
    total: int
    """Steps of the whole run."""
    steps_per_epoch: int
    validation_samples: int
    test_samples: int


def prepared(
    settings: Settings, network: nn.Module, eyes: Eyes, known: Known, *, knows_optimizer: bool
) -> dict[str, Any]:
    """Return the fields of `Prepared`."""
    parameters = list(network.parameters())
    per_epoch = known.steps_per_epoch
    if not per_epoch and settings.epochs and settings.total_steps:
        per_epoch = max(settings.total_steps // settings.epochs, 1)
    missing: dict[Unknown, bool] = {
        "optimizer": not knows_optimizer,
        "score": known.metric is None,
        "chance": settings.chance is None,
        "epochs": not settings.epochs,
        "length": not known.total,
    }
    return {
        "device": str(parameters[0].device) if parameters else "cpu",
        "threads": torch.get_num_threads(),
        "task": "regression" if known.metric == "r2" else "classification",
        "input_shape": eyes.input_shape,
        "layers": eyes.layers,
        "parameters": sum(parameter.numel() for parameter in parameters),
        "training_samples": 0,
        "validation_samples": known.validation_samples,
        "test_samples": known.test_samples,
        "batch_size": eyes.batch_size,
        "steps_per_epoch": per_epoch,
        "total_steps": known.total,
        "epochs": settings.epochs or 0,
        "chance": settings.chance,
        "unknown": tuple(name for name, is_missing in missing.items() if is_missing),
    }
