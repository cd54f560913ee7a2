"""A run as all exports tell it: read once, so that every format says the same."""

import math
from bisect import bisect_right
from dataclasses import dataclass
from typing import Any, Literal

from dlcore.config import RunConfig
from dlcore.curves.layerwise import LayerFigures
from dlcore.events import EpochEnded, Evaluated, shortest
from dlcore.export.kin import Family, family
from dlcore.files.atomic import read_json
from dlcore.history import Metric, RunHistory, State
from dlcore.judged import Judgement, judge
from dlcore.labels import Label, read_label
from dlcore.reading import read_file
from dlcore.rundir import RunDir
from dlcore.summary import read_history, state_of, summarize

Weights = Literal["newest", "best"]

MEASURED: dict[Metric, tuple[str, ...]] = {
    "accuracy": (
        "train_loss",
        "train_accuracy",
        "validation_loss",
        "validation_accuracy",
        "test_loss",
        "test_accuracy",
    ),
    "r2": (
        "train_loss",
        "train_r2",
        "validation_loss",
        "validation_r2",
        "validation_mae",
        "validation_rmse",
        "test_loss",
        "test_r2",
        "test_mae",
        "test_rmse",
    ),
}
"""What can be known of a step; the figures of the training split are running means over an epoch."""

_FIGURES: dict[Metric, tuple[str, ...]] = {
    "accuracy": ("loss", "accuracy"),
    "r2": ("loss", "r2", "mae", "rmse"),
}
_NOT_FINITE = {"inf": math.inf, "-inf": -math.inf}


@dataclass(frozen=True)
class Row:
    """What was measured at one step: at the end of an epoch, or at an evaluation in between."""

    epoch: float
    step: int
    seconds: float
    """Since the attempt started."""
    lr: float | None
    """Of the step itself; None before the first."""
    measured: dict[str, float]
    """Names out of MEASURED; nan or inf where the figure was not finite, absent where there is none."""


@dataclass(frozen=True)
class Report:
    """Everything that an export can say of a run."""

    run: RunDir
    config: RunConfig
    facts: dict[str, Any]
    history: RunHistory
    state: State
    summary: dict[str, Any]
    """The figures as they stand, and what is judged of them."""
    judgement: Judgement
    family: Family
    """The runs that it belongs with."""
    label: Label
    """What people say of it."""
    weights: Weights = "newest"
    """Those of which checkpoint are exported, where weights are."""

    @property
    def name(self) -> str:
        """What it is called: as people have renamed it, else as it was made or its configuration says."""
        made = self.facts.get("name")
        return self.label.name or (made if isinstance(made, str) and made else self.config.name)

    @property
    def versions(self) -> dict[str, str]:
        """Versions of dltui, Python and torch that the run was made with."""
        found = self.facts.get("versions")
        return {str(key): str(value) for key, value in found.items()} if isinstance(found, dict) else {}


def gather(run: RunDir, weights: Weights = "newest") -> Report:
    """Read a run, whatever its state; raises DltuiError when its configuration cannot be read."""
    config = read_file(run.config)
    history = read_history(run, whole=True)
    state = state_of(run, history)
    if state == "crashed":  # or it ended in between: its last word is written before its lock is free
        history = read_history(run, whole=True)
        state = state_of(run, history)
    judgement = judge(run, history)
    summary = summarize(run, history, state) | judgement.table()
    summary["message"] = without_path(run, summary["message"])
    facts = read_json(run.facts)
    kin, label = family(run), read_label(run)
    return Report(run, config, facts, history, state, summary, judgement, kin, label, weights)


def without_path(run: RunDir, text: str) -> str:
    """Return the text with the run's id in place of its path, which is nobody else's business."""
    return text.replace(str(run.path), run.id)


def measured(event: EpochEnded | Evaluated, name: str) -> float | None:
    """Return one figure of an event; nan or inf where not finite, None where there is none."""
    value: float | None = getattr(event, name, None)
    if value is None and name in event.nonfinite:
        return _NOT_FINITE.get(event.nonfinite[name], math.nan)
    return value


def rows(history: RunHistory) -> list[Row]:
    """Return one row for each step at which an epoch ended or a split was evaluated, the first first.

    What was measured with the weights of an earlier step stands in the row of that step.
    """
    found: dict[int, Row] = {}
    events: list[EpochEnded | Evaluated] = [*history.epochs, *history.evaluations]
    for event in sorted(events, key=lambda one: one.seq):
        split = event.split if isinstance(event, Evaluated) else "train"
        weights = event.weights if isinstance(event, Evaluated) else None
        step = event.step if weights is None else weights
        before = found.get(step)
        figures = dict(before.measured) if before else {}
        for name in _FIGURES[history.metric]:
            if (value := measured(event, name)) is not None:
                figures[f"{split}_{name}"] = value
        when = before if before and weights is not None else event
        seconds = before.seconds if before and weights is not None else history.seconds_at(event)
        found[step] = Row(float(when.epoch), step, seconds, lr_at(history, step), figures)
    return [found[step] for step in sorted(found)]


def lr_at(history: RunHistory, step: int) -> float | None:
    """Return the learning rate of a step, which counts from 1; None where it is not known."""
    value = history.lr.value_at(step)
    return shortest(value) if math.isfinite(value) else None


def norms_at(gradients: LayerFigures, step: int) -> dict[str, float]:
    """Return each layer's gradient norm at the last look at or before a step; nothing before the first."""
    index = bisect_right(gradients.steps, step) - 1
    return gradients.at(index) if index >= 0 else {}
