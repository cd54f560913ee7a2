"""A finished run on the Train screen, as it went: the clock is steered, the run is not."""

from collections.abc import Callable
from typing import ClassVar

from textual.binding import BindingType

from dlcore.labels import called
from tui.bindings import bindings
from tui.screens.train import TrainScreen
from tui.watching.replay import Replay, ReplayFeed
from tui.widgets.header import Header
from tui.widgets.plot import Plot


class ReplayScreen(TrainScreen, inherit_bindings=False):
    """The same picture as on Train, with keys of its own."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("replay")
    PLACE = "replay"

    def __init__(self, replay: Replay, back: str = "train", *, ascii_only: bool = False) -> None:
        """`back` is the mode that it ends in."""
        super().__init__(None, read_only=True, ascii_only=ascii_only)
        self.feed = self.replay = ReplayFeed(replay.run, replay.speed)
        self._back = back
        self._closes = replay.closes
        self._pause = ""
        """What was last said of a pause."""

    def _poll(self) -> None:
        """Go on while somebody looks; end when all has been told and drawn, where that was asked for."""
        if not self.is_current:
            return
        super()._poll()
        if self._closes and self.replay.is_over and not self._stale and not self._parts:
            self._closes = False
            self.call_after_refresh(self.app.exit)

    def _draw_state(self) -> None:
        """Say how fast it goes as well, where nobody can take it for a run that goes on now."""
        super()._draw_state()
        how = "over" if self.replay.is_over else "held" if self.replay.held else f"{self.replay.speed:g} ×"
        self.query_one(Header).aside = f"replay {how}  {called(self.replay.run)}"

    def _say_what_happened(self) -> None:
        """Say what the run said, and which of its pauses is being shortened."""
        if self._pause and not self.replay.pause:
            self._say("")
        super()._say_what_happened()
        self._pause = self.replay.pause
        if self._pause:
            self._say(self._pause)

    def on_plot_step_chosen(self, event: Plot.StepChosen) -> None:
        """Stay: what is shown is where the replay is."""
        event.prevent_default()

    # -- keys ---------------------------------------------------------------------------------------

    def _steer(self, change: Callable[[], None]) -> None:
        """Change how it plays, and show that at once."""
        change()
        self._poll()
        self._redraw()

    def action_hold(self) -> None:
        """Stand still, or go on."""
        self._steer(lambda: self.replay.hold(not self.replay.held))

    def action_hasten(self, by: int) -> None:
        """Play faster, or slower."""
        self._steer(lambda: self.replay.hasten(by))

    def action_step_through(self, by: int) -> None:
        """Stand still one change of the picture later, or earlier."""
        self._steer(lambda: self.replay.step(by))

    def action_again(self) -> None:
        """Play from the beginning."""
        self._steer(self.replay.begin_again)

    def action_hurry(self) -> None:
        """Play to the end at once."""
        self._steer(self.replay.hurry)

    def action_end_replay(self) -> None:
        """End the replay."""
        self.app.switch_mode(self._back)
