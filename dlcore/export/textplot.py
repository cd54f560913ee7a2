"""Curves as lines of plain text, for files: marks that every font has, round ticks, no colour."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from dlcore.clean import clean

WIDTH = 64
"""Columns of the canvas; with its labels a plot is 72 columns wide, so that it fits a quoted mail."""

Point = tuple[float, float]
Limits = tuple[float, float]
Scale = Literal["auto", "linear", "percent"]

_ROWS = 14
_GUTTER = 7
_MOST_LABELS = 6
_FLAT = 1e-3
"""A range below this share of the values, or of 100 %, is shown as a flat line."""
_LOG_RATIO = 100.0
"""From this ratio of the largest to the smallest figure on, a linear axis would show only the largest."""
_LARGEST, _SMALLEST = 1e300, 1e-300


@dataclass(frozen=True)
class Curve:
    """A name, one character that marks its points, and the points (x, y); those not finite are left out."""

    name: str
    mark: str
    points: Sequence[Point]


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


def plot(
    title: str, curves: Sequence[Curve], x_limits: Limits, x_name: str, *, scale: Scale = "auto"
) -> list[str]:
    """Return the lines of a plot, none when there is nothing finite to show.

    Later curves lie above earlier ones. With the scale "percent" y is a share. With "auto" the y axis is
    logarithmic where the figures span more than two decades, and then says so.
    """
    first, last = x_limits
    curves = [Curve(curve.name, curve.mark, _drawable(curve.points, x_limits)) for curve in curves]
    values = [y for curve in curves for _, y in curve.points]
    if not values or not last > first:
        return []
    axis = _y_axis(min(values), max(values), scale)
    canvas = [[" "] * WIDTH for _ in range(axis.rows)]
    for curve in curves:
        for x, y in curve.points:
            canvas[axis.row(y)][round((x - first) / (last - first) * (WIDTH - 1))] = curve.mark
    title = f"{title} (log scale)" if axis.log else title
    legend = "   ".join(f"{curve.mark} {clean(curve.name)}" for curve in curves if curve.points)
    rows = reversed(list(enumerate(canvas)))
    return [
        title + " " * max(2, axis.gutter + 1 + WIDTH - len(title) - len(legend)) + legend,
        *(_framed("".join(cells), axis.labels.get(row, ""), axis.gutter) for row, cells in rows),
        *_x_axis(x_limits, x_name, axis.gutter),
    ]


def _drawable(points: Iterable[Point], limits: Limits) -> list[Point]:
    return [
        (x, y if abs(y) > _SMALLEST else 0.0)
        for x, y in points
        if -_LARGEST < y < _LARGEST and limits[0] <= x <= limits[1]
    ]


def _framed(cells: str, label: str, gutter: int) -> str:
    return f"{label:>{gutter}}{'┤' if label else '│'}{cells}".rstrip()


def _x_axis(limits: Limits, name: str, gutter: int) -> list[str]:
    """Return the line below the canvas and the labels below the line."""
    first, last = limits
    step = _round_step((last - first) / 6)
    line, labels = ["─"] * WIDTH, [" "] * WIDTH
    for value in _multiples(math.ceil(first / step - 1e-9), math.floor(last / step + 1e-9), step):
        column = round((value - first) / (last - first) * (WIDTH - 1))
        line[column] = "┬"
        label = f"{value:,.{_decimals(step)}f}"
        start = max(0, min(column - len(label) // 2, WIDTH - len(label)))
        labels[start : start + len(label)] = label
    return [f"{'':{gutter}}└{''.join(line)}", f"{name:>{gutter - 1}}  {''.join(labels).rstrip()}"]


def _y_axis(low: float, high: float, scale: Scale) -> _Axis:
    if scale != "auto" or low <= 0 or high <= _LOG_RATIO * low:
        return _linear_axis(low, high, scale == "percent")
    low, high = math.log10(low), math.log10(high)
    return _decades(low, high) if high - low <= _MOST_LABELS else _many_decades(low, high)


def _decades(low: float, high: float) -> _Axis:
    """Return a log axis for exponents that are not too far apart: a whole number of rows in a decade."""
    per_decade = math.floor(_ROWS / (high - low))
    first, last = math.floor(low * per_decade), math.ceil(high * per_decade)
    exponents = range(math.ceil(first / per_decade), last // per_decade + 1)
    labels = {exponent * per_decade - first: _power(exponent) for exponent in exponents}
    return _Axis(first / per_decade, 1 / per_decade, last - first + 1, labels, log=True)


def _many_decades(low: float, high: float) -> _Axis:
    """Return a log axis with a label at every so many decades."""
    first = math.floor(low)
    stride = math.ceil((high - first) / _MOST_LABELS)
    gaps = math.ceil((high - first) / stride)
    rows = max(1, round(_ROWS / gaps))
    labels = {index * rows: _power(first + index * stride) for index in range(gaps + 1)}
    return _Axis(first, stride / rows, gaps * rows + 1, labels, log=True)


def _power(exponent: int) -> str:
    return f"{10.0**exponent:g}" if -3 <= exponent <= 4 else f"1e{exponent}"


def _linear_axis(low: float, high: float, percent: bool) -> _Axis:
    size = 1.0 if percent else max(abs(low), abs(high))
    if high - low <= _FLAT * size:
        reach = 0.1 * size or 0.1
        low, high = low - reach, high + reach
        if percent:
            low, high = max(low, 0.0), min(high, 1.0)
    step = _round_step((high - low) / _MOST_LABELS)
    values = _multiples(math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9), step)
    gaps = len(values) - 1
    rows = max(1, round(_ROWS / gaps))
    texts = [_label(value, step, percent) for value in values]
    labels = {index * rows: text for index, text in enumerate(texts)}
    return _Axis(values[0], step / rows, gaps * rows + 1, labels)


def _label(value: float, step: float, percent: bool) -> str:
    if percent:
        return f"{100 * value:.{_decimals(100 * step)}f} %"
    if value == 0 or 1e-4 <= abs(value) < 1e6:
        return f"{value:.{min(_decimals(step), 7)}f}"
    mantissa, _, exponent = f"{value:.4e}".partition("e")
    return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"


def _multiples(first: int, last: int, step: float) -> list[float]:
    return [index * step for index in range(first, last + 1)]


def _decimals(step: float) -> int:
    """Return how many decimals multiples of a round step need."""
    return max(0, -math.floor(math.log10(step) + 1e-9))


def _round_step(least: float) -> float:
    """Return the smallest of 1, 2, 5 and their products with powers of ten that is at least so large."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(power * mantissa for mantissa in (1, 2, 5, 10) if power * mantissa >= least * (1 - 1e-9))
