"""The learning-rate finder over Setup: three sweeps as they come, the band they suggest, a rate to take."""

import time
from typing import Any, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.events import Resize
from textual.screen import ModalScreen
from textual.widgets import Static

from dlcore.clean import clean
from dlcore.config import RunConfig, to_table
from dlcore.lr_band import SWEEPS, Suggestion, place_of, suggested
from tui.asking.inspector import Inspector
from tui.bindings import bindings
from tui.nudge import neighbour
from tui.terminal.driver import line_of
from tui.terminal.pace import Pace
from tui.widgets.key_line import KeyLine
from tui.widgets.rate_plot import RatePlot

_FINE = 10 ** (1 / 20)
"""A fine step: twenty of them are a decade."""


class RateFinder(ModalScreen[str | None]):
    """Hands back the rate that was taken, as it would be typed; None when it was left."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("rates")
    PLACE = "rates"
    AUTO_FOCUS = None
    DEFAULT_CSS = """
    RateFinder > Vertical {
        width: 96%; max-width: 130; height: 90%; max-height: 40; padding: 1 2 0 2; background: $panel;
    }
    RateFinder .rates--title { height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
    RateFinder RatePlot { margin-top: 1; }
    RateFinder .rates--chosen { height: 1; margin-top: 1; text-wrap: nowrap; text-overflow: ellipsis; }
    RateFinder .rates--said { height: 2; }
    RateFinder KeyLine { margin: 0; padding: 0; }
    """

    def __init__(self, inspector: Inspector, config: RunConfig, *, ascii_only: bool = False) -> None:
        super().__init__()
        self._inspector = inspector
        self._config = config
        self._ascii_only = ascii_only
        self._pace = Pace()
        self._rates: list[float] = []
        self._sweeps: list[list[float]] = []
        self._suggestion: Suggestion | None = None
        """None while there are sweeps to come."""
        self._problem = ""
        self._present = config.optimizer.lr
        self._chosen = self._present
        self._was_moved = False

    def compose(self) -> ComposeResult:
        """Return the parts, from top to bottom."""
        title = Content.assemble(
            ("Learning-rate finder", "bold"),
            (f"   {self._config.optimizer.kind} on {clean(self._config.name)}", "$secondary"),
        )
        with Vertical():
            yield Static(title, classes="rates--title")
            yield RatePlot(ascii_only=self._ascii_only)
            yield Static(classes="rates--chosen")
            yield Static(classes="rates--said")
            yield KeyLine()

    def on_mount(self) -> None:
        """Begin to sweep."""
        self._show()
        self._sweep()

    # -- sweeping -----------------------------------------------------------------------------------

    @work(exclusive=True)
    async def _sweep(self) -> None:
        """Ask for one part of the sweeps after the other; other questions have their turn between."""
        table = to_table(self._config)
        answer: dict[str, Any] = {}
        while not (answer.get("done") or self._problem):
            answer = await self._inspector.ask("lr_range", config=table, begin=not answer)
            self._take_in(answer)
            now = time.monotonic()
            sent, is_busy = line_of(self.app)
            if answer.get("done") or self._problem or self._pace.is_due(now, sent, is_busy=is_busy):
                self._pace.begin(now, sent)
                self._show()
                self._pace.end(time.monotonic() - now)

    def _take_in(self, answer: dict[str, Any]) -> None:
        self._problem = str(answer.get("error", ""))
        if self._problem:
            return
        self._rates, self._sweeps = answer["rates"], answer["sweeps"]
        if answer["done"]:
            self._suggestion = suggested(self._rates, self._sweeps)
            if self._suggestion.band is not None and not self._was_moved:
                self._chosen = float(_written(self._suggestion.band.middle))
            self.refresh_bindings()

    # -- showing ------------------------------------------------------------------------------------

    def _show(self) -> None:
        """Show all that is known by now."""
        band = self._suggestion.band if self._suggestion is not None else None
        self.query_one(RatePlot).show_sweeps(self._rates, self._sweeps, band, self._chosen)
        style = "bold $text-error" if self._problem else "bold"
        chosen = Content(clean(self._problem) or self._chosen_words()).stylize(style)
        self._put(".rates--chosen", chosen)
        self._put(".rates--said", Content(self._said()).stylize("$secondary"))

    def _put(self, place: str, content: Content) -> None:
        line = self.query_one(place, Static)
        if line.content != content:
            line.update(content)

    def _chosen_words(self) -> str:
        band = self._suggestion.band if self._suggestion is not None else None
        words = f"lr {_written(self._chosen)}"
        if self._chosen == self._present:
            words += ", as in the form"
        return f"{words}: {place_of(self._chosen, band)}" if band is not None else words

    def _said(self) -> str:
        """Return what the sweeps say, or how far they are."""
        if self._problem:
            return ""
        if self._suggestion is not None:
            return f"{self._suggestion.said} In the form: {self._present:g}."
        if not self._sweeps or not self._sweeps[-1]:
            return "Preparing data and network …"
        rate = self._rates[len(self._sweeps[-1]) - 1]
        return f"Sweep {len(self._sweeps)} of {SWEEPS}: the rate has grown to {rate:.2g} …"

    def on_resize(self, event: Resize) -> None:
        """Draw for the new size."""
        self._show()

    # -- keys ---------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Show the key for the middle as disabled while there is no band."""
        if action == "middle":
            return True if self._suggestion is not None and self._suggestion.band is not None else None
        return True

    def action_move(self, direction: int) -> None:
        """Choose the next rate of 1, 2, 5, 10 …, below or above."""
        self._choose(neighbour(self._chosen, direction))

    def action_fine(self, direction: int) -> None:
        """Choose a rate that is a little lower or higher."""
        self._choose(self._chosen * _FINE**direction)

    def action_middle(self) -> None:
        """Choose the middle of the band."""
        if self._suggestion is not None and self._suggestion.band is not None:
            self._choose(self._suggestion.band.middle)

    def _choose(self, rate: float) -> None:
        if self._rates:
            rate = min(max(rate, self._rates[0]), self._rates[-1])
        self._chosen, self._was_moved = float(_written(rate)), True
        self._show()

    def action_take(self) -> None:
        """Hand the chosen rate to the form."""
        self._leave(None if self._chosen == self._present else _written(self._chosen))

    def action_leave(self) -> None:
        """Go back to the form, and leave it as it was."""
        self._leave(None)

    def _leave(self, rate: str | None) -> None:
        if self._suggestion is None and not self._problem:  # let go of data and network
            self.app.run_worker(self._inspector.ask("lr_range", end=True))
        self.dismiss(rate)


def _written(rate: float) -> str:
    """Return a rate as it is typed: in two digits, for the test says no more."""
    return f"{rate:.2g}"
