"""How far an export is, over the screen: a line for each file that is there, or cannot be had."""

import os
from pathlib import Path
from typing import Any, ClassVar

from rich.cells import set_cell_size
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from dlcore import figures
from dlcore.clean import clean

_NAME_CELLS = 13


class ExportProgress(ModalScreen[None]):
    """Shows what has been written so far; the export goes on when it is closed."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,enter", "dismiss", "Back")]
    DEFAULT_CSS = """
    ExportProgress VerticalScroll { height: auto; max-height: 16; margin-top: 1; scrollbar-size-vertical: 1; }
    ExportProgress .progress--lines { height: auto; }
    """

    def __init__(self, folder: Path) -> None:
        """`folder` is where the files go."""
        super().__init__()
        self._folder = folder
        self._lines: list[Content] = []
        self._present = ""
        self.written: list[str] = []
        """Paths of the files that are there."""
        self.faults: list[str] = []
        """A sentence for each that cannot be had."""
        self.is_done = False

    def compose(self) -> ComposeResult:
        """Return the title, the lines and the keys."""
        with Vertical(classes="dialog"):
            yield Static(Content("Export").stylize("bold"), classes="dialog--title")
            yield Static(Content(clean(f"to {figures.path(self._folder)}")), classes="dialog--text")
            with VerticalScroll(can_focus=False):
                yield Static(classes="progress--lines")
            yield Static(classes="dialog--keys")

    def on_mount(self) -> None:
        """Show what is known by now."""
        self._show()

    def hear(self, answer: dict[str, Any]) -> None:
        """Take in what has happened."""
        if "began" in answer:
            where = answer.get("run") or "all runs together"
            self._present = f"{answer['began']}  {where}"
        elif "placed" in answer:
            self.written.append(str(answer["placed"]))
            name = os.path.relpath(answer["placed"], self._folder)
            what = set_cell_size(str(answer.get("format")), _NAME_CELLS)
            self._lines.append(Content.assemble(("✓ ", "$text-success"), (what, "bold"), clean(name)))
        elif "failed" in answer:
            name = f"{answer.get('format')}: " if answer.get("format") else ""
            self.faults.append(f"{name}{answer['failed']}")
            self._lines.append(Content.assemble(("✗ ", "$text-error"), clean(self.faults[-1])))
        if "done" in answer:
            self.is_done = True
        self._present = self._present if "began" in answer else ""
        if self.query(".progress--lines"):  # it may not be composed yet, or be closed
            self._show()

    def _show(self) -> None:
        present = [Content(f"… {clean(self._present)}").stylize("$secondary")] if self._present else []
        self.query_one(".progress--lines", Static).update(Content("\n").join([*self._lines, *present]))
        keys = "esc goes back" if self.is_done else "esc goes back; it goes on"
        self.query_one(".dialog--keys", Static).update(Content(keys).stylize("$secondary"))
        self.query_one(VerticalScroll).scroll_end(animate=False)
