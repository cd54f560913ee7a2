"""A table that draws only the rows in sight, and of those only what is new.

It keeps no rows: its owner says how many there are, and `cells` gives those of one row when it is drawn. A
mark in front of the row under the cursor shows it to those who see no colour. A row may also be a heading,
which goes across all columns.
"""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.widgets.columns import Column, Place, fit
from tui.widgets.shortening import ellipsized

_MARGIN = 2
"""Cells in front of the first column: the mark of the cursor, and that of the row or a blank."""
_CURSOR = "›"


class Cell(NamedTuple):
    """What stands in one cell; `look` names one of the table's component classes, '' none."""

    text: str
    look: str = ""


class VirtualTable(ScrollView, can_focus=True):
    """Rows of one line below a header. Arrows, pages, home and end move the cursor, and the mouse does."""

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home,ctrl+home", "first", "First", show=False),
        Binding("end,ctrl+end", "last", "Last", show=False),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"table--header", "table--cursor"}
    DEFAULT_CSS = """
    VirtualTable {
        height: 1fr;
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-gutter: stable;
        scrollbar-size-vertical: 1;
        background: $background;
    }
    VirtualTable > .table--header { text-style: bold; background: $panel; color: $foreground; }
    VirtualTable > .table--cursor {
        background: $block-cursor-blurred-background;
        color: $block-cursor-blurred-foreground;
        text-style: $block-cursor-blurred-text-style;
    }
    VirtualTable:focus > .table--cursor {
        background: $block-cursor-background;
        color: $block-cursor-foreground;
        text-style: $block-cursor-text-style;
    }
    """
    columns: ClassVar[Sequence[Column]] = ()
    cursor: reactive[int] = reactive(0, repaint=False)
    """The number of the row under the cursor."""

    @dataclass
    class Chosen(Message):
        """The row under the cursor was clicked."""

        row: int

    @dataclass
    class CursorMoved(Message):
        """The cursor stands on another row."""

        row: int

    def __init__(self) -> None:
        super().__init__()
        self.count = 0
        """How many rows there are."""
        self._columns: Sequence[Column] = self.columns
        self._longest = [0 for _ in self._columns]
        self._places: list[Place] = []
        self._drawn: dict[int, tuple[Cell, ...]] = {}

    @abstractmethod
    def cells(self, row: int) -> tuple[Cell, ...]:
        """Return what stands in each column of a row, or all of a heading in one.

        The texts are clean, and have a few hundred letters at most.
        """

    def is_heading(self, row: int) -> bool:
        """Whether a row is a heading across all columns."""
        return False

    def mark(self, row: int) -> str:
        """Return the letter in front of a row, besides that of the cursor; '' for none."""
        return ""

    # -- what its owner tells it --------------------------------------------------------------------

    def show(self, count: int, cursor: int) -> None:
        """Draw everything anew: there are `count` rows now, and the cursor stands on one of them."""
        self.count = count
        self._drawn.clear()
        self.virtual_size = Size(self._width, count + 1)
        self.cursor = cursor
        self._bring_into_sight()
        self.refresh()

    def take_columns(self, columns: Sequence[Column], *, keeps_widths: bool = False) -> None:
        """Show other columns; how wide their contents are must be said anew, unless that stays as it was."""
        if columns == self._columns:
            return
        self._columns = columns
        if not keeps_widths:
            self._longest = [0 for _ in columns]
        self._drawn.clear()
        self._places = []
        self._arrange()

    def widen(self, *widths: int) -> None:
        """Learn how wide the contents of each column are; columns that grow by it are moved."""
        longest = [max(pair) for pair in zip(self._longest, widths, strict=True)]
        if longest != self._longest:
            self._longest = longest
            self._arrange()

    def renew(self) -> None:
        """Refresh those rows in sight that would look different now."""
        for row, before in list(self._drawn.items()):
            if row not in self.in_sight:
                del self._drawn[row]
            elif (cells := self.cells(row)) != before:
                if self.is_heading(row):
                    self.refresh_row(row)
                else:
                    self._refresh_cells(row, before, cells)

    @property
    def in_sight(self) -> range:
        """The numbers of the rows that can be seen."""
        top = self.scroll_offset.y
        return range(min(top, self.count), min(top + self._page, self.count))

    def is_shown(self, column: int) -> bool:
        """Whether there is room for a column."""
        return bool(self.room(column))

    def room(self, column: int) -> int:
        """Return how many cells a column has; 0 where it is left out."""
        return next((place.width for place in self._places if place.column == column), 0)

    # -- drawing ------------------------------------------------------------------------------------

    @property
    def _width(self) -> int:
        return self.scrollable_content_region.width

    @property
    def _page(self) -> int:
        return max(self.size.height - 1, 0)

    def _arrange(self) -> None:
        places = fit(self._columns, self._longest, self._width - _MARGIN - 1)
        if places != self._places:
            self._places = places
            self.refresh()

    def on_resize(self, event: events.Resize) -> None:
        """Fit the columns into the new width, and keep the cursor in sight."""
        self._arrange()
        self._bring_into_sight()

    def render_line(self, y: int) -> Strip:
        """Return line `y` of what can be seen: the header, or a row."""
        width = self._width
        if y == 0:
            titles = tuple(Cell(column.title) for column in self._columns)
            return self._line(titles, " ", self._style("table--header")).adjust_cell_length(
                width, self._style("table--header")
            )
        row = self.scroll_offset.y + y - 1
        if row >= self.count:
            return Strip.blank(width, self.rich_style)
        self._drawn[row] = cells = self.cells(row)
        on_it = row == self.cursor
        style = self._style("table--cursor") if on_it else self.rich_style
        mark = (_CURSOR if on_it else " ") + self.mark(row)
        if self.is_heading(row):
            text = _fitted(cells[0].text, max(width - _MARGIN, 0), right=False)
            own = style if on_it or not cells[0].look else self._style(cells[0].look)
            line = Strip([Segment(mark.ljust(_MARGIN), style), Segment(text, own)])
        else:
            line = self._line(cells, mark, style, plain=on_it)
        return line.adjust_cell_length(width, style)

    def _line(self, cells: Sequence[Cell], mark: str, style: Style, *, plain: bool = True) -> Strip:
        segments = [Segment(mark.ljust(_MARGIN), style)]
        end = 0
        for column, x, width in self._places:
            cell = cells[column]
            own = style if plain or not cell.look else self._style(cell.look)
            segments += [
                Segment(" " * (x - end), style),
                Segment(_fitted(cell.text, width, right=self._columns[column].right), own),
            ]
            end = x + width
        return Strip(segments)

    def _style(self, component: str) -> Style:
        return self.get_visual_style(component).rich_style

    def _refresh_cells(self, row: int, before: Sequence[Cell], after: Sequence[Cell]) -> None:
        """Refresh a row from its first cell that has changed to its last."""
        changed = [place for place in self._places if before[place.column] != after[place.column]]
        self._drawn[row] = tuple(after)
        if changed:
            start, end = changed[0].x, changed[-1].x + changed[-1].width
            self.refresh(Region(_MARGIN + start, row - self.scroll_offset.y + 1, end - start, 1))

    def refresh_row(self, row: int) -> None:
        """Draw a row anew, if it can be seen: its mark is another."""
        if row in self.in_sight:
            self.refresh(Region(0, row - self.scroll_offset.y + 1, self._width, 1))

    # -- the cursor ---------------------------------------------------------------------------------

    def validate_cursor(self, cursor: int) -> int:
        """Keep the cursor on a row."""
        return max(0, min(cursor, self.count - 1))

    def watch_cursor(self, before: int, after: int) -> None:
        """Draw the two rows that it concerns, and tell who wants to know."""
        self.refresh_row(before)
        self._bring_into_sight()
        self.refresh_row(after)
        self.post_message(self.CursorMoved(after))

    def _bring_into_sight(self) -> None:
        top, page = self.scroll_offset.y, self._page
        if not page:
            return
        wanted = max(min(top, self.cursor), self.cursor - page + 1)
        if wanted != top:
            self.scroll_to(y=wanted, animate=False, force=True)

    def action_move(self, rows: int) -> None:
        """Move the cursor by so many rows."""
        self.cursor += rows

    def action_page(self, pages: int) -> None:
        """Move the cursor by so many pages, and what is in sight with it."""
        rows = pages * max(self._page, 1)
        self.scroll_to(y=self.scroll_offset.y + rows, animate=False, force=True)
        self.cursor += rows

    def action_first(self) -> None:
        """Move to the first row."""
        self.cursor = 0

    def action_last(self) -> None:
        """Move to the last row."""
        self.cursor = self.count - 1

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to the row under the mouse; on the row under the cursor, choose it."""
        offset = event.get_content_offset(self)
        if offset is None or offset.y == 0:
            return
        row = self.scroll_offset.y + offset.y - 1
        if row >= self.count:
            return
        event.stop()
        if row == self.cursor:
            self.post_message(self.Chosen(row))
        self.cursor = row


def _fitted(text: str, width: int, *, right: bool) -> str:
    """Cut or fill a text to exactly `width` cells; one that is cut ends in an ellipsis."""
    if text.isascii() and len(text) <= width:  # most are so, and need no measuring
        return text.rjust(width) if right else text.ljust(width)
    text = ellipsized(text, width)
    blanks = " " * (width - cell_len(text))
    return blanks + text if right else text + blanks
