"""From a run's history to the two charts of the Train screen: loss and accuracy, train and watched split."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from dlcore.history import RunHistory
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


def loss_chart(history: RunHistory, view: View) -> Chart:
    """Return loss per step and at each evaluation, on the same axes."""
    watched = _watched(history, "loss")
    return Chart(
        "loss", (*_train(history.loss, view), watched), _limits(history), log_y=view.log_y, x_label="step"
    )


def accuracy_chart(history: RunHistory, view: View) -> Chart:
    """Return accuracy per step and at each evaluation, from 0 to 100 %."""
    curves = (*_train(history.accuracy, view), _watched(history, "accuracy"))
    return Chart("accuracy", curves, _limits(history), (0.0, 1.0), percent=True, x_label="step")


def gradient_chart(history: RunHistory, view: View) -> Chart:
    """Return the gradient norm of up to five layers over the steps, the first and the last among them."""
    gradients = history.gradients
    layers = list(gradients.norms)
    most = min(len(_ROLES), len(layers))
    picked = [layers[index * (len(layers) - 1) // max(most - 1, 1)] for index in range(most)]
    number = len(gradients.steps)
    stride = max(1, number // view.columns)
    starts = range(0, number, stride)
    curves = []
    for layer, (role, mark) in zip(picked, _ROLES, strict=False):
        norms = gradients.norms[layer]
        points = tuple((gradients.steps[i], _typical(norms[i : i + stride])) for i in starts)
        curves.append(Curve(layer, points, role, mark))
    return Chart("over time", tuple(curves), _limits(history), log_y=True, x_label="step", values=False)


def _limits(history: RunHistory) -> tuple[float, float]:
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


def _watched(history: RunHistory, figure: str) -> Curve:
    points: Points = tuple((one.step, getattr(one, figure)) for one in history.split(history.watched))
    return Curve(history.watched, points, "validation", "●")


def _gap(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _typical(norms: Sequence[float]) -> float | None:
    """Return the geometric mean of the positive, finite norms: the middle of a stretch on a log axis."""
    logs = [math.log(norm) for norm in norms if math.isfinite(norm) and norm > 0]
    return math.exp(math.fsum(logs) / len(logs)) if logs else None
