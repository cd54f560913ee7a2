"""Curves as lines of plain text, for files: marks that every font has, round ticks, no colour."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from dlcore.clean import clean
from dlcore.export import axes
from dlcore.export.chart import Chart, Curve, Limits, Scale, drawable

WIDTH = 64
"""Columns of the canvas; with its labels a plot is 72 columns wide, so that it fits a quoted mail."""

_ROWS = 14
_GUTTER = 7
_MOST_LABELS = 6
_EDIT = "^"


@dataclass(frozen=True)
class _Axis:
    """The y axis: where its lowest row is, what a row is, and which rows have a label.

    Rows count from below. On a log axis low and unit are exponents of ten.
    """

    low: float
    unit: float
    rows: int
    labels: dict[int, str]
    log: bool = False

    def row(self, value: float) -> int:
        """Return the row of a value."""
        return round(((math.log10(value) if self.log else value) - self.low) / self.unit)

    @property
    def gutter(self) -> int:
        """Columns that the labels take."""
        return max(_GUTTER, *map(len, self.labels.values()))


def plot(chart: Chart) -> list[str]:
    """Return the lines of a plot, none when there is nothing finite to show.

    Later curves lie above earlier ones. A logarithmic y axis says that it is one.
    """
    values = chart.values
    if not values:
        return []
    axis = _y_axis(min(values), max(values), chart.scale)
    canvas = [[" "] * WIDTH for _ in range(axis.rows)]
    shown = []
    for curve in chart.curves:
        points = drawable(curve.points, chart.x_limits)
        shown += [curve] if points else []
        for x, y in points:
            canvas[axis.row(y)][_column(x, chart.x_limits)] = curve.mark
    rows = reversed(list(enumerate(canvas)))
    return [
        *_head(f"{chart.title} (log scale)" if axis.log else chart.title, shown, axis.gutter + 1 + WIDTH),
        *(_framed("".join(cells), axis.labels.get(row, ""), axis.gutter) for row, cells in rows),
        *_x_axis(chart, axis.gutter),
    ]


def _head(title: str, curves: Sequence[Curve], width: int) -> list[str]:
    """Return the title with the legend at its right, and in lines of its own where that is too long."""
    names = [f"{curve.mark} {clean(curve.name)}" for curve in curves]
    legend = "   ".join(names)
    if len(title) + 2 + len(legend) <= width:
        return [title + " " * (width - len(title) - len(legend)) + legend]
    lines = [title]
    line = ""
    for name in names:
        longer = f"{line}   {name}" if line else name
        if line and len(longer) > width - 2:
            lines.append(f"  {line}")
            longer = name
        line = longer
    return [*lines, f"  {line}"]


def _column(x: float, limits: Limits) -> int:
    return round((x - limits[0]) / (limits[1] - limits[0]) * (WIDTH - 1))


def _framed(cells: str, label: str, gutter: int) -> str:
    return f"{label:>{gutter}}{'┤' if label else '│'}{cells}".rstrip()


def _x_axis(chart: Chart, gutter: int) -> list[str]:
    """Return the line below the canvas, the labels below the line, and where edits were made."""
    line, labels = ["─"] * WIDTH, [" "] * WIDTH
    for value, label in axes.within(*chart.x_limits, 6):
        column = _column(value, chart.x_limits)
        line[column] = "┬"
        start = max(0, min(column - len(label) // 2, WIDTH - len(label)))
        labels[start : start + len(label)] = label
    lines = [
        f"{'':{gutter}}└{''.join(line)}",
        f"{chart.x_name:>{gutter - 1}}  {''.join(labels).rstrip()}",
    ]
    first, last = chart.x_limits
    if edits := {_column(x, chart.x_limits) for x, _ in chart.ticks if first <= x <= last}:
        marks = "".join(_EDIT if column in edits else " " for column in range(WIDTH))
        lines.append(f"{'edits':>{gutter - 1}}  {marks.rstrip()}")
    return lines


def _y_axis(low: float, high: float, scale: Scale) -> _Axis:
    if scale != "auto" or not axes.is_log(low, high):
        return _linear_axis(low, high, scale == "percent")
    low, high = math.log10(low), math.log10(high)
    return _decades(low, high) if high - low <= _MOST_LABELS else _many_decades(low, high)


def _decades(low: float, high: float) -> _Axis:
    """Return a log axis for exponents that are not too far apart: a whole number of rows in a decade."""
    per_decade = math.floor(_ROWS / (high - low))
    first, last = math.floor(low * per_decade), math.ceil(high * per_decade)
    exponents = range(math.ceil(first / per_decade), last // per_decade + 1)
    labels = {exponent * per_decade - first: axes.power(exponent) for exponent in exponents}
    return _Axis(first / per_decade, 1 / per_decade, last - first + 1, labels, log=True)


def _many_decades(low: float, high: float) -> _Axis:
    """Return a log axis with a label at every so many decades."""
    first = math.floor(low)
    stride = math.ceil((high - first) / _MOST_LABELS)
    gaps = math.ceil((high - first) / stride)
    rows = max(1, round(_ROWS / gaps))
    labels = {index * rows: axes.power(first + index * stride) for index in range(gaps + 1)}
    return _Axis(first, stride / rows, gaps * rows + 1, labels, log=True)


def _linear_axis(low: float, high: float, percent: bool) -> _Axis:
    marks = axes.linear(low, high, percent=percent, most=_MOST_LABELS)
    gaps = len(marks) - 1
    rows = max(1, round(_ROWS / gaps))
    labels = {index * rows: text for index, (_, text) in enumerate(marks)}
    unit = (marks[1][0] - marks[0][0]) / rows
    return _Axis(marks[0][0], unit, gaps * rows + 1, labels)
