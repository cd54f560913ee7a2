"""What the panes share that list the layers above and draw their course over time below."""

from abc import abstractmethod
from collections.abc import Callable, Sequence

from textual.content import Content
from textual.widget import Widget

from dlcore.foreign import is_imported
from tui.asking.inspector import Inspector
from tui.widgets.panes.pane import Moment, Pane

_LEAST_PLOT = 6
"""Rows of a plot that can be read: legend, three of curves, axis."""
_GOOD_PLOT = 9
"""Rows that each of several plots must have."""
NOT_IN_LOG = "The log that was imported does not tell this."


class Layered(Pane):
    """Layers from input to output, one below the other; over time where there is room."""

    def __init__(self, inspector: Inspector, *, ascii_only: bool = False) -> None:
        super().__init__(inspector, ascii_only=ascii_only)
        self.moment: Moment | None = None

    @abstractmethod
    def draw(self, moment: Moment) -> None:
        """Draw what is known of a moment, as far as it differs from what is seen."""

    def look(self, moment: Moment) -> None:
        """Show a moment."""
        self.moment = moment
        self.draw(moment)

    def on_resize(self) -> None:
        """Share the room anew."""
        if self.moment is not None:
            self.draw(self.moment)

    def share(self, rows: int, upper: Widget, *plots: Widget) -> int:
        """Give the list so many rows, and the rest to as many plots as can be read; return how many."""
        left = self.size.height - rows
        number = max(min(1, left // _LEAST_PLOT), min(len(plots), left // _GOOD_PLOT)) if left > 0 else 0
        gap = 1 if number and left > number * _LEAST_PLOT else 0
        for index, plot in enumerate(plots):
            plot.display = index < number
        upper.styles.height = rows + gap if number else "1fr"
        return number


class Choice:
    """Which layer is chosen, if any."""

    def __init__(self, index: int | None = None) -> None:
        self.index = index
        self._first = index

    def move(self, by: int, count: int) -> bool:
        """Go so many layers on; above the first one is the start, where none need be chosen."""
        before = self.index
        if count:
            index = (-1 if self.index is None else self.index) + by
            self.index = self._first if index < 0 else min(index, count - 1)
        return self.index != before

    def within(self, count: int) -> int | None:
        """Return the chosen layer of a network of so many."""
        return None if self.index is None or not count else min(self.index, count - 1)


def absent(moment: Moment, first: int | None) -> str:
    """Return why there is nothing to show at a moment; `first` is the step that was measured first."""
    if is_imported(moment.config.model):
        return NOT_IN_LOG
    if not moment.config.training.probe_budget:
        return "Not measured: training.probe_budget is 0."
    if first is not None:
        return f"Nothing was measured before step {first:,}."
    return "This is measured from the first step on."


def in_sight(count: int, room: int, chosen: int | None = None) -> Sequence[range]:
    """Return which of `count` rows to show in the room there is: the first and the last, around a gap.

    A gap takes a row. A chosen row in the middle is shown with its neighbours instead, between two gaps.
    """
    if count <= room:
        return [range(count)]
    if room < 3:
        start = min(chosen or 0, max(count - room, 0))
        return [range(start, start + max(room, 0))]
    head = room // 2
    tail = room - head - 1
    if chosen is None or chosen < head or chosen >= count - tail:
        return [range(head), range(count - tail, count)]
    first = max(1, min(chosen - (room - 2) // 2, count - room + 1))
    return [range(0), range(first, first + room - 2), range(count, count)]


def listed(count: int, room: int, chosen: int | None, row: Callable[[int], Content]) -> list[Content]:
    """Return the lines of the rows that fit, and between them how many are left out."""
    lines: list[Content] = []
    stop = 0
    for rows in in_sight(count, room, chosen):
        if rows.start > stop and room > 2:
            lines.append(Content(f"⋮ {rows.start - stop} more").stylize("$secondary"))
        lines += map(row, rows)
        stop = rows.stop
    return lines
