"""Where things stand in a plot: its canvas between axes, the cell of a figure, and the axis below."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size

from tui.drawing.ticks import LABEL_WIDTH, Limits, Tick, log_ticks, round_ticks

GUTTER = LABEL_WIDTH + 1
AXIS_ROWS = 2
SMALLEST_CANVAS = (8, 2)
LARGEST = 1e300
TIME_LABELS = ("step", "epoch", "second", "minute", "hour", "sample")
"""What an x axis is called that stands for moments of a run."""


@dataclass(frozen=True)
class Frame:
    """The size of the canvas in cells and the limits of its axes, exponents of ten for a log axis."""

    columns: int
    rows: int
    x_limits: Limits
    y_limits: Limits
    ascii_only: bool
    log_x: bool = False
    x_ticks: tuple[Tick, ...] = ()
    """Instead of round numbers; their values are as drawn."""

    def column(self, x: float) -> int:
        """Return the column in which a curve passes x."""
        return cell_of(x, self.x_limits, self.columns, 1 if self.ascii_only else 2)

    def row(self, y: float) -> int:
        """Return the row, counted from the bottom, in which a curve passes y."""
        return cell_of(y, self.y_limits, self.rows, 1 if self.ascii_only else 4)


def column_of(x: float, limits: Limits, width: int, *, ascii_only: bool = False) -> int | None:
    """Return the column, counted from the left of a picture `width` cells wide, in which `draw` puts an x.

    None where x is outside the limits, or the picture too small for a canvas.
    """
    columns, limits = width - GUTTER, usable(limits)
    if columns < SMALLEST_CANVAS[0] or not limits[0] <= x <= limits[1]:
        return None
    return GUTTER + cell_of(x, limits, columns, 1 if ascii_only else 2)


def x_of(column: int, limits: Limits, width: int) -> float | None:
    """Return the x that lies in a column of a picture `width` cells wide; None for one outside its canvas."""
    columns, limits = width - GUTTER, usable(limits)
    if columns < SMALLEST_CANVAS[0] or not GUTTER <= column < width:
        return None
    return centre(column - GUTTER, limits, columns)


def axis_below(name: str, limits: Limits, width: int, *, ascii_only: bool = False) -> list[str]:
    """Return the two lines below a picture `width` cells wide, as a plot has them below its canvas."""
    columns = width - GUTTER
    if columns < SMALLEST_CANVAS[0]:
        return [" " * max(width, 0)] * AXIS_ROWS
    return x_axis(name, Frame(columns, SMALLEST_CANVAS[1], usable(limits), (0.0, 1.0), ascii_only))


def cell_of(value: float, limits: Limits, cells: int, dots: int = 1) -> int:
    """Return the cell in which plotext puts a value, where a cell is that many dots of a finer raster."""
    low, high = limits
    return math.floor(0.5 + (cells * dots - 1) * ((value - low) / (high - low))) // dots


def centre(cell: int, limits: Limits, cells: int) -> float:
    """Return the figure at the centre of a cell."""
    return limits[0] + (limits[1] - limits[0]) * cell / (cells - 1)


def usable(limits: Limits) -> Limits:
    """Return limits as they are, or from 0 to 1 where nothing could be drawn between them."""
    low, high = limits
    apart = high - low > 1e-9 * max(abs(low), abs(high), 1e-9)
    return limits if apart and -LARGEST <= low < high <= LARGEST else (0.0, 1.0)


def x_axis(name: str, frame: Frame) -> list[str]:
    """Return the base line and the line of labels below it, each label below its tick."""
    corner, base, mark = ("+", "-", "+") if frame.ascii_only else ("└", "─", "┬")
    line, texts = [base] * frame.columns, [" "] * frame.columns
    free = 0
    for tick in _x_ticks(frame):
        column, size = frame.column(tick.value), len(tick.label)
        start = max(0, min(column - size // 2, frame.columns - size))
        if start >= free:
            line[column] = mark if column else base
            texts[start : start + size] = tick.label
            free = start + size + 1
    name = set_cell_size(name, min(cell_len(name), LABEL_WIDTH))
    gutter = " " * (LABEL_WIDTH - cell_len(name)) + name + " "
    return [" " * LABEL_WIDTH + corner + "".join(line), gutter + "".join(texts)]


def _x_ticks(frame: Frame) -> Sequence[Tick]:
    """Return as many ticks as there is room for."""
    most = max(2, min(8, frame.columns // 9))
    if frame.x_ticks:
        return frame.x_ticks
    return log_ticks(*frame.x_limits, most) if frame.log_x else round_ticks(*frame.x_limits, most)
