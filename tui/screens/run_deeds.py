"""What can be done with the runs of a list: with those that are marked, or the one under the cursor."""

import asyncio
from abc import abstractmethod
from collections.abc import Callable, Sequence
from datetime import datetime

from textual import work

from dlcore import figures, rundir
from dlcore.clean import clean
from dlcore.errors import DltuiError
from dlcore.files import lock
from dlcore.files.disk_use import folder_bytes
from dlcore.labels import Label, add_tags, relabel
from dlcore.process.aftermath import RESUMABLE
from dlcore.reading import read_file
from dlcore.rundir import RunDir
from dlcore.runlist import RunList
from dlcore.runs import RunRow
from tui.drawing.run_marks import MOST_RUNS
from tui.messages import (
    BranchRequested,
    CompareRequested,
    ReplayRequested,
    ResumeRequested,
    SetupRequested,
    TwinsRequested,
)
from tui.screens.dialogs import Answer, Pick
from tui.screens.exporting import export_runs
from tui.screens.lab_screen import LabScreen
from tui.screens.labelling import AddTags, EditLabel
from tui.screens.verifying import verify_run


class RunDeeds(LabScreen):
    """A screen with a list of runs, some of them marked."""

    def __init__(self) -> None:
        super().__init__()
        self._runs = RunList(rundir.home())
        self._marks: set[str] = set()
        """The ids of the runs that are marked, whether they are shown or not."""

    @abstractmethod
    def now(self) -> datetime:
        """Return the time by which ages are told."""

    @abstractmethod
    def chosen(self) -> RunRow | None:
        """Return the run under the cursor, where there is one."""

    @abstractmethod
    def relist(self) -> None:
        """List the runs anew: some have come or gone."""

    @abstractmethod
    def rearrange(self) -> None:
        """Show the runs anew: something was said of them, or marks have gone."""

    @abstractmethod
    def say(self) -> None:
        """Say how many runs there are, and how they are seen."""

    @abstractmethod
    def listed(self) -> list[str]:
        """Return the ids of the runs that the list shows, from top to bottom."""

    def subjects(self) -> list[RunRow]:
        """Return the marked runs, or the one under the cursor where none is marked.

        They come in the order of the list, and those that it leaves out behind them.
        """
        if not self._marks:
            chosen = self.chosen()
            return [chosen] if chosen is not None else []
        listed = [name for name in self.listed() if name in self._marks]
        unseen = sorted(self._marks.difference(listed), reverse=True)
        rows = [self._runs.row(name, self.now()) for name in (*listed, *unseen)]
        return [row for row in rows if row is not None]

    def unseen(self) -> int:
        """Return how many marked runs the list leaves out."""
        return len(self._marks.difference(self.listed())) if self._marks else 0

    def _warn(self, said: str, *, is_error: bool = False) -> None:
        self.notify(clean(said), severity="error" if is_error else "warning", markup=False)

    # -- deleting, exporting, verifying -------------------------------------------------------------

    def action_delete(self) -> None:
        """Delete runs, after asking."""
        if rows := self.subjects():
            self._delete(rows)

    @work
    async def _delete(self, rows: list[RunRow]) -> None:
        if live := sum(row.live for row in rows):
            who = "It is being trained: stop it first."
            self._warn(
                who if len(rows) == 1 else f"{live} of {len(rows)} are being trained: stop them first."
            )
            return
        sizes = await asyncio.to_thread(lambda: sum(folder_bytes(row.run.path) for row in rows))
        answers = [Answer("keep", "Nothing happens."), Answer("delete", "It is gone for good.")]
        title = f"Delete {rows[0].name}?" if len(rows) == 1 else f"Delete {len(rows):,} runs?"
        which = rows[0].run.id if len(rows) == 1 else f"{len(rows):,} marked runs"
        if unseen := self.unseen():
            which += f", {unseen:,} not in the list as it is"
        text = f"{which}: {figures.size(sizes)} of figures and weights."
        if await self.app.push_screen_wait(Pick(title, answers, "keep", text)) != "delete":
            return
        for row in rows:
            try:
                await asyncio.to_thread(lock.delete, row.run)
            except DltuiError as error:
                self._warn(str(error), is_error=True)
            else:
                self._marks.discard(row.run.id)
        self.relist()

    def action_export(self) -> None:
        """Write runs to files, several also beside each other."""
        if rows := self.subjects():
            self._export([row.run for row in rows])

    @work
    async def _export(self, runs: list[RunDir]) -> None:
        await export_runs(self.app, runs)

    def action_verify(self) -> None:
        """Prove the run under the cursor by its script."""
        if (row := self.chosen()) is not None:
            verify_run(self.app, row.run, is_live=row.live)

    # -- what people say of runs --------------------------------------------------------------------

    def action_label(self) -> None:
        """Edit name, tags and notes of a run; of several marked ones, add tags to all."""
        rows = self.subjects()
        if len(rows) > 1:
            self._add_tags(rows)
        elif rows:
            self._edit_label(rows[0])

    @work
    async def _edit_label(self, row: RunRow) -> None:
        changes = await self.app.push_screen_wait(EditLabel(row.run.id, row.own_name, row.label))
        if changes:
            self._relabel([row.run], lambda run: relabel(run, **changes))

    @work
    async def _add_tags(self, rows: list[RunRow]) -> None:
        common = set.intersection(*(set(row.label.tags) for row in rows))
        tags = await self.app.push_screen_wait(AddTags(len(rows), self.unseen(), sorted(common)))
        if tags:
            self._relabel([row.run for row in rows], lambda run: add_tags(run, tags))

    def action_hide(self) -> None:
        """Hide runs from the list; or let them be seen again, where all of them are hidden."""
        rows = self.subjects()
        hides = not all(row.label.hidden for row in rows)
        if hides:  # so that no later key is for runs that nobody sees
            self._marks.difference_update(row.run.id for row in rows)
        others = [row.run for row in rows if row.label.hidden != hides]
        self._relabel(others, lambda run: relabel(run, hidden=hides))

    @work
    async def _relabel(self, runs: Sequence[RunDir], change: Callable[[RunDir], Label]) -> None:
        """Write labels away from the screen's own thread, and show what they say."""
        for run in runs:
            try:
                await asyncio.to_thread(change, run)
            except DltuiError as error:
                self._warn(str(error), is_error=True)
                break
            self._runs.relabelled(run)
        self.rearrange()
        self.say()

    # -- going elsewhere ----------------------------------------------------------------------------

    def action_compare(self) -> None:
        """Lay the marked runs over each other, or the one under the cursor over those of its kin."""
        rows = self.subjects() if self._marks else self._with_kin()
        if len(rows) < 2:
            self._warn("Mark two runs or more with space: v lays them over each other.")
        elif self._marks and len(rows) > MOST_RUNS:
            self._warn(f"{len(rows):,} runs are marked; at most {MOST_RUNS} can be compared.")
        else:
            self.post_message(CompareRequested(tuple(row.run for row in rows)))

    def _with_kin(self) -> list[RunRow]:
        """Return the run under the cursor, its parent and siblings; or its children where it has none."""
        chosen = self.chosen()
        if chosen is None:
            return []
        above = chosen.origin.run if chosen.origin is not None else ""
        made_with = chosen.group.id if chosen.group is not None else ""
        rows = [entry.row for entry in self._runs.entries if entry.row is not None]
        kin = [
            row
            for row in rows
            if (above and (row.run.id == above or (row.origin is not None and row.origin.run == above)))
            or (made_with and row.group is not None and row.group.id == made_with)
        ]
        kin = kin or [row for row in rows if row.origin is not None and row.origin.run == chosen.run.id]
        kin.sort(key=lambda row: row.run.id != above)  # the parent before the siblings, who are many
        others = [row for row in kin if row.run != chosen.run]
        return [chosen, *others]

    def action_branch(self) -> None:
        """Let a run go on from one of its checkpoints, with something changed."""
        if (row := self.chosen()) is not None:
            self.post_message(BranchRequested(row.run))

    def action_twins(self) -> None:
        """Train runs like this one that differ in one setting."""
        if (row := self.chosen()) is not None:
            self.post_message(TwinsRequested(row.run))

    def action_replay(self) -> None:
        """See the run again as it went."""
        if (row := self.chosen()) is None:
            return
        if row.live:
            self._warn("It is being trained: enter opens it.")
        else:
            self.post_message(ReplayRequested(row.run))

    def action_resume(self) -> None:
        """Go on with the chosen run from its last checkpoint."""
        if (row := self.chosen()) is None:
            return
        if row.state in RESUMABLE:
            self.post_message(ResumeRequested(row.run))
        else:
            self._warn(
                "It is being trained: enter opens it." if row.live else "It has finished: nothing is left."
            )

    def action_copy_setup(self) -> None:
        """Take the chosen run's configuration to Setup."""
        if (row := self.chosen()) is None:
            return
        try:
            self.post_message(SetupRequested(read_file(row.run.config)))
        except DltuiError as error:
            self._warn(str(error), is_error=True)
