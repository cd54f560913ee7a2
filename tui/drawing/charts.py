"""From a run's history to the charts of the Train screen: loss and score, train and watched split; layers."""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from dlcore import figures
from dlcore.curves.layerwise import LayerFigures, typical
from dlcore.curves.series import Column, Series, band, smoothed
from dlcore.events import Evaluated, Number
from dlcore.history import RunHistory, score
from tui.drawing.axis import Axis, Ruler, part, rulers, whole
from tui.drawing.plot_line import Role
from tui.drawing.plotting import Chart, Curve, Happening
from tui.drawing.ticks import Limits

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
    axis: Axis = "step"
    log_x: bool = False
    window: Limits = (0.0, 1.0)
    """Which part of the x axis is seen, in shares of its length as drawn."""
    everything: bool = False
    """Whether the y axis holds all there is, be it a few spikes."""


@dataclass(frozen=True)
class Scope:
    """The part of a run that is seen, on the axis that is chosen."""

    ruler: Ruler
    limits: Limits
    label: str
    log: bool
    first: int
    last: int
    """The steps that are seen, and a few more at both ends, so that curves go on to the edge."""

    def columns(self, series: Series, most: int) -> list[Column]:
        """Return the columns of what is seen of a series: as wide as each other as the axis draws them."""
        if self.log:
            return list(_widening(series, most, self.first, self.last))
        return series.columns(most, self.first, self.last)

    def points(self, points: Sequence[tuple[float, float]]) -> Points:
        """Return points by step as points on the axis; what is not finite is a gap."""
        return tuple((self.ruler.place(x), _gap(y)) for x, y in points)


def scope(history: RunHistory, view: View) -> Scope:
    """Return what is seen of one run."""
    (ruler,), label = rulers([history], view.axis)
    return scope_of(ruler, label, part(whole([ruler], log=view.log_x), view.window, log=view.log_x), view)


def scope_of(ruler: Ruler, label: str, limits: Limits, view: View) -> Scope:
    """Return what is seen of a run between two places of an axis, which others may share."""
    if view.window == (0.0, 1.0):
        return Scope(ruler, limits, label, view.log_x, 1, 1 << 60)
    first, last = ruler.step(limits[0]), ruler.step(limits[1])
    more = 1 + (last - first) / max(view.columns, 1)
    return Scope(ruler, limits, label, view.log_x, max(1, math.floor(first - more)), math.ceil(last + more))


def loss_chart(history: RunHistory, view: View) -> Chart:
    """Return loss per step and at each evaluation, on the same axes."""
    seen = scope(history, view)
    return Chart(
        "loss",
        (*_train(history.loss, view, seen), _watched(history, seen, lambda one: one.loss)),
        seen.limits,
        log_y=view.log_y,
        x_label=seen.label,
        cursor=_cursor(view, seen),
        log_x=view.log_x,
        cuts=not (view.everything or view.log_y),
        happened=happenings(history, seen.ruler),
    )


def score_chart(history: RunHistory, view: View) -> Chart:
    """Return accuracy per step and at each evaluation, from 0 to 100 %; or R², up to 1."""
    metric, seen = history.metric, scope(history, view)
    curves = (*_train(history.score, view, seen), _watched(history, seen, lambda one: score(one, metric)))
    return Chart(
        figures.SCORES[metric],
        curves,
        seen.limits,
        score_limits([history], view),
        percent=metric == "accuracy",
        x_label=seen.label,
        cursor=_cursor(view, seen),
        log_x=view.log_x,
        happened=happenings(history, seen.ruler),
    )


def score_limits(histories: Sequence[RunHistory], view: View) -> Limits | None:
    """Return the y axis of scores: from 0, or for R² a bit below, to 1; None where all there is is wanted."""
    lowest = [0.0 if one.metric == "accuracy" else _lowest_r2(one) for one in histories]
    below = min(lowest, default=0.0)
    return None if view.everything and below < 0 else (below, 1.0)


def _lowest_r2(history: RunHistory) -> float:
    """Return where the axis begins: at 0, or in quarters below as far as R² went, but not below −1."""
    lows = [column.low for column in history.score.columns(1)]
    lows += [one.r2 for one in history.as_it_went(history.watched) if one.r2 is not None]
    lowest = min((low for low in lows if math.isfinite(low)), default=0.0)
    return max(-1.0, min(0.0, math.floor(4 * lowest) / 4))


def gradient_chart(history: RunHistory, view: View) -> Chart:
    """Return the gradient norm of up to five layers over the steps, the first and the last among them."""
    seen = scope(history, view)
    return Chart(
        "over time",
        layer_curves(history.gradients, view.columns, seen=seen),
        seen.limits,
        log_y=True,
        x_label=seen.label,
        values=False,
        cursor=_cursor(view, seen),
        log_x=view.log_x,
        happened=happenings(history, seen.ruler),
    )


def layer_curves(
    looks: LayerFigures, columns: int, only: str | None = None, seen: Scope | None = None
) -> tuple[Curve, ...]:
    """Return a curve for each of up to five layers, the first and the last among them; or for one alone.

    `seen` is what is seen of the run; without it, all of it is, by step.
    """
    layers = list(looks.figures) if only is None else [only]
    most = min(len(_ROLES), len(layers))
    picked = [layers[index * (len(layers) - 1) // max(most - 1, 1)] for index in range(most)]
    groups = _groups(looks.steps, columns, seen)
    curves = []
    for layer, (role, mark) in zip(picked, _ROLES, strict=False):
        kept = looks.figures[layer]
        at = (looks.steps[group.start] for group in groups)
        points = tuple(
            (seen.ruler.place(step) if seen is not None else step, _typical(kept[group.start : group.stop]))
            for step, group in zip(at, groups, strict=True)
        )
        curves.append(Curve(layer, points, role, mark))
    return tuple(curves)


def _groups(steps: Sequence[int], columns: int, seen: Scope | None) -> list[range]:
    """Return the looks that are drawn as one, by their numbers: about as many groups as columns."""
    start, stop = 0, len(steps)
    if seen is not None:
        start = max(0, bisect_left(steps, seen.first) - 1)
        stop = min(stop, bisect_right(steps, seen.last) + 1)
    if seen is None or not seen.log:
        stride = max(1, (stop - start) // columns)
        return [range(one, min(one + stride, len(steps))) for one in range(start, stop, stride)]
    groups = []
    ratio = (steps[stop - 1] / max(steps[start], 1)) ** (1 / max(columns, 1)) if start < stop else 1.0
    while start < stop:  # each as long as the last one grown by that ratio, which a logarithm draws alike
        end = max(start + 1, bisect_left(steps, steps[start] * ratio, start, stop))
        groups.append(range(start, end))
        start = end
    return groups


def step_limits(history: RunHistory) -> tuple[float, float]:
    """Return the x axis by step: zero to the known number of steps; of a run that has ended, to its last."""
    return 0.0, Ruler(history, "step").end


def happenings(history: RunHistory, ruler: Ruler) -> tuple[Happening, ...]:
    """Return what changed the course of a run: edits while it ran, and where it was taken up again."""
    edits = (Happening(ruler.place(edit.step), "edit") for edit in history.edits)
    return (*edits, *(Happening(ruler.place(step), "resume") for step in history.resumes))


def train_line(series: Series, view: View, seen: Scope) -> Points:
    """Return the smoothed curve of what was measured at each step; without smoothing, all of it."""
    return _line(seen.columns(series, 2 * view.columns), view, seen)


def _line(columns: list[Column], view: View, seen: Scope) -> Points:
    _, window = SMOOTHING[view.smoothing]
    return seen.points(smoothed(columns, 2 * window) if window else band(columns))


def _train(series: Series, view: View, seen: Scope) -> tuple[Curve, ...]:
    """Return the smoothed curve over a faint band of what was measured; unsmoothed, the band alone."""
    columns = seen.columns(series, 2 * view.columns)
    line = Curve("train", _line(columns, view, seen))
    if not SMOOTHING[view.smoothing][1]:
        return (line,)
    return Curve("", seen.points(band(columns)), "raw"), line


def watched_points(history: RunHistory, seen: Scope, figure: Callable[[Evaluated], Number]) -> Points:
    """Return a figure of the split that is evaluated during the run, at each evaluation."""
    return tuple((seen.ruler.place(one.step), figure(one)) for one in history.as_it_went(history.watched))


def _watched(history: RunHistory, seen: Scope, figure: Callable[[Evaluated], Number]) -> Curve:
    return Curve(history.watched, watched_points(history, seen, figure), "validation", "●")


def _widening(series: Series, most: int, first: int, last: int) -> Iterator[Column]:
    """Yield columns that grow with the step, as a logarithmic axis has room for them: an octave a few."""
    last = min(last, len(series))
    octaves = max(1, math.ceil(math.log2(max(last / first, 2))))
    start = known = first - 1
    while start < last:
        end = min(last, max(2 * start, start + 1))
        for column in series.columns(max(1, most // octaves), start + 1, end):
            if column.first > known:  # a block of many steps may reach into the next octave
                known = column.last
                yield column
        start = end


def _cursor(view: View, seen: Scope) -> float | None:
    return None if view.cursor is None else seen.ruler.place(view.cursor)


def _gap(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _typical(norms: Sequence[float]) -> float | None:
    """Return the middle of a stretch on a logarithmic axis, which knows no zero."""
    middle = typical(norms)
    return middle if math.isfinite(middle) and middle > 0 else None
