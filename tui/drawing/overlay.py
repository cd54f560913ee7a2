"""From several runs to one chart: a curve for each in its own look; of seeds, their mean and range."""

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from dlcore import figures
from dlcore.curves.elapsed import between
from dlcore.history import score
from tui.comparison import Comparison, Member
from tui.drawing.axis import part, rulers, whole
from tui.drawing.charts import (
    Points,
    Scope,
    View,
    happenings,
    scope_of,
    score_limits,
    train_line,
    watched_points,
)
from tui.drawing.plotting import Chart, Curve, Happening
from tui.drawing.ticks import Limits

What = Literal["loss", "score"]
_SPACING = 12
"""Columns from one mark of a curve to the next: so many curves leave room for each other's."""
_SHIFT, _LANES = 3, 8


@dataclass(frozen=True)
class Overlay:
    """The axis that several runs share, and the part of each that is seen."""

    comparison: Comparison
    view: View
    scopes: dict[str, Scope]
    """By the path of the run."""
    limits: Limits
    label: str
    _points: dict[tuple[str, What, bool], Points] = field(default_factory=dict)
    """Of curves that were asked for before."""

    def points(self, member: Member, what: What, *, trained: bool) -> Points:
        """Return the curve of one run: its training figures, or those of the split evaluated meanwhile."""
        key = str(member.feed.run.path), what, trained
        if key not in self._points:
            self._points[key] = _points_of(member, self, what, trained=trained)
        return self._points[key]

    def scope(self, member: Member) -> Scope:
        """Return what is seen of a run."""
        return self.scopes[str(member.feed.run.path)]

    @property
    def cursor(self) -> float | None:
        """Where on the axis the cursor stands, in the past of the chosen run."""
        step = self.view.cursor
        return None if step is None else self.scope(self.comparison.member).ruler.place(step)

    def step(self, member: Member) -> int:
        """Return the step of a run at the cursor's place on the axis; its newest where that is not so far."""
        at = self.cursor
        newest = member.history.step
        return newest if at is None else max(0, min(round(self.scope(member).ruler.step(at)), newest))


def overlay(comparison: Comparison, view: View) -> Overlay:
    """Return the shared axis of all runs; it stays as it is when one is hidden."""
    made, label = rulers([member.history for member in comparison.members], view.axis)
    limits = part(whole(made, log=view.log_x), view.window, log=view.log_x)
    scopes = {
        str(member.feed.run.path): scope_of(ruler, label, limits, view)
        for member, ruler in zip(comparison.members, made, strict=True)
    }
    return Overlay(comparison, view, scopes, limits, label)


def _points_of(member: Member, seen: Overlay, what: What, *, trained: bool) -> Points:
    history, here = member.history, seen.scope(member)
    if trained:
        return train_line(history.loss if what == "loss" else history.score, seen.view, here)
    if what == "loss":
        return watched_points(history, here, lambda one: one.loss)
    return watched_points(history, here, lambda one: score(one, history.metric))


def chart(seen: Overlay, what: What, *, trained: bool) -> Chart:
    """Return loss or score of all runs that are drawn, over each other."""
    comparison, view = seen.comparison, seen.view
    shown = [member.history for member in comparison.shown]
    curves = [
        curve
        for group in comparison.groups()
        for curve in _curves(group, [seen.points(one, what, trained=trained) for one in group], seen)
    ]
    metrics = {history.metric for history in shown}
    is_loss = what == "loss"
    return Chart(
        title(comparison, what, trained=trained),
        tuple(curves),
        seen.limits,
        None if is_loss else score_limits(shown, view),
        log_y=is_loss and view.log_y,
        percent=not is_loss and metrics == {"accuracy"},
        x_label=seen.label,
        values=False,
        cursor=seen.cursor,
        log_x=view.log_x,
        cuts=is_loss and not (view.everything or view.log_y),
        happened=_happened(seen),
    )


def title(comparison: Comparison, what: What, *, trained: bool) -> str:
    """Return what a chart shows, as in `validation accuracy`."""
    histories = [member.history for member in comparison.shown]
    metrics = sorted({figures.SCORES[history.metric] for history in histories})
    splits = sorted({history.watched for history in histories})
    split = "training" if trained else splits[0] if len(splits) == 1 else "held-out"
    return f"{split} {'loss' if what == 'loss' else metrics[0] if len(metrics) == 1 else 'score'}"


def _happened(seen: Overlay) -> tuple[Happening, ...]:
    """Return what changed the course of the chosen run, where it is drawn."""
    member = seen.comparison.member
    return () if member.hidden else happenings(member.history, seen.scope(member).ruler)


def _curves(group: Sequence[Member], lines: Sequence[Points], seen: Overlay) -> list[Curve]:
    """Return the curve of a run; of several seeds, their mean over the range that they span."""
    look, shift = group[0].look, _shift(group[0].number)
    if len(group) == 1:
        return [Curve("", lines[0], look.role, look.mark, _SPACING, shift)]
    mean, span = mean_and_range(lines, 2 * seen.view.columns)
    return [Curve("", span, look.band), Curve("", mean, look.role, look.mark, _SPACING, shift)]


def _shift(number: int) -> int:
    """Return at which column the marks of a look begin: each at its own, and all near the left edge."""
    around, column = divmod(number, _LANES)
    return _SHIFT * column + around


def mean_and_range(lines: Sequence[Points], most: int) -> tuple[Points, Points]:
    """Return the mean of some lines, and points up and down between the lowest and the highest of them.

    They are compared at the places of all their points, at about `most` of them; where fewer than two of the
    lines are known, there is nothing.
    """
    known = [[(x, y) for x, y in line if y is not None] for line in lines]
    known = [line for line in known if line]
    places = sorted({x for line in known for x, _ in line})
    places = places[:: max(1, len(places) // most)]
    axes = [([x for x, _ in line], [y for _, y in line]) for line in known]
    mean: list[tuple[float, float | None]] = []
    span: list[tuple[float, float | None]] = []
    for place in places:
        ys = [between(xs, line, place) for xs, line in axes if xs[0] <= place <= xs[-1]]
        if len(ys) > 1:
            mean.append((place, math.fsum(ys) / len(ys)))
            span += [(place, min(ys)), (place, max(ys))]
    return tuple(mean), tuple(span)


def value_at(points: Points, place: float | None) -> float | None:
    """Return the last value that a curve has up to a place; up to its end without one."""
    stop = len(points) if place is None else bisect_right(points, place, key=lambda point: point[0])
    return next((y for _, y in reversed(points[:stop]) if y is not None), None)
