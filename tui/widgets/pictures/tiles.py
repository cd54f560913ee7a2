"""Many small pictures beside and below each other, each with its label: as large as all of them allow."""

from collections.abc import Sequence
from dataclasses import dataclass

from textual.content import Content

from tui.widgets.pictures.drawing import Canvas
from tui.widgets.pictures.fitting import centred
from tui.widgets.pictures.packed import Pixels, Values
from tui.widgets.pictures.pixels import half_blocks, letters, resized, signed_letters
from tui.widgets.pictures.shades import diverging, grey_letter

_SCALES = (
    (8, 1), (6, 1), (5, 1), (4, 1), (3, 1), (2, 1), (1, 1),
    (3, 4), (2, 3), (1, 2), (2, 5), (1, 3), (1, 4), (1, 6), (1, 8),
)  # fmt: skip
"""Factors, as fractions, by which pictures are made larger or smaller."""
_LARGEST = 32
"""Pixels of a side beyond which no picture is made larger."""
_SMALL = 24
"""Pixels of a side up to which pictures are made larger before all of them are seen."""
_READABLE = 9
"""Pixels of a side below which none is made smaller, unless not one would have room."""


@dataclass(frozen=True)
class Tile:
    """A picture: figures from −1 to 1, or colours."""

    label: str
    values: Values = ()
    colors: Pixels = ()

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        rows = self.values or self.colors
        return (len(rows[0]), len(rows)) if rows else (0, 0)


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
    """Return the grid of the largest pictures of which `enough` are seen, or all; None without room."""
    width, height = size
    best: Grid | None = None
    for times, part in _SCALES if width and height else ():
        wide, high = max(1, -(-width * times // part)), max(1, -(-height * times // part))
        if times > part and max(wide, high) > _LARGEST:
            continue
        grid = Grid(wide, high, (canvas.width + 1) // (wide + 1), canvas.height // ((high + 1) // 2 + 1))
        if best is not None and times < part and min(wide, high) < _READABLE:
            break
        seen = min(number, grid.number)
        # What is small anyway is made larger although not all of them are seen then.
        wanted = enough if times <= part else number if max(wide, high) > _SMALL else 2 * enough
        if seen >= min(wanted, number):
            return grid
        if seen > (min(number, best.number) if best else 0):
            best = grid
    return best


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
        labels = [centred(tile.label, grid.width) for tile in row]
        lines.append(Content(" ".join(labels)).stylize("$secondary"))
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
