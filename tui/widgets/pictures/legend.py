"""What the colours of a picture mean, in one line."""

from collections.abc import Sequence

from textual.color import Color
from textual.content import Content
from textual.style import Style

from tui.widgets.pictures.drawing import Canvas
from tui.widgets.pictures.packed import Pixel
from tui.widgets.pictures.shades import diverging, height

_CELLS = 12


def signed_legend(most: str, canvas: Canvas, *, is_signed: bool = True) -> Content:
    """Return the scale around zero, in colours or in letters; or its positive half alone."""
    if canvas.ascii_only or canvas.colorless:
        below = f"-{most} % = - ,   " if is_signed else "0 "
        return Content(f"{below}. + * # {most}").stylize("$secondary")
    start = -1.0 if is_signed else 0.0
    shades = [diverging(start + (1 - start) * (cell + 0.5) / _CELLS, canvas.dark) for cell in range(_CELLS)]
    low = f"−{most} " if is_signed else "0 "
    return Content.assemble((low, "$secondary"), swatch(shades), (f" {most}", "$secondary"))


def height_legend(low: str, high: str, letters: str, canvas: Canvas) -> Content:
    """Return the scale of heights, in colours or in the letters that stand for them."""
    if canvas.ascii_only or canvas.colorless:
        return Content(f"{low} {letters} {high}").stylize("$secondary")
    shades = [height(cell / (_CELLS - 1)) for cell in range(_CELLS)]
    return Content.assemble((f"{low} ", "$secondary"), swatch(shades), (f" {high}", "$secondary"))


def swatch(shades: Sequence[Pixel]) -> Content:
    """Return a cell of each colour."""
    return Content.assemble(*(("█", Style(foreground=Color(*shade))) for shade in shades))
