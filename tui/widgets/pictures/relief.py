"""A surface from above: shades with contour lines, the way across it, and the lowest place."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from textual.content import Content

from tui.drawing.ticks import Limits
from tui.widgets.pictures.axes import FRAME_ROWS, GUTTER, framed
from tui.widgets.pictures.drawing import Canvas
from tui.widgets.pictures.pixels import half_blocks, letters
from tui.widgets.pictures.shades import height, mixed

BANDS = 14
LETTERS = " .:-=+*%@"
WAY = (255, 148, 38)
WHITE, BLACK = (255, 255, 255), (0, 0, 0)
_PALE = 0.6
"""A height above which black stands out, and white does not."""
_CONTOUR = 0.16
"""How much darker the edge of a band is."""
_FLOOR = 1e-12


@dataclass(frozen=True)
class Relief:
    """Losses on a grid, rows from below (None: not finite), and the way of the checkpoints across it."""

    x: Limits
    y: Limits
    grid: tuple[tuple[float | None, ...], ...]
    way: tuple[tuple[float, float], ...]
    lowest: tuple[float, float, float] | None

    @property
    def limits(self) -> Limits:
        """The lowest and the highest loss that is finite."""
        known = [value for row in self.grid for value in row if value is not None]
        return (min(known), max(known)) if known else (0.0, 0.0)


def relief_of(answer: dict[str, Any]) -> Relief:
    """Return the surface of an inspector's answer."""
    lowest = answer["lowest"]
    return Relief(
        x=(answer["x"][0], answer["x"][1]),
        y=(answer["y"][0], answer["y"][1]),
        grid=tuple(tuple(row) for row in answer["grid"]),
        way=tuple((x, y) for x, y in answer["path"]),
        lowest=(lowest[0], lowest[1], lowest[2]) if lowest else None,
    )


def drawn(relief: Relief, canvas: Canvas, axes: tuple[str, str]) -> list[Content]:
    """Return the surface inside axes, in all the room there is."""
    columns, rows = canvas.width - GUTTER, 2 * (canvas.height - FRAME_ROWS)
    if columns < 12 or rows < 8:
        return [Content("no room to draw the surface").stylize("$secondary")]
    heights = interpolated(shares(relief), columns, rows)
    plain = canvas.ascii_only or canvas.colorless
    body = _lettered(relief, heights) if plain else _painted(relief, heights)
    return framed(body, columns, relief.x, relief.y, axes, canvas)


def shares(relief: Relief) -> list[list[float]]:
    """Return the loss as a height from 0 to 1 on a logarithmic scale; what is not finite is at the top.

    Where a loss is 0 or less, as that of hinge may be, the scale is that of the distance from the lowest.
    """
    low, high = relief.limits
    lift = 0.0 if low > _FLOOR else (high - low) * 1e-3 - low + _FLOOR
    bottom, top = math.log(low + lift or _FLOOR), math.log(high + lift or _FLOOR)
    span = top - bottom or 1.0
    return [
        [1.0 if value is None else (math.log(value + lift or _FLOOR) - bottom) / span for value in row]
        for row in relief.grid
    ]


def interpolated(grid: Sequence[Sequence[float]], columns: int, rows: int) -> list[list[float]]:
    """Return heights of pixels, rows from the top, by cubic curves through those of a grid, rows from below.

    Catmull and Rom (1974); what overshoots is cut off.
    """
    across = _weights(len(grid[0]), columns)
    wide = [[sum(row[index] * weight for index, weight in parts) for parts in across] for row in grid]
    up = _weights(len(grid), rows)
    found = []
    for parts in reversed(up):
        chosen = [(wide[index], weight) for index, weight in parts]
        line = [sum(row[column] * weight for row, weight in chosen) for column in range(columns)]
        found.append([min(1.0, max(0.0, value)) for value in line])
    return found


def _weights(given: int, wanted: int) -> list[list[tuple[int, float]]]:
    """Return for each of the wanted places which of the given ones count, and how much."""
    found = []
    for index in range(wanted):
        place = index / max(1, wanted - 1) * (given - 1)
        first = min(int(place), given - 2)
        t = place - first
        parts = (
            (first - 1, (-t + 2 * t**2 - t**3) / 2),
            (first, (2 - 5 * t**2 + 3 * t**3) / 2),
            (first + 1, (t + 4 * t**2 - 3 * t**3) / 2),
            (first + 2, (-(t**2) + t**3) / 2),
        )
        found.append([(min(given - 1, max(0, at)), weight) for at, weight in parts])
    return found


def _painted(relief: Relief, heights: list[list[float]]) -> list[Content]:
    bands = [[min(BANDS - 1, int(value * BANDS)) for value in row] for row in heights]
    shades = [height((band + 0.5) / BANDS) for band in range(BANDS)]
    edges = [mixed(shade, (0, 0, 0), _CONTOUR) for shade in shades]
    rows = [
        [(edges if _is_edge(bands, row, column) else shades)[band] for column, band in enumerate(line)]
        for row, line in enumerate(bands)
    ]
    for row, column in _way(relief, len(heights[0]), len(heights)):
        rows[row][column] = WAY
    marks = {
        place: (kind, WHITE if heights[2 * place[0]][place[1]] < _PALE else BLACK)
        for place, kind in _marks(relief, len(heights[0]), len(heights), ("○", "●", "✚")).items()
    }
    return half_blocks(rows, marks)


def _is_edge(bands: list[list[int]], row: int, column: int) -> bool:
    """Whether the band below or to the right is a lower one."""
    band = bands[row][column]
    below = bands[min(row + 1, len(bands) - 1)][column]
    right = bands[row][min(column + 1, len(bands[0]) - 1)]
    above = bands[max(0, row - 1)][column]
    left = bands[row][max(0, column - 1)]
    return min(below, right, above, left) < band


def _lettered(relief: Relief, heights: list[list[float]]) -> list[Content]:
    columns, rows = len(heights[0]), len(heights)
    text = [
        [
            LETTERS[min(len(LETTERS) - 1, int((a + b) / 2 * len(LETTERS)))]
            for a, b in zip(heights[top], heights[top + 1], strict=True)
        ]
        for top in range(0, rows, 2)
    ]
    marks = {(row // 2, column): ("o", WAY) for row, column in _stops(relief, columns, rows)}
    kinds = _marks(relief, columns, rows, ("S", "E", "L"))
    return letters(text, {**marks, **{place: (kind, WAY) for place, kind in kinds.items()}})


def _marks(
    relief: Relief, columns: int, rows: int, kinds: tuple[str, str, str]
) -> dict[tuple[int, int], str]:
    """Return the lowest place, the start and the end; a later one hides the one before it."""
    stops = _stops(relief, columns, rows)
    found: dict[tuple[int, int], str] = {}
    if relief.lowest is not None:
        row, column = _place(relief, relief.lowest[0], relief.lowest[1], columns, rows)
        found[row // 2, column] = kinds[2]
    if len(stops) > 1:
        found[stops[0][0] // 2, stops[0][1]] = kinds[0]
    found[stops[-1][0] // 2, stops[-1][1]] = kinds[1]
    return found


def _stops(relief: Relief, columns: int, rows: int) -> list[tuple[int, int]]:
    return [_place(relief, x, y, columns, rows) for x, y in relief.way]


def _place(relief: Relief, x: float, y: float, columns: int, rows: int) -> tuple[int, int]:
    """Return row and column of the pixel of a place; the first and last pixel are those of the limits."""
    across = (x - relief.x[0]) / (relief.x[1] - relief.x[0])
    up = (y - relief.y[0]) / (relief.y[1] - relief.y[0])
    row, column = round((1 - up) * (rows - 1)), round(across * (columns - 1))
    return max(0, min(rows - 1, row)), max(0, min(columns - 1, column))


def _way(relief: Relief, columns: int, rows: int) -> list[tuple[int, int]]:
    """Return the pixels of the straight lines between one checkpoint and the next."""
    stops = _stops(relief, columns, rows)
    found: list[tuple[int, int]] = []
    for (row, column), (next_row, next_column) in pairwise(stops):
        steps = max(abs(next_row - row), abs(next_column - column), 1)
        found += [
            (
                round(row + (next_row - row) * step / steps),
                round(column + (next_column - column) * step / steps),
            )
            for step in range(steps + 1)
        ]
    return found
