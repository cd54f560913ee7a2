"""Which columns of a table fit into its width, and how wide each is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

GAP = 2
"""Cells between two columns."""


@dataclass(frozen=True)
class Column:
    """One column: its title, and how it behaves when room is short."""

    title: str
    rank: int
    """The column with the highest rank is left out first."""
    least: int
    """It is left out rather than made narrower than this."""
    most: int = 0
    """It may become so wide when its contents want it and there is room; 0: it keeps its least width."""
    right: bool = False
    """Whether its contents are aligned to the right, as figures are."""
    spare: bool = False
    """Whether it is there only where no other column is cut or left out for it; such a one is the last."""


class Place(NamedTuple):
    """Where a column stands."""

    column: int
    """Its number."""
    x: int
    width: int


def fit(columns: Sequence[Column], longest: Sequence[int], room: int) -> list[Place]:
    """Return the columns that fit into `room` cells, from left to right.

    `longest` holds the width of the longest content of each column so far. What room is left goes to the
    columns that would have to cut the largest share of their contents.
    """
    chosen = [index for index, column in enumerate(columns) if not column.spare]
    while len(chosen) > 1 and _width([columns[index].least for index in chosen]) > room:
        chosen.remove(max(chosen, key=lambda index: columns[index].rank))
    widths = {index: columns[index].least for index in chosen}
    wanted = [
        max(column.least, min(column.most, most)) for column, most in zip(columns, longest, strict=True)
    ]
    left = room - _width(list(widths.values()))
    while left > 0 and (short := [index for index in chosen if widths[index] < wanted[index]]):
        widths[min(short, key=lambda index: widths[index] / wanted[index])] += 1
        left -= 1
    for index, column in enumerate(columns):
        if column.spare and len(chosen) == index and left >= GAP + column.least:
            chosen.append(index)
            widths[index] = min(left - GAP, wanted[index])
            left -= GAP + widths[index]
    places = []
    x = 0
    for index in chosen:
        places.append(Place(index, x, min(widths[index], max(room, 0))))
        x += widths[index] + GAP
    return places


def _width(widths: Sequence[int]) -> int:
    return sum(widths) + GAP * (len(widths) - 1)
