"""The fold: events in, everything that can be shown of a run out. It can be thrown away and rebuilt."""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass, field
from typing import Literal, assert_never

from dlcore.events import (
    ActivationsMeasured,
    AttemptEnded,
    AttemptStarted,
    CheckpointSaved,
    CommandApplied,
    CommandRefused,
    DataFetched,
    EpochEnded,
    Evaluated,
    Event,
    GradientsMeasured,
    Number,
    Prepared,
    StepsEnded,
    Warned,
)
from dlcore.series import Series

Metric = Literal["accuracy", "r2"]
"""The figure beside the loss: that of a classification, and that of a regression."""

State = Literal["starting", "running", "paused", "stopping", "finished", "stopped", "failed", "crashed"]

LIVE: tuple[State, ...] = ("starting", "running", "paused", "stopping")
"""States in which a trainer holds the run."""

_BIRTH_SECONDS = 20.0
"""So long may a new trainer take until it holds the lock."""


@dataclass
class Gradients:
    """Norm of dL/dW per layer at the steps that were looked at."""

    steps: array[int] = field(default_factory=lambda: array("q"))
    norms: dict[str, array[float]] = field(default_factory=dict)
    every: int = 0
    cost: float = 0.0

    def latest(self) -> dict[str, float]:
        """Return the newest norm of each layer, in the order of the network; nan where not finite."""
        return {layer: norms[-1] for layer, norms in self.norms.items() if norms}

    def at(self, index: int) -> dict[str, float]:
        """Return the norms of each layer at the look number `index`."""
        return {layer: norms[index] for layer, norms in self.norms.items()}


def score(event: Evaluated | EpochEnded, metric: Metric) -> Number:
    """Return the figure beside the loss."""
    return event.accuracy if metric == "accuracy" else event.r2


def first_last_ratio(norms: dict[str, float]) -> float | None:
    """Return the first layer's gradient norm over the last one's; None where there is no such ratio."""
    if len(norms) < 2:
        return None
    first, *_, last = norms.values()
    if not (math.isfinite(first) and math.isfinite(last)) or last == 0:
        return None
    return first / last


class RunHistory:
    """Everything a run has said so far, over all its attempts."""

    def __init__(self) -> None:
        self.attempt = 0
        self.seq = -1
        self.seconds = 0.0
        self.started: AttemptStarted | None = None
        self.fetched: DataFetched | None = None
        self.prepared: Prepared | None = None
        self.metric: Metric = "accuracy"
        """Which figure stands beside the loss; it outlives an attempt."""
        self.loss = Series()
        self.score = Series()
        """The figure called `metric`, of each step."""
        self.lr = Series()
        self.gradients = Gradients()
        self.activations: ActivationsMeasured | None = None
        self.evaluations: list[Evaluated] = []
        self.epochs: list[EpochEnded] = []
        self.answers: list[CommandApplied | CommandRefused] = []
        self.warnings: list[Warned] = []
        self.checkpoints: list[CheckpointSaved] = []
        self.ended: AttemptEnded | None = None
        self.paused = False
        self.stopping = False
        self._pace: list[tuple[int, float]] = []
        self._earlier = (0, 0.0)

    @property
    def step(self) -> int:
        """Training steps finished."""
        return len(self.loss)

    def apply(self, event: Event) -> bool:
        """Take one event in; an event that was seen before is passed over, and False returned."""
        if event.seq <= self.seq:
            return False
        self.seq = event.seq
        self.attempt = event.attempt
        self.seconds = event.seconds
        match event:
            case AttemptStarted():
                self._start(event)
            case DataFetched():
                self.fetched = event
            case Prepared():
                self.prepared = event
                self.metric = "r2" if event.task == "regression" else "accuracy"
            case StepsEnded():
                self._steps(event)
            case GradientsMeasured():
                self._gradients(event)
            case ActivationsMeasured():
                self.activations = event
            case Evaluated():
                self.evaluations.append(event)
            case EpochEnded():
                self.epochs.append(event)
            case CheckpointSaved():
                self.checkpoints.append(event)
            case CommandApplied() | CommandRefused():
                self._answer(event)
            case Warned():
                self.warnings.append(event)
            case AttemptEnded():
                self.ended = event
                self.paused = self.stopping = False
            case _:
                assert_never(event)
        return True

    def _start(self, event: AttemptStarted) -> None:
        """Begin a new attempt: what came behind the step it continues from no longer counts."""
        self._earlier = self.totals()
        self._pace = []
        self.started = event
        self.prepared = self.fetched = self.ended = None
        self.paused = self.stopping = False
        for series in (self.loss, self.score, self.lr):
            series.cut(event.step)
        self.evaluations = [one for one in self.evaluations if one.step <= event.step]
        self.epochs = [one for one in self.epochs if one.step <= event.step]
        kept = sum(step <= event.step for step in self.gradients.steps)
        del self.gradients.steps[kept:]
        for norms in self.gradients.norms.values():
            del norms[kept:]

    def _steps(self, event: StepsEnded) -> None:
        start = max(0, event.step - len(event.loss))
        scores = event.accuracy or event.r2
        for series, values in ((self.loss, event.loss), (self.score, scores), (self.lr, event.lr)):
            series.cut(start)  # taken again, by an attempt whose start was lost
            series.extend([None] * (start - len(series)))  # lost with a damaged line: they stay a gap
            series.extend(values)
        self._pace.append((event.samples, event.training_seconds))
        if len(self._pace) > 64:
            del self._pace[1:33]  # the first stays, for the whole attempt; the rest is the recent past

    def _gradients(self, event: GradientsMeasured) -> None:
        gradients = self.gradients
        gradients.every, gradients.cost = event.every, event.cost
        if any(len(norms) != len(event.steps) for norms in event.norms.values()):
            return
        before = len(gradients.steps)
        gradients.steps.extend(event.steps)
        for layer, norms in event.norms.items():
            known = gradients.norms.setdefault(layer, array("d", [math.nan] * before))
            known.extend(math.nan if norm is None else norm for norm in norms)

    def _answer(self, event: CommandApplied | CommandRefused) -> None:
        self.answers.append(event)
        if isinstance(event, CommandRefused):
            return
        kind = event.command.get("kind")
        if kind in ("Pause", "Step"):  # after its steps, Step stands still
            self.paused = True
        elif kind == "Continue":
            self.paused = False
        elif kind == "Stop":
            self.stopping = True

    def state(self, held: bool, age: float = math.inf) -> State:
        """Return the run's state: from whether a trainer holds its lock, and what it said last.

        `age` is seconds since the run was made: a newborn one without a trainer is still starting.
        """
        if self.ended is not None:
            return self.ended.reason
        if not held:
            return "starting" if self.attempt == 0 and age < _BIRTH_SECONDS else "crashed"
        if self.stopping:
            return "stopping"
        if self.prepared is None:
            return "starting"
        return "paused" if self.paused else "running"

    def totals(self) -> tuple[int, float]:
        """Return training samples seen and seconds spent in training steps, over all attempts."""
        samples, seconds = self._pace[-1] if self._pace else (0, 0.0)
        return self._earlier[0] + samples, self._earlier[1] + seconds

    def samples_per_second(self) -> float:
        """Return the speed of the training steps alone, over the whole run; 0 before the first."""
        samples, seconds = self.totals()
        return samples / seconds if seconds > 0 else 0.0

    def recent_samples_per_second(self) -> float:
        """Return the speed of the training steps alone, over the last second or so."""
        recent = self._pace[-12:]
        if len(recent) < 2 or recent[-1][1] <= recent[0][1]:
            return self.samples_per_second()
        return (recent[-1][0] - recent[0][0]) / (recent[-1][1] - recent[0][1])

    def epoch(self) -> float:
        """Return the epochs finished so far, with their fraction."""
        if self.prepared is None:
            return 0.0
        finished = self.epochs[-1].epoch if self.epochs else 0
        since = self.step - (self.epochs[-1].step if self.epochs else 0)
        return finished + since / self._steps_in_epoch(finished)

    def _steps_in_epoch(self, finished: int) -> int:
        """Return the steps of the epoch that runs: those of the one before, once the batch may have grown."""
        assert self.prepared is not None
        ends = [0, *(one.step for one in self.epochs[-2:])][-2:]
        return max(ends[-1] - ends[-2], 1) if finished and len(ends) == 2 else self.prepared.steps_per_epoch

    def seconds_left(self) -> float | None:
        """Return the training time that is left at the recent speed, or None while it is not known."""
        speed = self.recent_samples_per_second()
        if self.prepared is None or not speed:
            return None
        per_epoch = self.prepared.training_samples
        return max(0.0, self.prepared.epochs * per_epoch - self.epoch() * per_epoch) / speed

    def split(self, name: str) -> list[Evaluated]:
        """Return the evaluations of one split, the oldest first."""
        return [one for one in self.evaluations if one.split == name]

    def as_it_went(self, name: str) -> list[Evaluated]:
        """Return the evaluations of one split with the weights of their own step: those of a curve."""
        return [one for one in self.split(name) if one.weights is None]

    @property
    def taken_back(self) -> int | None:
        """The step whose weights the run has in the end, where they are not those of its last step."""
        return self.evaluations[-1].weights if self.evaluations else None

    @property
    def watched(self) -> Literal["validation", "test"]:
        """The split that is evaluated during the run: the test split when nothing is held out."""
        return "validation" if self.prepared is not None and self.prepared.validation_samples else "test"

    def best(self) -> Evaluated | None:
        """Return the evaluation of the watched split with the highest accuracy or R², the first of equals.

        One with weights of an earlier step is passed over: they were evaluated at that step already.
        """
        found = [one for one in self.as_it_went(self.watched) if score(one, self.metric) is not None]
        return max(found, key=lambda one: (score(one, self.metric) or 0.0, -one.step), default=None)

    def latest(self, name: str) -> Evaluated | None:
        """Return the newest evaluation of a split; the untrained network's no longer counts after a step."""
        found = [one for one in self.split(name) if one.step or not self.step]
        return found[-1] if found else None

    def final(self) -> dict[str, dict[str, Number]]:
        """Return the figures of each split as they stand: the last epoch's running means for train.

        Each has loss and accuracy (and top5 from ten classes on), or loss, r2, mae and rmse. What was
        measured before the first step is left out once there are steps.
        """
        figures: dict[str, dict[str, Number]] = {}
        if self.epochs:
            figures["train"] = _figures(self.epochs[-1], self.metric)
        for name in ("validation", "test"):
            if (found := self.latest(name)) is not None:
                figures[name] = _figures(found, self.metric)
        return figures


def _figures(event: Evaluated | EpochEnded, metric: Metric) -> dict[str, Number]:
    figures = {"loss": event.loss, metric: score(event, metric)}
    if isinstance(event, Evaluated):
        extra = {"top5": event.top5} if metric == "accuracy" else {"mae": event.mae, "rmse": event.rmse}
        figures |= {name: value for name, value in extra.items() if value is not None}
    return figures
