"""The app: it opens screens, starts runs and leaves. It owns no truth."""

import gc
import os
import signal
from collections.abc import Iterable, Sequence
from contextlib import ExitStack, suppress
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.app import App, ComposeResult, SystemCommand, UnknownModeError
from textual.binding import BindingType
from textual.events import Event, Paste
from textual.filter import LineFilter
from textual.screen import Screen
from textual.widget import AwaitMount
from textual.widgets import Static

from dlcore.clean import clean
from tui.bindings import KEYS, bindings
from tui.terminal.driver import TerminalDriver
from tui.themes import DARK, THEMES

if TYPE_CHECKING:
    from dlcore.family.twins import Made
    from dlcore.rundir import RunDir
    from tui.asking.inspector import Inspector
    from tui.drawing.run_marks import RunMarks
    from tui.feed import RunFeed
    from tui.messages import (
        BranchRequested,
        CompareRequested,
        RepeatRequested,
        ReplayRequested,
        ResumeRequested,
        RunOpened,
        RunRequested,
        SetupRequested,
        TwinsRequested,
    )
    from tui.screens.errors import ErrorsScreen
    from tui.screens.inside import InsideScreen
    from tui.screens.runs import RunsScreen
    from tui.screens.setup import SetupScreen
    from tui.screens.time_screen import TimeScreen
    from tui.screens.train import TrainScreen
    from tui.terminal.line_rate import LineRate
    from tui.watching.cursor import Cursor
    from tui.watching.ending import Trainer
    from tui.watching.replay import Replay
    from tui.watching.viewing import Viewing


_HANDLED = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT)
"""Signals that ask the app to leave; their default would leave the terminal as it is."""
_SETTLE_SECONDS = 0.2
"""After the first screen's first frame, whatever else it asks for has been painted too."""


class DltuiApp(App["RunDir | None"]):
    """Paints its first frame at once; a screen is imported and built when it is first shown."""

    CSS_PATH = "dltui.tcss"
    TITLE = "dltui"
    BINDINGS: ClassVar[list[BindingType]] = bindings("app")
    VERTICAL_BREAKPOINTS = [(0, "-cramped"), (16, "-roomy")]  # noqa: RUF012  # as Textual declares it

    def __init__(
        self,
        run: "RunDir | None" = None,
        *,
        read_only: bool = False,
        ascii_only: bool = False,
        greeting: str = "",
        replay: "Replay | None" = None,
    ) -> None:
        super().__init__(driver_class=TerminalDriver)
        self._first_run = run
        self._read_only = read_only
        self._ascii_only = ascii_only
        self._greeting = greeting
        self._first_replay = replay
        self._inspector: Inspector | None = None
        self._styled: dict[str, str] = {}
        self._kept: set[str] = set()
        """Main screens that were seen by now."""
        self._is_alone = not gc.isenabled()
        """Whether the process was started for the app, which then sees to collections of garbage."""
        self._rate: LineRate | None = None
        self._keepers: list[Trainer] = []
        """Processes that this app has started which keep queues of runs."""
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = os.environ.get("TEXTUAL_THEME", DARK.name)
        if os.environ.get("SSH_CONNECTION"):
            self.animation_level = "none"

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Return Textual's filters, and ours that leaves plain characters only, where that is wanted."""
        filters = super().get_line_filters()
        if not self._ascii_only:
            return filters
        from tui.terminal.plain import Plain

        return [*filters, Plain()]

    async def on_event(self, event: Event) -> None:
        """Take what is pasted as what it looks like: a terminal that paints it again must not obey it."""
        if isinstance(event, Paste):
            event.text = "\n".join(map(clean, event.text.splitlines()))
        await super().on_event(event)

    def switch_mode(self, mode: str) -> AwaitMount:
        """Show another screen as soon as it is laid out."""
        batch = ExitStack()
        batch.enter_context(self.batch_update())
        mounted = super().switch_mode(mode)
        if mode not in self._kept:
            self._kept.add(mode)
            self.set_timer(_SETTLE_SECONDS, self._keep)
        self.screen.call_later(batch.close)  # behind what tells the screen that it is seen
        return mounted

    def delay_update(self, delay: float = 0.05) -> None:
        """Hold nothing back for a fixed time, as Textual would whenever the screen changes."""

    def refresh_css(self, animate: bool = True) -> None:
        """Read the styles again when the theme has changed; Textual asks twice a new screen."""
        if (variables := self.get_css_variables()) != self._styled:
            self._styled = variables
            super().refresh_css(animate)

    def compose(self) -> ComposeResult:
        """Return the first frame: the name, while the rest is imported."""
        yield Static(" dltui", id="first-frame")

    def on_load(self) -> None:
        """Listen to signals before the terminal is changed, so that it is always changed back."""
        for number in _HANDLED:
            with suppress(NotImplementedError, RuntimeError):  # not in the main thread, as in some tests
                self._loop_signal(number)

    def on_resize(self) -> None:
        """Send everything again: a terminal of another size has torn its picture."""
        if isinstance(self._driver, TerminalDriver):
            self._driver.forget()

    def on_mount(self) -> None:
        """Open the screens as soon as the first frame is out."""
        self.call_after_refresh(self._open)

    def _loop_signal(self, number: signal.Signals) -> None:
        """Leave cleanly on a signal: the terminal is restored, and the trainer goes on."""
        import asyncio

        asyncio.get_running_loop().add_signal_handler(number, self.exit, None, 128 + number)

    def _open(self) -> None:
        from tui.asking.inspector import Inspector

        self._inspector = Inspector()
        self.add_mode("setup", lambda: self._setup)
        self.add_mode("train", lambda: self._train)
        self.add_mode("inside", lambda: self._inside)
        self.add_mode("errors", lambda: self._errors)
        self.add_mode("runs", lambda: self._runs)
        if self._first_replay is not None:
            self._play(self._first_replay, "train")
        else:
            self.switch_mode("setup" if self._first_run is None else "train")
        self.set_timer(_SETTLE_SECONDS, self._settle)

    def _keep(self) -> None:
        """Leave what a new main screen has brought out of later collections of garbage: it stays.

        A look through all of it takes as long as several keys.
        """
        if self._is_alone:
            gc.freeze()
            gc.enable()

    def _settle(self) -> None:
        """Do what the first screen need not wait for."""
        if self._greeting:
            self.notify(clean(self._greeting), severity="warning", timeout=10, markup=False)
        if self._first_run is None and self._inspector is not None:
            self._inspector.warm_up()
            self._offer_crashed()

    @work
    async def _offer_crashed(self) -> None:
        """Offer runs that broke off since somebody was asked last; none, and nothing is imported for it."""
        import asyncio

        from dlcore import rundir
        from dlcore.process import crashes

        found = await asyncio.to_thread(crashes.unasked, rundir.home())
        if found and self.current_mode == "setup" and len(self.screen_stack) == 1:
            from tui.screens.crashed import offer

            if (message := await offer(self, found)) is not None:
                self.post_message(message)

    @cached_property
    def _setup(self) -> "SetupScreen":
        from tui.screens.setup import SetupScreen

        assert self._inspector is not None
        return SetupScreen(self._inspector, ascii_only=self._ascii_only)

    @cached_property
    def _cursor(self) -> "Cursor":
        """Where in time a person looks, on all screens that show the past of a run."""
        from tui.watching.cursor import Cursor

        return Cursor()

    @cached_property
    def _viewing(self) -> "Viewing":
        """How a person wants to see curves, wherever there are some."""
        from dlcore import rundir
        from tui.watching.viewing import Viewing

        return Viewing(rundir.home())

    @cached_property
    def _marks(self) -> "RunMarks":
        """How runs that were compared are told apart, and will be again."""
        from tui.drawing.run_marks import RunMarks

        return RunMarks()

    @cached_property
    def _train(self) -> "TrainScreen":
        from tui.screens.train import TrainScreen
        from tui.watching.watchman import Watchman

        self._watchman = Watchman(self, lambda: self._feed)
        screen = TrainScreen(self._first_run, self._read_only, self._ascii_only, self._cursor)
        screen.viewing = self._viewing
        return screen

    @cached_property
    def _inside(self) -> "InsideScreen":
        from tui.screens.inside import InsideScreen

        assert self._inspector is not None
        return InsideScreen(
            lambda: self._feed, self._inspector, ascii_only=self._ascii_only, cursor=self._cursor
        )

    @cached_property
    def _errors(self) -> "ErrorsScreen":
        from tui.screens.errors import ErrorsScreen

        assert self._inspector is not None
        return ErrorsScreen(
            lambda: self._feed, self._inspector, ascii_only=self._ascii_only, cursor=self._cursor
        )

    @cached_property
    def _runs(self) -> "RunsScreen":
        from tui.screens.runs import RunsScreen

        return RunsScreen()

    @property
    def _feed(self) -> "RunFeed | None":
        """What is being watched; a Train screen that nobody has asked for watches nothing."""
        return self._train.feed if "_train" in vars(self) else None

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Return what the palette finds: every key's action, and Textual's own commands but its help."""
        place = getattr(screen, "PLACE", self.current_mode)
        for key in KEYS:
            if key.action != "command_palette" and key.place in ("app", place):
                yield SystemCommand(key.label, key.help, lambda action=key.action: self._do(screen, action))
        if self.current_mode == "setup" and screen is self._setup:
            yield from self._setup.palette()
        yield SystemCommand("Line rate", "Show how much goes to the terminal, or not.", self._toggle_rate)
        notices = "Ring and notify when a watched run ends, stalls or diverges, or not."
        yield SystemCommand("Notices", notices, self._switch_notices)
        for command in super().get_system_commands(screen):
            if command.title in ("Theme", "Screenshot", "Maximize", "Minimize"):
                yield command

    def _switch_notices(self) -> None:
        from tui.watching.watchman import switch_notices

        switch_notices(self)

    def _toggle_rate(self) -> None:
        from tui.terminal.line_rate import LineRate

        if self._rate is None:
            self._rate = LineRate(self)
        else:
            self._rate.end()
            self._rate = None

    @work
    async def _do(self, screen: Screen[object], action: str) -> None:
        await self.run_action(
            action, screen if hasattr(screen, f"action_{action.partition('(')[0]}") else self
        )

    # -- what screens ask for -----------------------------------------------------------------------

    def on_run_requested(self, message: "RunRequested") -> None:
        """Start a run and watch it; the run in whose place it comes is stopped."""
        from tui import starting

        if (started := starting.train(self, message.config, message.origin)) is not None:
            self._watch(*started)
            if message.stops is not None:
                starting.stop(message.stops)

    def on_resume_requested(self, message: "ResumeRequested") -> None:
        """Start a new attempt at a run from its last checkpoint, and watch it."""
        from tui import starting

        if self._read_only:
            self.notify("This is only for watching.", severity="warning", markup=False)
        elif (started := starting.resume(self, message.run)) is not None:
            self._watch(*started)

    def on_branch_requested(self, message: "BranchRequested") -> None:
        """Ask what a branch is to be like, start it beside its parent, and watch it."""
        if self._may_start():
            self._branch(message)

    @work
    async def _branch(self, message: "BranchRequested") -> None:
        from tui.screens.branching import branch

        if (started := await branch(self, message.run, message.step)) is not None:
            self._watch(*started)

    def on_twins_requested(self, message: "TwinsRequested") -> None:
        """Ask in what twins are to differ, start them, and compare them."""
        if self._may_start():
            self._twins(message)

    @work
    async def _twins(self, message: "TwinsRequested") -> None:
        from tui.screens.twins import make_twins

        if (made := await make_twins(self, message.source)) is not None:
            self._compare(*made)

    def on_repeat_requested(self, message: "RepeatRequested") -> None:
        """Ask with how many seeds a run is to be repeated, start that, and compare them."""
        if self._may_start():
            self._repeat(message)

    @work
    async def _repeat(self, message: "RepeatRequested") -> None:
        from tui.screens.twins import repeat

        if (made := await repeat(self, message.run)) is not None:
            self._compare(*made)

    def _compare(self, made: "Made", keeper: "Trainer") -> None:
        """Show runs that were made together over each other, before the first of them."""
        from tui.messages import CompareRequested

        self._keepers = [one for one in self._keepers if one.poll() is None] + [keeper]
        self._watch(made.runs[0])
        self.post_message(CompareRequested(made.runs))

    def _may_start(self) -> bool:
        if self._read_only:
            self.notify("This is only for watching.", severity="warning", markup=False)
        return not self._read_only

    def _watch(self, run: "RunDir", trainer: "Trainer | None" = None) -> None:
        self._train.open(run, trainer)
        self._runs.choose(run)
        self.switch_mode("train")

    def on_compare_requested(self, message: "CompareRequested") -> None:
        """Show runs over each other."""
        from tui.comparison import compared
        from tui.drawing.run_marks import MOST_RUNS
        from tui.screens.compare import CompareScreen

        runs = list(dict.fromkeys(message.runs))
        if len(runs) < 2:
            self.notify("Choose two runs to compare, or more.", severity="warning", markup=False)
            return
        if len(runs) > MOST_RUNS:
            self.notify(f"Of {len(runs)} runs the first {MOST_RUNS} are shown.", markup=False)
        comparison = compared(runs, self._marks)
        viewing, active = self._viewing.beside(), self.current_mode
        self.push_screen(CompareScreen(comparison, viewing, active=active, ascii_only=self._ascii_only))

    def on_run_opened(self, message: "RunOpened") -> None:
        """Watch a run."""
        self._watch(message.run)

    def on_time_screen_microscope_requested(self, message: "TimeScreen.MicroscopeRequested") -> None:
        """Put a batch of a run under the microscope."""
        from tui.screens.microscope import MicroscopeScreen

        assert self._inspector is not None
        self.push_screen(
            MicroscopeScreen(
                message.run,
                message.step,
                self._inspector,
                active=self.current_mode,
                ascii_only=self._ascii_only,
                is_watched=lambda: self._feed is not None and self._feed.run == message.run,
            )
        )

    def on_replay_requested(self, message: "ReplayRequested") -> None:
        """Show a finished run as it went."""
        from tui.watching.replay import Replay

        self._play(Replay(message.run), self.current_mode)

    def _play(self, replay: "Replay", back: str) -> None:
        """Show a replay, which leads back to a mode."""
        from tui.screens.replay import ReplayScreen

        def screen() -> ReplayScreen:
            made = ReplayScreen(replay, back, ascii_only=self._ascii_only)
            made.viewing = self._viewing
            return made

        with suppress(UnknownModeError):  # the one before
            self.remove_mode("replay")
        self.add_mode("replay", screen)
        self.switch_mode("replay")

    def on_setup_requested(self, message: "SetupRequested") -> None:
        """Take a configuration to Setup."""
        self.switch_mode("setup")
        self._setup.load(message.config.folded())

    # -- keys of every screen -----------------------------------------------------------------------

    def action_show(self, mode: str) -> None:
        """Show another screen."""
        if self._inspector is not None and mode != self.current_mode:
            self.switch_mode(mode)

    def action_help(self) -> None:
        """Show all keys."""
        from tui.screens.dialogs import Help

        self.push_screen(Help(getattr(self.screen, "PLACE", self.current_mode)))

    async def action_quit(self) -> None:
        """Leave, as `q` does."""
        self.action_leave()

    def action_leave(self) -> None:
        """Leave; ask what becomes of a run that goes on."""
        feed = self._feed
        if feed is not None and feed.live and not self._read_only:
            self._ask_and_leave()
        else:
            self._leave()

    @work
    async def _ask_and_leave(self) -> None:
        from dlcore import commands, launch
        from dlcore.errors import DltuiError
        from tui.screens.dialogs import Answer, Pick

        answers = [
            Answer("detach", "The run goes on; attach again at any time."),
            Answer("stop and save", "It ends after this step; its weights are saved."),
            Answer("cancel", "Stay here."),
        ]
        word = await self.push_screen_wait(Pick("Leave? The run needs nobody to watch.", answers, "detach"))
        feed = self._feed
        if word == "stop and save" and feed is not None:
            with suppress(DltuiError):  # it has ended by itself meanwhile
                launch.tell(feed.run, commands.Stop())
        if word in ("detach", "stop and save"):
            self._leave()

    def _leave(self) -> None:
        self.exit(self._feed.run if self._feed is not None else None)

    def _handle_exception(self, error: Exception) -> None:
        """Take a fault for one only in an app that stays: one that is told to leave while its screens are
        being built leaves them half built.
        """
        if not self._exit:
            super()._handle_exception(error)

    def _fatal_error(self) -> None:
        """Leave after a fault of ours with one sentence; Textual would print the whole traceback."""
        import traceback

        from rich.text import Text

        from dlcore import rundir
        from dlcore.files.atomic import write_atomic

        log = rundir.home() / "crash.log"
        lines = traceback.format_exception(self._exception) if self._exception is not None else []
        with suppress(OSError):
            write_atomic(log, "".join(lines).encode(errors="replace"))
        said = f"dltui: A fault in the app: {self._exception!r}. Runs go on. The details are in {log}."
        self.panic(Text(clean(said)))

    async def on_unmount(self) -> None:
        """Take the inspector along."""
        if self._inspector is not None:
            await self._inspector.close()
