"""What a screen needs that says what is wrong with its run, and leads to remedies, branches and twins."""

from textual import work
from textual.widgets import Static

from dlcore import rundir
from dlcore.diagnose.silenced import silenced
from dlcore.rundir import RunDir
from tui.feed import RunFeed
from tui.messages import BranchRequested, RepeatRequested, RunOpened, TwinsRequested
from tui.screens.findings import consult
from tui.screens.time_screen import TimeScreen
from tui.watching.cursor import Cursor
from tui.watching.judging import Judge
from tui.widgets.finding_line import FindingLine
from tui.widgets.kin_line import KinLine


class JudgedScreen(TimeScreen):
    """It has a FindingLine, which shares its row with the figures at the cursor, and a KinLine."""

    def __init__(self, cursor: Cursor | None = None, *, read_only: bool = False) -> None:
        """Who may only watch, `read_only`, may take no remedy."""
        super().__init__(cursor)
        self._judge: Judge | None = None
        self._read_only = read_only

    def judge(self, feed: RunFeed) -> None:
        """Judge a run from now on, and find out what it has to do with others."""
        self._judge = Judge(feed, silenced(rundir.home()))
        self.query_one(FindingLine).show(())
        self.query_one(KinLine).watch_run(rundir.home(), feed.run)

    def draw_findings(self) -> None:
        """Judge what is new; the row is for the findings by now, or for the step in the past."""
        assert self._judge is not None
        line = self.query_one(FindingLine)
        if not self._judge.look_briefly():
            self._parts.append(self.draw_findings)  # of a run that was never judged; the curves come first
        line.show(self._judge.findings)
        line.set_class(not self.cursor.follows, "-gone")
        self.query_one("#train-step", Static).set_class(self.cursor.follows, "-gone")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Show keys that cannot do anything now as disabled."""
        if action == "findings":
            return True if self._judge is not None else None
        if action in ("branch", "twins", "repeat"):
            return True if self.watched() is not None and not self._read_only else None
        return super().check_action(action, parameters)

    @work
    async def action_findings(self) -> None:
        """Show what is wrong; start the remedy that is taken, if one is."""
        if (judge := self._judge) is None:
            return
        judge.look()
        taken = self.query_one(KinLine).relations.taken
        wanted = await consult(self.app, judge, taken, read_only=self._read_only)
        if wanted is not None:
            self.post_message(wanted)

    def action_branch(self) -> None:
        """Go on from the checkpoint nearest to the cursor, in a run beside this one."""
        if (feed := self.watched()) is not None:
            self.post_message(BranchRequested(feed.run, self.cursor.past(feed.history)))

    def action_twins(self) -> None:
        """Train the same again, but for one setting."""
        if (feed := self.watched()) is not None:
            self.post_message(TwinsRequested(feed.run))

    def action_repeat(self) -> None:
        """Train the same again, and its twins, with other seeds."""
        if (feed := self.watched()) is not None:
            self.post_message(RepeatRequested(feed.run))

    def action_show_parent(self) -> None:
        """Watch the run that this one comes from, if it is still there."""
        origin = self.query_one(KinLine).relations.origin
        if origin is not None and (rundir.home() / "runs" / origin.run).is_dir():
            self._watch(origin.run)

    def action_show_remedy(self) -> None:
        """Watch the latest remedy that was taken of this run."""
        if taken := self.query_one(KinLine).relations.taken:
            self._watch(taken[0].run)

    def _watch(self, name: str) -> None:
        self.post_message(RunOpened(RunDir(rundir.home() / "runs" / name)))
