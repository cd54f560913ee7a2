"""The table of runs: its columns, and what stands in them."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import ClassVar

from rich.cells import cell_len

from dlcore.clean import clean
from dlcore.runlist import Entry
from dlcore.runs import RunRow
from tui.widgets.columns import Column
from tui.widgets.status_line import sign
from tui.widgets.virtual_table import Cell, VirtualTable

_NAME, _NETWORK, ID = 2, 4, 7
_SCORE_CELLS = 9
_LOOKS = {
    "$text-success": "table--good",
    "$text-warning": "table--caution",
    "$text-error": "table--bad",
    "$secondary": "table--quiet",
}


class RunTable(VirtualTable):
    """One line a run."""

    COMPONENT_CLASSES: ClassVar[set[str]] = set(_LOOKS.values())
    DEFAULT_CSS = """
    RunTable > .table--good { color: $text-success; }
    RunTable > .table--caution { color: $text-warning; }
    RunTable > .table--bad { color: $text-error; }
    RunTable > .table--quiet { color: $secondary; }
    """
    columns: ClassVar[Sequence[Column]] = (
        Column("state", 0, 10),
        Column("     best", 2, 20),
        Column("name", 1, 12, most=24),
        Column("age", 3, 6, right=True),
        Column("network", 4, 20, most=60),
        Column("epochs", 5, 6, right=True),
        Column("steps", 6, 10, right=True),
        Column("run", 7, 26, most=90, spare=True),
    )

    def __init__(self) -> None:
        super().__init__()
        self._entries: Sequence[Entry] = ()
        self._now = datetime.min

    def show_runs(self, entries: Sequence[Entry], cursor: int, now: datetime) -> None:
        """Show other runs; those without a row yet are there by their name alone."""
        self._entries, self._now = entries, now
        self.show(len(entries), cursor)

    def take_in(self, entries: Sequence[Entry], now: datetime) -> None:
        """Make room for what has been read of some runs, and refresh what looks different now."""
        self._now = now
        rows = [entry.row for entry in entries if entry.row is not None]
        if rows:
            widths = [0 for _ in self.columns]
            widths[_NAME] = max(cell_len(shown(row.name)) for row in rows)
            widths[_NETWORK] = max(cell_len(shown(row.network)) for row in rows)
            widths[ID] = max(cell_len(shown(row.run.id)) for row in rows)
            self.widen(*widths)
        in_sight = self._entries[self.in_sight.start : self.in_sight.stop]
        if not {entry.id for entry in in_sight}.isdisjoint(entry.id for entry in entries):
            self.renew()

    def cells(self, row: int) -> tuple[Cell, ...]:
        """Return what stands in each column of a run."""
        entry = self._entries[row]
        if entry.row is None:
            return (Cell("…"), Cell(""), Cell(shown(entry.id)), *(Cell("") for _ in range(5)))
        return _cells(entry.row, self._now)


@lru_cache(2048)
def shown(text: str) -> str:
    """Return a text from outside as it may be shown."""
    return text if text.isascii() and text.isprintable() else clean(text)


def _cells(row: RunRow, now: datetime) -> tuple[Cell, ...]:
    mark, style = sign(row.state)
    return (
        Cell(f"{mark} {row.state}", _LOOKS[style]),
        Cell(f"{row.figure:>{_SCORE_CELLS}} {shown(row.split)}".rstrip()),
        Cell(shown(row.name)),
        Cell(row.age(now)),
        Cell(shown(row.network)),
        Cell(f"{row.epochs:,}"),
        Cell(f"{row.steps:,}"),
        Cell(shown(row.run.id), "table--quiet"),
    )
