"""The widget of layers × time: it keeps its last lines, and refreshes only those that changed."""

from functools import lru_cache
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.events import Click
from textual.geometry import NULL_SIZE, Region, Size
from textual.strip import Strip
from textual.widget import Widget

from dlcore.clean import clean
from tui.drawing.plot_frame import GUTTER, x_of
from tui.widgets.panes.heat import Heat, Line, extra, picture
from tui.widgets.panes.shades import kind_of
from tui.widgets.plot import Plot


class HeatMap(Widget):
    """A row of cells for each layer, the first at the top; several rows where there are few layers.

    Where there are too many, neighbours share a row. The columns are those of a plot as wide, less the
    figures at the right, so that one can stand below it.
    """

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "heat--usual",
        "heat--title",
        "heat--faint",
        "heat--mark",
        "heat--bad",
    }
    DEFAULT_CSS = """
    HeatMap { width: 1fr; height: 1fr; }
    HeatMap > .heat--usual { color: $foreground; }
    HeatMap > .heat--title { color: $foreground; text-style: bold; }
    HeatMap > .heat--faint { color: $secondary; }
    HeatMap > .heat--mark { color: $primary; text-style: bold; }
    HeatMap > .heat--bad { color: $text-error; text-style: bold; }
    """

    def __init__(self, *, ascii_only: bool = False) -> None:
        super().__init__()
        self._ascii_only = ascii_only
        self._shown: tuple[Heat, bool] | tuple[str, str] = ("", "")
        """A picture, and whether it has its own axis; or a title, and a sentence."""
        self._lines: list[Line] = []
        self._drawn_size: Size = NULL_SIZE

    def show(self, heat: Heat, *, with_axis: bool) -> None:
        """Show a picture instead of the last one, with steps and note below it if no plot has them."""
        self._change((heat, with_axis))

    def say(self, title: str, sentence: str) -> None:
        """Show a sentence while there is no picture."""
        self._change((title, sentence))

    def on_click(self, event: Click) -> None:
        """Choose the step under the mouse, as in a plot."""
        offset, (heat, _) = event.get_content_offset(self), self._shown
        if offset is None or isinstance(heat, str):
            return
        x = x_of(offset.x - extra(heat.labels), heat.limits, GUTTER + len(heat.columns))
        if x is not None:
            self.post_message(Plot.StepChosen(x))

    @property
    def text(self) -> list[str]:
        """The lines as they are seen, without their styles."""
        return ["".join(text for text, _ in line) for line in self._lines]

    def render_line(self, y: int) -> Strip:
        """Return a line, drawn anew if the size requires it."""
        if self._drawn_size != self.size:
            self._draw()
        usual = self._style("")
        line = self._lines[y] if y < len(self._lines) else ()
        segments = [Segment(text, self._style(style)) for text, style in line if text]
        return Strip(segments).adjust_cell_length(self.size.width, usual)

    def _change(self, shown: tuple[Heat, bool] | tuple[str, str]) -> None:
        if shown == self._shown:
            return
        self._shown = shown
        before, size = self._lines, self._drawn_size
        self._draw()
        if size != self.size or len(before) != len(self._lines):
            self.refresh()
            return
        lines = enumerate(zip(before, self._lines, strict=True))
        if changed := [Region(0, y, self.size.width, 1) for y, (old, new) in lines if old != new]:
            self.refresh(*changed)

    def _draw(self) -> None:
        first, second = self._shown
        width, height = self._drawn_size = self.size
        if isinstance(first, str):
            self._lines = [((first, "title"),), ((clean(str(second)), "faint"),)]
        else:
            kind = kind_of(self.app, ascii_only=self._ascii_only)
            self._lines = picture(first, width, height, kind, with_axis=bool(second))

    def _style(self, name: str) -> Style:
        if "#" in name:
            return _coloured(name)
        return self.get_visual_style(f"heat--{name or 'usual'}").rich_style


@lru_cache(1024)
def _coloured(style: str) -> Style:
    return Style.parse(style)
