"""What the inspector sends of a picture: a byte a figure, in base64."""

from array import array
from base64 import b64decode
from collections.abc import Iterator

Values = tuple[tuple[float, ...], ...]
"""Rows of figures from the top."""
Pixel = tuple[int, int, int]
"""Red, green and blue, 0 to 255."""
Pixels = tuple[tuple[Pixel, ...], ...]


def signed(text: str, width: int) -> Values:
    """Return rows of figures from −1 to 1."""
    figures = array("b", b64decode(text))
    return tuple(tuple(one / 127 for one in row) for row in _rows(figures, width))


def numbers(text: str, width: int) -> tuple[tuple[int, ...], ...]:
    """Return rows of whole numbers from 0 to 255."""
    return tuple(tuple(row) for row in _rows(array("B", b64decode(text)), width))


def colored(text: str, width: int, channels: int, *, is_signed: bool = False) -> Pixels:
    """Return rows of pixels of one channel or three; of signed ones 0 is a middle grey."""
    figures = array("B", b64decode(text))
    if is_signed:
        figures = array("B", (128 + one for one in array("b", figures.tobytes())))
    flat = [(one, one, one) for one in figures] if channels == 1 else list(_threes(figures))
    return tuple(tuple(flat[start : start + width]) for start in range(0, len(flat), width))


def _threes(figures: "array[int]") -> Iterator[Pixel]:
    return zip(figures[0::3], figures[1::3], figures[2::3], strict=True)


def _rows(figures: "array[int]", width: int) -> list["array[int]"]:
    return [figures[start : start + width] for start in range(0, len(figures), width)]
