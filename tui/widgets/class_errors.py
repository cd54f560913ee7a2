"""Errors of a classification: the confusion matrix, its worst cells, the classes, and calibration."""

from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.content import Content
from textual.widgets import Static

from tui.asking.error_report import Cell, ClassErrors, Report
from tui.widgets.confusion import Confusion
from tui.widgets.error_tables import ORDERS, ClassTable, ConfusionTable
from tui.widgets.errors_view import ErrorsView
from tui.widgets.pictures.drawing import Drawing
from tui.widgets.pictures.reliability import reliability
from tui.widgets.virtual_table import VirtualTable


class ClassErrorsView(ErrorsView):
    """At the left the matrix above a list of confusions, at the right the classes and calibration."""

    PARTS: ClassVar[tuple[str, ...]] = ("matrix", "confusions", "classes")
    SCOPED_CSS = False  # it asks how wide the screen is
    DEFAULT_CSS = """
    ClassErrorsView > #errors-left { width: 1fr; }
    ClassErrorsView > #errors-right { width: 1fr; layout: horizontal; display: none; }
    ClassErrorsView.-classes > #errors-left { display: none; }
    ClassErrorsView.-classes > #errors-right { display: block; }
    ClassErrorsView Confusion { max-height: 65%; }
    ClassErrorsView VirtualTable { margin: 0 1; }
    #errors-cell { height: 1; margin: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }
    #errors-classes { width: 1fr; }
    #errors-calibration { width: 33; }
    .-wide ClassErrorsView > #errors-left { display: block; }
    .-wide ClassErrorsView > #errors-right { display: block; width: 48; layout: vertical; }
    .-wide #errors-confusions-title { margin-top: 1; }
    .-wide #errors-classes { height: auto; max-height: 50%; }
    .-wide #errors-classes > ClassTable { height: auto; }
    .-wide #errors-calibration { width: 1fr; height: 1fr; margin-top: 1; }
    """

    def __init__(self, *, ascii_only: bool = False) -> None:
        super().__init__(ascii_only=ascii_only)
        self._report: ClassErrors | None = None
        self._order = ORDERS[0]
        self._by_share = False
        self._worst: Cell | None = None
        """Where `next_worst` has put the cursor."""

    def compose(self) -> ComposeResult:
        """Return the panes."""
        with Vertical(id="errors-left"):
            yield Confusion(ascii_only=self.ascii_only)
            yield Static(id="errors-cell")
            yield Static(id="errors-confusions-title", classes="errors--title")
            yield ConfusionTable()
        with Container(id="errors-right"):
            with Vertical(id="errors-classes"):
                yield Static(id="errors-classes-title", classes="errors--title")
                yield ClassTable()
            with Vertical(id="errors-calibration"):
                yield Static(id="errors-calibration-title", classes="errors--title")
                yield Drawing(ascii_only=self.ascii_only)

    def show(self, report: Report) -> None:
        """Show counts, classes and calibration."""
        assert isinstance(report, ClassErrors)
        self._report = report
        self.query_one(Confusion).show(report)
        self._list_confusions()
        self.query_one(ClassTable).show_errors(report, self._order)
        self.query_one(Drawing).show(partial(reliability, report))
        self._say_cell()
        self.name_panes()

    def name_panes(self) -> None:
        """Say how the lists are sorted."""
        worst = "share of the class" if self._by_share else "number"
        self.say_title("#errors-confusions-title", f"confusions, by {worst}", "confusions")
        by = {"class": "in their order", "samples": "rarest first"}
        self.say_title(
            "#errors-classes-title",
            f"classes, {by.get(self._order, f'lowest {self._order} first')}",
            "classes",
        )
        is_margin = self._report is not None and self._report.calibration is None
        self.say_title("#errors-calibration-title", "margins" if is_margin else "calibration")

    # -- keys ---------------------------------------------------------------------------------------

    def go(self, part: str) -> None:
        """Make a pane the active one; the list and the matrix stand on the same confusion."""
        super().go(part)
        self.query_one(Confusion).light(part == "matrix")
        table = self.query_one(ConfusionTable)
        if part == "confusions" and table.confusions:
            self.query_one(Confusion).place(table.confusions[table.cursor])

    def move(self, columns: int, rows: int) -> None:
        """Move the cursor of the matrix or of a list."""
        if self.part == "matrix":
            self.query_one(Confusion).move(columns, rows)
        else:
            table = self.query_one(ConfusionTable if self.part == "confusions" else ClassTable)
            assert isinstance(table, VirtualTable)
            table.action_move(rows + columns)

    def sort(self) -> None:
        """Sort classes by the next figure, or confusions by number or by share."""
        if self._report is None:
            return
        if self.part == "classes":
            self._order = ORDERS[(ORDERS.index(self._order) + 1) % len(ORDERS)]
            table = self.query_one(ClassTable)
            table.show_errors(self._report, self._order)
            table.action_first()
        else:
            self._by_share = not self._by_share
            self._list_confusions()
            self.query_one(ConfusionTable).action_first()
        self.name_panes()

    def next_worst(self) -> None:
        """Put the cursor on the worst confusion; from there on the next one, and after the last the first."""
        confusions = self.query_one(ConfusionTable).confusions
        cell = self.query_one(Confusion).cell
        if not confusions:
            return
        goes_on = cell in confusions and cell in (self._worst, confusions[0])
        index = confusions.index(cell) + 1 if goes_on else 0
        self._worst = confusions[index % len(confusions)]
        self.go("matrix" if self.part == "classes" else self.part)
        self.query_one(Confusion).place(self._worst)

    def chosen(self) -> tuple[Cell | None, int]:
        """Return the cell under the cursor; for a class that for which it is most often taken."""
        if self.part != "classes":
            return self.query_one(Confusion).cell, 0
        table = self.query_one(ClassTable)
        label = table.labels[table.cursor]
        own = [one for one in self.query_one(ConfusionTable).confusions if one[0] == label]
        return (own[0] if own else (label, label)), 0

    # -- what belongs together ------------------------------------------------------------------------

    def _list_confusions(self) -> None:
        assert self._report is not None
        self.query_one(ConfusionTable).show_errors(self._report, by_share=self._by_share)
        self._follow(self.query_one(Confusion).cell)

    def on_confusion_moved(self, event: Confusion.Moved) -> None:
        """Say what the cell holds, and find it in the list."""
        self._say_cell()
        self._follow(event.cell)

    def _follow(self, cell: Cell) -> None:
        table = self.query_one(ConfusionTable)
        if cell in table.confusions:
            table.cursor = table.confusions.index(cell)

    def on_virtual_table_cursor_moved(self, event: VirtualTable.CursorMoved) -> None:
        """Find the confusion under the list's cursor in the matrix."""
        table = self.query_one(ConfusionTable)
        if self.part == "confusions" and table.confusions:
            self.query_one(Confusion).place(table.confusions[table.cursor])

    def _say_cell(self) -> None:
        assert self._report is not None
        told = self._report.told(self.query_one(Confusion).cell)
        self.query_one("#errors-cell", Static).update(Content(told))
