"""The table of runs: its columns, and what stands in them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import lru_cache
from typing import ClassVar

from rich.cells import cell_len

from dlcore.clean import clean
from dlcore.finding_runs.keys import DEFAULT_COLUMNS, Key
from dlcore.finding_runs.listing import Line
from dlcore.finding_runs.lookup import key_named
from dlcore.finding_runs.view import View
from dlcore.runlist import Entry
from dlcore.runs import RunRow
from tui.widgets.columns import Column
from tui.widgets.shortening import cut_to
from tui.widgets.status_line import sign
from tui.widgets.virtual_table import Cell, VirtualTable

ID = DEFAULT_COLUMNS.index("id")
"""The column of the run's id, as the table is at first."""
MARKED = "●"
_SCORE_CELLS = 9
_LOOKS = {
    "$text-success": "table--good",
    "$text-warning": "table--caution",
    "$text-error": "table--bad",
    "$secondary": "table--quiet",
}
_USUAL = {
    "state": Column("state", 0, 10),
    "best": Column("     best", 2, 20),
    "name": Column("name", 1, 12, most=24),
    "age": Column("age", 3, 6, right=True),
    "network": Column("network", 4, 20, most=60),
    "epochs": Column("epochs", 5, 6, right=True),
    "steps": Column("steps", 6, 10, right=True),
    "id": Column("run", 7, 26, most=90, spare=True),
}
"""How the columns behave that the table has at first."""
_FIGURE_CELLS, _WORD_CELLS, _MOST_WORD_CELLS = 9, 8, 30
_COMMON_CELLS = 8
"""So much of what twins have in common is worth a place."""
_TREE_CELLS, _MOST_TREE_CELLS = 28, 60
"""The name in a tree, with what leads to it and what the run is to its parent."""


class RunTable(VirtualTable):
    """One line a run, and headings between them."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {*_LOOKS.values(), "table--heading"}
    DEFAULT_CSS = """
    RunTable > .table--good { color: $text-success; }
    RunTable > .table--caution { color: $text-warning; }
    RunTable > .table--bad { color: $text-error; }
    RunTable > .table--quiet { color: $secondary; }
    RunTable > .table--heading { color: $primary; text-style: bold; }
    """
    columns: ClassVar[Sequence[Column]] = tuple(_USUAL.values())

    def __init__(self) -> None:
        super().__init__()
        self._lines: Sequence[Line] = ()
        self._keys = [_key(name) for name in DEFAULT_COLUMNS]
        self._marks: Collection[str] = ()
        self._now = datetime.min

    # -- what its owner tells it --------------------------------------------------------------------

    def look_as(self, view: View) -> None:
        """Take the columns of a view, with a mark at the one that it is sorted by."""
        before, self._keys = self._keys, [_key(name) for name in view.columns]
        self.take_columns(tuple(columns_of(view)), keeps_widths=self._keys == before)

    def show_lines(self, lines: Sequence[Line], cursor: int, marks: Collection[str], now: datetime) -> None:
        """Show other lines; runs without a row yet are there by their name alone."""
        self._lines, self._marks, self._now = lines, marks, now
        self._widen_tree()
        self.show(len(lines), cursor)

    def _widen_tree(self) -> None:
        """Make room for what leads to runs in a tree, and what they are to their parents."""
        names = [key.name for key in self._keys]
        guided = [
            _guided(line, shown(line.entry.row.name))
            for line in self._lines
            if line.guide and line.entry and line.entry.row
        ]
        if guided and "name" in names:
            widths = [0] * len(names)
            widths[names.index("name")] = max(map(cell_len, guided))
            self.widen(*widths)

    def take_in(self, entries: Sequence[Entry], now: datetime) -> None:
        """Make room for what has been read of some runs, and refresh what looks different now."""
        self._now = now
        if rows := [entry.row for entry in entries if entry.row is not None]:
            self.widen(*(self._widest(column, key, rows) for column, key in enumerate(self._keys)))
        if not {entry.id for entry in self.entries_in_sight()}.isdisjoint(entry.id for entry in entries):
            self.renew()

    def _widest(self, column: int, key: Key, rows: Sequence[RunRow]) -> int:
        """Return the width of the widest content that a column has in some rows."""
        if not self._columns[column].most:
            return 0
        texts = {key.text(row, self._now) for row in rows}  # most runs have their words from others
        return max(cell_len(shown(text)) for text in texts)

    def entries_in_sight(self) -> list[Entry]:
        """Return the runs that can be seen."""
        lines = self._lines[self.in_sight.start : self.in_sight.stop]
        return [line.entry for line in lines if line.entry is not None]

    def shows(self, name: str) -> bool:
        """Whether there is room for the column of a key."""
        return any(key.name == name and self.is_shown(at) for at, key in enumerate(self._keys))

    # -- drawing ------------------------------------------------------------------------------------

    def is_heading(self, row: int) -> bool:
        """Whether a line stands above a group of runs."""
        return self._lines[row].heading is not None

    def mark(self, row: int) -> str:
        """Return the mark of a run that was marked."""
        entry = self._lines[row].entry
        return MARKED if entry is not None and entry.id in self._marks else ""

    def cells(self, row: int) -> tuple[Cell, ...]:
        """Return what stands in each column of a run."""
        line = self._lines[row]
        if line.heading is not None:
            return (Cell(shown(line.heading.text), "table--heading"),)
        assert line.entry is not None
        if line.entry.row is None:
            return tuple(_unread(key, column, line.entry) for column, key in enumerate(self._keys))
        cells = [_cell(key, line.entry.row, self._now) for key in self._keys]
        names = [key.name for key in self._keys]
        at = names.index("name") if "name" in names else 0
        if line.guide or line.relation:
            cells[at] = Cell(_guided(line, cells[at].text), cells[at].look)
        elif "name" in names:
            cells[at] = Cell(_told_apart(cells[at].text, self.room(at)), cells[at].look)
        if line.entry.row.label.hidden:
            return tuple(Cell(cell.text, "table--quiet") for cell in cells)
        return tuple(cells)


def columns_of(view: View) -> list[Column]:
    """Return how the columns of a view behave: where room is short, those that stand first stay."""
    is_usual = view.columns == DEFAULT_COLUMNS
    found = []
    for rank, name in enumerate(view.columns):
        key = _key(name)
        column = _USUAL.get(name)
        if column is None:
            column = _column(key)
        if not is_usual:
            column = Column(column.title, rank, column.least, column.most, column.right)
        if view.is_tree and name == "name":
            column = Column(column.title, column.rank, _TREE_CELLS, _MOST_TREE_CELLS)
        if name == view.sort and not view.is_tree:
            falls = key.high_first != view.is_reversed
            title = f"{column.title} {'↓' if falls else '↑'}"
            least = max(column.least, len(title))
            column = Column(title, column.rank, least, max(column.most, least), column.right, column.spare)
        found.append(column)
    return found


def _guided(line: Line, text: str) -> str:
    """Return a text with what leads to it in a tree, and what the run is to its parent."""
    return f"{line.guide}{text}{f' ({shown(line.relation)})' if line.relation else ''}"


def _told_apart(name: str, room: int) -> str:
    """Return the name of a run with what it has in common with its twins left out, if it has no room.

    What sets it apart stands before ` · `; of that, where it is too long, beginning and end stay.
    """
    apart, dot, _ = name.partition(" · ")
    if not dot or not room or cell_len(name) <= room or cell_len(apart) + _COMMON_CELLS <= room:
        return name
    if cell_len(apart) <= room:
        return apart
    end = apart[max(0, len(apart) - room // 2) :].lstrip(" ,")
    return f"{cut_to(apart, room - 1 - cell_len(end))}…{end}"


def _column(key: Key) -> Column:
    title = key.name if key.name.endswith(".kind") else key.name.rpartition(".")[2]
    if key.is_numeric:
        return Column(title, 0, max(len(title), _FIGURE_CELLS), right=True)
    return Column(title, 0, max(len(title), _WORD_CELLS), most=_MOST_WORD_CELLS)


def _key(name: str) -> Key:
    key = key_named(name)
    assert key is not None, "a view has no other columns"
    return key


def _unread(key: Key, column: int, entry: Entry) -> Cell:
    """Return what is known of a run before it is read: its id, where its name will be."""
    if key.name in ("name", "id"):
        return Cell(shown(entry.id))
    return Cell("…" if column == 0 else "")


@lru_cache(2048)
def shown(text: str) -> str:
    """Return a text from outside as it may be shown."""
    return text if text.isascii() and text.isprintable() else clean(text)


def _cell(key: Key, row: RunRow, now: datetime) -> Cell:
    if key.name == "state":
        mark, style = sign(row.state)
        return Cell(f"{mark} {row.state}", _LOOKS[style])
    if key.name == "best":
        return Cell(f"{row.figure:>{_SCORE_CELLS}} {shown(row.split)}".rstrip())
    if key.name == "age":
        return Cell(row.age(now))
    return Cell(shown(key.text(row, now)), "table--quiet" if key.name == "id" else "")
