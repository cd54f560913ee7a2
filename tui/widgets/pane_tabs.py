"""The line of panes: their names, and which ones are seen."""

from collections.abc import Sequence
from dataclasses import dataclass

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

_GAP = " "


class PaneTabs(Widget):
    """One line of names; the active one is lit, one that is seen beside it is underlined.

    Where there is no room for all, those around the active one are shown. A click on a name chooses it.
    """

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    PaneTabs { height: 1; padding: 0 1; }
    """

    @dataclass
    class Chosen(Message):
        """A name was clicked."""

        index: int

    def __init__(self, titles: Sequence[str]) -> None:
        super().__init__()
        self._titles = list(titles)
        self._active = 0
        self._beside: int | None = None
        self._places: list[tuple[range, int]] = []

    def show(self, active: int, beside: int | None = None) -> None:
        """Light the active name, and mark that of the pane beside it."""
        if (active, beside) != (self._active, self._beside):
            self._active, self._beside = active, beside
            self.refresh()

    def render(self) -> Content:
        """Return the line."""
        first, last = self._in_sight(self.size.width)
        line = Content("‹ " if first else "").stylize("$secondary")
        self._places = []
        for index in range(first, last + 1):
            gap = _GAP if index > first else ""
            start = line.cell_length + len(gap)
            line = Content.assemble(line, gap, (f" {self._titles[index]} ", self._style(index)))
            self._places.append((range(start, line.cell_length), index))
        more = " ›" if last + 1 < len(self._titles) else ""
        return Content.assemble(line, (more, "$secondary"))

    def on_click(self, event: events.Click) -> None:
        """Choose the pane under the mouse."""
        if (offset := event.get_content_offset(self)) is not None:
            for place, index in self._places:
                if offset.x in place:
                    self.post_message(self.Chosen(index))

    def _style(self, index: int) -> str:
        if index == self._active:
            return "bold $background on $accent"
        return "underline $foreground" if index == self._beside else "$secondary"

    def _in_sight(self, width: int) -> tuple[int, int]:
        """Return the first and the last name in sight: the first ones, as long as the active one is seen."""
        widths = [len(title) + 2 + len(_GAP) for title in self._titles]
        if sum(widths) <= width:
            return 0, len(widths) - 1
        room = width - 4  # the marks of what is left out
        first = next(
            index
            for index in range(self._active + 1)
            if index == self._active or sum(widths[index : self._active + 1]) <= room
        )
        last = self._active
        while last + 1 < len(widths) and sum(widths[first : last + 2]) <= room:
            last += 1
        return first, last
