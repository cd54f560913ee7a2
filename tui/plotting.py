"""Curves as lines of text: limits, round ticks, labels, and a canvas that plotext draws.

The only module that knows plotext. plotext keeps one figure for the whole process, so every drawing clears it
first; it draws the bare canvas from finite numbers inside known limits, and all that stands around the canvas is
drawn here. Text comes out as runs that carry the name of a style, never a colour.
"""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Literal, NamedTuple

import plotext
from rich.cells import cell_len, set_cell_size

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
    """Keep the lowest and the highest of the points that fall into one column, and the gaps (a y of NaN).

    The picture stays the same, for a column can show no more; a gap within a column breaks the line there too.
    """
    kept: list[tuple[float, float]] = []
    for _, column in groupby(points, lambda point: _cell(point[0], limits, columns)):
        group = list(column)
        real = [point for point in group if not math.isnan(point[1])]
        if not real:
            kept.append(group[0])
            continue
        ends = sorted((min(real, key=_y), max(real, key=_y)), key=real.index)
        gap = [(ends[0][0], math.nan)]
        kept += gap if math.isnan(group[0][1]) else []
        kept += [ends[0], *gap, ends[1]] if len(real) < len(group) else ends
        kept += gap if math.isnan(group[-1][1]) else []
    return kept


def _trace(points: Iterable[Point], limits: Limits, log_y: bool, columns: int) -> list[tuple[float, float]]:
    """Return the points inside the x limits as y is drawn: its logarithm where asked, NaN where there is none."""
    inside = [(x, _drawn(y, log_y)) for x, y in points if limits[0] <= x <= limits[1]]
    return inside if len(inside) <= 2 * columns else decimated(inside, limits, columns)


def _drawn(y: float | None, log_y: bool) -> float:
    if y is None or not -LARGEST <= y <= LARGEST or (log_y and y <= 0):
        return math.nan
    return math.log10(y) if log_y else float(y)


def _y(point: tuple[float, float]) -> float:
    return point[1]


def _cell(value: float, limits: Limits, cells: int, dots: int = 1) -> int:
    """Return the cell in which plotext puts a value, where a cell is that many dots of a finer raster."""
    low, high = limits
    return math.floor(0.5 + (cells * dots - 1) * ((value - low) / (high - low))) // dots


def _x_limits(limits: Limits) -> Limits:
    low, high = min(limits), max(limits)
    usable = -LARGEST <= low <= LARGEST and high <= LARGEST
    return (low, high) if usable and high - low > 1e-9 * max(abs(low), abs(high)) else (0.0, 1.0)


def _y_limits(chart: Chart, traces: list[list[tuple[float, float]]]) -> Limits:
    """Return the limits as drawn: those that were asked for, or round ones around the data."""
    if chart.y_limits is not None:
        low, high = (_drawn(limit, chart.log_y) for limit in sorted(chart.y_limits))
        if high - low > 1e-9 * max(abs(low), abs(high)):
            return low, high
    values = [y for trace in traces for _, y in trace if not math.isnan(y)]
    low, high = min(values, default=0.0), max(values, default=0.0)
    return _round_decades(low, high) if chart.log_y else _round_limits(low, high)


def _round_limits(low: float, high: float) -> Limits:
    """Widen limits to round numbers, and down to zero unless that would make the data a flat line.

    A range below a thousandth of the values is taken as a flat line, since six characters could not label it.
    """
    if high - low <= 1e-3 * max(abs(low), abs(high)) or 0 <= low <= 0.9 * high:
        low, high = min(low, 0.0), max(high, 0.0)
    if high - low < 1e-280:
        return 0.0, 1.0
    mantissa, exponent = _step(low, high, 12)
    first = math.floor(low / _scaled(mantissa, exponent) + 1e-6)
    last = math.ceil(high / _scaled(mantissa, exponent) - 1e-6)
    return _scaled(first * mantissa, exponent), _scaled(last * mantissa, exponent)


def _round_decades(low: float, high: float) -> Limits:
    """Widen limits, given as exponents of ten, to 1, 2 or 5 times a power of ten that hold two powers at least."""
    rounds = [math.log10(mantissa) for mantissa in (1, 2, 5, 10)]
    low = math.floor(low) + max(extra for extra in rounds if extra <= low - math.floor(low) + 1e-6)
    high = math.floor(high) + min(extra for extra in rounds if extra >= high - math.floor(high) - 1e-6)
    if math.floor(high) <= math.ceil(low):
        low, high = math.floor(low), math.ceil(high)
    return float(low), float(max(high, low + 1))


def _step(low: float, high: float, most: int) -> tuple[int, int]:
    """Return the smallest step (mantissa, exponent of ten) that puts at most so many multiples between limits."""
    exponent = math.floor(math.log10((high - low) / most)) - 1
    while True:
        for mantissa in (1, 2, 5):
            if len(_multiples(low, high, mantissa, exponent)) <= most:
                return mantissa, exponent
        exponent += 1


def _multiples(low: float, high: float, mantissa: int, exponent: int) -> range:
    step = _scaled(mantissa, exponent)
    return range(math.ceil(low / step - 1e-6), math.floor(high / step + 1e-6) + 1)


def _scaled(number: int, exponent: int) -> float:
    return number * 10.0**exponent if exponent >= 0 else number / 10.0**-exponent


def _labels(numbers: list[int], exponent: int, suffix: str = "") -> list[str]:
    """Write numbers times a power of ten alike: the same decimals, or k and M, or the same exponent."""
    if exponent < 0:
        texts = [f"{_scaled(number, exponent):.{-exponent}f}{suffix}" for number in numbers]
    else:
        size, unit = next(((size, unit) for size, unit in UNITS if exponent >= size), (0, ""))
        texts = [f"{number * 10 ** (exponent - size)}{unit if number else ''}{suffix}" for number in numbers]
    if all(len(text) <= LABEL_WIDTH for text in texts):
        return texts
    texts = [f"{number}e{exponent}" if number else "0" for number in numbers]
    if all(len(text) <= LABEL_WIDTH for text in texts):
        return texts
    return [_short(f"{_scaled(number, exponent):.0e}") for number in numbers]


def _short(text: str) -> str:
    """Return a number in scientific notation without the zeros and plus signs of its exponent."""
    mantissa, exponent = text.split("e")
    return f"{mantissa}e{int(exponent)}"


def _canvas(
    chart: Chart,
    traces: list[list[tuple[float, float]]],
    x_limits: Limits,
    y_limits: Limits,
    size: tuple[int, int],
    ascii_only: bool,
) -> list[list[Run]]:
    """Let plotext draw the curves, each in a colour that stands for its place in the chart, and read its lines."""
    plotext.clear_figure()
    plotext.limit_size(False, False)
    plotext.theme("clear")
    plotext.plot_size(*size)
    plotext.frame(False)
    plotext.xticks([])
    plotext.yticks([])
    plotext.xlim(*x_limits)
    plotext.ylim(*y_limits)
    margin = y_limits[1] - y_limits[0]
    for color, (curve, trace) in enumerate(zip(chart.curves, traces, strict=True)):
        xs = [x for x, _ in trace]
        ys = [
            y if math.isnan(y) else min(max(y, y_limits[0] - margin), y_limits[1] + margin) for _, y in trace
        ]
        line = ASCII_MARKS[""] if ascii_only else "braille"
        plotext.plot(xs, ys, marker=line, color=color)
    for color, (curve, trace) in enumerate(zip(chart.curves, traces, strict=True)):
        if mark := _mark(curve, ascii_only):
            marked = _spaced(trace, x_limits, size[0])
            plotext.scatter([x for x, _ in marked], [y for _, y in marked], marker=mark, color=color)
    return [_runs(line, chart.curves) for line in plotext.build().splitlines()]
