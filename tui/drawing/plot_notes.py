"""What a picture of curves does not show, in words: spikes beyond its axis, values without a logarithm."""

import math
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from tui.drawing.plot_frame import Frame
from tui.drawing.traces import Trace

if TYPE_CHECKING:
    from tui.drawing.plotting import Chart


def outside(chart: "Chart", traces: list[Trace], frame: Frame, sign: int) -> dict[int, float]:
    """Return the columns in which a curve passes the upper end of the y axis, or the lower, and how far."""
    low, high = frame.y_limits
    edge = sign * (high if sign > 0 else low) + 1e-9 * (high - low)
    found: dict[int, float] = {}
    for curve, trace in zip(chart.curves, traces, strict=True):
        for x, y in trace:
            if curve.role != "reference" and sign * y > edge:
                column = frame.column(x)
                found[column] = max(found.get(column, -math.inf), sign * y)
    return {column: sign * found[column] for column in sorted(found)}


def notes_on(chart: "Chart", above: dict[int, float], below: dict[int, float]) -> list[str]:
    """Return what the picture does not show, in words."""
    notes = []
    if above:
        notes.append(f"{_counted(_groups(above), 'spike')} up to {_figure(max(above.values()), chart)} above")
    if below:
        notes.append(f"{_counted(_groups(below), 'dip')} down to {_figure(min(below.values()), chart)} below")
    low, high = chart.x_limits
    if chart.log_y and (number := _number(chart, lambda x, y: y <= 0 and low <= x <= high)):
        notes.append(f"{_counted(number, 'value')} ≤ 0 not shown")
    if chart.log_x and (number := _number(chart, lambda x, y: x <= 0)):
        notes.append(f"{_counted(number, 'value')} at {chart.x_label or 'x'} 0 not shown")
    return notes


def _number(chart: "Chart", is_hidden: Callable[[float, float], bool]) -> int:
    """Return how many values are hidden; a smoothed curve and the band around it count as one."""
    hidden = {
        (curve.role.replace("raw", "train").replace("band", "run"), x)
        for curve in chart.curves
        for x, y in curve.points
        if curve.role != "reference" and y is not None and is_hidden(x, y)
    }
    return len(hidden)


def _groups(columns: Iterable[int]) -> int:
    """Return how many columns stand alone, or are the first of those that stand together."""
    known = set(columns)
    return sum(column - 1 not in known for column in known)


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _figure(y: float, chart: "Chart") -> str:
    """Write a value of the y axis, given as drawn."""
    value = 10.0**y if chart.log_y else y
    return f"{100 * value:.3g}%" if chart.percent else f"{value:.3g}"
