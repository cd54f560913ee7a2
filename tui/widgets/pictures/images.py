"""Small images in half blocks: a cell is two pixels, one above the other."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

from textual.color import Color
from textual.content import Content
from textual.style import Style

from dlcore.clean import clean
from tui.widgets.pictures.drawing import Canvas
from tui.widgets.pictures.fitting import centred

Pixel = tuple[int, int, int]
Pixels = tuple[tuple[Pixel, ...], ...]

_RAMP = " .:-=+*#%@"
_SCALES = ((4, 1), (3, 1), (2, 1), (1, 1), (1, 2), (1, 3), (1, 4), (1, 6), (1, 8))
"""Factors, as fractions, by which images are made larger or smaller."""
_ENOUGH = 6
"""So many images should be seen; more of them only where they need not be made smaller for it."""
_READABLE = 12
"""Pixels of a side below which no image is made smaller, unless there is no room for a single one."""


@dataclass(frozen=True)
class Image:
    """Rows of pixels, each red, green and blue from 0 to 255, and what is below them."""

    label: str
    pixels: Pixels


@dataclass(frozen=True)
class _Grid:
    """How many images stand beside and below each other, and how many pixels one has there."""

    width: int
    height: int
    across: int
    down: int

    @property
    def lines(self) -> int:
        """The lines of an image, its label not among them."""
        return (self.height + 1) // 2


def images_of(picture: dict[str, object]) -> tuple[Image, ...]:
    """Return the images of an inspector's picture, grey ones as well as coloured ones."""
    given = picture["images"]
    assert isinstance(given, list)
    return tuple(
        Image(clean(str(one["label"])), tuple(tuple(map(_pixel, row)) for row in one["pixels"]))
        for one in given
    )


def thumbnails(images: Sequence[Image], canvas: Canvas) -> Content:
    """Return as many of the images as there is room for, each with its label below."""
    images = [image for image in images if image.pixels and image.pixels[0]]
    grid = _grid(images, canvas) if images else None
    if grid is None:
        said = f"{len(images)} images: no room to draw them" if images else "no images to draw"
        return Content(said).stylize("$secondary")
    lines: list[Content] = []
    for start in range(0, min(len(images), grid.across * grid.down), grid.across):
        row = images[start : start + grid.across]
        drawn = [_drawn(_scaled(image.pixels, grid.width, grid.height), canvas) for image in row]
        lines += [Content(" ").join(parts) for parts in zip(*drawn, strict=True)]
        labels = [centred(image.label, grid.width) for image in row]
        lines.append(Content(" ".join(labels)).stylize("$secondary"))
    return Content("\n").join(lines)


def _pixel(value: object) -> Pixel:
    if isinstance(value, list):
        red, green, blue = (int(one) for one in value)
        return red, green, blue
    assert isinstance(value, int | float)
    return int(value), int(value), int(value)


def _grid(images: Sequence[Image], canvas: Canvas) -> _Grid | None:
    """Return the grid of the largest images of which enough can be seen, else most; None for no room."""
    height, width = len(images[0].pixels), len(images[0].pixels[0])
    best: tuple[int, _Grid] | None = None
    for times, part in _SCALES:
        wide, high = max(1, -(-width * times // part)), max(1, -(-height * times // part))
        lines = (high + 1) // 2 + 1
        grid = _Grid(wide, high, (canvas.width + 1) // (wide + 1), canvas.height // lines)
        if best is not None and times < part and min(wide, high) < _READABLE:
            break
        seen = min(len(images), grid.across * grid.down)
        if seen >= (len(images) if times > 1 else min(_ENOUGH, len(images))):
            return grid
        if seen > (best[0] if best else 0):
            best = seen, grid
    return best[1] if best else None


def _scaled(pixels: Pixels, width: int, height: int) -> Pixels:
    """Return the image in another size; a pixel is the mean of those that it covers."""
    rows, columns = len(pixels), len(pixels[0])
    return tuple(
        tuple(
            _mean(pixels, _span(row, height, rows), _span(column, width, columns)) for column in range(width)
        )
        for row in range(height)
    )


def _span(index: int, cells: int, given: int) -> range:
    start = index * given // cells
    return range(start, max(start + 1, (index + 1) * given // cells))


def _mean(pixels: Pixels, rows: range, columns: range) -> Pixel:
    covered = [pixels[row][column] for row in rows for column in columns]
    red, green, blue = (sum(channel) // len(covered) for channel in zip(*covered, strict=True))
    return red, green, blue


def _drawn(pixels: Pixels, canvas: Canvas) -> list[Content]:
    """Return the lines of an image: half blocks, or letters that are the denser the lighter it is."""
    pairs = [(pixels[y], pixels[min(y + 1, len(pixels) - 1)]) for y in range(0, len(pixels), 2)]
    if canvas.ascii_only or canvas.colorless:
        ramp = _RAMP if canvas.dark else _RAMP[::-1]
        texts = ["".join(_letter(*cell, ramp) for cell in zip(*pair, strict=True)) for pair in pairs]
        return [Content(text) for text in texts]
    return [_line(list(zip(*pair, strict=True))) for pair in pairs]


def _letter(above: Pixel, below: Pixel, ramp: str) -> str:
    light = sum(0.299 * red + 0.587 * green + 0.114 * blue for red, green, blue in (above, below)) / 2
    return ramp[min(len(ramp) - 1, int(light / 256 * len(ramp)))]


def _line(cells: list[tuple[Pixel, Pixel]]) -> Content:
    return Content.assemble(*(("▀" * len(list(same)), _style(*cell)) for cell, same in groupby(cells)))


@lru_cache(4096)
def _style(above: Pixel, below: Pixel) -> Style:
    return Style(foreground=Color(*above), background=Color(*below))
