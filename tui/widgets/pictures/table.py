"""A matrix of weights as a table: the numbers themselves where there is room, else a picture of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size
from textual.color import Color
from textual.content import Content
from textual.style import Style

from dlcore.clean import clean
from tui.widgets.pictures.drawing import Canvas
from tui.widgets.pictures.packed import Pixel, Values
from tui.widgets.pictures.pixels import half_blocks, resized, signed_letters
from tui.widgets.pictures.shades import diverging, foreground

_NUMBER = 7
_LABEL = 5
_WIDEST_CELL = 12
_PIXELS_OF_A_VALUE = 6


@dataclass(frozen=True)
class Weights:
    """Rows of figures from −1 to 1, where 1 stands for `most`: a row a unit, a column an input."""

    values: Values
    most: float
    first: int
    """The number of the first unit."""
    names: tuple[str, ...]
    """Of the inputs, where they have any."""


def rows_that_fit(weights: Weights, canvas: Canvas) -> int:
    """Return how many units are seen at once."""
    return max(1, canvas.height - 1 if _has_numbers(weights, canvas) else 2 * (canvas.height - 1))


def heat_table(weights: Weights, canvas: Canvas) -> list[Content]:
    """Return a head with the inputs' names, and the units below, as many as there is room for."""
    if not weights.values or canvas.width < _LABEL + 4 or canvas.height < 3:
        return [Content("no room to draw the weights").stylize("$secondary")]
    shown = weights.values[: rows_that_fit(weights, canvas)]
    return (_numbers if _has_numbers(weights, canvas) else _picture)(weights, shown, canvas)


def _has_numbers(weights: Weights, canvas: Canvas) -> bool:
    return len(weights.values[0]) * _NUMBER + _LABEL <= canvas.width


def _numbers(weights: Weights, shown: Values, canvas: Canvas) -> list[Content]:
    columns = len(shown[0])
    names = weights.names or tuple(f"x{number}" for number in range(1, columns + 1))
    widest = max(_WIDEST_CELL, *(cell_len(clean(name)) + 2 for name in names))
    cell = min(widest, (canvas.width - _LABEL) // columns)
    head = "".join(_right(clean(name), cell) for name in names)
    lines = [Content(" " * _LABEL + head).stylize("$secondary")]
    for number, row in enumerate(shown, weights.first):
        parts = [_figure(value, value * weights.most, cell, canvas) for value in row]
        lines.append(Content.assemble((f"{number:>{_LABEL - 1}} ", "$secondary"), *parts))
    return lines


def _figure(share: float, weight: float, cell: int, canvas: Canvas) -> tuple[str, Style | str]:
    weight = 0.0 if abs(weight) < 0.005 else weight  # no minus before a zero
    text = f"{weight:.2f}" if abs(weight) < 1000 else f"{weight:.1e}"
    text = f"{text if len(text) < cell else f'{weight:.0e}'} ".rjust(cell)
    if canvas.ascii_only or canvas.colorless:
        return text, ""
    back = diverging(share, canvas.dark)
    return text, Style(foreground=Color(*_readable_on(back)), background=Color(*back))


def _readable_on(back: Pixel) -> Pixel:
    """Return black or white, whichever stands out."""
    light = (0.299 * back[0] + 0.587 * back[1] + 0.114 * back[2]) / 255
    return foreground(dark=light < 0.55)


def _picture(weights: Weights, shown: Values, canvas: Canvas) -> list[Content]:
    room = canvas.width - _LABEL
    columns = len(shown[0])
    each = max(1, min(_PIXELS_OF_A_VALUE, room // columns))
    width = min(room, columns * each)
    tall = max(1, min(4, 2 * (canvas.height - 1) // len(shown)))
    values = resized(shown, width, len(shown) * tall)
    if canvas.ascii_only or canvas.colorless:
        drawn = signed_letters(values)
    else:
        drawn = half_blocks([[diverging(one, canvas.dark) for one in row] for row in values])
    head = _head(weights.names, columns, width)
    lines = [Content(" " * _LABEL + head).stylize("$secondary")]
    for line, content in enumerate(drawn):
        unit = 2 * line // tall
        is_first = 2 * line % tall == 0
        label = f"{weights.first + unit:>{_LABEL - 1}} " if is_first else " " * _LABEL
        lines.append(Content.assemble((label, "$secondary"), content))
    return lines


def _head(names: Sequence[str], columns: int, width: int) -> str:
    if names and all(cell_len(clean(name)) < width // columns for name in names):
        return "".join(set_cell_size(clean(name), width // columns) for name in names)
    first, last = (clean(names[0]), clean(names[-1])) if names else ("x1", f"x{columns}")
    room = width - cell_len(first) - cell_len(last)
    return first + " " * room + last if room > 0 else set_cell_size(f"{columns} inputs", width)


def _right(text: str, cells: int) -> str:
    text = set_cell_size(text, min(cell_len(text), cells - 1))
    return " " * (cells - 1 - cell_len(text)) + text + " "
