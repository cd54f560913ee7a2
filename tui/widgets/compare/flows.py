"""The gradient flow of each run, next to each other and on one scale."""

from collections.abc import Sequence
from dataclasses import dataclass

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from dlcore.clean import clean
from tui.comparison import Member
from tui.drawing.overlay import Overlay
from tui.watching.looks import Look, look_at
from tui.widgets.compare.tables import Heading
from tui.widgets.gradient_bars import GradientBars

LEAST = 30
"""Columns that the bars of one run take at least."""


@dataclass(frozen=True)
class Flow:
    """The gradients of one run, at the step that is looked at."""

    title: str
    """Its mark and its name."""
    color: str
    look: Look | None
    note: str = ""
    """What is said where nothing was measured."""


def flow_of(member: Member, seen: Overlay, heading: Heading) -> Flow:
    """Return the gradients of a run at the cursor's place on the axis."""
    gradients = member.history.gradients
    look = look_at(gradients, seen.step(member), follows=seen.cursor is None)
    note = "" if look is not None else "not measured by then" if gradients.steps else "not measured yet"
    return Flow(f"{heading.mark} {heading.name}", heading.color, look, note)


class _Column(Vertical):
    """The bars of one run below its name."""

    DEFAULT_CSS = """
    _Column { width: 1fr; height: 1fr; padding: 0 1 0 0; }
    _Column > Static { height: 1; padding: 0 0 0 1; text-wrap: nowrap; text-overflow: ellipsis; }
    _Column > GradientBars { height: 1fr; }
    """

    def __init__(self, ascii_only: bool) -> None:
        super().__init__()
        self._title = ""
        self._bars = GradientBars()
        self._bars.ascii_only = ascii_only

    def compose(self) -> ComposeResult:
        """Return name and bars."""
        yield Static()
        yield self._bars

    def show(self, flow: Flow, figures: Sequence[float]) -> None:
        """Show a run; the scale holds the `figures` of all."""
        title = clean(flow.title)
        if title != self._title:
            self._title = title
            self.query_one(Static).update(Content(title).stylize(f"bold {flow.color}"))
        if flow.look is None:
            self._bars.say(flow.note)
        else:
            self._bars.show(flow.look.figures, flow.look.step, figures)


class Flows(Widget):
    """As many runs as there is room for, the chosen one among them, and a line that says how many."""

    DEFAULT_CSS = """
    Flows { height: 1fr; }
    Flows > Horizontal { height: 1fr; }
    Flows > Static { height: 1; padding: 0 1; color: $secondary; }
    """

    def __init__(self, most: int, *, ascii_only: bool = False) -> None:
        """`most` is how many runs there can be."""
        super().__init__()
        self._columns = [_Column(ascii_only) for _ in range(most)]
        self._said = ""

    def compose(self) -> ComposeResult:
        """Return the columns and the line below."""
        yield Horizontal(*self._columns)
        yield Static()

    def room(self) -> int:
        """Return for how many runs there is room."""
        return max(1, min(len(self._columns), self.size.width // LEAST))

    def show(self, flows: Sequence[Flow], chosen: int) -> None:
        """Show the runs around the chosen one."""
        room = self.room()
        first = max(0, min(chosen - room // 2, len(flows) - room))
        seen = flows[first : first + room]
        looks = [flow.look for flow in flows if flow.look is not None]
        figures = [figure for look in looks for figure in (*look.figures.values(), *look.recent)]
        for index, column in enumerate(self._columns):
            column.display = index < len(seen)
            if index < len(seen):
                column.show(seen[index], figures)
        said = f"{len(seen)} of {len(flows)} runs: ↑ ↓ for the others" if len(seen) < len(flows) else ""
        if said != self._said:
            self._said = said
            self.query_one("Flows > Static", Static).update(Content(said))
