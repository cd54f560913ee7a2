"""Curves as lines of text: limits, round ticks, labels, and a canvas that plotext draws.

The only module that knows plotext. plotext keeps one figure for the whole process, so every drawing clears
it first; it draws the bare canvas from finite numbers inside known limits, and all that stands around the
canvas is drawn here. Text comes out as runs that carry the name of a style, never a colour.
"""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from rich.cells import cell_len

from tui.drawing.plot_frame import (
    AXIS_ROWS,
    GUTTER,
    SMALLEST_CANVAS,
    Frame,
    centre,
    usable,
    x_axis,
)
from tui.drawing.plot_line import Line, Role, Run, put, write
from tui.drawing.plot_notes import notes_on, outside
from tui.drawing.ticks import (
    LABEL_WIDTH,
    Limits,
    Tick,
    decade_ticks,
    round_decades,
    round_limits,
    round_ticks,
)
from tui.drawing.traces import Trace, ceiling, cut, decimated, drawn, inside, placed

MARK_SPACING = 3
ASCII_MARKS = {"●": "o", "○": "@", "×": "x", "◆": "#", "▲": "^", "■": "%", "+": "+", "◇": "&"}
COLORED = re.compile(r"(?:\x1b\[38;5;(\d+)m)?([^\x1b]+)\x1b\[0m")
_EVENTS = {"edit": "▲", "resume": "»"}
_ASCII_EVENTS = {"edit": "^", "resume": ">"}


@dataclass(frozen=True)
class Curve:
    """One curve: points (x, y) in the order in which they are joined.

    A y that is None or not finite breaks the line. `mark` is one character ("●", "×", "◆", "+"), set on
    points at least `spacing` columns apart, the first of them `shift` columns from the left; it tells the
    curve from others without colour. Without one it is a line only. A curve without a name is not in the
    legend. What others are compared with, a `reference`, lies below.
    """

    name: str
    points: tuple[tuple[float, float | None], ...]
    role: Role = "train"
    mark: str = ""
    spacing: int = MARK_SPACING
    shift: int = 0


@dataclass(frozen=True)
class Happening:
    """Something that happened at an x: an edit, or a resume. A mark on the axis tells of it."""

    x: float
    kind: Literal["edit", "resume"]


@dataclass(frozen=True)
class Chart:
    """Everything that a plot shows. `x_limits` is fixed, zero to the known total, and so the picture is calm.

    Without `y_limits` the axis fits the data; with `log_y` it has decades, and values up to zero are gaps, of
    which the picture says how many; likewise `log_x`. With `percent` fractions are labelled as percentages.
    `x_label` ("step") stands below the y labels. The legend has each curve's last value, unless `values` is
    off. At `cursor`, an x, stands a thin line, where no curve is in its way. With `cuts` a few spikes may lie
    outside of the y axis; whatever does is marked at the edge, and said. `x_ticks` replace those that are
    found, for an axis of words.
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
    log_x: bool = False
    cuts: bool = False
    happened: tuple[Happening, ...] = ()
    x_ticks: tuple[Tick, ...] = ()


def draw(chart: Chart, width: int, height: int, *, ascii_only: bool = False) -> list[Line]:
    """Return `height` lines of `width` cells: the canvas, its y labels on the left and its x labels below.

    A space too small for a canvas gives blank lines.
    """
    columns, rows = width - GUTTER, height - AXIS_ROWS
    if columns < SMALLEST_CANVAS[0] or rows < SMALLEST_CANVAS[1]:
        return [(Run(" " * max(width, 0), "axis"),)] * max(height, 0)
    x_limits = drawn_limits(chart)
    points = [placed(curve.points, log_x=chart.log_x, log_y=chart.log_y) for curve in chart.curves]
    traces = [_trace(trace, x_limits, 2 * columns) for trace in points]
    frame = Frame(columns, rows, x_limits, _y_limits(chart, traces), ascii_only, chart.log_x, chart.x_ticks)
    marks = [inside(trace, x_limits) for trace in points]
    canvas = _with_cursor(_canvas(chart.curves, traces, marks, frame), chart, frame)
    above, below = (outside(chart, traces, frame, sign) for sign in (1, -1))
    for row, columns_there in ((0, above), (-1, below)):
        arrow = "!" if ascii_only else "↓" if row else "↑"
        for column in columns_there:
            canvas[row] = put(canvas[row], column, arrow, "note")
    notes = notes_on(chart, above, below)
    if ascii_only:
        notes = [note.replace("≤", "<=") for note in notes]
    canvas = write(canvas, notes, columns)
    labels = _y_labels(chart, frame)
    lines = [_merged([_y_axis(labels.get(row), ascii_only), *runs]) for row, runs in enumerate(canvas)]
    base, texts = x_axis(chart.x_label, frame)
    return [*lines, _merged(_with_happenings([Run(base, "axis")], chart, frame)), (Run(texts, "axis"),)]


def drawn_limits(chart: Chart) -> Limits:
    """Return the ends of the x axis as drawn: exponents of ten where it is logarithmic."""
    low, high = chart.x_limits
    if not chart.log_x:
        return usable(chart.x_limits)
    if not high > 0:
        return 0.0, 1.0
    return usable((drawn(low if low > 0 else high / 1000, True), drawn(high, True)))


def _trace(trace: Trace, limits: Limits, columns: int) -> Trace:
    """Return the part of a curve inside the x limits, with no more points than can be told apart."""
    trace = cut(trace, limits)
    return trace if len(trace) <= 2 * columns else decimated(trace, limits, columns)


def _y_limits(chart: Chart, traces: list[Trace]) -> Limits:
    """Return the limits as drawn: those that were asked for, or round ones around the data."""
    if chart.y_limits is not None:
        low, high = (drawn(limit, chart.log_y) for limit in chart.y_limits)
        if high - low > 1e-9 * max(abs(low), abs(high), 1e-9):
            return low, high
    values = [y for trace in traces for _, y in trace if not math.isnan(y)]
    low, high = min(values, default=0.0), max(values, default=0.0)
    if chart.log_y:
        return round_decades(low, high)
    top = ceiling(traces) if chart.cuts else None
    return round_limits(low, high if top is None else top)


def _canvas(
    curves: tuple[Curve, ...], traces: list[Trace], marks: list[Trace], frame: Frame
) -> list[list[Run]]:
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
    for index, curve in sorted(enumerate(curves), key=lambda item: _height(item[1])):
        is_faint = curve.mark or curve.role == "reference"
        line = ("." if is_faint else "*") if frame.ascii_only else "braille"
        plotext.plot(*_clipped(traces[index], frame.y_limits), marker=line, color=index)
    for index, curve in enumerate(curves):
        if curve.mark:
            where = _marked(marks[index], curve, frame)
            plotext.scatter(*where, marker=shown_mark(curve, frame.ascii_only), color=index)
    return [_runs(line, curves) for line in plotext.build().splitlines()]


def _height(curve: Curve) -> tuple[bool, bool, bool]:
    """Return which curve lies above another: the larger."""
    return curve.role != "reference", not curve.role.startswith("band"), not curve.mark


def _runs(line: str, curves: tuple[Curve, ...]) -> list[Run]:
    found = COLORED.findall(line)
    return [Run(text, curves[int(color)].role if color else "axis") for color, text in found]


def _with_cursor(canvas: list[list[Run]], chart: Chart, frame: Frame) -> list[list[Run]]:
    """Put a line into the blank cells of the cursor's column."""
    x = drawn(chart.cursor, chart.log_x)
    if not frame.x_limits[0] <= x <= frame.x_limits[1]:
        return canvas
    character, column = "|" if frame.ascii_only else "│", frame.column(x)
    return [put(runs, column, character, "cursor", over=False) for runs in canvas]


def _with_happenings(runs: list[Run], chart: Chart, frame: Frame) -> list[Run]:
    """Put the marks of what happened on the axis; a resume over an edit."""
    signs = _ASCII_EVENTS if frame.ascii_only else _EVENTS
    for one in sorted(chart.happened, key=lambda one: one.kind == "resume"):
        x = drawn(one.x, chart.log_x)
        if frame.x_limits[0] <= x <= frame.x_limits[1]:
            runs = put(runs, GUTTER + frame.column(x), signs[one.kind], "mark")
    return runs


def _clipped(trace: Trace, limits: Limits) -> tuple[list[float], list[float]]:
    """Return x and y apart, y cut far outside the limits, since plotext walks along every line dot by dot."""
    margin = limits[1] - limits[0]
    low, high = limits[0] - margin, limits[1] + margin
    return [x for x, _ in trace], [y if math.isnan(y) else min(max(y, low), high) for _, y in trace]


def _marked(trace: Trace, curve: Curve, frame: Frame) -> tuple[list[float], list[float]]:
    """Return where marks stand, at the centres of cells so that each hides the line that passes its point.

    A point that has a mark keeps it when more points follow. A curve too short for any has one at its end.
    """
    places: list[tuple[int, float]] = []
    free = curve.shift
    seen = [point for point in trace if frame.y_limits[0] <= point[1] <= frame.y_limits[1]]
    for x, y in seen:
        if (column := frame.column(x)) >= free:
            places.append((column, y))
            free = column + curve.spacing
    if seen and not places:
        places.append((frame.column(seen[-1][0]), seen[-1][1]))
    xs = [centre(column, frame.x_limits, frame.columns) for column, _ in places]
    return xs, [centre(frame.row(y), frame.y_limits, frame.rows) for _, y in places]


def shown_mark(curve: Curve, ascii_only: bool) -> str:
    """Return the character, one cell wide, that stands for a curve: its mark, or a piece of its line."""
    if ascii_only:
        is_letter = len(curve.mark) == 1 and curve.mark.isascii() and curve.mark.isalpha()
        return curve.mark if is_letter else ASCII_MARKS.get(curve.mark, "?") if curve.mark else "*"
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
