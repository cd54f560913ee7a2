"""What a network predicts against what it should have predicted, in the unit of the targets."""

from typing import Any

import torch

from dlcore.errors import DltuiError
from dlcore.training.data import AnySplit
from dlcore.training.looking.columns import target_name
from dlcore.training.looking.stored import evenly, samples_at, unscaled
from dlcore.training.metrics import NumberFigures
from dlcore.training.opened import Opened, opened

_SAMPLES = 1000
_BATCH = 250
_SPLITS = ("validation", "test", "training")


@torch.no_grad()
def predictions(path: str, step: int | None = None, split: int = 0, target: int = 0) -> dict[str, Any]:
    """Return pairs of a regression: {"points": [[target, prediction]], "r2", "mae", "rmse", …}.

    `split` counts those that hold samples, the watched one first; it and `target` wrap around. At most
    1000 samples are taken, evenly from all over the split, and the figures are theirs.
    """
    run = opened(path, step)
    if run.facts.task != "regression":
        raise DltuiError(
            "Predictions against targets are for data with numbers to predict",
            "What a classifier confuses is in Errors (4).",
        )
    splits = _splits(run)
    names = list(splits)
    name = names[split % len(names)]
    target %= run.facts.targets
    outputs, targets = predicted_numbers(run, splits[name])
    figures = NumberFigures(run.data.target_deviation[target : target + 1])
    figures.add(outputs[:, target : target + 1], targets[:, target : target + 1])
    pairs = torch.stack([unscaled(run.data, values)[:, target] for values in (targets, outputs)], 1)
    return {
        "step": run.step,
        "splits": names,
        "split": split % len(names),
        "targets": run.facts.targets,
        "target": target,
        "name": target_name(run.config.data, run.facts, target),
        "samples": len(outputs),
        "total": len(splits[name]),
        "points": pairs.tolist(),
        **figures.figures(),
    }


def predicted_numbers(run: Opened, split: AnySplit) -> tuple[torch.Tensor, torch.Tensor]:
    """Return outputs and targets (samples, targets) of samples from all over a split, both scaled."""
    inputs, targets = samples_at(run.data, split, evenly(len(split), _SAMPLES))
    return torch.cat([run.model(batch).float() for batch in inputs.split(_BATCH)]), targets


def _splits(run: Opened) -> dict[str, AnySplit]:
    """Return the splits with samples, the one that was watched first."""
    splits: dict[str, AnySplit] = {
        "validation": run.data.validation,
        "test": run.data.test,
        "training": run.data.training,
    }
    return {name: splits[name] for name in _SPLITS if len(splits[name])}
