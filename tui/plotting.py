"""Curves as lines of text: limits, round ticks, labels, and a canvas that plotext draws.

The only module that knows plotext. plotext keeps one figure for the whole process, so every drawing clears
it first; it draws the bare canvas from finite numbers inside known limits, and all that stands around the
canvas is drawn here. Text comes out as runs that carry the name of a style, never a colour.
"""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Literal, NamedTuple

from rich.cells import cell_len

from tui.plot_frame import (
    AXIS_ROWS,
    GUTTER,
    LARGEST,
    SMALLEST_CANVAS,
    Frame,
    cell_of,
    centre,
    usable,
    x_axis,
)
from tui.ticks import LABEL_WIDTH, Limits, decade_ticks, round_decades, round_limits, round_ticks

Role = Literal["train", "validation", "raw", "reference", "run-1", "run-2", "run-3", "run-4", "run-5"]
Key = Literal["axis", "title", "value", "cursor"] | Role
Trace = list[tuple[float, float]]

MARK_SPACING = 3
_BLANKS = " \N{BRAILLE PATTERN BLANK}"
ASCII_MARKS = {"●": "o", "○": "o", "×": "x", "◆": "#", "▲": "^"}
COLORED = re.compile(r"(?:\x1b\[38;5;(\d+)m)?([^\x1b]+)\x1b\[0m")


class Run(NamedTuple):
    """A piece of a line, and the name of the style it is shown in."""

    text: str
    key: Key


Line = tuple[Run, ...]


@dataclass(frozen=True)
class Curve:
    """One curve: points (x, y) in the order in which they are joined.

    A y that is None or not finite breaks the line. `mark` is one character ("●", "×", "◆", "+"), set on
    points far enough apart, which tells the curve from others without colour; without one it is a line only.
    A curve without a name is not in the legend. What others are compared with, a `reference`, lies below.
    """

    name: str
    points: tuple[tuple[float, float | None], ...]
    role: Role = "train"
    mark: str = ""


@dataclass(frozen=True)
class Chart:
    """Everything that a plot shows. `x_limits` is fixed, zero to the known total, and so the picture is calm.

    Without `y_limits` the axis fits the data; with `log_y` it has decades, and values up to zero are gaps;
    with `percent` fractions are labelled as percentages. `x_label` ("step") stands below the y labels. The
    legend has each curve's last value, unless `values` is off. At `cursor`, an x, stands a thin line, where
    no curve is in its way.
    """

    title: str
    curves: tuple[Curve, ...]
    x_limits: Limits
    y_limits: Limits | None = None
    log_y: bool = False
    percent: bool = False
    x_label: str = ""
    values: bool = True
    cursor: float | None = None


def draw(chart: Chart, width: int, height: int, *, ascii_only: bool = False) -> list[Line]:
    """Return `height` lines of `width` cells: the canvas, its y labels on the left and its x labels below.

    A space too small for a canvas gives blank lines.
    """
    columns, rows = width - GUTTER, height - AXIS_ROWS
    if columns < SMALLEST_CANVAS[0] or rows < SMALLEST_CANVAS[1]:
        return [(Run(" " * max(width, 0), "axis"),)] * max(height, 0)
    x_limits = usable(chart.x_limits)
    traces = [_trace(curve, x_limits, chart.log_y, 2 * columns) for curve in chart.curves]
    frame = Frame(columns, rows, x_limits, _y_limits(chart, traces), ascii_only)
    canvas = [_with_cursor(runs, chart.cursor, frame) for runs in _canvas(chart.curves, traces, frame)]
    labels = _y_labels(chart, frame)
    lines = [_merged([_y_axis(labels.get(row), ascii_only), *runs]) for row, runs in enumerate(canvas)]
    below = [(Run(text, "axis"),) for text in x_axis(chart.x_label, frame)]
    return [*lines, *below]


def decimated(points: Trace, limits: Limits, columns: int) -> Trace:
    """Keep the lowest and the highest of the points that fall into one column, and the gaps (a y of NaN).

    The picture stays the same, for a column can show no more; a gap within a column breaks the line there.
    """
    kept: Trace = []
    for _, column in groupby(points, lambda point: cell_of(point[0], limits, columns)):
        group = list(column)
        real = [point for point in group if not math.isnan(point[1])]
        if not real:
            kept.append(group[0])
            continue
        ends = sorted({real.index(min(real, key=_y)), real.index(max(real, key=_y))})
        gap = [(group[0][0], math.nan)]
        kept += gap if math.isnan(group[0][1]) else []
        kept += [real[ends[0]], *(gap if len(real) < len(group) else []), real[ends[-1]]]
        kept += gap if math.isnan(group[-1][1]) else []
    return kept


def _trace(curve: Curve, limits: Limits, log_y: bool, columns: int) -> Trace:
    """Return the points inside the x limits, with y as drawn: its logarithm if asked, NaN for a gap."""
    inside = [(x, _drawn(y, log_y)) for x, y in curve.points if limits[0] <= x <= limits[1]]
    return inside if len(inside) <= 2 * columns else decimated(inside, limits, columns)


def _drawn(y: float | None, log_y: bool) -> float:
    if y is None or not -LARGEST <= y <= LARGEST or (log_y and y <= 0):
        return math.nan
    return math.log10(y) if log_y else float(y)


def _y(point: tuple[float, float]) -> float:
    return point[1]


def _y_limits(chart: Chart, traces: list[Trace]) -> Limits:
    """Return the limits as drawn: those that were asked for, or round ones around the data."""
    if chart.y_limits is not None:
        low, high = (_drawn(limit, chart.log_y) for limit in chart.y_limits)
        if high - low > 1e-9 * max(abs(low), abs(high), 1e-9):
            return low, high
    values = [y for trace in traces for _, y in trace if not math.isnan(y)]
    low, high = min(values, default=0.0), max(values, default=0.0)
    return round_decades(low, high) if chart.log_y else round_limits(low, high)


def _canvas(curves: tuple[Curve, ...], traces: list[Trace], frame: Frame) -> list[list[Run]]:
    """Let plotext draw the curves, each in the colour of its index, and read its lines from top to bottom.

    Lines of curves that have marks lie below the others: their marks tell where they are.
    """
    import plotext  # 15 ms, and the first screen shows no curve

    plotext.clear_figure()
    plotext.limit_size(False, False)  # clearing brings back the clamp to the size of the terminal
    plotext.theme("clear")
    plotext.plot_size(frame.columns, frame.rows)
    plotext.frame(False)
    plotext.xticks([])
    plotext.yticks([])
    plotext.xlim(*frame.x_limits)
    plotext.ylim(*frame.y_limits)
    drawn = list(zip(range(len(curves)), curves, traces, strict=True))
    for index, curve, trace in sorted(drawn, key=lambda item: _height(item[1])):
        is_faint = curve.mark or curve.role == "reference"
        line = ("." if is_faint else "*") if frame.ascii_only else "braille"
        plotext.plot(*_clipped(trace, frame.y_limits), marker=line, color=index)
    for index, curve, trace in drawn:
        if curve.mark:
            plotext.scatter(*_marked(trace, frame), marker=shown_mark(curve, frame.ascii_only), color=index)
    return [_runs(line, curves) for line in plotext.build().splitlines()]


def _height(curve: Curve) -> tuple[bool, bool]:
    """Return which curve lies above another: the larger."""
    return curve.role != "reference", not curve.mark


def _runs(line: str, curves: tuple[Curve, ...]) -> list[Run]:
    found = COLORED.findall(line)
    return [Run(text, curves[int(color)].role if color else "axis") for color, text in found]


def _with_cursor(runs: list[Run], x: float | None, frame: Frame) -> list[Run]:
    """Put a line into a blank cell of a row, at the column of x."""
    if x is None or not frame.x_limits[0] <= x <= frame.x_limits[1]:
        return runs
    column, start = frame.column(x), 0
    for index, (text, key) in enumerate(runs):
        place = column - start
        if place < len(text):
            if text[place] not in _BLANKS:
                return runs
            mark = Run("|" if frame.ascii_only else "│", "cursor")
            parts = [Run(text[:place], key), mark, Run(text[place + 1 :], key)]
            return [*runs[:index], *(part for part in parts if part.text), *runs[index + 1 :]]
        start += len(text)
    return runs


def _clipped(trace: Trace, limits: Limits) -> tuple[list[float], list[float]]:
    """Return x and y apart, y cut far outside the limits, since plotext walks along every line dot by dot."""
    margin = limits[1] - limits[0]
    low, high = limits[0] - margin, limits[1] + margin
    return [x for x, _ in trace], [y if math.isnan(y) else min(max(y, low), high) for _, y in trace]


def _marked(trace: Trace, frame: Frame) -> tuple[list[float], list[float]]:
    """Return where marks stand, at the centres of cells so that each hides the line that passes its point.

    A point that has a mark keeps it when more points follow.
    """
    xs, ys, free = [], [], 0
    for x, y in trace:
        column = frame.column(x)
        if column >= free and frame.y_limits[0] <= y <= frame.y_limits[1]:
            xs.append(centre(column, frame.x_limits, frame.columns))
            ys.append(centre(frame.row(y), frame.y_limits, frame.rows))
            free = column + MARK_SPACING
    return xs, ys


def shown_mark(curve: Curve, ascii_only: bool) -> str:
    """Return the character, one cell wide, that stands for a curve: its mark, or a piece of its line."""
    if ascii_only:
        return ASCII_MARKS.get(curve.mark, "+") if curve.mark else "*"
    mark = curve.mark[:1] or "⠒"
    return mark if mark.isprintable() and cell_len(mark) == 1 else "+"


def _y_labels(chart: Chart, frame: Frame) -> dict[int, str]:
    """Return the labels of the y axis by row, counted from the top."""
    most = min(6, (frame.rows + 1) // 2)
    low, high = frame.y_limits
    ticks = (
        decade_ticks(low, high, most) if chart.log_y else round_ticks(low, high, most, percent=chart.percent)
    )
    return {frame.rows - 1 - frame.row(tick.value): tick.label for tick in ticks}


def _y_axis(label: str | None, ascii_only: bool) -> Run:
    tick, plain = ("+", "|") if ascii_only else ("┤", "│")
    return Run((label or "").rjust(LABEL_WIDTH) + (plain if label is None else tick), "axis")


def _merged(runs: Iterable[Run]) -> Line:
    """Join neighbours of one style; blanks take the style of what precedes them, which saves escape codes."""
    merged: list[Run] = []
    for run in runs:
        if merged and (run.key == merged[-1].key or run.text.isspace()):
            merged[-1] = Run(merged[-1].text + run.text, merged[-1].key)
        else:
            merged.append(run)
    return tuple(merged)
