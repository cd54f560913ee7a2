"""From a run's history to the two charts of the Train screen: loss and score, train and watched split."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dlcore import figures
from dlcore.events import Evaluated, Number
from dlcore.history import RunHistory, score
from dlcore.layerwise import LayerFigures, typical
from dlcore.series import Series, band, smoothed
from tui.plotting import Chart, Curve, Role

SMOOTHING: tuple[tuple[str, int], ...] = (("off", 0), ("light", 1), ("medium", 7), ("heavy", 21))
"""Named levels, each the number of plot columns that a point is the mean of."""

_ROLES: tuple[tuple[Role, str], ...] = (
    ("run-2", "●"),
    ("run-1", "×"),
    ("run-3", "◆"),
    ("run-4", "▲"),
    ("run-5", "○"),
)
"""Colour and mark of each layer that is drawn over time."""

Points = tuple[tuple[float, float | None], ...]


@dataclass(frozen=True)
class View:
    """How a person wants to see the curves."""

    smoothing: int = 1
    log_y: bool = False
    columns: int = 120
    cursor: int | None = None
    """The step in the past that is looked at, if one is."""


def loss_chart(history: RunHistory, view: View) -> Chart:
    """Return loss per step and at each evaluation, on the same axes."""
    watched = _watched(history, lambda one: one.loss)
    return Chart(
        "loss",
        (*_train(history.loss, view), watched),
        step_limits(history),
        log_y=view.log_y,
        x_label="step",
        cursor=view.cursor,
    )


def score_chart(history: RunHistory, view: View) -> Chart:
    """Return accuracy per step and at each evaluation, from 0 to 100 %; or R², up to 1."""
    metric = history.metric
    curves = (*_train(history.score, view), _watched(history, lambda one: score(one, metric)))
    percent = metric == "accuracy"
    limits = (0.0 if percent else _lowest_r2(history), 1.0)
    return Chart(
        figures.SCORES[metric],
        curves,
        step_limits(history),
        limits,
        percent=percent,
        x_label="step",
        cursor=view.cursor,
    )


def _lowest_r2(history: RunHistory) -> float:
    """Return where the axis begins: at 0, or in quarters below as far as R² went, but not below −1."""
    lows = [column.low for column in history.score.columns(1)]
    lows += [one.r2 for one in history.as_it_went(history.watched) if one.r2 is not None]
    lowest = min((low for low in lows if math.isfinite(low)), default=0.0)
    return max(-1.0, min(0.0, math.floor(4 * lowest) / 4))


def gradient_chart(history: RunHistory, view: View) -> Chart:
    """Return the gradient norm of up to five layers over the steps, the first and the last among them."""
    return Chart(
        "over time",
        layer_curves(history.gradients, view.columns),
        step_limits(history),
        log_y=True,
        x_label="step",
        values=False,
        cursor=view.cursor,
    )


def layer_curves(looks: LayerFigures, columns: int, only: str | None = None) -> tuple[Curve, ...]:
    """Return a curve for each of up to five layers, the first and the last among them; or for one alone."""
    layers = list(looks.figures) if only is None else [only]
    most = min(len(_ROLES), len(layers))
    picked = [layers[index * (len(layers) - 1) // max(most - 1, 1)] for index in range(most)]
    number = len(looks.steps)
    stride = max(1, number // columns)
    starts = range(0, number, stride)
    curves = []
    for layer, (role, mark) in zip(picked, _ROLES, strict=False):
        figures_of_layer = looks.figures[layer]
        points = tuple((looks.steps[i], _typical(figures_of_layer[i : i + stride])) for i in starts)
        curves.append(Curve(layer, points, role, mark))
    return tuple(curves)


def step_limits(history: RunHistory) -> tuple[float, float]:
    """Return the fixed x-axis: zero to the known number of steps."""
    total = history.prepared.total_steps if history.prepared else 0
    return 0.0, float(max(total, history.step, 1))


def _train(series: Series, view: View) -> tuple[Curve, ...]:
    """Return the smoothed curve over a faint band of what was measured; unsmoothed, the band alone."""
    columns = series.columns(2 * view.columns)
    measured = tuple((x, _gap(y)) for x, y in band(columns))
    _, window = SMOOTHING[view.smoothing]
    if not window:
        return (Curve("train", measured),)
    line = tuple((x, _gap(y)) for x, y in smoothed(columns, 2 * window))
    return Curve("", measured, "raw"), Curve("train", line)


def _watched(history: RunHistory, figure: Callable[[Evaluated], Number]) -> Curve:
    points: Points = tuple((one.step, figure(one)) for one in history.as_it_went(history.watched))
    return Curve(history.watched, points, "validation", "●")


def _gap(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _typical(norms: Sequence[float]) -> float | None:
    """Return the middle of a stretch on a logarithmic axis, which knows no zero."""
    middle = typical(norms)
    return middle if math.isfinite(middle) and middle > 0 else None
