"""Runs: everything that was ever trained here, the newest first."""

import asyncio
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.events import ScreenResume
from textual.widgets import Static

from dlcore import figures, lock, rundir
from dlcore.aftermath import RESUMABLE
from dlcore.clean import clean
from dlcore.disk_use import folder_bytes
from dlcore.errors import DltuiError
from dlcore.reading import read_file
from dlcore.rundir import RunDir
from dlcore.runlist import Entry, RunList
from dlcore.runs import RunRow
from tui.bindings import bindings
from tui.messages import ResumeRequested, RunOpened, SetupRequested
from tui.screens.dialogs import Answer, Pick
from tui.screens.exporting import export_run
from tui.screens.lab_screen import LabScreen
from tui.widgets.header import Header
from tui.widgets.key_line import KeyLine
from tui.widgets.run_table import ID, RunTable, shown

_LIVE_SECONDS = 1.0
_FIRST_SECONDS = 0.1
"""So long may the rows in sight take until something is painted; few of them ever do."""
_SLICE_SECONDS = 0.012
"""So long is read at once, and some more if the last run is a long one; then keys have their turn."""
_REST_SECONDS = 0.002
_NOTE_SECONDS = 0.25


class RunsScreen(LabScreen):
    """A table of runs; enter opens one."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("runs")

    def __init__(self) -> None:
        super().__init__()
        self._runs = RunList(rundir.home())
        self._table = RunTable()
        self._wanted = ""
        self._note = ""
        self._sizes: dict[str, int] = {}
        """Bytes of the runs whose size is known, by id; '' is all of them together."""

    def compose(self) -> ComposeResult:
        """Return the parts, from top to bottom."""
        yield Header("runs")
        yield self._table
        yield Static(id="runs-note", classes="essential")
        yield KeyLine()

    def on_mount(self) -> None:
        """Look at live runs now and then."""
        self.set_interval(_LIVE_SECONDS, self._refresh_live)

    def on_screen_resume(self, event: ScreenResume) -> None:
        """List the runs anew: there may be more by now."""
        self._list()
        self._table.focus()

    def choose(self, run: RunDir) -> None:
        """Put the cursor on a run when the screen is seen next: the one that was watched last."""
        self._wanted = run.id

    # -- reading ------------------------------------------------------------------------------------

    def _list(self) -> None:
        """List the folder, read what is in sight at once, and the rest from now on."""
        before = self._entry()
        wanted = self._wanted or (before.id if before is not None else "")
        self._wanted = ""
        self._runs.scan()
        ids = [entry.id for entry in self._runs.entries]
        # Where that run is gone, the cursor stays at its place.
        cursor = ids.index(wanted) if wanted in ids else self._table.cursor if wanted else 0
        self._table.show_runs(self._runs.entries, cursor, _now())
        self._runs.take(self._in_sight(), _now(), _FIRST_SECONDS, seen_only=True)
        self._table.take_in(self._in_sight(), _now())
        self._sizes.clear()
        self._say()
        self._fill()
        self._measure(rundir.home() / "runs", "")
        self._measure_chosen()

    @work(exclusive=True, group="fill")
    async def _fill(self) -> None:
        """Read what is not in sight, a slice at a time."""
        said = time.monotonic()
        while self.is_current and not self._runs.is_whole:
            await asyncio.sleep(_REST_SECONDS)
            changed = self._runs.take(self._in_sight(), _now(), _SLICE_SECONDS)
            self._table.take_in(changed, _now())
            if time.monotonic() - said > _NOTE_SECONDS:
                said = time.monotonic()
                self._say()
        self._say()

    @work(exclusive=True, group="chosen")
    async def _measure_chosen(self) -> None:
        """Find out what the run under the cursor takes, once the cursor rests."""
        await asyncio.sleep(_NOTE_SECONDS)
        if (entry := self._entry()) is not None and entry.id not in self._sizes:
            self._measure(rundir.home() / "runs" / entry.id, entry.id)

    @work(exclusive=False, group="size")
    async def _measure(self, folder: Path, name: str) -> None:
        """Find out what a folder takes of the disk, away from the screen's own thread."""
        sizes = self._sizes
        sizes[name] = await asyncio.to_thread(folder_bytes, folder)
        self._say()

    def _in_sight(self) -> list[Entry]:
        """Return the runs that can be seen: before the first layout, those that may be."""
        rows, cursor, height = self._table.in_sight, self._table.cursor, self.app.size.height
        if not self._table.size:
            rows = range(max(0, cursor - height), cursor + height)
        return self._runs.entries[rows.start : rows.stop]

    def _refresh_live(self) -> None:
        """Update the rows in sight, and a few others that are still going; list anew if runs came or went."""
        if not self.is_current:
            return
        if self._runs.is_outdated:
            self._list()
            return
        self._runs.poll(self._in_sight(), _now())
        self._table.take_in(self._in_sight(), _now())

    def _say(self) -> None:
        """Say how many runs there are, and which one the cursor is on where its column has no room."""
        count = len(self._runs.entries)
        note = f"{'1 run' if count == 1 else f'{count:,} runs'} in {figures.path(rundir.home() / 'runs')}"
        if not count:
            note = "No runs yet. Choose something in Setup (1) and press r."
        elif self._runs.read < count:
            note = f"reading {self._runs.read:,} of {count:,}"
        entry = self._entry()
        if "" in self._sizes and count:
            note += f" · {figures.size(self._sizes[''])}"
        if entry is not None and entry.id in self._sizes:
            note += f", {figures.size(self._sizes[entry.id])} of it here"
        if entry is not None and not self._table.is_shown(ID):
            note += f" · {shown(entry.id)}"
        if note != self._note:
            self._note = note
            self.query_one("#runs-note", Static).update(Content(clean(note)).stylize("$secondary"))

    # -- choosing -----------------------------------------------------------------------------------

    def _entry(self) -> Entry | None:
        entries = self._runs.entries
        return entries[self._table.cursor] if self._table.cursor < len(entries) else None

    def _chosen(self) -> RunRow | None:
        entry = self._entry()
        if entry is not None and entry.row is None:
            self._runs.look(entry, _now())
        return entry.row if entry is not None else None

    def on_virtual_table_cursor_moved(self, event: RunTable.CursorMoved) -> None:
        """Say which run it is, and soon what it takes of the disk."""
        self._say()
        self._measure_chosen()

    def on_virtual_table_chosen(self, event: RunTable.Chosen) -> None:
        """Watch the run under the cursor."""
        self.action_open()

    def action_open(self) -> None:
        """Watch the chosen run."""
        if (entry := self._entry()) is not None:
            self.post_message(RunOpened(RunDir(rundir.home() / "runs" / entry.id)))

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
        text = f"{row.run.id}: {figures.size(folder_bytes(row.run.path))} of figures and weights."
        if await self.app.push_screen_wait(Pick(f"Delete {row.name}?", answers, "keep", text)) == "delete":
            try:
                lock.delete(row.run)
            except DltuiError as error:
                self.notify(clean(str(error)), severity="error", markup=False)
            self._list()

    def action_resume(self) -> None:
        """Go on with the chosen run from its last checkpoint."""
        if (row := self._chosen()) is None:
            return
        if row.state in RESUMABLE:
            self.post_message(ResumeRequested(row.run))
        else:
            said = "It is being trained: enter opens it." if row.live else "It has finished: nothing is left."
            self.notify(said, severity="warning", markup=False)

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


def _now() -> datetime:
    return datetime.now(UTC)
