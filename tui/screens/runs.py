"""Runs: everything that was ever trained here, the newest first, or as one wants to see it."""

import asyncio
import gc
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

from dlcore import figures, rundir
from dlcore.clean import clean
from dlcore.files.disk_use import folder_bytes
from dlcore.rundir import RunDir
from dlcore.runlist import Entry
from tui.bindings import bindings
from tui.screens.run_views import RunViews
from tui.widgets.filter_line import FilterLine
from tui.widgets.header import Header
from tui.widgets.key_line import KeyLine
from tui.widgets.run_table import RunTable, shown

_LIVE_SECONDS = 1.0
_FIRST_SECONDS = 0.1
"""So long may the rows in sight take until something is painted; few of them ever do."""
_SLICE_SECONDS = 0.012
"""So long is read at once, and some more if the last run is a long one; then keys have their turn."""
_REST_SECONDS = 0.002
_NOTE_SECONDS = 0.25
_MANY = 1000
"""So many rows cost a collection of garbage as much time as one sees, while a filter is typed."""


class RunsScreen(RunViews):
    """A table of runs; enter opens one."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("runs")

    def __init__(self) -> None:
        super().__init__()
        self._note = ""
        self._said = Static(id="runs-note", classes="essential")
        self._sizes: dict[str, int] = {}
        """Bytes of the runs whose size is known, by id; '' is all of them together."""
        self._frozen = 0
        """Rows that no collection of garbage goes through any more."""

    def compose(self) -> ComposeResult:
        """Return the parts, from top to bottom."""
        yield Header("runs")
        yield self._filter
        yield self._table
        yield self._said
        yield KeyLine()

    def on_mount(self) -> None:
        """Look at live runs now and then."""
        self._table.look_as(self._view)
        self.set_interval(_LIVE_SECONDS, self._refresh_live)

    def on_screen_resume(self, event: ScreenResume) -> None:
        """List the runs anew: there may be more by now."""
        self.relist()
        self._table.focus()

    def now(self) -> datetime:
        """Return the time by which ages are told."""
        return datetime.now(UTC)

    def choose(self, run: RunDir) -> None:
        """Put the cursor on a run when the screen is seen next: the one that was watched last."""
        self._anchor = run.id

    # -- reading ------------------------------------------------------------------------------------

    def relist(self) -> None:
        """List the folder, read what is in sight at once, and the rest from now on."""
        self._runs.scan()
        self._marks.intersection_update(entry.id for entry in self._runs.entries)
        self.rearrange()
        changed = self._runs.take(self._in_sight(), self.now(), _FIRST_SECONDS, seen_only=True)
        if self._arranges(changed):
            self.rearrange()
        self._table.take_in(self._in_sight(), self.now())
        self._sizes.clear()
        self.say()
        self._fill()
        self._measure_chosen()

    @work(exclusive=True, group="fill")
    async def _fill(self) -> None:
        """Read what is not in sight, a slice at a time."""
        said = time.monotonic()
        is_due = False
        while self.is_current and not self._runs.is_whole:
            await asyncio.sleep(_REST_SECONDS)
            changed = self._runs.take(self._in_sight(), self.now(), _SLICE_SECONDS)
            self._table.take_in(changed, self.now())
            is_due = is_due or self._arranges(changed)
            if time.monotonic() - said > _NOTE_SECONDS:
                said = time.monotonic()
                if is_due:
                    self.rearrange()
                    is_due = False
                self.say()
        if is_due:
            self.rearrange()
        self.say()
        if self._runs.is_whole:  # not before: it would take the interpreter from the reading
            self._freeze()
            self._measure(rundir.home() / "runs", "")

    def _freeze(self) -> None:
        """Leave rows out of later collections of garbage: they stay, and there are thousands."""
        if self._runs.read - self._frozen > _MANY:
            gc.freeze()
            self._frozen = self._runs.read

    def _arranges(self, changed: list[Entry]) -> bool:
        """Whether it may matter for what is listed that some rows have changed."""
        view = self._view
        if view.filter or view.sort or view.group or view.is_tree:
            return bool(changed)
        hidden = self._listing.hidden
        return any(
            entry.row.label.hidden != (entry.id in hidden) for entry in changed if entry.row is not None
        )

    @work(exclusive=True, group="chosen")
    async def _measure_chosen(self) -> None:
        """Find out what the run under the cursor takes, once the cursor rests and nobody types a filter."""
        await asyncio.sleep(_NOTE_SECONDS)
        if self._filter.is_typed_into:
            return
        if (entry := self._entry()) is not None and entry.id not in self._sizes:
            self._measure(rundir.home() / "runs" / entry.id, entry.id)

    @work(exclusive=False, group="size")
    async def _measure(self, folder: Path, name: str) -> None:
        """Find out what a folder takes of the disk, away from the screen's own thread."""
        sizes = self._sizes
        sizes[name] = await asyncio.to_thread(folder_bytes, folder)
        self.say()

    def _in_sight(self) -> list[Entry]:
        """Return the runs that can be seen: before the first layout, or the first row, those that may be."""
        height = self.app.size.height
        if self._table.size and self._listing.lines:
            return self._table.entries_in_sight()
        lines = self._listing.lines[max(0, self._table.cursor - height) : self._table.cursor + height]
        found = [line.entry for line in lines if line.entry is not None]
        return found or self._runs.entries[:height]

    def _refresh_live(self) -> None:
        """Update the rows in sight, and a few others that are still going; list anew if runs came or went."""
        if not self.is_current:
            return
        if self._runs.is_outdated:
            self.relist()
        elif self._arranges(self._runs.poll(self._in_sight(), self.now())):
            self.rearrange()
            self.say()
        else:
            self._table.take_in(self._in_sight(), self.now())

    # -- what is said -------------------------------------------------------------------------------

    def say(self) -> None:
        """Say how many runs there are, what is hidden and marked, and which one the cursor is on."""
        note = self._fault or " · ".join(part for part in self._parts() if part)
        if note != self._note:
            self._note = note
            self._said.update(Content(clean(note)).stylize("$secondary"))

    def _parts(self) -> list[str]:
        count, listed, view = len(self._runs.entries), self._listing, self._view
        if not count:
            return ["No runs yet. Choose something in Setup (1) and press r."]
        is_whole = self._runs.read == count
        all_runs = "1 run" if count == 1 else f"{count:,} runs"
        said = f"{all_runs} in {figures.path(rundir.home() / 'runs')}"
        if not is_whole:
            said = f"reading {self._runs.read:,} of {count:,}"
        elif view.filter:
            said = f"{listed.shown:,} of {all_runs}"
        hidden, marked, unseen = len(listed.hidden), len(self._marks), self.unseen()
        dimmed = " one dimmed" if hidden == 1 else " ones dimmed"
        entry = self._entry()
        size = figures.size(self._sizes[""]) if "" in self._sizes else ""
        if size and entry is not None and entry.id in self._sizes:
            size += f", {figures.size(self._sizes[entry.id])} of it here"
        order = f"by {view.sort}" if view.sort and view.sort not in view.columns else ""
        return [
            said,
            f"{marked:,} marked" + (f", {unseen:,} of them not here" if unseen else "") if marked else "",
            f"{hidden:,} hidden{dimmed if view.shows_hidden else ''}" if hidden else "",
            "as a tree" if view.is_tree else f"by {view.group}" if view.group else "",
            "" if view.is_tree else order,
            size,
            shown(entry.id) if entry is not None and not self._table.shows("id") else "",
        ]

    def on_virtual_table_cursor_moved(self, event: RunTable.CursorMoved) -> None:
        """Say which run it is, and soon what it takes of the disk."""
        self.note_cursor()
        self.say()
        self._measure_chosen()

    def on_filter_line_left(self, event: FilterLine.Left) -> None:
        """Find out now what the run under the cursor takes."""
        self._measure_chosen()

    def on_virtual_table_chosen(self, event: RunTable.Chosen) -> None:
        """Watch the run under the cursor."""
        self.action_open()
