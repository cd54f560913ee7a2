"""Errors of a regression: predictions against targets, residuals, and the worst of them."""

from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.widgets import Static

from tui.asking.error_report import Cell, NumberErrors, Report
from tui.widgets.error_tables import WorstTable
from tui.widgets.errors_view import ErrorsView
from tui.widgets.pictures.agreement import agreement
from tui.widgets.pictures.drawing import Drawing
from tui.widgets.pictures.reliability import residuals


class NumberErrorsView(ErrorsView):
    """At the left predictions against targets, at the right residuals above the list of the worst."""

    PARTS: ClassVar[tuple[str, ...]] = ("predictions", "worst")
    SCOPED_CSS = False  # it asks how wide the screen is
    DEFAULT_CSS = """
    NumberErrorsView > #errors-scatter { width: 1fr; }
    NumberErrorsView > #errors-numbers { width: 37; }
    NumberErrorsView #errors-residuals { height: 1fr; }
    NumberErrorsView #errors-worst { display: none; }
    NumberErrorsView WorstTable { margin: 0 1; }
    NumberErrorsView.-worst > #errors-scatter { display: none; }
    NumberErrorsView.-worst > #errors-numbers { width: 1fr; }
    NumberErrorsView.-worst #errors-residuals { display: none; }
    NumberErrorsView.-worst #errors-worst { display: block; }
    .-wide NumberErrorsView > #errors-scatter { display: block; }
    .-wide NumberErrorsView > #errors-numbers { width: 46; }
    .-wide NumberErrorsView #errors-residuals { display: block; height: auto; max-height: 50%; }
    .-wide NumberErrorsView .errors--residuals { height: auto; }
    .-wide NumberErrorsView #errors-worst-title { margin-top: 1; }
    .-wide NumberErrorsView #errors-worst { display: block; height: 1fr; }
    """

    def compose(self) -> ComposeResult:
        """Return the panes."""
        with Vertical(id="errors-scatter"):
            yield Static(id="errors-scatter-title", classes="errors--title")
            yield Drawing(ascii_only=self.ascii_only).add_class("errors--scatter")
        with Container(id="errors-numbers"):
            with Vertical(id="errors-residuals"):
                yield Static(id="errors-residuals-title", classes="errors--title")
                yield Drawing(ascii_only=self.ascii_only).add_class("errors--residuals")
            with Vertical(id="errors-worst"):
                yield Static(id="errors-worst-title", classes="errors--title")
                yield WorstTable()

    def show(self, report: Report) -> None:
        """Show predictions and residuals."""
        assert isinstance(report, NumberErrors)
        self.query_one(".errors--scatter", Drawing).show(partial(agreement, report))
        self.query_one(".errors--residuals", Drawing).show(partial(residuals, report))
        self.query_one(WorstTable).show_errors(report)
        self.name_panes()

    def name_panes(self) -> None:
        """Write the titles."""
        self.say_title("#errors-scatter-title", "predictions against targets", "predictions")
        self.say_title("#errors-residuals-title", "predicted less target")
        self.say_title("#errors-worst-title", "farthest off", "worst")

    def move(self, columns: int, rows: int) -> None:
        """Move through the worst."""
        if self.part == "worst":
            self.query_one(WorstTable).action_move(rows + columns)

    def next_worst(self) -> None:
        """Go to the list of the worst, and through it."""
        if self.part == "worst":
            self.query_one(WorstTable).action_move(1)
        self.go("worst")

    def chosen(self) -> tuple[Cell | None, int]:
        """Return the number of the worst prediction under the cursor."""
        return None, self.query_one(WorstTable).cursor if self.part == "worst" else 0
