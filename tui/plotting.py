"""Curves as lines of text: limits, round ticks, labels, and a canvas that plotext draws.

The only module that knows plotext. plotext keeps one figure for the whole process, so every drawing clears it
first; it draws the bare canvas from finite numbers inside known limits, and all that stands around the canvas is
drawn here. Text comes out as runs that carry the name of a style, never a colour.
"""

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Literal, NamedTuple

import plotext
from rich.cells import cell_len, set_cell_size

type_of = type
Role = Literal["train", "validation", "raw", "run-1", "run-2", "run-3", "run-4", "run-5"]
Key = Literal["axis", "title", "value"] | Role
Point = tuple[float, float | None]
Limits = tuple[float, float]

LABEL_WIDTH = 6
GUTTER = LABEL_WIDTH + 1
AXIS_ROWS = 2
SMALLEST_CANVAS = (8, 2)
MARK_SPACING = 6
LARGEST = 1e300
ASCII_MARKS = {"": "*", "●": "o", "○": "o", "×": "x", "◆": "#", "▲": "^"}


class Run(NamedTuple):
    """A piece of a line, and the name of the style it is shown in."""

    text: str
    key: Key


Line = tuple[Run, ...]


class Tick(NamedTuple):
    """A place on an axis and its label."""

    value: float
    label: str


@dataclass(frozen=True)
class Curve:
    """One curve: points (x, y) in the order in which they are joined.

    A y that is None or not finite breaks the line. `mark` is one character, set on points far enough apart to tell
    this curve from others without colour; without one the curve is a thin line only.
    """

    name: str
    points: tuple[Point, ...]
    role: Role = "train"
    mark: str = ""


@dataclass(frozen=True)
class Chart:
    """Everything that a plot shows. `x_limits` is fixed (zero to the known total), so that the picture stays calm.

    Without `y_limits` the axis fits the data; with `log_y` it has decades and values up to zero are gaps; with
    `percent` fractions are labelled as percentages. `x_label` stands below the y labels ("step", "epoch").
    """

    title: str
    curves: tuple[Curve, ...]
    x_limits: Limits
    y_limits: Limits | None = None
    log_y: bool = False
    percent: bool = False
    x_label: str = ""


def draw(chart: Chart, width: int, height: int, *, ascii_only: bool = False) -> list[Line]:
    """Return `height` lines of `width` cells: the canvas, its y labels on the left and its x labels below.

    A space too small for a canvas gives blank lines.
    """
    columns, rows = width - GUTTER, height - AXIS_ROWS
    if columns < SMALLEST_CANVAS[0] or rows < SMALLEST_CANVAS[1]:
        return [_fitted([], width)] * max(height, 0)
    x_limits = _x_limits(chart.x_limits)
    traces = [_trace(curve.points, x_limits, chart.log_y, 2 * columns) for curve in chart.curves]
    y_limits = _y_limits(chart, traces)
    canvas = _canvas(chart, traces, x_limits, y_limits, columns, rows, ascii_only)
    most = min(6, (rows + 1) // 2)
    ticks = (
        decade_ticks(*y_limits, most) if chart.log_y else round_ticks(*y_limits, most, percent=chart.percent)
    )
    labels = {rows - 1 - _cell(tick.value, y_limits, rows, 4): tick.label for tick in ticks}
    lines = [_merged([_y_axis(labels.get(row), ascii_only), *canvas[row]]) for row in range(rows)]
    return lines + _x_axis(chart.x_label, x_limits, columns, ascii_only)


def legend(chart: Chart, width: int, *, ascii_only: bool = False) -> Line:
    """Return one line of `width` cells: the title, then mark, name and last value of each curve.

    When room is short the gaps shrink, then the names go, and at last the line ends in an ellipsis.
    """
    runs: list[Run] = []
    for gap, named in (("   ", True), ("  ", True), ("  ", False)):
        runs = _legend(chart, gap, named, ascii_only)
        if sum(cell_len(run.text) for run in runs) <= width:
            break
    return _fitted(runs, width, "~" if ascii_only else "…")


def _legend(chart: Chart, gap: str, named: bool, ascii_only: bool) -> list[Run]:
    runs = [Run(_shown(chart.title, ascii_only), "title")]
    for curve in chart.curves:
        name = f" {_shown(curve.name, ascii_only)}" if named else ""
        value = value_text(curve.points[-1][1] if curve.points else None, percent=chart.percent)
        runs += [Run(gap + (_mark(curve, ascii_only) or "⠒"), curve.role), Run(f"{name} {value}", "value")]
    return runs


def value_text(value: float | None, *, percent: bool = False) -> str:
    """Write a value in six characters wherever that is possible, so that the text beside it stands still."""
    if value is None:
        text = "-"
    elif not abs(value) <= LARGEST:
        text = str(float(value))
    elif percent:
        text = f"{100 * value:.1f}%"
    elif value and not 1e-3 <= abs(value) < 1e5:
        text = _short(f"{value:.1e}")
    else:
        text = f"{value:.{max(0, 5 - len(str(int(abs(value)))))}f}"
    return text.ljust(6)


def round_ticks(low: float, high: float, most: int, *, percent: bool = False) -> list[Tick]:
    """Return the multiples of 1, 2 or 5 times a power of ten between two limits, as many as `most` allows."""
    mantissa, exponent = _step(low, high, most)
    multiples = [multiple * mantissa for multiple in _multiples(low, high, mantissa, exponent)]
    labels = _labels(multiples, exponent + 2, "%") if percent else _labels(multiples, exponent)
    return [Tick(_scaled(number, exponent), label) for number, label in zip(multiples, labels, strict=True)]


def decade_ticks(low: float, high: float, most: int) -> list[Tick]:
    """Return powers of ten between two limits, all given as exponents of ten."""
    first, last = math.ceil(low - 1e-6), math.floor(high + 1e-6)
    every = -(-(last - first + 1) // most)
    exponents = [exponent for exponent in range(first, last + 1) if exponent % every == 0]
    if all(-2 <= exponent <= 3 for exponent in exponents):
        return [Tick(exponent, f"{10.0**exponent:g}") for exponent in exponents]
    return [Tick(exponent, f"1e{exponent}") for exponent in exponents]


def decimated(
    points: Iterable[tuple[float, float]], limits: Limits, columns: int
) -> list[tuple[float, float]]:
    """Keep the lowest and the highest of the points that fall into one column, and every gap (a y of NaN).

    No line in between is lost that the eye could see, and none is added: a gap inside a column breaks the line too.
    """
    kept: list[tuple[float, float]] = []
    for _, column in groupby(points, lambda point: _cell(point[0], limits, columns)):
        group = list(column)
        real = [point for point in group if not math.isnan(point[1])]
        if not real:
            kept.append(group[0])
            continue
        low, high = min(real, key=_y), max(real, key=_y)
        ends = [low] if low is high else sorted([low, high])
        broken = len(real) < len(group)
        if math.isnan(group[0][1]):
            kept.append(group[0])
        kept += [ends[0], (ends[0][0], math.nan), ends[-1]] if broken else ends
        if math.isnan(group[-1][1]):
            kept.append(group[-1])
    return kept


def _trace(points: Iterable[Point], limits: Limits, log_y: bool, columns: int) -> list[tuple[float, float]]:
    """Return the points inside the x limits as y is drawn: its logarithm where asked, NaN where there is none."""
    inside = [(x, _drawn(y, log_y)) for x, y in points if limits[0] <= x <= limits[1]]
    return inside if len(inside) <= 2 * columns else decimated(inside, limits, columns)


def _drawn(y: float | None, log_y: bool) -> float:
    if y is None or not -LARGEST <= y <= LARGEST or (log_y and y <= 0):
        return math.nan
    return math.log10(y) if log_y else float(y)
