"""Loss and accuracy of a run as plots in plain text: training and evaluation on the same axes."""

import math
from collections.abc import Iterator

from dlcore.export.report import measured
from dlcore.export.textplot import WIDTH, Curve, plot
from dlcore.history import RunHistory
from dlcore.series import Series

TRAIN, EVALUATED = "*", "o"


def plots(history: RunHistory) -> Iterator[list[str]]:
    """Yield the lines of the plot of loss and of that of accuracy; one with nothing to show is left out.

    The training curve is the mean of the batches that fall into a column; the other one has a point for
    each evaluation of the watched split, the untrained network's included.
    """
    prepared = history.prepared
    if prepared is None or not history.step:
        return
    reached = history.epoch()
    for title, series, percent in (("loss", history.loss, False), (history.metric, history.score, history.metric != "r2")):
        curves = (_train(series, prepared.steps_per_epoch), _evaluated(history, title))
        if lines := plot(title, curves, (0.0, reached), "epoch", percent=percent):
            yield lines


def _train(series: Series, per_epoch: int) -> Curve:
    columns = series.columns(WIDTH)
    steps = max((column.last - column.first + 1 for column in columns), default=1)
    points = [((column.first + column.last) / 2 / per_epoch, column.mean) for column in columns]
    name = "train, each step" if steps == 1 else f"train, means of {steps:,} steps"
    return Curve(name, TRAIN, points)


def _evaluated(history: RunHistory, name: str) -> Curve:
    found = [(one.epoch, measured(one, name)) for one in history.split(history.watched)]
    points = [(epoch, math.nan if value is None else value) for epoch, value in found]
    return Curve(history.watched, EVALUATED, points)


def steps_not_finite(history: RunHistory) -> int:
    """Return how many training steps have no finite loss, and so no place in a plot."""
    return sum(column.last - column.first + 1 - column.count for column in history.loss.columns(WIDTH))
