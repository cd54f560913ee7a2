"""A figure for every training step, kept so that a plot of any range costs the same.

Beside the values stands a pyramid: level k holds minimum, maximum, sum and number of the finite values
in blocks of 16^k. A column of a plot reads a handful of blocks, and no spike is ever lost.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

_FACTOR = 16


@dataclass(frozen=True)
class Column:
    """What a stretch of a series holds: the figures of one column of a plot."""

    first: int
    last: int
    """Steps of the stretch, both included; the first training step is 1."""
    low: float
    high: float
    mean: float
    count: int
    """Finite values; with 0 the figures are nan."""


@dataclass
class _Level:
    low: array[float] = field(default_factory=lambda: array("d"))
    high: array[float] = field(default_factory=lambda: array("d"))
    total: array[float] = field(default_factory=lambda: array("d"))
    count: array[int] = field(default_factory=lambda: array("q"))


class Series:
    """One float32 a step, in order; None or nan where the figure was not finite or is not known."""

    def __init__(self) -> None:
        self.values: array[float] = array("f")
        self._levels: list[_Level] = []

    def __len__(self) -> int:
        return len(self.values)

    def extend(self, values: Iterable[float | None]) -> None:
        """Append figures, the next steps' in order."""
        self.values.extend(math.nan if value is None else value for value in values)
        self._grow()

    def cut(self, length: int) -> None:
        """Forget everything behind the first `length` figures."""
        if length < len(self.values):
            del self.values[length:]
            self._levels.clear()
            self._grow()

    def last(self) -> float:
        """Return the newest figure, nan when there is none."""
        return self.values[-1] if self.values else math.nan

    def _grow(self) -> None:
        """Fill each level with the blocks that are complete by now."""
        depth = 0
        below = len(self.values)
        while below >= _FACTOR:
            if depth == len(self._levels):
                self._levels.append(_Level())
            level = self._levels[depth]
            while len(level.count) < below // _FACTOR:
                start = len(level.count) * _FACTOR
                low, high, total, count = self._block(depth, start, start + _FACTOR)
                level.low.append(low)
                level.high.append(high)
                level.total.append(total)
                level.count.append(count)
            below = len(level.count)
            depth += 1

    def _block(self, depth: int, start: int, stop: int) -> tuple[float, float, float, int]:
        """Return minimum, maximum, sum and number of blocks [start, stop) at a depth; 0 is the values."""
        if depth == 0:
            finite = [value for value in self.values[start:stop] if math.isfinite(value)]
            return (
                min(finite, default=math.inf),
                max(finite, default=-math.inf),
                math.fsum(finite),
                len(finite),
            )
        level = self._levels[depth - 1]
        return (
            min(level.low[start:stop], default=math.inf),
            max(level.high[start:stop], default=-math.inf),
            math.fsum(level.total[start:stop]),
            sum(level.count[start:stop]),
        )

    def _parts(self, start: int, stop: int, depth: int) -> Iterator[tuple[float, float, float, int]]:
        """Yield the figures of blocks that are together [start, stop): smaller ones at both ends."""
        if start == stop:
            return
        size = _FACTOR**depth
        first, last = -(-start // size), stop // size
        yield self._block(depth, first, last)
        if depth:
            yield from self._parts(start, first * size, depth - 1)
            yield from self._parts(last * size, stop, depth - 1)

    def stretch(self, start: int, stop: int) -> Column:
        """Return the figures of the values [start, stop), read from blocks where it is long."""
        stop = min(stop, len(self.values))
        depth, size = 0, 1
        while depth < len(self._levels) and stop - start >= 8 * size * _FACTOR:
            depth, size = depth + 1, size * _FACTOR
        parts = [part for part in self._parts(start, stop, depth) if part[3]]
        count = sum(part[3] for part in parts)
        if not count:
            return Column(start + 1, stop, math.nan, math.nan, math.nan, 0)
        total = math.fsum(part[2] for part in parts)
        return Column(
            start + 1, stop, min(p[0] for p in parts), max(p[1] for p in parts), total / count, count
        )

    def columns(self, width: int, first: int = 1, last: int | None = None) -> list[Column]:
        """Return at most `width` columns that cover the steps first…last, each with at least one step."""
        start, stop = first - 1, min(last or len(self.values), len(self.values))
        number = min(width, stop - start)
        if number < 1:
            return []
        edges = [start + round(index * (stop - start) / number) for index in range(number + 1)]
        return [self.stretch(low, high) for low, high in pairwise(edges)]


def smoothed(columns: list[Column], window: int) -> list[tuple[float, float]]:
    """Return points (step, mean), each the mean over `window` columns around it; empty columns give nan."""
    reach = window // 2
    points = []
    for index, column in enumerate(columns):
        near = [other for other in columns[max(0, index - reach) : index + reach + 1] if other.count]
        weight = sum(other.count for other in near)
        mean = (
            sum(other.mean * other.count for other in near) / weight if weight and column.count else math.nan
        )
        points.append(((column.first + column.last) / 2, mean))
    return points


def band(columns: list[Column]) -> list[tuple[float, float]]:
    """Return points that run through the minimum and maximum of each column, so that spikes stay."""
    points: list[tuple[float, float]] = []
    for column in columns:
        middle = (column.first + column.last) / 2
        points.append((middle, column.low))
        if column.high != column.low:
            points.append((middle, column.high))
    return points
