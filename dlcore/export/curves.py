"""The curves of a run: loss, score, learning rate and gradient norms over its epochs, with its edits.

A run that knows of no epochs, as one from a log of another program, is drawn over its steps.
"""

import math
from bisect import bisect_right
from collections.abc import Iterator
from itertools import pairwise
from typing import Literal

from dlcore import figures
from dlcore.curves.layerwise import typical
from dlcore.curves.series import Column, Series
from dlcore.export.chart import Chart, Curve, Draw, Limits, Scale
from dlcore.export.report import measured
from dlcore.history import RunHistory

TRAIN, EVALUATED = "*", "o"
MARKS = "123456789abcdefghijklmnopqrstuvwxyz"
"""Of curves that stand for the same figure, in text: each has its own."""
Axis = Literal["epoch", "step"]
_LOWEST_R2 = -1.0
"""What lies below is drawn here: one step far off would leave no room for the rest."""
_MOST_LAYERS = 6
"""Of more layers some are drawn, spread from the first to the last: the table has all of them."""
_LOOKS = 64


def plots(history: RunHistory) -> Iterator[Draw]:
    """Yield the plots of loss, of accuracy or R², and of the learning rate where it changes.

    The training curve is the mean of the batches that fall into a column; the other one has a point for
    each evaluation of the watched split, the untrained network's included.
    """
    if history.prepared is None or not history.step:
        return
    for draw in (_loss(history), _score(history)):
        if draw(1).values:
            yield draw
    if _changes(history.lr):
        yield _learning_rate(history)


def flow(history: RunHistory) -> Draw | None:
    """Return the plot of the layers' gradient norms; None before the second look at them."""
    seen = history.gradients
    if history.prepared is None or len(seen.steps) < 2 or not seen.figures:
        return None
    number = len(seen.figures)
    shown = min(number, _MOST_LAYERS)
    picked = {round(index * (number - 1) / max(shown - 1, 1)) for index in range(shown)}
    names = [name for index, name in enumerate(seen.figures) if index in picked]
    axis = axis_of(history)

    def draw(width: int) -> Chart:
        curves = [
            Curve(name, MARKS[index], _norms(history, name, min(width, _LOOKS), axis))
            for index, name in enumerate(names)
        ]
        return Chart("gradient norm", curves, limits(history, axis), axis, ticks=edits(history, axis))

    return draw if draw(1).values else None


def axis_of(history: RunHistory) -> Axis:
    """Return what a run's curves are drawn over."""
    return "epoch" if history.epoch() > 0 else "step"


def limits(history: RunHistory, axis: Axis) -> Limits:
    """Return what the run's own x axis covers."""
    return 0.0, history.epoch() if axis == "epoch" else float(history.step)


def edits(history: RunHistory, axis: Axis) -> list[tuple[float, str]]:
    """Return where on the x axis each live edit was made, with its number in the list of edits."""
    return [(_x(history, edit.step, axis), str(number)) for number, edit in enumerate(history.edits, 1)]


def _x(history: RunHistory, step: float, axis: Axis) -> float:
    return epoch_at(history, step) if axis == "epoch" else step


def _loss(history: RunHistory) -> Draw:
    axis = axis_of(history)

    def draw(width: int) -> Chart:
        curves = (train(history, history.loss, width, axis), evaluated(history, "loss", axis))
        return Chart("loss", curves, limits(history, axis), axis, ticks=edits(history, axis))

    return draw


def _score(history: RunHistory) -> Draw:
    metric, axis = history.metric, axis_of(history)

    def draw(width: int) -> Chart:
        title = figures.SCORES[metric]
        curves = [train(history, history.score, width, axis), evaluated(history, metric, axis)]
        if metric == "r2" and any(y < _LOWEST_R2 for curve in curves for _, y in curve.points):
            title += f" (cut at {_LOWEST_R2:g})"
            curves = [_cut(curve) for curve in curves]
        scale: Scale = "percent" if metric == "accuracy" else "linear"
        return Chart(title, curves, limits(history, axis), axis, scale, edits(history, axis))

    return draw


def _learning_rate(history: RunHistory) -> Draw:
    axis = axis_of(history)

    def draw(width: int) -> Chart:
        points = _points(history, history.lr.columns(width), axis)
        return Chart(
            "learning rate",
            [Curve("lr", TRAIN, points)],
            limits(history, axis),
            axis,
            ticks=edits(history, axis),
        )

    return draw


def _changes(series: Series) -> bool:
    columns = [column for column in series.columns(64) if column.count]
    return bool(columns) and min(one.low for one in columns) != max(one.high for one in columns)


def _cut(curve: Curve) -> Curve:
    points = [(x, max(y, _LOWEST_R2) if math.isfinite(y) else y) for x, y in curve.points]
    band = [(x, max(low, _LOWEST_R2), max(high, _LOWEST_R2)) for x, low, high in curve.band]
    return Curve(curve.name, curve.mark, points, band, has_marks=curve.has_marks)


def train(history: RunHistory, series: Series, width: int, axis: Axis) -> Curve:
    """Return a figure of the training steps in at most `width` columns: means, and the range of each."""
    columns = series.columns(width)
    steps = max((column.last - column.first + 1 for column in columns), default=1)
    name = "train, each step" if steps == 1 else f"train, means of {steps:,} steps"
    band = [
        (_x(history, (column.first + column.last) / 2, axis), column.low, column.high)
        for column in columns
        if column.count and steps > 1
    ]
    return Curve(name, TRAIN, _points(history, columns, axis), band)


def _points(history: RunHistory, columns: list[Column], axis: Axis) -> list[tuple[float, float]]:
    return [(_x(history, (column.first + column.last) / 2, axis), column.mean) for column in columns]


def epoch_at(history: RunHistory, step: float) -> float:
    """Return the epochs that are over at a step, also where they have different numbers of steps."""
    epochs = history.epochs
    index = bisect_right(epochs, step, key=lambda one: float(one.step))
    start, over = (float(epochs[index - 1].step), float(epochs[index - 1].epoch)) if index else (0.0, 0.0)
    if index < len(epochs):
        end, later = float(epochs[index].step), float(epochs[index].epoch)
    else:
        end, later = float(history.step), history.epoch()
    return over + (later - over) * (step - start) / (end - start) if end > start else over


def evaluated(history: RunHistory, name: str, axis: Axis) -> Curve:
    """Return a figure of the evaluations of the watched split."""
    found = [(one, measured(one, name)) for one in history.as_it_went(history.watched)]
    points = [
        (one.epoch if axis == "epoch" else float(one.step), math.nan if value is None else value)
        for one, value in found
    ]
    return Curve(history.watched, EVALUATED, points, has_marks=True)


def _norms(history: RunHistory, layer: str, width: int, axis: Axis) -> list[tuple[float, float]]:
    """Return a layer's gradient norms at its looks: geometric means where there are more than `width`."""
    steps, norms = history.gradients.steps, history.gradients.figures[layer]
    number = min(width, len(steps))
    edges = [round(index * len(steps) / number) for index in range(number + 1)]
    points = []
    for start, stop in pairwise(edges):
        step = (steps[start] + steps[stop - 1]) / 2
        points.append((_x(history, step, axis), typical(norms[start:stop])))
    return points


def steps_not_finite(history: RunHistory) -> int:
    """Return how many training steps have no finite loss, and so no place in a plot."""
    return sum(column.last - column.first + 1 - column.count for column in history.loss.columns(64))
