"""Tables of Markdown whose columns also line up as plain text."""

import unicodedata
from collections.abc import Sequence


def width(text: str) -> int:
    """Return how many cells of a terminal a text takes: two for wide letters, none for what adds to one."""
    return sum(_cells(letter) for letter in text)


def _cells(letter: str) -> int:
    if unicodedata.category(letter) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in ("W", "F") else 1


def table(header: Sequence[str], rows: Sequence[Sequence[str]], sides: str) -> list[str]:
    """Return the lines of a table; `sides` has an l or r for each column. Cells must be escaped already."""
    widths = [max(3, *(width(cell) for cell in column)) for column in zip(header, *rows, strict=True)]
    rule = [
        "-" * (size + 1) + ":" if side == "r" else "-" * (size + 2)
        for size, side in zip(widths, sides, strict=True)
    ]
    return [
        _line(header, widths, sides),
        f"|{'|'.join(rule)}|",
        *(_line(row, widths, sides) for row in rows),
    ]


def _line(cells: Sequence[str], widths: Sequence[int], sides: str) -> str:
    padded = []
    for cell, size, side in zip(cells, widths, sides, strict=True):
        blank = " " * (size - width(cell))
        padded.append(f" {blank}{cell} " if side == "r" else f" {cell}{blank} ")
    return f"|{'|'.join(padded)}|"
