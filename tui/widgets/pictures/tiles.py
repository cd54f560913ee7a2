"""Many small pictures beside and below each other, each with its label: as large as all of them allow."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size
from textual.content import Content

from tui.widgets.pictures.drawing import Canvas
from tui.widgets.pictures.fitting import centred
from tui.widgets.pictures.packed import Pixels, Values
from tui.widgets.pictures.pixels import half_blocks, letters, resized, signed_letters
from tui.widgets.pictures.shades import diverging, grey_letter

_LARGEST = 32
"""Pixels of a side beyond which no picture is made larger."""
_STRIP_LABEL = 5
_DETAIL = 2.5
"""The area counts, and that a large picture shows more than two of half its size."""
_SMALL = 24
"""Pixels of a side up to which pictures are made larger before all of them are seen."""
_READABLE = 7
"""Pixels of the longer side below which none is made smaller, unless not one would have room."""


@dataclass(frozen=True)
class Tile:
    """A picture: figures from −1 to 1, or colours."""

    labels: tuple[str, ...]
    """The longest first; the first that fits is taken."""
    values: Values = ()
    colors: Pixels = ()

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        rows = self.values or self.colors
        return (len(rows[0]), len(rows)) if rows else (0, 0)

    def label(self, cells: int) -> str:
        """Return what stands below it, in exactly so many cells."""
        return centred(
            next((text for text in self.labels if cell_len(text) <= cells), self.labels[-1]), cells
        )


@dataclass(frozen=True)
class Grid:
    """How large a tile is drawn, in pixels, and how many stand beside and below each other."""

    width: int
    height: int
    across: int
    down: int

    @property
    def number(self) -> int:
        """How many are seen."""
        return self.across * self.down

    @property
    def lines(self) -> int:
        """The lines of a picture, its label not among them."""
        return (self.height + 1) // 2


def grid_of(size: tuple[int, int], number: int, canvas: Canvas, enough: int = 10) -> Grid | None:
    """Return the grid that fills the room well while `enough` pictures are seen; None without room.

    Where there is no room for so many, it is the one with most of them.
    """
    width, height = size
    if not (width and height and number):
        return None
    grids = [_grid(wide, max(1, round(height * wide / width)), canvas) for wide in _widths(width, height)]
    grids = [grid for grid in grids if grid.number]
    good = [grid for grid in grids if max(grid.width, grid.height) >= min(_READABLE, width, height)] or grids
    if not good:
        return None
    wanted = [grid for grid in good if grid.number >= _wanted(grid, width, number, enough)]
    if wanted:
        return max(wanted, key=lambda grid: min(number, grid.number) * grid.width**_DETAIL)
    return max(good, key=lambda grid: (min(number, grid.number), grid.width))


def _widths(width: int, height: int) -> list[int]:
    """Return the widths to choose from: multiples, halves among them where they are whole; or any smaller."""
    every = 1 if width % 2 == height % 2 == 0 else 2
    halves = range(2 + every, 2 * _LARGEST, every)
    larger = [width * half // 2 for half in halves if max(width, height) * half <= 2 * _LARGEST]
    return [*range(1, width + 1), *larger]


def _grid(wide: int, high: int, canvas: Canvas) -> Grid:
    return Grid(wide, high, (canvas.width + 1) // (wide + 1), canvas.height // ((high + 1) // 2 + 1))


def _wanted(grid: Grid, width: int, number: int, enough: int) -> int:
    """Return how many should be seen at least: all of them, before large pictures are made larger still."""
    if grid.width > width and max(grid.width, grid.height) > _SMALL:
        return number
    return min(number, enough)


def tiled(tiles: Sequence[Tile], canvas: Canvas, grid: Grid | None) -> list[Content]:
    """Return the lines of as many tiles as the grid holds."""
    if grid is None or not tiles:
        said = f"{len(tiles)} pictures: no room to draw them" if tiles else "nothing to draw"
        return [Content(said).stylize("$secondary")]
    lines: list[Content] = []
    for start in range(0, min(len(tiles), grid.number), grid.across):
        row = tiles[start : start + grid.across]
        drawn = [lines_of(tile, grid.width, grid.height, canvas) for tile in row]
        lines += [Content(" ").join(parts) for parts in zip(*drawn, strict=True)]
        labels = [tile.label(grid.width) for tile in row]
        lines.append(Content(" ".join(labels)).stylize("$secondary"))
    return lines


def strips(tiles: Sequence[Tile], canvas: Canvas) -> list[Content]:
    """Return a line for each tile, behind its label."""
    width = canvas.width - _STRIP_LABEL
    if width < 1 or canvas.height < 1:
        return [Content("no room").stylize("$secondary")]
    lines = []
    for tile in tiles[: canvas.height]:
        label = set_cell_size(tile.labels[-1].rjust(_STRIP_LABEL - 1), _STRIP_LABEL)
        lines.append(Content.assemble((label, "$secondary"), lines_of(tile, width, 2, canvas)[0]))
    return lines


def lines_of(tile: Tile, width: int, height: int, canvas: Canvas) -> list[Content]:
    """Return the lines of one tile in so many pixels."""
    plain = canvas.ascii_only or canvas.colorless
    if tile.values:
        values = resized(tile.values, width, height)
        if plain:
            return signed_letters(values)
        return half_blocks([[diverging(one, canvas.dark) for one in row] for row in values])
    red, green, blue = (
        resized(tuple(tuple(float(pixel[channel]) for pixel in row) for row in tile.colors), width, height)
        for channel in range(3)
    )
    if not plain:
        rows = zip(red, green, blue, strict=True)
        return half_blocks([[_rounded(*pixel) for pixel in zip(*row, strict=True)] for row in rows])
    light = [
        [(0.299 * r + 0.587 * g + 0.114 * b) / 256 for r, g, b in zip(*row, strict=True)]
        for row in zip(red, green, blue, strict=True)
    ]
    pairs = [(light[top], light[min(top + 1, height - 1)]) for top in range(0, height, 2)]
    return letters(
        [[grey_letter((a + b) / 2, canvas.dark) for a, b in zip(*pair, strict=True)] for pair in pairs]
    )


def _rounded(red: float, green: float, blue: float) -> tuple[int, int, int]:
    return round(red), round(green), round(blue)
