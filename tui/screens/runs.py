"""Runs: everything that was ever trained here, the newest first."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.coordinate import Coordinate
from textual.events import ScreenResume
from textual.widgets import DataTable, Static

from dlcore import figures, lock, rundir
from dlcore.clean import clean
from dlcore.errors import DltuiError
from dlcore.reading import read_file
from dlcore.rundir import RunDir
from dlcore.runs import RunRow, run_row
from tui.bindings import KEYS, bindings
from tui.messages import RunOpened, SetupRequested
from tui.screens.dialogs import Answer, Pick
from tui.screens.exporting import export_run
from tui.screens.lab_screen import LabScreen
from tui.widgets.header import Header
from tui.widgets.key_line import KeyLine
from tui.widgets.status_line import sign

_LIVE_SECONDS = 1.0
_COLUMNS = ("", "best", "name", "when", "network", "epochs", "steps", "run")


class RunTable(DataTable[Text]):
    """The rows. A table hears enter before its screen does, so it has to say what enter is for."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(key.key, "select_cursor", key.label, tooltip=key.help) for key in KEYS if key.action == "open"
    ]


class RunsScreen(LabScreen):
    """A table of runs; enter opens one."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("runs")

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[RunRow] = []
        self._wanted = ""

    def compose(self) -> ComposeResult:
        """Return the parts, from top to bottom."""
        yield Header("runs")
        yield RunTable(cursor_type="row", zebra_stripes=False)
        yield Static(id="runs-note", classes="essential")
        yield KeyLine()

    def on_mount(self) -> None:
        """Make the columns, and look at live runs now and then."""
        self.query_one(DataTable).add_columns(*_COLUMNS)
        self.set_interval(_LIVE_SECONDS, self._refresh_live)

    def on_screen_resume(self, event: ScreenResume) -> None:
        """List the runs anew: there may be more by now."""
        self._list()

    def choose(self, run: RunDir) -> None:
        """Put the cursor on a run when the screen is seen next: the one that was watched last."""
        self._wanted = run.id

    def _list(self) -> None:
        table = self.query_one(DataTable)
        chosen = self._chosen()
        wanted = self._wanted or (chosen.run.id if chosen is not None else "")
        self._wanted = ""
        table.clear()
        self._rows = [run_row(run, datetime.now(UTC)) for run in rundir.all_runs(rundir.home())]
        for row in self._rows:
            table.add_row(*_cells(row, self.app.theme_variables), key=row.run.id)
        ids = [row.run.id for row in self._rows]
        table.move_cursor(row=ids.index(wanted) if wanted in ids else 0)
        number = "1 run" if len(self._rows) == 1 else f"{len(self._rows):,} runs"
        note = f"{number} in {_written(rundir.home() / 'runs')}"
        if not self._rows:
            note = "No runs yet. Choose something in Setup (1) and press r."
        self.query_one("#runs-note", Static).update(Content(clean(note)).stylize("$secondary"))
        table.focus()

    def _refresh_live(self) -> None:
        """Update the rows of runs that are still going."""
        if not self.is_current:
            return
        table = self.query_one(DataTable)
        for index, row in enumerate(self._rows):
            if row.live:
                fresh = run_row(row.run, datetime.now(UTC))
                if fresh != row:
                    self._rows[index] = fresh
                    for column, cell in enumerate(_cells(fresh, self.app.theme_variables)):
                        table.update_cell_at(Coordinate(index, column), cell)

    def _chosen(self) -> RunRow | None:
        table = self.query_one(DataTable)
        rows: list[RunRow] = getattr(self, "_rows", [])
        return rows[table.cursor_row] if 0 <= table.cursor_row < len(rows) else None

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Watch the run under the cursor."""
        self.action_open()

    def action_open(self) -> None:
        """Watch the chosen run."""
        if (row := self._chosen()) is not None:
            self.post_message(RunOpened(row.run))

    @work
    async def action_delete(self) -> None:
        """Delete the chosen run, after asking."""
        row = self._chosen()
        if row is None:
            return
        if row.live:
            self.notify("It is being trained: stop it first.", severity="warning", markup=False)
            return
        answers = [Answer("keep", "Nothing happens."), Answer("delete", "It is gone for good.")]
        text = f"{row.run.id}: {figures.size(row.run.bytes_on_disk())} of figures and weights."
        if await self.app.push_screen_wait(Pick(f"Delete {row.name}?", answers, "keep", text)) == "delete":
            try:
                lock.delete(row.run)
            except DltuiError as error:
                self.notify(clean(str(error)), severity="error", markup=False)
            self._list()

    @work
    async def action_export(self) -> None:
        """Write a summary of the chosen run."""
        if (row := self._chosen()) is not None:
            await export_run(self.app, row.run)

    def action_copy_setup(self) -> None:
        """Take the chosen run's configuration to Setup."""
        if (row := self._chosen()) is None:
            return
        try:
            self.post_message(SetupRequested(read_file(row.run.config)))
        except DltuiError as error:
            self.notify(clean(str(error)), severity="error", markup=False)


def _written(path: Path) -> str:
    """Return a path as people write it: with ~ for what is their own."""
    own = Path(os.path.expanduser("~"))
    return f"~/{path.relative_to(own)}" if path.is_relative_to(own) else str(path)


def _cells(row: RunRow, colors: dict[str, str]) -> list[Text]:
    mark, style = sign(row.state)
    return [
        Text(f"{mark} {row.state}", colors.get(style.removeprefix("$"), "")),
        Text(clean(row.best)),
        Text(clean(row.name)),
        Text(row.when),
        Text(clean(row.network)),
        Text(f"{row.epochs:,}", justify="right"),
        Text(f"{row.steps:,}", justify="right"),
        Text(clean(row.run.id), colors.get("secondary", "")),
    ]
