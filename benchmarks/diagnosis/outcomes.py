"""What came of a run: its score against what the task is known to reach, and how its losses went.

Nothing here is taken from a rule of ours: scores and losses are those of whole splits and whole windows.
"""

import math
from dataclasses import dataclass
from itertools import pairwise

from dlcore.history import RunHistory, score

WINDOWS = 20
"""A run's training loss is looked at in so many windows of equal length."""


@dataclass(frozen=True)
class Point:
    """An evaluation of the watched split."""

    step: int
    loss: float
    score: float


@dataclass(frozen=True)
class Outcome:
    """The figures of one run that a label can rest on."""

    steps: int
    """Steps that the run was planned to take."""
    chance: float
    """Score of the best constant answer."""
    score: float
    """Mean over validation and test samples at the end; chance where the run failed."""
    watched: tuple[Point, ...]
    """Evaluations of the watched split as it went, finite ones; the untrained network's first."""
    final_loss: float
    """Of the watched split with the weights that the run ends with; inf where it failed."""
    windows: tuple[float, ...]
    """Mean training loss of each window, inf from where it is not finite."""
    train_score: float
    """Of the last epoch."""
    not_finite: int | None
    """The first step whose loss is not finite."""
    dead: float
    """Largest share of units of a layer that never fired, at the last look."""
    saturated: float
    """Largest share of values of a layer on a flat part, at the last look."""

    @property
    def best_loss(self) -> Point:
        """The evaluation with the lowest loss."""
        return min(self.watched, key=lambda one: one.loss)

    def share(self, reach: float, figure: float | None = None) -> float:
        """Return a score, the final one unless given, as a share of the way from chance to the reach."""
        figure = self.score if figure is None else figure
        return (figure - self.chance) / (reach - self.chance)

    def last(self, part: float) -> tuple[Point, ...]:
        """Return the evaluations of the last part of the planned steps."""
        return tuple(one for one in self.watched if one.step > self.steps * (1 - part))

    def swing(self) -> float:
        """Return how far the loss jumps, as a share of its size: of training windows, or of evaluations.

        The larger median of |change| / mean over the second half of the run. Neither has the noise of single
        batches in it.
        """
        windows = [one for one in self.windows[WINDOWS // 2 :] if math.isfinite(one)]
        return max(_jump(windows), _jump([one.loss for one in self.last(0.5)]))


def _jump(losses: list[float]) -> float:
    jumps = sorted(2 * abs(a - b) / max(abs(a) + abs(b), 1e-12) for a, b in pairwise(losses))
    return jumps[len(jumps) // 2] if jumps else 0.0


def outcome(history: RunHistory) -> Outcome | None:
    """Return what came of a run; None where it never began."""
    prepared, metric = history.prepared, history.metric
    if prepared is None or history.ended is None or not len(history.loss):
        return None
    losses = history.loss.values
    bad = next((index + 1 for index, loss in enumerate(losses) if not math.isfinite(loss)), None)
    has_failed = history.ended.reason == "failed"
    points = []
    for one in history.as_it_went(history.watched):
        figure = score(one, metric)
        if one.loss is not None and figure is not None:
            points.append(Point(one.step, one.loss, figure))
    if not points:
        return None
    chance = prepared.chance or 0.0
    newest = history.latest(history.watched)
    train = score(history.epochs[-1], metric) if history.epochs else None
    looked = history.activations[-1] if history.activations else None
    return Outcome(
        steps=prepared.total_steps,
        chance=chance,
        score=chance if has_failed else _final(history, chance),
        watched=tuple(points),
        final_loss=math.inf if has_failed or newest is None or newest.loss is None else newest.loss,
        windows=_windows([*losses], prepared.total_steps),
        train_score=train if train is not None else chance,
        not_finite=bad,
        dead=max((one or 0.0 for one in looked.dead.values()), default=0.0) if looked else 0.0,
        saturated=max((one or 0.0 for one in looked.saturated.values()), default=0.0) if looked else 0.0,
    )


def _final(history: RunHistory, chance: float) -> float:
    """Return the mean score over the samples of validation and test, with the weights that the run has."""
    total, samples = 0.0, 0
    for split in ("validation", "test"):
        found = history.latest(split)
        figure = score(found, history.metric) if found is not None else None
        if found is not None:
            total += found.samples * (chance if figure is None else max(figure, -1.0))
            samples += found.samples
    return total / samples if samples else chance


def _windows(losses: list[float], steps: int) -> tuple[float, ...]:
    """Return the mean loss of each of the equally long windows of the planned steps."""
    means = []
    for number in range(WINDOWS):
        window = losses[number * steps // WINDOWS : max((number + 1) * steps // WINDOWS, 1)]
        mean = math.fsum(window) / len(window) if window and all(map(math.isfinite, window)) else math.inf
        means.append(mean)
    return tuple(means)
