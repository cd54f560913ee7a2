"""The fold: events in, everything that can be shown of a run out. It can be thrown away and rebuilt."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, Literal, assert_never

from dlcore.curves.elapsed import Elapsed
from dlcore.curves.evaluations import Evaluations
from dlcore.curves.layerwise import MOST_LOOKS, LayerFigures
from dlcore.curves.series import MOST_BLOCKS, Series
from dlcore.curves.thinned import Newest, Thinned, counts
from dlcore.edits import Edits, edit_of
from dlcore.events import (
    ActivationsMeasured,
    AttemptEnded,
    AttemptStarted,
    CheckpointSaved,
    CommandApplied,
    CommandRefused,
    CompilationEnded,
    CompilationStarted,
    DataFetched,
    EpochEnded,
    Evaluated,
    Event,
    FrameSaved,
    GradientsMeasured,
    Number,
    Prepared,
    Stages,
    StepsEnded,
    Warned,
)
from dlcore.stages import epoch_at

Metric = Literal["accuracy", "r2"]
"""The figure beside the loss: that of a classification, and that of a regression."""

State = Literal["starting", "running", "paused", "stopping", "finished", "stopped", "failed", "crashed"]

LIVE: tuple[State, ...] = ("starting", "running", "paused", "stopping")
"""States in which a trainer holds the run."""

_MOST_KEPT = 1 << 10
"""Epochs, evaluations of each split, answers and so on: more than a plot has columns."""
_WHOLE = 1 << 24
"""The same, and steps, for an export: more than anybody trains, so that a damaged file cannot ask for all."""
_BIRTH_SECONDS = 20.0
"""So long may a new trainer take until it holds the lock."""


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
    """What a run has said so far, over all its attempts: all of it while it is short.

    Of a long run everything that can be drawn is there, in bounded memory. State, best and newest figures
    are exact all the same.
    """

    def __init__(self, *, whole: bool = False) -> None:
        """`whole` keeps everything one by one, for an export: memory grows with the run."""
        steps, looks, kept = (_WHOLE, _WHOLE, _WHOLE) if whole else (MOST_BLOCKS, MOST_LOOKS, _MOST_KEPT)
        self.attempt = 0
        self.seq = -1
        self.seconds = 0.0
        """How long it has taken, over all attempts."""
        self._began = {0: 0.0}
        """The same at the beginning of each attempt."""
        self.started: AttemptStarted | None = None
        self.fetched: DataFetched | None = None
        self.prepared: Prepared | None = None
        self.compiling = False
        """Whether the step is being made one graph right now."""
        self.compiled: CompilationEnded | None = None
        self.metric: Metric = "accuracy"
        """Which figure stands beside the loss; it outlives an attempt."""
        self.loss = Series(steps)
        self.score = Series(steps)
        """The figure called `metric`, of each step."""
        self.lr = Series(steps)
        self.elapsed = Elapsed()
        """Samples and seconds of training by step."""
        self.resumes: tuple[int, ...] = ()
        """The steps that later attempts went on from, as far as they still count."""
        self.gradients = LayerFigures(looks)
        """Norm of dL/dW of each layer."""
        self.updates = LayerFigures(looks)
        """Norm of each layer's update over that of its weights, at the same steps."""
        self.look_every = 0
        """Steps from one look at the gradients to the next, at present."""
        self.look_cost = 0.0
        """Share of the training time that looking has taken so far."""
        self.activations: Thinned[ActivationsMeasured] = Thinned(kept)
        self.epochs: Thinned[EpochEnded] = Thinned(kept)
        self.answers: Newest[CommandApplied | CommandRefused] = Newest(kept)
        self.warnings: Newest[Warned] = Newest(kept)
        self.checkpoints: Newest[CheckpointSaved] = Newest(kept)
        self.frames: Thinned[FrameSaved] = Thinned(kept)
        self.edits = Edits(most=kept)
        """What was changed while it ran, in the order in which it applied."""
        self._evaluations = Evaluations(kept, with_classes=whole)
        self.ended: AttemptEnded | None = None
        self.paused = False
        self.stopping = False
        self._pace: list[tuple[int, float]] = []
        self._earlier = (0, 0.0)

    @property
    def step(self) -> int:
        """Training steps finished."""
        return len(self.loss)

    @property
    def settings(self) -> dict[str, Any]:
        """What was changed while it ran, by the name of the hyperparameter.

        What was changed behind a checkpoint that an attempt went on from counts again once it is said anew.
        """
        return dict(self.edits.settings)

    def apply(self, event: Event) -> bool:
        """Take one event in; an event that was seen before is passed over, and False returned."""
        if event.seq <= self.seq:
            return False
        self.seq = event.seq
        if event.attempt != self.attempt:
            self._begin_attempt(event)
        self.seconds = self.seconds_at(event)
        self._take(event)
        return True

    def _take(self, event: Event) -> None:  # noqa: C901  # one line for each kind
        match event:
            case AttemptStarted():
                self._start(event)
            case DataFetched():
                self.fetched = event
            case Prepared():
                self.prepared = event
                self.metric = "r2" if event.task == "regression" else "accuracy"
            case CompilationStarted():
                self.compiling, self.compiled = True, None
            case CompilationEnded():
                self.compiling, self.compiled = False, event
            case StepsEnded():
                self._steps(event)
            case GradientsMeasured():
                self.look_every, self.look_cost = event.every, event.cost
                self.gradients.add(event.steps, event.norms)
                self.updates.add(event.steps, event.updates)
            case ActivationsMeasured():
                self.activations.add(event)
            case Evaluated():
                self._evaluations.add(event, self.metric)
            case EpochEnded():
                self.epochs.add(event)
            case CheckpointSaved():
                self.checkpoints.add(event)
            case FrameSaved():
                self.frames.add(event)
            case CommandApplied() | CommandRefused():
                self._answer(event)
            case Warned():
                self.warnings.add(event)
            case AttemptEnded():
                self.ended = event
                self.paused = self.stopping = self.compiling = False
            case _:
                assert_never(event)

    def _begin_attempt(self, event: Event) -> None:
        """Take up a new attempt, at its first event; that need not be its start, which may be lost."""
        self._earlier = self.totals()
        self._began[event.attempt] = self.seconds
        self._pace = []
        if (start := event.resumed_since(self.attempt)) is not None:
            self._cut(*start)
        self.elapsed.begin(event.step if isinstance(event, AttemptStarted) else self.step)
        self.resumes = _lasting(step for step, _ in event.resumed[: max(0, event.attempt - 1)])
        self.attempt = event.attempt
        self.ended = None
        self.paused = self.stopping = self.compiling = False

    def _start(self, event: AttemptStarted) -> None:
        """Begin anew: what came behind the step that the attempt continues from no longer counts."""
        self.started = event
        self.prepared = self.fetched = None
        self._cut(event.step, event.kept)

    def _cut(self, step: int, kept: int | None = None) -> None:
        """Forget what came behind a step, or was said after the first `kept` events."""
        for series in (self.loss, self.score, self.lr):
            series.cut(step)
        self.elapsed.cut(step)
        self.gradients.cut(step)
        self.updates.cut(step)
        self.activations.cut(step, kept)
        self._evaluations.cut(step, kept)
        self.epochs.cut(step, kept)
        self.frames.cut(step, kept)
        self.edits.cut(step, kept)
        self.checkpoints[:] = [one for one in self.checkpoints if counts(one, step, kept)]

    def _steps(self, event: StepsEnded) -> None:
        start = max(0, event.step - len(event.loss))
        if start < self.step:  # taken again, by an attempt whose start was lost
            self._cut(start)
        scores = event.accuracy or event.r2
        for series, values in ((self.loss, event.loss), (self.score, scores), (self.lr, event.lr)):
            series.cut(start)
            series.skip(start - len(series))  # lost with a damaged line: they stay a gap
            series.extend(values)
        self._pace.append((event.samples, event.training_seconds))
        self.elapsed.add(event.step, event.samples, event.training_seconds)
        if len(self._pace) > 64:
            del self._pace[1:33]  # the first stays, for the whole attempt; the rest is the recent past

    def _answer(self, event: CommandApplied | CommandRefused) -> None:
        self.answers.add(event)
        if isinstance(event, CommandRefused):
            return
        kind = event.command.get("kind")
        if kind in ("Pause", "Step"):  # after its steps, Step stands still
            self.paused = True
        elif kind == "Continue":
            self.paused = False
        elif kind == "Stop":
            self.stopping = True
        elif (edit := edit_of(event)) is not None:
            self.edits.add(edit)
            self._lengthen(event.stages)

    def _lengthen(self, stages: Stages) -> None:
        """Take in how long the run is now, where a change has made it longer or shorter."""
        if stages and self.prepared is not None:
            length = {
                "stages": stages,
                "total_steps": sum(epochs * steps for epochs, _, steps in stages),
                "epochs": sum(epochs for epochs, _, _ in stages),
            }
            self.prepared = self.prepared.model_copy(update=length)

    def state(self, held: bool, age: float = math.inf) -> State:
        """Return the run's state: from whether a trainer holds its lock, and what it said last.

        `age` is seconds since the run was made: a newborn one without a trainer is still starting.
        """
        if self.ended is not None:
            return self.ended.reason
        if not held:
            return "starting" if self.attempt == 0 and abs(age) < _BIRTH_SECONDS else "crashed"
        if self.stopping:
            return "stopping"
        if self.prepared is None:
            return "starting"
        return "paused" if self.paused else "running"

    def seconds_at(self, event: Event) -> float:
        """Return how long the run had taken by an event, over all attempts; an event says so of its own."""
        return self._began.get(event.attempt, 0.0) + event.seconds

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
        if self.prepared.stages:
            return epoch_at(self.prepared.stages, self.step)
        finished = self.epochs[-1].epoch if self.epochs else 0
        since = self.step - (self.epochs[-1].step if self.epochs else 0)
        return finished + since / self._steps_in_epoch(finished)

    def _steps_in_epoch(self, finished: int) -> float:
        """Return the steps of the epoch that runs: those of the one before, once the batch may have grown."""
        assert self.prepared is not None
        ends = [(0, 0), *((one.epoch, one.step) for one in self.epochs[-2:])][-2:]
        epochs, steps = ends[-1][0] - ends[0][0], ends[-1][1] - ends[0][1]
        known = steps / epochs if finished and epochs > 0 else self.prepared.steps_per_epoch
        return max(known, 1.0) if known else math.inf  # a watched script need not say how long an epoch is

    def seconds_left(self) -> float | None:
        """Return the training time that is left at the recent speed, or None while it is not known."""
        speed = self.recent_samples_per_second()
        if self.prepared is None or not speed or "length" in self.prepared.unknown:
            return None
        per_epoch = self.prepared.training_samples
        if not per_epoch:  # a watched script tells steps alone
            return max(0, self.prepared.total_steps - self.step) * self.totals()[1] / max(self.step, 1)
        seconds = max(0.0, self.prepared.epochs * per_epoch - self.epoch() * per_epoch) / speed
        if slow := self._steps_per_second():
            seconds = max(seconds, (self.prepared.total_steps - self.step) / slow)
        return seconds

    def _steps_per_second(self) -> float:
        """Return how many steps a second there are at most, in slow motion; 0 without."""
        assert self.prepared is not None
        found = self.settings.get("training.steps_per_second", self.prepared.steps_per_second)
        return float(found) if isinstance(found, int | float) and found > 0 else 0.0

    @property
    def evaluations(self) -> list[Evaluated]:
        """The evaluations of all splits, the oldest first."""
        return self._evaluations.all()

    def split(self, name: str) -> list[Evaluated]:
        """Return the evaluations of one split, the oldest first."""
        return self._evaluations.of(name)

    def as_it_went(self, name: str) -> list[Evaluated]:
        """Return the evaluations of one split with the weights of their own step: those of a curve."""
        return [one for one in self.split(name) if one.weights is None]

    @property
    def taken_back(self) -> int | None:
        """The step whose weights the run has in the end, where they are not those of its last step."""
        newest = self._evaluations.newest()
        return newest.weights if newest is not None else None

    @property
    def watched(self) -> Literal["validation", "test"]:
        """The split that is evaluated during the run: the test split when nothing is held out."""
        is_held_out = self.prepared is not None and self.prepared.validation_samples
        return "validation" if is_held_out or self._evaluations.of("validation") else "test"

    def best(self) -> Evaluated | None:
        """Return the evaluation of the watched split with the highest accuracy or R², the first of equals.

        One with weights of an earlier step is passed over: they were evaluated at that step already.
        """
        return self._evaluations.best(self.watched)

    def latest(self, name: str) -> Evaluated | None:
        """Return the newest evaluation of a split; the untrained network's no longer counts after a step."""
        found = [one for one in self.split(name)[-2:] if one.step or not self.step]
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


def _lasting(steps: Iterable[int]) -> tuple[int, ...]:
    """Return those of the steps that runs went on from which no later one took back."""
    kept: list[int] = []
    for step in steps:
        while kept and kept[-1] > step:
            kept.pop()
        kept.append(step)
    return tuple(kept)
