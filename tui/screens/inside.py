"""Inside: what happens in the network, layer by layer, now and at any step before."""

from collections.abc import Callable
from functools import partial
from typing import ClassVar

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.events import Resize, ScreenResume
from textual.widgets import Static

from dlcore.clean import clean
from dlcore.oneline import print_line
from tui.asking.inspector import Inspector
from tui.bindings import bindings
from tui.feed import RunFeed
from tui.screens.time_screen import AskingScreen
from tui.watching.cursor import Cursor
from tui.watching.readout import place
from tui.widgets.header import Header
from tui.widgets.key_line import KeyLine
from tui.widgets.pane_tabs import PaneTabs
from tui.widgets.panes.activations import Activations
from tui.widgets.panes.boundary import Boundary
from tui.widgets.panes.features import Features
from tui.widgets.panes.gradients import Gradients
from tui.widgets.panes.histograms import Histograms
from tui.widgets.panes.pane import Moment, Pane
from tui.widgets.panes.predictions import Predictions
from tui.widgets.panes.surface import Surface
from tui.widgets.panes.updates import Updates
from tui.widgets.panes.waterfall import Waterfall
from tui.widgets.panes.weights import Weights
from tui.widgets.status_line import packed

PANES: tuple[type[Pane], ...] = (
    Gradients,
    Waterfall,
    Updates,
    Activations,
    Histograms,
    Weights,
    Features,
    Boundary,
    Predictions,
    Surface,
)
"""In the order in which they are named and gone through."""

_POLL_SECONDS = 0.1
_TWO_COLUMNS = 110
"""Columns from which on there is room for two panes."""
_NO_RUN = "No run is open. Start one in Setup (1), or open one in Runs (5)."


class InsideScreen(AskingScreen):
    """Panes of one run at the step under the cursor. A pane is built when it is first shown."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("inside")
    AUTO_FOCUS = None

    def __init__(
        self,
        feed: Callable[[], RunFeed | None],
        inspector: Inspector,
        *,
        ascii_only: bool = False,
        cursor: Cursor | None = None,
    ) -> None:
        super().__init__(feed, inspector, ascii_only=ascii_only, cursor=cursor)
        self._panes: dict[int, Pane] = {}
        self._active = 0
        self._drawn: tuple[object, ...] = ()
        """What the run had said when it was last drawn."""

    def compose(self) -> ComposeResult:
        """Return the parts, from top to bottom."""
        yield Header("inside")
        yield Static(id="run-line")
        yield PaneTabs([pane.TITLE for pane in PANES])
        yield Horizontal(id="inside-body")
        yield Static(id="inside-message")
        yield Static(id="inside-step", classes="essential")
        yield KeyLine()

    async def on_mount(self) -> None:
        """Begin to look, and have torch imported before a pane asks."""
        self._inspector.warm_up()
        await self._arrange()
        self.set_interval(_POLL_SECONDS, self._poll)
        self.show_moment()

    # -- which panes are seen -----------------------------------------------------------------------

    @property
    def pane(self) -> Pane:
        """The active pane, to which the arrows go."""
        return self._panes[self._active]

    def _beside(self) -> int | None:
        """Return the number of the pane beside the active one, where there is room for two."""
        titles = [pane.TITLE for pane in PANES]
        wanted = PANES[self._active].BESIDE
        return titles.index(wanted) if wanted in titles and self.app.size.width >= _TWO_COLUMNS else None

    async def _arrange(self) -> None:
        """Show the active pane, and another one beside it, in the order of their names."""
        beside = self._beside()
        shown = sorted({self._active} if beside is None else {self._active, beside})
        body = self.query_one("#inside-body")
        for index in shown:
            if index not in self._panes:
                later = [self._panes[other] for other in sorted(self._panes) if other > index]
                pane = self._panes[index] = PANES[index](self._inspector, ascii_only=self._ascii_only)
                await body.mount(pane, before=later[0] if later else None)
        for index, pane in self._panes.items():
            pane.display = index in shown
        self.query_one(PaneTabs).show(self._active, beside)

    async def choose(self, index: int) -> None:
        """Show a pane."""
        if index != self._active:
            self._active = index
            await self._arrange_anew()

    async def action_turn(self, by: int) -> None:
        """Go on to the next pane, or back to the one before."""
        await self.choose((self._active + by) % len(PANES))

    async def on_pane_tabs_chosen(self, event: PaneTabs.Chosen) -> None:
        """Show the pane whose name was clicked."""
        await self.choose(event.index)

    def action_move_in_pane(self, columns: int, rows: int) -> None:
        """Move what is chosen within the active pane."""
        if self._active in self._panes and self.pane.move(columns, rows):
            self.show_moment()

    # -- looking ------------------------------------------------------------------------------------

    def show_moment(self) -> None:
        """Draw anew without waiting for a frame's turn."""
        if not self.is_current:  # on_screen_resume draws everything
            return
        feed = self.watched()
        self._drawn = _state(feed)
        seen = [pane for _, pane in sorted(self._panes.items()) if pane.display]
        looks = [partial(self._look, pane) for pane in seen] if feed is not None and feed.config else []
        self.begin_frame(self._draw_lines, *looks)

    def _poll(self) -> None:
        feed = self.watched()
        if feed is not None and _state(feed) != self._drawn and self.is_due(feed):
            self.show_moment()

    def _look(self, pane: Pane) -> None:
        feed = self.watched()
        if feed is not None and feed.config is not None and pane.is_mounted:
            step = self.cursor.step(feed.history)
            pane.look(Moment(feed.run, feed.config, feed.history, step, self.cursor.follows))

    def _draw_lines(self) -> None:
        feed = self.watched()
        config = feed.config if feed is not None else None
        self.query_one(Header).aside = feed.called if feed is not None else ""
        line = print_line(config.folded()) if config is not None else ""
        self._say("run-line", feed.source.told() if feed is not None and feed.source is not None else line)
        self._say("inside-message", _NO_RUN if feed is None else feed.problem if config is None else "")
        self.query_one("#inside-message").set_class(config is not None, "-gone")
        self.query_one("#inside-body").set_class(config is None, "-gone")
        self._draw_step(feed if config is not None else None)

    def _draw_step(self, feed: RunFeed | None) -> None:
        line = self.query_one("#inside-step", Static)
        text = Content("")
        if feed is not None:
            parts = place(feed.history, self.cursor, is_live=feed.live)
            reading = [Content(clean(feed.reading))] if feed.reading else []
            arrows = "" if self.has_class("-tiny") else PANES[self._active].MOVES
            room = line.size.width - cell_len(arrows)
            shown = [parts[0], *reading, *parts[1:]]
            text = Content("\n").join(packed(shown, room - 2 * bool(arrows), line.size.height))
            if arrows:
                text = Content.assemble(text, " " * (room - text.cell_length), (arrows, "$secondary"))
        if not isinstance(line.content, Content) or not text.is_same(line.content):
            line.update(text, layout=False)

    def _say(self, name: str, text: str) -> None:
        place_of = self.query_one(f"#{name}", Static)
        content = Content(clean(text)).stylize("$secondary")
        if place_of.content != content:
            place_of.update(content)

    def on_resize(self, event: Resize) -> None:
        """Arrange for the new size."""
        if self._panes:
            self.call_later(self._arrange_anew)

    async def _arrange_anew(self) -> None:
        await self._arrange()
        self.show_moment()

    def on_screen_resume(self, event: ScreenResume) -> None:
        """Draw what has come while another screen was seen."""
        self.show_moment()


def _state(feed: RunFeed | None) -> tuple[object, ...]:
    """Return what differs whenever there is something new to draw."""
    if feed is None:
        return ()
    return feed, feed.history, feed.history.seq, feed.state, feed.reading, feed.problem
