"""A fitted curve over the points that it was fitted to, and what was predicted against what was wanted."""

import math
from collections.abc import Iterable, Sequence

from textual.content import Content

from tui.drawing.ticks import Limits, round_limits
from tui.widgets.pictures.axes import FRAME_ROWS, GUTTER, framed
from tui.widgets.pictures.drawing import Canvas
from tui.widgets.pictures.packed import Pixel
from tui.widgets.pictures.pixels import half_blocks, letters
from tui.widgets.pictures.shades import foreground, mixed, neutral, parsed

_CROWD = 4
"""So many points in a pixel are as bright as it gets."""
_LEAST_COLUMNS, _LEAST_ROWS = 16, 5
_LARGEST = 1e100


class Plot:
    """Pixels in the plane: points that shine the brighter the more of them fall together, and lines."""

    def __init__(self, columns: int, rows: int, x: Limits, y: Limits) -> None:
        self.columns = columns
        self.rows = rows
        self.x = x
        self.y = y
        self._points: dict[tuple[int, int], int] = {}
        self._line: set[tuple[int, int]] = set()
        self._dotted: set[tuple[int, int]] = set()

    def points(self, points: Iterable[tuple[float, float]]) -> None:
        """Add points; those outside the limits are left out."""
        for x, y in points:
            if not (math.isfinite(x) and math.isfinite(y)):
                continue
            place = self._row(y), self._column(x)
            if 0 <= place[0] < self.rows and 0 <= place[1] < self.columns:
                self._points[place] = self._points.get(place, 0) + 1

    def line(self, heights: Sequence[float]) -> None:
        """Add a curve with one height a column; it is joined where it is steep."""
        before: int | None = None
        for column, value in enumerate(heights[: self.columns]):
            if not math.isfinite(value):
                before = None
                continue
            row = max(-1, min(self.rows, self._row(value)))
            start = row if before is None else before + (row > before) - (row < before)
            for one in range(min(start, row), max(start, row) + 1):
                self._line.add((one, column))
            before = row

    def diagonal(self) -> None:
        """Add the line on which y is x."""
        for column in range(self.columns):
            x = self.x[0] + (column + 0.5) / self.columns * (self.x[1] - self.x[0])
            self._dotted.add((self._row(x), column))

    def _row(self, y: float) -> int:
        """Return the row of a height; -1 is above the picture, and `rows` below it."""
        share = (y - self.y[0]) / (self.y[1] - self.y[0])
        return max(-1, min(self.rows, self.rows - 1 - _cell(share, self.rows)))

    def _column(self, x: float) -> int:
        return _cell((x - self.x[0]) / (self.x[1] - self.x[0]), self.columns)

    def lines(self, canvas: Canvas) -> list[Content]:
        """Return the picture in half blocks or in letters: points `o` and `@`, a line `#`."""
        if canvas.ascii_only or canvas.colorless:
            rows = [
                [self._letter(line, column) for column in range(self.columns)]
                for line in range(self.rows // 2)
            ]
            return letters(rows)
        return half_blocks(
            [[self._pixel(row, column, canvas) for column in range(self.columns)] for row in range(self.rows)]
        )

    def _pixel(self, row: int, column: int, canvas: Canvas) -> Pixel:
        ground = neutral(canvas.dark)
        if (row, column) in self._line:
            return mixed(parsed(canvas.color(1)), foreground(canvas.dark), 0.15)
        if crowd := self._points.get((row, column), 0):
            share = 0.7 + 0.3 * min(1.0, (crowd - 1) / (_CROWD - 1))
            return mixed(ground, parsed(canvas.color(0)), share)
        if (row, column) in self._dotted:
            return mixed(ground, foreground(canvas.dark), 0.4)
        return ground

    def _letter(self, line: int, column: int) -> str:
        places = ((2 * line, column), (2 * line + 1, column))
        if any(place in self._line for place in places):
            return "#"
        if crowd := sum(self._points.get(place, 0) for place in places):
            return "o" if crowd == 1 else "@"
        return "/" if any(place in self._dotted for place in places) else " "


def _cell(share: float, cells: int) -> int:
    """Return the cell that a share of the way is in: -1 before the first, `cells` behind the last."""
    if share == 1:
        return cells - 1
    return max(-1, min(cells, math.floor(max(-1.0, min(2.0, share)) * cells)))


def fitted(
    curve: Sequence[float],
    x: Limits,
    points: Sequence[tuple[float, float]],
    axes: tuple[str, str],
    canvas: Canvas,
) -> list[Content]:
    """Return the points and the curve, whose heights are those of evenly spaced places between limits."""
    columns, rows = canvas.width - GUTTER, 2 * (canvas.height - FRAME_ROWS)
    if columns < _LEAST_COLUMNS or rows < 2 * _LEAST_ROWS:
        return [Content("no room to draw the curve").stylize("$secondary")]
    heights = [curve[index * len(curve) // columns] for index in range(columns)]
    limits = _heights(curve, [y for _, y in points])
    plot = Plot(columns, rows, x, limits)
    plot.points(points)
    plot.line(heights)
    return framed(plot.lines(canvas), columns, x, limits, axes, canvas)


def _heights(curve: Sequence[float], heights: Sequence[float]) -> Limits:
    """Return limits that hold the points, and the curve as far as it is not far away from them."""
    known = [one for one in heights if abs(one) < _LARGEST] or [0.0]
    low, high = min(known), max(known)
    span = (high - low) or 1.0
    near = [max(low - span, min(high + span, one)) for one in curve if math.isfinite(one)]
    return round_limits(min([low, *near]), max([high, *near]))


def against(points: Sequence[tuple[float, float]], name: str, canvas: Canvas) -> list[Content]:
    """Return predictions (y) against targets (x) with the same limits on both axes, and the diagonal."""
    side = min(canvas.width - GUTTER, 2 * (canvas.height - FRAME_ROWS))
    side -= side % 2
    if side < 2 * _LEAST_ROWS:
        return [Content("no room to draw the predictions").stylize("$secondary")]
    known = [one for pair in points for one in pair if abs(one) < _LARGEST]
    limits = round_limits(min(known, default=0.0), max(known, default=1.0))
    plot = Plot(side, side, limits, limits)
    plot.diagonal()
    plot.points(points)
    return framed(plot.lines(canvas), side, limits, limits, (name, "output"), canvas)
