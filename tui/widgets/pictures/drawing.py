"""A widget that shows whatever a function draws into the room there is."""

from collections.abc import Callable
from dataclasses import dataclass

from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from dlcore.clean import clean_lines

_DARK = ("#56B4E9", "#E69F00", "#20B88C", "#CC79A7", "#F0E442")
_LIGHT = ("#0072B2", "#B85C00", "#007A5A", "#A34A7B", "#7A7000")
"""The colours of Okabe and Ito, as in the plots."""

_ENDLESS = 10_000


@dataclass(frozen=True)
class Canvas:
    """The room for a drawing, in cells, and what may be drawn there."""

    width: int
    height: int
    dark: bool = True
    ascii_only: bool = False
    colorless: bool = False

    def color(self, index: int) -> str:
        """Return the colour of the class number `index`; they come again after five."""
        palette = _DARK if self.dark else _LIGHT
        return palette[index % len(palette)]


Draw = Callable[[Canvas], Content]


class Drawing(Widget):
    """Shows what it is given, drawn anew for every size and theme; or a sentence.

    Where its height is `auto`, it takes as many lines as are drawn into endless room.
    """

    DEFAULT_CSS = """
    Drawing { height: 1fr; padding: 0 1; }
    """

    def __init__(self, *, ascii_only: bool = False) -> None:
        super().__init__()
        self._ascii_only = ascii_only
        self._draw: Draw = _nothing

    def show(self, draw: Draw) -> None:
        """Show a drawing."""
        self._draw = draw
        self.refresh(layout=self.styles.is_auto_height)

    def say(self, sentence: str) -> None:
        """Show a sentence instead."""
        self.show(lambda _: Content(clean_lines(sentence)).stylize("$secondary"))

    def render(self) -> Content:
        """Return the drawing for the room there is now."""
        return self._draw(self._canvas(*self.size))

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return the lines that a drawing of this width has."""
        return len(self._draw(self._canvas(width, _ENDLESS)).split("\n", allow_blank=True))

    def _canvas(self, width: int, height: int) -> Canvas:
        return Canvas(width, height, self.app.current_theme.dark, self._ascii_only, self.app.no_color)


def _nothing(_: Canvas) -> Content:
    return Content("")
