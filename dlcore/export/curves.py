"""Loss and accuracy, or R², of a run as plots in plain text: training and evaluation on the same axes."""

import math
from bisect import bisect_right
from collections.abc import Iterator

from dlcore import figures
from dlcore.export.report import measured
from dlcore.export.textplot import WIDTH, Curve, plot
from dlcore.history import RunHistory
from dlcore.series import Series

TRAIN, EVALUATED = "*", "o"
_LOWEST_R2 = -1.0
"""What lies below is drawn here: one step far off would leave no room for the rest."""


def plots(history: RunHistory) -> Iterator[list[str]]:
    """Yield the lines of the plot of loss and of that of accuracy or R²; an empty one is left out.

    The training curve is the mean of the batches that fall into a column; the other one has a point for
    each evaluation of the watched split, the untrained network's included.
    """
    if history.prepared is None or not history.step:
        return
    metric, limits = history.metric, (0.0, history.epoch())
    losses = (_train(history, history.loss), _evaluated(history, "loss"))
    if lines := plot("loss", losses, limits, "epoch"):
        yield lines
    scores = [_train(history, history.score), _evaluated(history, metric)]
    title = figures.SCORES[metric]
    if metric == "r2" and any(y < _LOWEST_R2 for curve in scores for _, y in curve.points):
        title += f" (cut at {_LOWEST_R2:g})"
        scores = [_cut(curve) for curve in scores]
    if lines := plot(title, scores, limits, "epoch", scale="percent" if metric == "accuracy" else "linear"):
        yield lines


def _cut(curve: Curve) -> Curve:
    points = [(x, max(y, _LOWEST_R2) if math.isfinite(y) else y) for x, y in curve.points]
    return Curve(curve.name, curve.mark, points)


def _train(history: RunHistory, series: Series) -> Curve:
    columns = series.columns(WIDTH)
    steps = max((column.last - column.first + 1 for column in columns), default=1)
    points = [(_epoch_at(history, (column.first + column.last) / 2), column.mean) for column in columns]
    name = "train, each step" if steps == 1 else f"train, means of {steps:,} steps"
    return Curve(name, TRAIN, points)


def _epoch_at(history: RunHistory, step: float) -> float:
    """Return the epochs that are over at a step, also where they have different numbers of steps."""
    over_at = [(one.step, float(one.epoch)) for one in history.epochs]
    ends = [(0, 0.0), *over_at, (history.step, history.epoch())]
    index = min(max(bisect_right(ends, step, key=lambda end: end[0]), 1), len(ends) - 1)
    (start, over), (end, later) = ends[index - 1], ends[index]
    return over + (later - over) * (step - start) / (end - start) if end > start else over


def _evaluated(history: RunHistory, name: str) -> Curve:
    found = [(one.epoch, measured(one, name)) for one in history.as_it_went(history.watched)]
    points = [(epoch, math.nan if value is None else value) for epoch, value in found]
    return Curve(history.watched, EVALUATED, points)


def steps_not_finite(history: RunHistory) -> int:
    """Return how many training steps have no finite loss, and so no place in a plot."""
    return sum(column.last - column.first + 1 - column.count for column in history.loss.columns(WIDTH))
