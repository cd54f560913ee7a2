"""A drawing in so many colours that a terminal must have enough of them; else it is in letters."""

from dataclasses import replace

from tui.widgets.pictures.drawing import Canvas, Drawing

_FEW_COLORS = ("standard", "windows")


class Picture(Drawing):
    """A drawing for pixels: where there are only sixteen colours there are none."""

    DEFAULT_CSS = """
    Picture { padding: 0; }
    """

    @property
    def canvas(self) -> Canvas:
        """The room there is now."""
        return self._canvas(*self.size)

    def _canvas(self, width: int, height: int) -> Canvas:
        canvas = super()._canvas(width, height)
        has_few = self.app.console.color_system in _FEW_COLORS
        return replace(canvas, colorless=canvas.colorless or has_few)
