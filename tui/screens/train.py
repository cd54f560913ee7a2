"""Train: one run as it goes, and the keys that steer it."""

from functools import partial
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.events import Key, Resize, ScreenResume
from textual.widgets import Static

from dlcore import commands, launch
from dlcore.clean import clean
from dlcore.commands import Command
from dlcore.errors import DltuiError
from dlcore.foreign import is_imported
from dlcore.process.aftermath import RESUMABLE
from dlcore.rundir import RunDir
from tui.bindings import bindings, keys_of
from tui.drawing.charts import View, gradient_chart, loss_chart, score_chart
from tui.feed import RunFeed
from tui.messages import ResumeRequested, SetupRequested
from tui.screens.exporting import export_run
from tui.screens.judged_screen import JudgedScreen
from tui.screens.log import LogScreen
from tui.screens.stopping import end_hard
from tui.screens.time_screen import TURN_SECONDS, Part
from tui.screens.tuning import TuningScreen
from tui.screens.verifying import verify_run
from tui.screens.view_screen import ViewScreen
from tui.tuning import Tuning
from tui.watching.cursor import Cursor
from tui.watching.ending import RESUMING, Trainer, happened, is_over
from tui.watching.looks import look_at
from tui.watching.readout import place
from tui.watching.run_line import run_line
from tui.widgets.finding_line import FindingLine
from tui.widgets.gradient_bars import GradientBars
from tui.widgets.header import Header
from tui.widgets.key_line import KeyLine
from tui.widgets.kin_line import KinLine
from tui.widgets.panes.layered import NOT_IN_LOG
from tui.widgets.plot import Plot
from tui.widgets.status_line import StatusLine, packed

_POLL_SECONDS = 0.1
_STEERING = ("pause", "go_on", "step", "stop", "tune", "nudge", "undo")
"""Actions that a run which has ended has no use for."""


class TrainScreen(ViewScreen, JudgedScreen):
    """Curves at the left, gradient norms at the right, the state above, what happened below."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("train")
    VERTICAL_BREAKPOINTS = [(0, "-low"), (30, "-tall")]  # noqa: RUF012  # as Textual declares it
    AUTO_FOCUS = None

    def __init__(
        self,
        run: RunDir | None = None,
        read_only: bool = False,
        ascii_only: bool = False,
        cursor: Cursor | None = None,
    ) -> None:
        super().__init__(cursor, read_only=read_only)
        self.feed = RunFeed(run) if run is not None else None
        self._ascii_only = ascii_only
        self._view = View()
        self._stale = True
        self._steering: tuple[object, ...] | None = None
        self._steered = (0, "")
        """How many changes the line of the run tells of, and the id of the newest."""
        self._answers = 0
        self.tuning = Tuning(self.feed) if self.feed is not None else None
        """What can be changed of the run, and was asked for."""
        self._asked_to_stop = False
        self._trainers: dict[str, Trainer] = {}
        """Processes that this app has started and that were alive when last seen, by the run's id."""
        self._trainer: Trainer | None = None
        """The run's process, where this app has started it."""
        self._heard = 0
        """The process id of the last trainer started here that has spoken."""
        self._status: int | None = None
        self._was_resuming = False

    def compose(self) -> ComposeResult:
        """Return the parts, from top to bottom."""
        yield Header("train")
        yield Static(id="run-line")
        yield StatusLine(classes="essential")
        yield Static(id="train-step", classes="-gone")
        yield FindingLine()
        with Horizontal(id="train-body"):
            with Vertical(id="train-plots"):
                yield Plot(id="loss", ascii_only=self._ascii_only)
                yield Plot(id="score", ascii_only=self._ascii_only)
            with Vertical(id="train-aside"):
                yield GradientBars()
                yield Plot(id="gradients", ascii_only=self._ascii_only)
        yield KinLine()
        yield Static(id="train-message")
        yield KeyLine()

    def on_mount(self) -> None:
        """Begin to look."""
        self.query_one(GradientBars).ascii_only = self._ascii_only
        self.set_interval(_POLL_SECONDS, self._poll)
        self._meet()
        self._poll()

    def open(self, run: RunDir, trainer: Trainer | None = None) -> None:
        """Watch another run; `trainer` is its process, where it was just started."""
        self.feed = RunFeed(run)
        if trainer is not None:
            self._trainers[run.id] = trainer
        self._trainers = {name: one for name, one in self._trainers.items() if one.poll() is None}
        self._trainer, self._status = trainer or self._trainers.get(run.id), None
        self._answers, self._asked_to_stop = 0, False
        self.tuning = Tuning(self.feed)
        self.cursor.go_live()
        if self.is_mounted:
            self._say("")
            self._meet()
            self._poll()
            self._redraw()

    def _meet(self) -> None:
        """Show what stands still of the run, and find out what it has to do with others."""
        self._show_run_line()
        if self.feed is not None:
            self.judge(self.feed)

    # -- looking ------------------------------------------------------------------------------------

    def _poll(self) -> None:
        """Read what is new, and draw it when a frame is due."""
        if self.feed is None:
            return
        self._stale |= self.feed.read()
        self._let_go()
        if self._trainer is not None and self._trainer.poll() != self._status:  # no event tells of it
            self._status = self._trainer.returncode
            self._stale = True
        if self.feed.reading:
            self.read_on(self._poll)
        if self._stale and self.is_due(self.feed):
            self._begin_frame()

    def _begin_frame(self) -> None:
        """Draw what is known by now."""
        assert self.feed is not None
        self._stale = False
        history, columns = self.feed.history, max(20, self.query_one("#loss").size.width)
        past = self.cursor.past(history)
        self._view = self.viewing.view([history], self.cursor.step(history), past, columns)
        self.begin_frame(
            self._draw_state,
            self.draw_findings,
            self._draw_loss,
            self._draw_score,
            self._draw_gradients,
            self._draw_bars,
        )

    def _draw_state(self) -> None:
        assert self.feed is not None
        feed = self.feed
        self._show_status()
        self.query_one(Header).aside = feed.called  # somebody may rename it meanwhile
        self._show_step()
        self._say_what_happened()
        if (len(edits := feed.history.edits), edits[-1].id if edits else "") != self._steered:
            self._show_run_line()
        steering = (self.feed.live, self.feed.history.paused, self._can_resume)
        if steering != self._steering:
            self._steering = steering
            self.refresh_bindings()

    def _show_status(self) -> StatusLine:
        assert self.feed is not None
        feed, line = self.feed, self.query_one(StatusLine)
        line.show(feed.history, feed.state, self._modes(), feed.reading)
        return line

    def _draw_loss(self) -> Part:
        assert self.feed is not None
        return partial(self.query_one("#loss", Plot).show, loss_chart(self.feed.history, self._view))

    def _draw_score(self) -> Part:
        assert self.feed is not None
        return partial(self.query_one("#score", Plot).show, score_chart(self.feed.history, self._view))

    def _draw_gradients(self) -> Part | None:
        assert self.feed is not None
        plot = self.query_one("#gradients", Plot)
        return partial(plot.show, gradient_chart(self.feed.history, self._view)) if plot.display else None

    def _draw_bars(self) -> None:
        assert self.feed is not None
        history = self.feed.history
        look = look_at(history.gradients, self.cursor.step(history), follows=self.cursor.follows)
        bars = self.query_one(GradientBars)
        if look is not None:
            bars.show(look.figures, look.step, look.recent)
        elif self.feed.config is not None and is_imported(self.feed.config.model):
            bars.say(NOT_IN_LOG)
        elif self.feed.config is not None and not self.feed.config.training.probe_budget:
            bars.say("not measured: training.probe_budget is 0")
        else:
            bars.say("after the first step")

    def _show_step(self) -> None:
        """Show the figures at the cursor while it stands in the past."""
        assert self.feed is not None
        line = self.query_one("#train-step", Static)
        parts = place(self.feed.history, self.cursor, is_live=self.feed.live)
        text = Content("") if self.cursor.follows else packed(parts, self.size.width - 2, 1)[0]
        if line.content != text:
            line.update(text, layout=False)

    def _modes(self) -> str:
        """Return what the person has changed about the view."""
        return "  ".join(self.viewing.modes())

    def _show_run_line(self) -> None:
        if self.feed is None:
            self.query_one("#run-line", Static).update("")
            self._say("No run is open. Start one in Setup (1), or open one in Runs (5).")
            return
        self.query_one(Header).aside = self.feed.called
        config, edits = self.feed.config, self.feed.history.edits
        self._steered = (len(edits), edits[-1].id if edits else "")
        line = run_line(config, edits) if config is not None else self.feed.problem
        if self.feed.source is not None:
            line = self.feed.source.told()
        self.query_one("#run-line", Static).update(Content(clean(line)).stylize("$secondary"))

    def _let_go(self) -> None:
        """Forget the trainer that was started here once somebody else has started the next one."""
        if self._trainer is None or self.feed is None or (started := self.feed.history.started) is None:
            return
        if started.pid == self._trainer.pid:
            self._heard = started.pid
        elif self._heard == self._trainer.pid:
            self._trainer = None

    def _say_what_happened(self) -> None:
        """Show the answer to the last command, or how the run ended."""
        assert self.feed is not None
        said = happened(self.feed, self._answers, self._trainer)
        if said is not None or self._was_resuming:
            self._say(*said or ("",))
        self._was_resuming = said == RESUMING
        self._answers = self.feed.history.answers.added

    def _say(self, text: str, style: str = "$secondary") -> None:
        message = self.query_one("#train-message", Static)
        content = Content(clean(text)).stylize(style)
        if message.content != content:
            width, height = message.size
            message.update(content, layout=not width or max(1, content.get_height({}, width)) != height)

    def on_resize(self, event: Resize) -> None:
        """Draw for the new size."""
        super().on_resize(event)
        self._redraw()

    def on_screen_resume(self, event: ScreenResume) -> None:
        """Draw what has come while another screen was seen."""
        self._redraw()
        self.query_one(KinLine).look()

    def _redraw(self) -> None:
        """Draw anew without waiting for a frame's turn; the line of state comes first, the curves follow."""
        if self.feed is not None and self.is_current:
            self._begin_frame()

    def watched(self) -> RunFeed | None:
        """Return the run that is watched."""
        return self.feed

    def show_moment(self) -> None:
        """Draw anew: the cursor stands elsewhere."""
        self._redraw()

    def view_changed(self, said: str) -> None:
        """Draw the curves as they are wanted now; the line of state, which says how, is painted first."""
        if self.feed is not None:
            self.paint(self._show_status())
            self.set_timer(TURN_SECONDS, partial(self._draw_view, said))

    def _draw_view(self, said: str) -> None:
        self._redraw()
        if said:
            self._say(said)

    # -- steering -----------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Show keys that cannot do anything now as disabled."""
        if action in ("pause", "go_on"):  # one key, two words
            paused = self.feed is not None and self.feed.live and self.feed.history.paused
            if paused != (action == "go_on"):
                return False
        if action == "resume":
            return self._can_resume
        if action in _STEERING:
            if self.feed is not None and not self.feed.live:
                return False
            return True if self.feed is not None and not self._read_only else None
        if action in ("export", "verify", "copy_setup", "copy_run_line", "log"):
            return True if self.feed is not None else None
        return super().check_action(action, parameters)

    def on_key(self, event: Key) -> None:
        """Say why a key of steering does nothing, once the run has ended."""
        if self.feed is None or self.feed.live or self._was_resuming:
            return
        lost = _STEERING if self._can_resume else (*_STEERING, "resume")
        if {event.key, event.character} & keys_of("train", *lost):
            self._say(is_over(self.feed, read_only=self._read_only))

    @property
    def _can_resume(self) -> bool:
        is_starting = self._trainer is not None and self._trainer.poll() is None
        resumable = self.feed is not None and self.feed.state in RESUMABLE and not is_starting
        return resumable and not self._read_only and self.feed is not None and self.feed.source is None

    def action_resume(self) -> None:
        """Go on from the last checkpoint."""
        if self.feed is not None and self._can_resume:
            self.post_message(ResumeRequested(self.feed.run))

    def action_log(self) -> None:
        """Show what the trainer has printed."""
        if self.feed is not None:
            self.app.push_screen(LogScreen(self.feed.run.log))

    def _tell(self, command: Command) -> bool:
        """Write a command for the trainer; return whether somebody listens."""
        if self.feed is None:
            return False
        try:
            launch.tell(self.feed.run, command)
        except (DltuiError, OSError) as error:
            self._say(str(error), "$text-error")
            return False
        return True

    def action_pause(self) -> None:
        """Stand still after this step."""
        self._tell(commands.Pause())

    def action_go_on(self) -> None:
        """Go on after a pause."""
        self._tell(commands.Continue())

    def action_step(self, unit: str) -> None:
        """Take one step, or go on to the end of the epoch."""
        self._tell(commands.Step(unit="epoch" if unit == "epoch" else "step"))

    def action_stop(self) -> None:
        """Stop gracefully; where that was asked for already, end it hard after asking."""
        if self.feed is not None and (self._asked_to_stop or self.feed.history.stopping):
            self._end_hard(self.feed)
        elif self._tell(commands.Stop()):
            self._asked_to_stop = True
            self._say("stopping after this step … x again ends it hard")

    @work
    async def _end_hard(self, feed: RunFeed) -> None:
        """End a trainer that has not stopped yet, if a person says so."""
        if said := await end_hard(self.app, feed):
            self._say(*said)

    def action_tune(self) -> None:
        """Change hyperparameters in a form, each at once."""
        if self.tuning is not None and self.feed is not None and self.feed.config is not None:
            self.app.push_screen(TuningScreen(self.tuning))

    def action_nudge(self, direction: int) -> None:
        """Change the chosen hyperparameter by one step."""
        if self.tuning is not None and (problem := self.tuning.nudge(direction)):
            self._say(problem)

    def action_undo(self) -> None:
        """Take the newest change back that stands."""
        if self.tuning is not None and (problem := self.tuning.undo()):
            self._say(problem)

    @work
    async def action_export(self) -> None:
        """Write a summary."""
        if self.feed is not None:
            await export_run(self.app, self.feed.run)

    def action_verify(self) -> None:
        """Prove the run by its script."""
        if self.feed is not None:
            verify_run(self.app, self.feed.run, is_live=self.feed.live)

    def action_copy_setup(self) -> None:
        """Take the run's configuration to Setup."""
        if self.feed is not None and self.feed.config is not None:
            self.post_message(SetupRequested(self.feed.config))

    def action_copy_run_line(self) -> None:
        """Copy the run as one line."""
        if self.feed is not None and self.feed.config is not None:
            self.copy_line(self.feed.config.folded())
