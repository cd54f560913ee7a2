"""Compare: two runs or more over each other, live ones as they go; what differs, and what came of it."""

from functools import partial
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.events import Resize, ScreenResume
from textual.widgets import Static

from dlcore.clean import clean
from tui.bindings import bindings
from tui.comparison import Comparison, Member
from tui.drawing.overlay import What, chart, overlay
from tui.drawing.plotting import Curve, shown_mark
from tui.feed import RunFeed
from tui.messages import RunOpened
from tui.screens.dialogs import Answer, Pick
from tui.screens.exporting import export_runs
from tui.screens.time_screen import Part
from tui.screens.verifying import verify_run
from tui.screens.view_screen import ViewScreen
from tui.watching.cursor import Cursor
from tui.watching.viewing import Viewing
from tui.widgets.compare.flows import Flows, flow_of
from tui.widgets.compare.legend import LEGEND_SHARE, RunLegend, rows_of
from tui.widgets.compare.overlay_plot import OverlayPlot
from tui.widgets.compare.parameters import Parameters
from tui.widgets.compare.tables import Heading, columns_of, lines_of
from tui.widgets.header import Header
from tui.widgets.key_line import KeyLine
from tui.widgets.pane_tabs import PaneTabs
from tui.widgets.shortening import in_lines
from tui.widgets.status_line import packed

PANES = ("Curves", "Gradients", "Differences", "Parameters")
_BODIES = ("compare-curves", "compare-flows", "compare-differences", "compare-parameters")
_CURVES, _FLOWS, _DIFFERENCES, _PARAMETERS = range(len(PANES))
_MOST_FLOWS = 8
"""Gradients of so many runs stand side by side at most, however wide the terminal is."""
_MOST_SAID = 2
"""Lines of the verdict."""
_POLL_SECONDS = 0.1


class CompareScreen(ViewScreen):
    """The runs above, one of four panes below; the cursor goes through the steps of the chosen run."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("compare")
    AUTO_FOCUS = None
    PLACE = "compare"

    def __init__(
        self,
        comparison: Comparison,
        viewing: Viewing,
        *,
        active: str = "runs",
        ascii_only: bool = False,
    ) -> None:
        """`active` is the name of a tab."""
        super().__init__(Cursor())
        self.viewing = viewing
        self.comparison = comparison
        self._active = active
        self._ascii_only = ascii_only
        self._pane = _CURVES
        self._is_swapped = False
        self._stale = True
        self._seen = overlay(comparison, viewing.view([], 0, None, 80))
        self._shown: dict[str, tuple[object, ...]] = {}

    def compose(self) -> ComposeResult:
        """Return the parts, from top to bottom."""
        yield Header(self._active)
        yield PaneTabs(PANES)
        yield RunLegend(ascii_only=self._ascii_only)
        yield Static(id="compare-verdict")
        with Horizontal(id=_BODIES[_CURVES]):
            yield OverlayPlot(id="compare-loss", ascii_only=self._ascii_only)
            yield OverlayPlot(id="compare-score", ascii_only=self._ascii_only)
        with Horizontal(id=_BODIES[_FLOWS]):
            yield Flows(_MOST_FLOWS, ascii_only=self._ascii_only)
        with VerticalScroll(id=_BODIES[_DIFFERENCES], can_focus=False):
            yield Static(id="compare-table")
        with Horizontal(id=_BODIES[_PARAMETERS]):
            yield Parameters(ascii_only=self._ascii_only)
        yield Static(id="compare-step", classes="essential")
        yield KeyLine()

    def on_mount(self) -> None:
        """Begin to look."""
        number, left_out = len(self.comparison.members), self.comparison.left_out
        self.query_one(Header).aside = (
            f"{number} of {number + left_out} runs" if left_out else f"{number} runs"
        )
        self._show_pane()
        self.set_interval(_POLL_SECONDS, self._poll)
        self._poll()

    # -- looking ------------------------------------------------------------------------------------

    def watched(self) -> RunFeed:
        """Return the run that is chosen: the cursor goes through its steps."""
        return self.comparison.member.feed

    def show_moment(self) -> None:
        """Draw anew without waiting for a frame's turn."""
        if self.is_current and self.is_mounted:
            self._begin_frame()

    def view_changed(self, said: str) -> None:
        """Draw the curves as they are wanted now; the line below says how that is."""
        self.show_moment()

    def _poll(self) -> None:
        """Read what is new of each run, and draw it when a frame is due."""
        self._stale |= self.comparison.read()
        if self.comparison.is_behind:
            self.read_on(self._poll)
        feeds = [member.feed for member in self.comparison.members]
        busiest = next((feed for feed in feeds if feed.takes_every_core), feeds[0])
        if self._stale and self.is_due(busiest):
            self._begin_frame()

    def _begin_frame(self) -> None:
        """Draw what is known by now, and only what is seen."""
        self._stale = False
        comparison, cursor = self.comparison, self.cursor
        chosen = comparison.member.history
        others = [one.history for one in comparison.members if one is not comparison.member]
        columns = max(20, self.size.width // 2)  # as in the pane of the curves, so that figures stay the same
        view = self.viewing.view([chosen, *others], cursor.step(chosen), cursor.past(chosen), columns)
        self._seen = overlay(comparison, view)
        self.begin_frame(self._draw_legend, self._draw_verdict, *self._body())

    def _body(self) -> tuple[Part, ...]:
        """Return what draws the pane that is seen."""
        parts: tuple[tuple[Part, ...], ...] = (
            (self._draw_loss, self._draw_score),
            (self._draw_flows,),
            (self._draw_table,),
            (self._draw_parameters,),
        )
        return parts[self._pane]

    def _draw_legend(self) -> None:
        room = int(LEGEND_SHARE * self.size.height) - 1
        rows = rows_of(self._seen, self._trained("loss"), self._trained("score"), room)
        self.query_one(RunLegend).show_rows(rows, self.comparison.chosen)
        self._put("#compare-step", self._line())

    def _trained(self, what: What) -> bool:
        """Whether a plot shows the figures of the training steps: that of the loss, unless swapped."""
        return (what == "loss") != self._is_swapped

    def _line(self) -> Content:
        """Return where the cursor stands, and how the curves are seen."""
        member = self.comparison.member
        step, follows = self.cursor.step(member.history), self.cursor.follows
        where = Content(f"{'' if follows else '‹ '}step {step:,} of {clean(member.name)}")
        parts = [where if follows else where.stylize("bold $text-warning")]
        if self.comparison.reading:
            parts.append(Content(self.comparison.reading))
        if not follows:
            parts.append(Content("end: back").stylize("$secondary"))
        if self._pane != _DIFFERENCES and self.query_one(RunLegend).is_cut:
            said = f"they differ in more: tab to {PANES[_DIFFERENCES]}"
            parts.append(Content(said).stylize("$secondary"))
        parts += [Content(mode) for mode in self.viewing.modes()]
        return packed(parts, self.size.width - 2, 1)[0]

    def _draw_verdict(self) -> None:
        said = self.comparison.verdict()
        self.query_one("#compare-verdict").display = bool(said)
        self._put(
            "#compare-verdict", Content("\n".join(in_lines(clean(said), self.size.width - 2, _MOST_SAID)))
        )

    def _draw_loss(self) -> Part:
        return self._draw_plot("loss")

    def _draw_score(self) -> Part:
        return self._draw_plot("score")

    def _draw_plot(self, what: What) -> Part:
        plot = self.query_one(f"#compare-{what}", OverlayPlot)
        return partial(plot.show, chart(self._seen, what, trained=self._trained(what)))

    def _draw_flows(self) -> None:
        shown, member = self.comparison.shown, self.comparison.member
        flows = [flow_of(one, self._seen, self._heading(one)) for one in shown]
        self.query_one(Flows).show(flows, shown.index(member) if member in shown else 0)

    def _draw_table(self) -> None:
        headings = [self._heading(one) for one in self.comparison.members]
        width = self.query_one(f"#{_BODIES[_DIFFERENCES]}").size.width - 3
        table = columns_of(headings, lines_of(self.comparison), self.comparison.chosen, max(30, width))
        self._put("#compare-table", table)

    def _draw_parameters(self) -> None:
        self.query_one(Parameters).show(self.comparison, dark=self.app.current_theme.dark)

    def _heading(self, member: Member) -> Heading:
        """Return the mark and the name of a run, and the colour of both."""
        look = member.look
        mark = shown_mark(Curve("", (), mark=look.mark), self._ascii_only)
        return Heading(mark, member.name, look.dark if self.app.current_theme.dark else look.light)

    def _put(self, name: str, content: Content) -> None:
        seen = content.plain, tuple(content.spans)  # contents are equal where their texts are
        if self._shown.get(name) != seen:
            self._shown[name] = seen
            self.query_one(name, Static).update(content)

    def on_resize(self, event: Resize) -> None:
        """Draw for the new size."""
        super().on_resize(event)
        self.call_after_refresh(self.show_moment)

    def on_screen_resume(self, event: ScreenResume) -> None:
        """Draw what has come while another screen was seen."""
        self.call_after_refresh(self.show_moment)

    def _step_at(self, place: float) -> float:
        """Return the step of the chosen run, from a place on the axis that all share."""
        return self._seen.scope(self.comparison.member).ruler.step(place)

    # -- keys ---------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Show keys only where they do something."""
        if action in ("turn_parameter", "turn_result"):
            return self._pane == _PARAMETERS
        if action == "swap":
            return self._pane == _CURVES
        if action == "scroll":
            return self._pane == _DIFFERENCES
        return super().check_action(action, parameters)

    def action_turn(self, by: int) -> None:
        """Go on to the next pane, or back to the one before."""
        self._choose_pane((self._pane + by) % len(PANES))

    def on_pane_tabs_chosen(self, event: PaneTabs.Chosen) -> None:
        """Show the pane whose name was clicked."""
        self._choose_pane(event.index)

    def _choose_pane(self, pane: int) -> None:
        self._pane = pane
        self._show_pane()
        self.refresh_bindings()
        self.call_after_refresh(self.show_moment)  # once it has been laid out

    def _show_pane(self) -> None:
        for index, name in enumerate(_BODIES):
            self.query_one(f"#{name}").display = index == self._pane
        self.query_one(PaneTabs).show(self._pane)

    def action_choose(self, by: int) -> None:
        """Choose another run."""
        self._choose((self.comparison.chosen + by) % len(self.comparison.members))

    def on_run_legend_picked(self, event: RunLegend.Picked) -> None:
        """Choose the run that was clicked."""
        self._choose(event.member)

    def _choose(self, index: int) -> None:
        if index != self.comparison.chosen and index < len(self.comparison.members):
            self.comparison.chosen = index
            self._moved()

    def action_hide(self) -> None:
        """Take the chosen run out of the plots, or put it back; one always stays."""
        member = self.comparison.member
        if member.hidden or len(self.comparison.shown) > 1:
            member.hidden = not member.hidden
            self.show_moment()

    def action_swap(self) -> None:
        """Show held-out figures where those of training are, and the other way round."""
        self._is_swapped = not self._is_swapped
        self.show_moment()

    def action_turn_parameter(self, by: int) -> None:
        """Choose another key."""
        self.query_one(Parameters).turn(by, 0)
        self.show_moment()

    def action_turn_result(self, by: int) -> None:
        """Choose another figure."""
        self.query_one(Parameters).turn(0, by)
        self.show_moment()

    def action_scroll(self, lines: int) -> None:
        """Scroll the table, where it is longer than its place."""
        body = self.query_one(f"#{_BODIES[_DIFFERENCES]}", VerticalScroll)
        body.scroll_to(y=body.scroll_offset.y + lines, animate=False)

    def action_open(self) -> None:
        """Watch the chosen run."""
        run = self.comparison.member.feed.run
        self.app.post_message(RunOpened(run))
        self.dismiss()

    @work
    async def action_export(self) -> None:
        """Write all runs to files, also beside each other, or the chosen one alone."""
        runs, chosen = [member.feed.run for member in self.comparison.members], self.comparison.member
        together = Answer("all", f"These {len(runs)} runs, and all of them together.")
        alone = Answer("one", f"{chosen.feed.run.id} alone.")
        word = await self.app.push_screen_wait(Pick("Export", [together, alone], "all"))
        if word is not None:
            await export_runs(self.app, runs if word == "all" else [chosen.feed.run])

    def action_verify(self) -> None:
        """Prove the chosen run by its script."""
        feed = self.comparison.member.feed
        verify_run(self.app, feed.run, is_live=feed.live)

    def action_back(self) -> None:
        """Go back to the screen before."""
        self.dismiss()
