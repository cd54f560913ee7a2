"""Pixels as lines of half blocks: a cell is two of them, one above the other; with marks on top."""

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import groupby

from textual.color import Color
from textual.content import Content
from textual.style import Style

from tui.widgets.pictures.packed import Pixel, Values
from tui.widgets.pictures.shades import mixed, signed_letter

Marks = Mapping[tuple[int, int], tuple[str, Pixel]]
"""Characters and their colours by line and column."""
_NOTHING: Marks = {}


def half_blocks(rows: Sequence[Sequence[Pixel]], marks: Marks = _NOTHING) -> list[Content]:
    """Return a line for each two rows of pixels, with the marks over them.

    Behind a mark the cell has one colour, that of both its pixels mixed. Below an odd last row is nothing.
    """
    lines = []
    for number, top in enumerate(range(0, len(rows), 2)):
        below: Sequence[Pixel | None] = rows[top + 1] if top + 1 < len(rows) else [None] * len(rows[top])
        cells = [
            _cell(above, under, marks.get((number, column)))
            for column, (above, under) in enumerate(zip(rows[top], below, strict=True))
        ]
        parts = ((character * len(list(same)), style) for (character, style), same in groupby(cells))
        lines.append(Content.assemble(*parts))
    return lines


def letters(rows: Sequence[Sequence[str]], marks: Marks = _NOTHING, colored: bool = False) -> list[Content]:
    """Return a line for each row of letters, with the marks in their place; in their colour if wanted."""
    lines = []
    for number, row in enumerate(rows):
        parts: list[str | tuple[str, Style]] = []
        for column, letter in enumerate(row):
            mark = marks.get((number, column))
            if mark is None:
                parts.append(letter)
            else:
                parts.append((mark[0], _ink(mark[1])) if colored else mark[0])
        lines.append(Content.assemble(*parts))
    return lines


def signed_letters(rows: Values) -> list[Content]:
    """Return a line of letters for each two rows of figures from −1 to 1."""
    lines = []
    for top in range(0, len(rows), 2):
        below = rows[min(top + 1, len(rows) - 1)]
        text = "".join(signed_letter((a + b) / 2) for a, b in zip(rows[top], below, strict=True))
        lines.append(Content(text))
    return lines


def resized(rows: Values, width: int, height: int) -> Values:
    """Return figures in another number of rows and columns: each the mean of the area that it covers."""
    if (len(rows), len(rows[0])) == (height, width):
        return rows
    across, down = _covered(width, len(rows[0])), _covered(height, len(rows))
    narrow = [[sum(row[index] * share for index, share in parts) for parts in across] for row in rows]
    return tuple(
        tuple(sum(narrow[index][column] * share for index, share in parts) for column in range(width))
        for parts in down
    )


def _covered(cells: int, given: int) -> list[list[tuple[int, float]]]:
    """Return for each cell which of the given ones it covers, and the share of it that each takes."""
    size = given / cells
    found = []
    for cell in range(cells):
        low, high = cell * given / cells, (cell + 1) * given / cells
        indices = range(int(low), min(given, math.ceil(high - 1e-9)))
        found.append([(one, (min(high, one + 1) - max(low, one)) / size) for one in indices])
    return found


def _cell(above: Pixel, below: Pixel | None, mark: tuple[str, Pixel] | None) -> tuple[str, Style]:
    if mark is not None:
        return mark[0], _style(mark[1], mixed(above, below or above, 0.5))
    return "▀", _ink(above) if below is None else _style(above, below)


@lru_cache(8192)
def _style(front: Pixel, back: Pixel) -> Style:
    return Style(foreground=Color(*front), background=Color(*back))


@lru_cache(256)
def _ink(front: Pixel) -> Style:
    return Style(foreground=Color(*front))
