"""What the screens share that show a run at the step under the cursor: its keys, and frames in parts."""

import time
from abc import abstractmethod
from collections.abc import Callable
from functools import partial

from textual.message import Message

from dlcore.rundir import RunDir
from tui.asking.inspector import Inspector
from tui.feed import RunFeed
from tui.screens.lab_screen import LabScreen
from tui.terminal.driver import line_of, typed_at
from tui.terminal.pace import Pace
from tui.watching.cursor import Cursor
from tui.widgets.plot import Plot

TURN_SECONDS = 0.001
"""Between two parts of a frame, in which the loop hears of keys, and what is painted is sent."""
_READ_ON_SECONDS = 0.002
"""Between two readings of a file that is long."""
_KEY_SECONDS = 0.03
"""So long after a key nothing is drawn that it does not ask for: what it asks for is painted by then."""

Part = Callable[[], "Part | None"]
"""Draws a part of a frame, and may return what is left of it, which comes next."""


class TimeScreen(LabScreen):
    """A main screen that looks at one run, now or at a step before."""

    class MicroscopeRequested(Message):
        """A person wants a batch of the run under the microscope, at a step; None is the newest."""

        def __init__(self, run: RunDir, step: int | None) -> None:
            super().__init__()
            self.run = run
            self.step = step

    def __init__(self, cursor: Cursor | None = None) -> None:
        """`cursor` is shared with other screens."""
        super().__init__()
        self.cursor = cursor or Cursor()
        self._pace = Pace()
        self._parts: list[Part] = []
        """What of the present frame is not drawn yet."""
        self._frames = 0
        self._turned = 0
        """So many parts behind the first are drawn last, since frames that were replaced have drawn them."""
        self._reads_on = False
        self._drawing_since = 0.0

    @abstractmethod
    def watched(self) -> RunFeed | None:
        """Return the run that is looked at."""

    @abstractmethod
    def show_moment(self) -> None:
        """Draw anew: the cursor stands elsewhere."""

    # -- frames -------------------------------------------------------------------------------------

    def is_due(self, feed: RunFeed) -> bool:
        """Whether the next frame of a run may begin: the screen is seen, and time, keys and line allow it."""
        now = time.monotonic()
        sent, is_busy = line_of(self.app)
        is_shared = feed.takes_every_core or bool(feed.reading)
        is_due = not self._parts and self._pace.is_due(now, sent, is_busy=is_busy, is_shared=is_shared)
        return self.is_current and is_due and now >= typed_at(self.app) + _KEY_SECONDS

    def begin_frame(self, first: Part, *others: Part) -> None:
        """Draw the parts one after the other, and let a key that comes meanwhile in between.

        A frame that replaces another, as while a key is held, goes on with the parts that one has left.
        """
        left = len(self._parts)
        self._turned = (self._turned + max(0, len(others) - left)) % len(others) if left and others else 0
        self._parts = [first, *others[self._turned :], *others[: self._turned]]
        self._pace.begin(time.monotonic(), line_of(self.app)[0])
        self._drawing_since = time.thread_time()
        self._frames += 1
        self._draw_part(self._frames)

    def _draw_part(self, frame: int) -> None:
        if frame != self._frames:  # another one has begun instead
            return
        if not self.is_current:  # all is drawn when the screen is seen again
            self._parts.clear()
        elif not self._parts:
            self._pace.end(time.thread_time() - self._drawing_since)
        elif (wait := self._wait_for_key()) > 0:
            self.set_timer(wait, partial(self._draw_part, frame))
        else:
            if (rest := self._parts.pop(0)()) is not None:
                self._parts.insert(0, rest)
            # Textual goes from one callback to the next without a look at what else has come
            self.call_after_refresh(self.set_timer, TURN_SECONDS, partial(self._draw_part, frame))

    def _wait_for_key(self) -> float:
        """Return for how many seconds a key that came after the frame had begun has the app for itself."""
        typed = typed_at(self.app)
        return typed + _KEY_SECONDS - time.monotonic() if typed > self._pace.began else 0.0

    def read_on(self, poll: Callable[[], None]) -> None:
        """Have `poll` read more soon, since there is more: keys come first, and a frame that has begun."""
        if not self._reads_on:
            self._reads_on = True
            self.set_timer(_READ_ON_SECONDS, partial(self._read_on, poll))

    def _read_on(self, poll: Callable[[], None]) -> None:
        self._reads_on = False
        if self._parts:
            self.read_on(poll)
        else:
            poll()

    # -- the cursor ---------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Show the keys of the cursor, and the microscope's, as disabled where they can do nothing."""
        if action in ("move_cursor", "jump_cursor", "first_step", "microscope"):
            return True if self.watched() is not None else None
        if action == "live":
            return None if self.cursor.follows else True
        return True

    def action_move_cursor(self, looks: int) -> None:
        """Look at a measured step before, or after."""
        if (feed := self.watched()) is not None:
            self.cursor.move(looks, feed.history)
            self._moved()

    def action_jump_cursor(self, jumps: int) -> None:
        """Look at a step well before, or after."""
        if (feed := self.watched()) is not None:
            self.cursor.jump(jumps, feed.history)
            self._moved()

    def action_first_step(self) -> None:
        """Look at the first step."""
        if (feed := self.watched()) is not None:
            self.cursor.go_first(feed.history)
            self._moved()

    def action_live(self) -> None:
        """Look at the newest step, and go on with the run."""
        self.cursor.go_live()
        self._moved()

    def action_microscope(self) -> None:
        """Walk through one batch of the run, at the step under the cursor."""
        if (feed := self.watched()) is not None:
            step = None if self.cursor.follows else self.cursor.step(feed.history)
            self.post_message(self.MicroscopeRequested(feed.run, step))

    def on_plot_step_chosen(self, event: Plot.StepChosen) -> None:
        """Look at a step that was clicked."""
        if (feed := self.watched()) is not None:
            self.cursor.go_to(event.step, feed.history)
            self._moved()

    def _moved(self) -> None:
        self.refresh_bindings()
        self.show_moment()


class AskingScreen(TimeScreen):
    """A screen beside Train: it looks at the run that is watched there, and asks the inspector about it."""

    def __init__(
        self,
        feed: Callable[[], RunFeed | None],
        inspector: Inspector,
        *,
        ascii_only: bool = False,
        cursor: Cursor | None = None,
    ) -> None:
        super().__init__(cursor)
        self._feed = feed
        self._inspector = inspector
        self._ascii_only = ascii_only

    def watched(self) -> RunFeed | None:
        """Return the run that the Train screen watches, and reads."""
        return self._feed()
