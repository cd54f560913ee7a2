"""What a network gets wrong on the watched split at a checkpoint: class by class, or number by number."""

from collections.abc import Callable, Sequence
from typing import Any

import torch

from dlcore.errors import DltuiError
from dlcore.training.looking.calibration import calibration, histogram
from dlcore.training.looking.columns import target_name
from dlcore.training.looking.outputs import Outputs, taken
from dlcore.training.looking.samples import shown
from dlcore.training.looking.scores import margins, meaning, scores, sureness
from dlcore.training.metrics import ClassFigures, NumberFigures, predicted
from dlcore.training.opened import opened

_POINTS = 1500
"""Predictions that are told one by one, for a picture of them."""
_WORST = 100
_TOP = 5
"""Classes whose scores are told of a sample."""
Tell = Callable[[int], dict[str, Any]]
"""What tells of one sample, by its number among those that were taken."""


def errors(path: str, step: int | None = None, target: int = 0) -> dict[str, Any]:
    """Return the errors of a run at its newest checkpoint up to `step`, on the split that it watches.

    At most 10,000 samples are taken, evenly; a slow network's come in slices, more of them at each question
    until the answer says "complete". `target` is which of several numbers to predict a regression is asked
    about. Figures are exact for the samples that were taken. Raises DltuiError where nothing can be told.
    """
    found = taken(path, step)
    if not len(found.outputs):
        raise DltuiError(f"The {found.split} split has no samples", "Hold some out with data.validation.")
    told = _classes(found) if found.facts.task == "classification" else _numbers(found, target)
    return {
        "step": found.step,
        "split": found.split,
        "size": found.size,
        "samples": len(found.outputs),
        "complete": found.is_complete,
        "loss": found.config.loss.kind,
        "not_finite": int((~found.outputs.isfinite().all(1)).sum()),
        **told,
    }


SAMPLES = ("run", "step", "cell", "target", "first", "count")
"""What a question for samples says."""


def samples(
    run: str, step: int, cell: Sequence[int] | None, target: int = 0, first: int = 0, count: int = 6
) -> dict[str, Any]:
    """Return samples from the worst on: those from number `first` on, and how many there are in all.

    `cell` is (true class, predicted class); the worst are those whose true class has the least probability,
    or the least margin. In a regression (None) they are the farthest off. They are among those samples of
    which `errors` has told.
    """
    found = taken(run, step)
    members, told = _of_cell(found, cell) if cell is not None else _by_error(found, target)
    chosen = members[first : first + count]
    places = found.places[chosen]
    seen = shown(opened(run, step), places) if len(chosen) else []
    rows = [
        {"place": int(place), **told(int(member)), **one}
        for place, member, one in zip(places, chosen, seen, strict=True)
    ]
    return {"step": found.step, "split": found.split, "total": len(members), "first": first, "samples": rows}


# -- classes ------------------------------------------------------------------------------------------


def _classes(found: Outputs) -> dict[str, Any]:
    """Return counts, figures of each class, and calibration or margins."""
    facts, outputs, targets = found.facts, found.outputs, found.targets
    called = predicted(outputs)
    figures = ClassFigures(facts.classes)
    figures.add(outputs, targets)
    pairs = torch.bincount(targets * facts.classes + called)
    cells = [
        [int(pair) // facts.classes, int(pair) % facts.classes, int(pairs[pair])] for pair in pairs.nonzero()
    ]
    read_as = meaning(found.config, outputs.shape[1])
    finite = outputs.isfinite().all(1)
    sure = scores(read_as, outputs[finite]).gather(1, called[finite, None])[:, 0]
    is_probability = read_as != "margin"
    named = figures.figures()
    return {
        "task": "classification",
        "names": [facts.name(label) for label in range(facts.classes)],
        "cells": cells,
        "accuracy": named["accuracy"],
        "precision": named["precision"],
        "recall": named["recall"],
        "f1": named["f1"],
        "support": torch.bincount(targets, minlength=facts.classes).tolist(),
        "called": torch.bincount(called, minlength=facts.classes).tolist(),
        "scores": read_as,
        "calibration": calibration(sure, called[finite] == targets[finite]) if is_probability else None,
        "margins": None if is_probability else histogram(margins(outputs[finite], targets[finite])),
    }


def _of_cell(found: Outputs, cell: Sequence[int]) -> tuple[torch.Tensor, Tell]:
    """Return the samples of a cell, the worst first, and what tells of one of them."""
    read_as = meaning(found.config, found.outputs.shape[1])
    called = predicted(found.outputs)
    members = ((found.targets == cell[0]) & (called == cell[1])).nonzero()[:, 0]
    sure = sureness(read_as, found.outputs[members], found.targets[members])
    members = members[sure.nan_to_num(-torch.inf, torch.inf, -torch.inf).argsort(stable=True)]

    def told(member: int) -> dict[str, Any]:
        each = scores(read_as, found.outputs[member : member + 1])[0]
        label = int(found.targets[member])
        top = each.nan_to_num(-torch.inf).topk(min(_TOP, len(each))).indices.tolist()
        top = [*top[:-1], label] if label not in top else top
        return {
            "true": label,
            "predicted": int(called[member]),
            "scores": [[one, _real(each[one])] for one in top],
            "margin": _real(margins(found.outputs[member : member + 1].double(), found.targets[[member]])[0]),
        }

    return members, told


# -- numbers ------------------------------------------------------------------------------------------


def _numbers(found: Outputs, target: int) -> dict[str, Any]:
    """Return predictions beside targets, their residuals (prediction − target), and the worst of them."""
    if not 0 <= target < found.facts.targets:
        raise DltuiError(f"there is no target {target + 1}", f"There are {found.facts.targets}.")
    figures = NumberFigures(found.target_deviation[[target]])
    finite = found.outputs[:, target].isfinite()
    figures.add(found.outputs[finite][:, [target]], found.targets[finite][:, [target]])
    wanted, got = _in_own_unit(found, target)
    residuals = (got - wanted)[finite]
    worst, _ = _by_error(found, target)
    points = torch.stack((wanted, got), 1)
    return {
        "task": "regression",
        "target": target,
        "targets": found.facts.targets,
        "name": target_name(found.config.data, found.facts, target),
        **({name: _number(value) for name, value in figures.figures().items()} if len(residuals) else {}),
        "bias": _real(residuals.mean()) if len(residuals) else None,
        "points": points[finite][:_POINTS].tolist(),
        "residuals": histogram(residuals),
        "worst": [[_real(value) for value in points[member]] for member in worst[:_WORST]],
    }


def _in_own_unit(found: Outputs, target: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return targets and predictions (taken,) as they were before targets were scaled."""
    scale, shift = (one[target].double() for one in (found.target_deviation, found.target_mean))
    wanted, got = (values[:, target].double() * scale + shift for values in (found.targets, found.outputs))
    return wanted, got


def _by_error(found: Outputs, target: int) -> tuple[torch.Tensor, Tell]:
    """Return all samples, the one that is farthest off first, and what tells of one of them."""
    wanted, got = _in_own_unit(found, target)
    off = (got - wanted).abs().nan_to_num(torch.inf, torch.inf)
    members = off.argsort(descending=True, stable=True)
    return members, lambda member: {"true": _real(wanted[member]), "predicted": _real(got[member])}


def _real(value: torch.Tensor) -> float | None:
    return float(value) if value.isfinite() else None


def _number(value: float) -> float | None:
    return value if abs(value) < float("inf") else None
