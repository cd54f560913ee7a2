"""The confusion matrix: true classes down, predicted ones across, a cursor on its cells."""

import math
from dataclasses import dataclass
from functools import lru_cache

from rich.cells import cell_len
from textual import events
from textual.color import Color
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.style import Style
from textual.widget import Widget

from tui.asking.error_report import Cell, ClassErrors
from tui.widgets.shortening import left, right, shortened

_LEAST_CELL = 4
_CORNER = "true\\pred"
_LABEL = 12
"""Cells of the longest class name at the left."""
_RECALL = 8
_HEAD, _FOOT = 1, 1
"""Lines of names above, and of the precision below."""
_LEVELS = 6
_DECADES = 3
"""A share of 10⁻³ of its row is the faintest that is coloured."""
_DENSITY = " .:-+*#"
"""What stands before a number where there are no colours: one for each level, from none on."""
_WRONG, _RIGHT = Color.parse("#E69F00"), Color.parse("#2E86C1")
"""Orange and blue, which all sorts of eyes tell apart; the brightness says the same."""


@dataclass(frozen=True)
class _Frame:
    """Where everything stands: cells of a label and of a column, and which classes are in sight."""

    label: int
    cell: int
    rows: range
    columns: range
    has_recall: bool
    has_precision: bool


class Confusion(Widget):
    """Counts, each on a ground that shows its share of the row: on a log scale, so that few errors are seen.

    Of more classes than have room those around the cursor are in sight.
    """

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    Confusion { height: auto; padding: 0 1; }
    """

    @dataclass
    class Moved(Message):
        """The cursor stands on another cell."""

        cell: Cell

    @dataclass
    class Chosen(Message):
        """The cell under the cursor was clicked."""

        cell: Cell

    def __init__(self, *, ascii_only: bool = False) -> None:
        super().__init__()
        self._ascii_only = ascii_only
        self._report: ClassErrors | None = None
        self.cell: Cell = (0, 0)
        """Where the cursor stands."""
        self._is_active = True
        self._corner: Cell = (0, 0)
        """The first row and column in sight."""

    def show(self, report: ClassErrors) -> None:
        """Show other counts; the cursor stays where it is."""
        grown = self._report is None or len(report.names) != len(self._report.names)
        self._report = report
        if grown:
            self.cell = next(iter(report.confusions()), (0, 0))
        self.refresh(layout=grown)

    def light(self, is_active: bool) -> None:
        """Light the cursor while keys move it."""
        if is_active != self._is_active:
            self._is_active = is_active
            self.refresh()

    def move(self, columns: int, rows: int) -> None:
        """Move the cursor, within the matrix."""
        self.place((self.cell[0] + rows, self.cell[1] + columns))

    def place(self, cell: Cell) -> None:
        """Put the cursor on a cell, or the nearest that there is."""
        last = len(self._report.names) - 1 if self._report is not None else 0
        cell = max(0, min(cell[0], last)), max(0, min(cell[1], last))
        if cell != self.cell:
            self.cell = cell
            self.refresh()
            self.post_message(self.Moved(cell))

    # -- drawing ------------------------------------------------------------------------------------

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return the lines of the whole matrix."""
        return _HEAD + len(self._report.names) + _FOOT if self._report is not None else 1

    def render(self) -> Content:
        """Return the part of the matrix around the cursor that has room."""
        if self._report is None:
            return Content("")
        frame = self._frame(self._report, *self.size)
        lines = [self._head(self._report, frame)]
        lines += [self._row(self._report, frame, row) for row in frame.rows]
        if frame.has_precision:
            lines.append(_precision(self._report, frame))
        return Content("\n").join(lines)

    def _frame(self, report: ClassErrors, width: int, height: int) -> _Frame:
        """Return where everything stands, and move what is in sight so that the cursor is."""
        classes = len(report.names)
        cell = max(_LEAST_CELL, len(str(max(report.counts.values(), default=0))) + 2)
        longest = max(map(cell_len, report.names))
        label = min(max(longest, len(_CORNER)) + 1, _LABEL, max(4, width // 4))
        cell = max(cell, min(longest + 2, _LABEL, (width - label - _RECALL) // classes))
        whole, least = label + classes * cell, label + 4 * cell
        has_recall = whole + _RECALL <= width or (whole > width and least + _RECALL <= width)
        room = width - label - (_RECALL if has_recall else 0)
        columns = max(1, min(classes, room // cell))
        has_precision = height >= _HEAD + min(classes, 3) + _FOOT
        rows = max(1, min(classes, height - _HEAD - (_FOOT if has_precision else 0)))
        self._corner = (
            _in_sight(self._corner[0], self.cell[0], rows, classes),
            _in_sight(self._corner[1], self.cell[1], columns, classes),
        )
        top, start = self._corner
        return _Frame(
            label, cell, range(top, top + rows), range(start, start + columns), has_recall, has_precision
        )

    def _head(self, report: ClassErrors, frame: _Frame) -> Content:
        """Return the names of the predicted classes, that of the cursor's column lit."""
        names = shortened(report.names, frame.cell - 1)
        parts: list[tuple[str, str]] = [(left(_CORNER, frame.label), "$secondary")]
        for column in frame.columns:
            style = "bold $primary" if column == self.cell[1] else "$secondary"
            parts.append((right(names[column], frame.cell - 1) + " ", style))
        if frame.has_recall:
            parts.append(("recall".rjust(_RECALL), "$secondary"))
        return Content.assemble(*parts)

    def _row(self, report: ClassErrors, frame: _Frame, row: int) -> Content:
        on_it = row == self.cell[0]
        name = shortened(report.names, frame.label - 1)[row]
        parts: list[tuple[str, str | Style]] = [
            (left(name, frame.label), "bold $primary" if on_it else "$secondary")
        ]
        parts += [self._cell(report, (row, column), frame.cell) for column in frame.columns]
        if frame.has_recall:
            recall = f"{100 * report.recall[row]:.1f} %" if report.support[row] else "–"
            parts.append((recall.rjust(_RECALL), "$foreground"))
        return Content.assemble(*parts)

    def _cell(self, report: ClassErrors, cell: Cell, cells: int) -> tuple[str, str | Style]:
        count = report.counts.get(cell, 0)
        number = (str(count) if count else "·").rjust(cells - 2)
        step = level(report.share(cell)) if count else 0
        if cell == self.cell:
            return f"[{number}]", "bold reverse" if self._is_active else "bold"
        if self._ascii_only or self.app.no_color:
            return f"{_DENSITY[step]}{number} ", "" if count else "$secondary"
        if not count:
            return f" {number} ", "$secondary"
        hue = _RIGHT if cell[0] == cell[1] else _WRONG
        return f" {number} ", _ground(self.background_colors[1], hue, step)

    # -- the mouse ----------------------------------------------------------------------------------

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to the cell under the mouse; on the cell under the cursor, choose it."""
        offset = event.get_content_offset(self)
        if offset is None or self._report is None:
            return
        frame = self._frame(self._report, *self.size)
        row, column = offset.y - _HEAD, (offset.x - frame.label) // frame.cell
        if 0 <= row < len(frame.rows) and 0 <= column < len(frame.columns):
            event.stop()
            cell = frame.rows[row], frame.columns[column]
            if cell == self.cell:
                self.post_message(self.Chosen(cell))
            self.place(cell)


def level(share: float) -> int:
    """Return how strongly a share of a row is shown, from 1 to 6: by its power of ten."""
    if share <= 0:
        return 0
    height = 1 + math.log10(share) / _DECADES
    return max(1, min(_LEVELS, math.ceil(height * _LEVELS - 1e-9)))


def _in_sight(first: int, cursor: int, room: int, classes: int) -> int:
    """Return the first class in sight, moved as little as it takes to have the cursor in sight."""
    first = max(min(first, cursor), cursor - room + 1)
    return max(0, min(first, classes - room))


def _precision(report: ClassErrors, frame: _Frame) -> Content:
    """Return the line below: which share of those called a class are of it, in percent."""
    parts = [left("precision", frame.label - 1) + " "]
    for column in frame.columns:
        value = 100 * report.precision[column]
        digits = f"{value:.1f}" if frame.cell >= len("99.9") + 1 and value < 100 else f"{value:.0f}"
        parts.append(right(digits if report.called[column] else "–", frame.cell - 1) + " ")
    return Content("".join(parts)).stylize("$secondary")


@lru_cache(256)
def _ground(background: Color, hue: Color, step: int) -> Style:
    ground = background.blend(hue, 0.12 + 0.88 * step / _LEVELS)
    return Style(background=ground, foreground=ground.get_contrast_text(1.0))
