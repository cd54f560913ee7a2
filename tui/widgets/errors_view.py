"""What both views of errors are: panes that are seen beside each other, one of which has the keys."""

from typing import ClassVar

from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Static

from tui.asking.error_report import Cell, Report


class ErrorsView(Horizontal):
    """Panes of a report. Where there is little room only those around the active one are seen.

    Its class is `-<part>` for the active part, by which the styles show and hide panes.
    """

    DEFAULT_CSS = """
    ErrorsView .errors--title { height: 1; padding: 0 1; }
    """
    PARTS: ClassVar[tuple[str, ...]]

    def __init__(self, *, ascii_only: bool = False) -> None:
        super().__init__()
        self.ascii_only = ascii_only
        self.part = self.PARTS[0]
        """The active pane."""
        self.add_class(f"-{self.part}")

    def turn(self) -> None:
        """Make the next pane the active one."""
        index = self.PARTS.index(self.part)
        self.go(self.PARTS[(index + 1) % len(self.PARTS)])

    def go(self, part: str) -> None:
        """Make a pane the active one."""
        if part != self.part:
            self.remove_class(f"-{self.part}", update=False)
            self.part = part
            self.add_class(f"-{part}")
            self.name_panes()

    def say_title(self, selector: str, text: str, *parts: str) -> None:
        """Write the title of a pane; it is lit while one of these parts is active."""
        lit = self.part in parts
        title = Content.assemble(
            ("› " if lit else "  ", "bold $primary"), (text, "bold" if lit else "$secondary")
        )
        self.query_one(selector, Static).update(title)

    # -- what each view does its own way --------------------------------------------------------------

    def show(self, report: Report) -> None:
        """Show a report, newer or older than the one before."""
        raise NotImplementedError

    def name_panes(self) -> None:
        """Write the titles of the panes."""
        raise NotImplementedError

    def move(self, columns: int, rows: int) -> None:
        """Move the cursor of the active pane."""
        raise NotImplementedError

    def sort(self) -> None:
        """Sort the list of the active pane by another figure."""

    def next_worst(self) -> None:
        """Put the cursor on what is next worst."""

    def chosen(self) -> tuple[Cell | None, int]:
        """Return the cell whose samples enter opens, None in a regression, and which of them first."""
        raise NotImplementedError
