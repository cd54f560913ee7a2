"""A figure for every training step, in bounded memory: the longer the run, the longer a block of steps.

A block holds minimum, maximum, sum and number of its finite values. At first it is a single step; when
there are too many blocks, neighbours become one. So no spike is ever lost, a short run stays exact, and a
plot of any length costs the same.
"""

import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import add

MOST_BLOCKS = 1 << 15
"""More columns than any plot has, and more steps than most runs."""

_MOST_UNKNOWN = 1 << 20
"""So many steps in a row whose figures are lost are kept one by one, where there is room."""

_LARGEST = 3.4028234e38
"""Of float32, or a little less."""

Figures = tuple[float, float, float, int]
"""Minimum, maximum, sum and number of finite values; where there are none: inf, -inf, 0 and 0."""

_NOTHING: Figures = (math.inf, -math.inf, 0.0, 0)


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


class Series:
    """One float32 a step, in order; None or nan where the figure was not finite or is not known."""

    def __init__(self, most: int = MOST_BLOCKS) -> None:
        """`most`, an even number, is how many blocks there may be: so many steps are kept one by one."""
        self._most = most
        self._clear()

    def _clear(self) -> None:
        self.size = 1
        """Steps of a block; a power of two."""
        self._low = array("f")
        """While a block is one step, these are the values, and the next three are empty."""
        self._high = array("f")
        self._total = array("d")
        self._count = array("q")
        self._open = _NOTHING
        """Of the steps behind the last whole block."""
        self._open_steps = 0
        self._last = math.nan

    def __len__(self) -> int:
        return len(self._low) * self.size + self._open_steps

    @property
    def blocks(self) -> int:
        """How many blocks stand for the series."""
        return len(self._low) + (self._open_steps > 0)

    @property
    def values(self) -> "array[float]":
        """The figures one by one; raises ValueError when the series is too long to have them."""
        if self.size > 1:
            raise ValueError(f"{len(self)} figures are no longer kept one by one")
        return self._low

    def value_at(self, step: int) -> float:
        """Return the figure of a step, counted from 1; nan where it is not known exactly."""
        if not 1 <= step <= len(self):
            return math.nan
        if self.size == 1:
            return self._low[step - 1]
        if step == len(self):
            return self._last
        first = step - 1 - (step - 1) % self.size
        column = self._column(first // self.size, first // self.size + 1)
        is_same = column.low == column.high and column.count == column.last - column.first + 1
        return column.low if is_same else math.nan

    def last(self) -> float:
        """Return the newest figure, nan when there is none."""
        return self._last

    # -- growing ------------------------------------------------------------------------------------

    def extend(self, values: Sequence[float | None]) -> None:
        """Append figures, the next steps' in order."""
        start = 0
        while start < len(values):
            if self.size == 1:
                stop = min(len(values), start + self._most - len(self._low))
                self._low.extend(_floats(values[start:stop]))
            elif not self._open_steps and len(values) - start >= self.size:
                stop = start + self._take_blocks(values[start:])
            else:
                stop = min(len(values), start + self.size - self._open_steps)
                self._open = _united(self._open, _folded(values[start:stop]))
                self._open_steps += stop - start
                self._close()
            self._merge()
            start = stop
        if values:
            self._last = _floats(values[-1:])[0]

    def _take_blocks(self, values: Sequence[float | None]) -> int:
        """Append the whole blocks that values make, as far as there is room; return how many values."""
        number = min(len(values) // self.size, self._most - len(self._low))
        values = values[: number * self.size]
        blocks = list(zip(*[iter(values)] * self.size, strict=True))
        if _folded(values)[3] == len(values):
            self._low.extend(map(min, blocks))
            self._high.extend(map(max, blocks))
            self._total.extend(map(sum, blocks))
            self._count.extend([self.size] * number)
        else:
            for block in blocks:
                self._open, self._open_steps = _folded(block), self.size
                self._close()
        return len(values)

    def skip(self, steps: int) -> None:
        """Append steps whose figures are not known; however many, they cost no more than a plot's."""
        whole = len(self) + steps
        if steps > _MOST_UNKNOWN or whole > self._most * self.size:
            while whole > min(self._most, MOST_BLOCKS) * self.size:
                self._halve()
        while steps > 0:
            if not self._open_steps and steps >= self.size:
                blocks = min(steps // self.size, self._most - len(self._low))
                self._append_empty(blocks)
                steps -= blocks * self.size
            else:
                some = min(steps, self.size - self._open_steps)
                self._open_steps += some
                self._close()
                steps -= some
            self._merge()
            self._last = math.nan

    def cut(self, length: int) -> None:
        """Forget everything behind the first `length` figures.

        Where that falls into a block of several steps, the rest of the block is no longer known.
        """
        if length >= len(self):
            return
        if length <= 0:
            self._clear()
            return
        whole, rest = divmod(length, self.size)
        for blocks in (self._low, self._high, self._total, self._count):
            del blocks[whole:]
        self._open, self._open_steps = _NOTHING, rest
        self._last = math.nan
        self._last = self.value_at(length)

    def _append_empty(self, blocks: int) -> None:
        if self.size == 1:
            self._low.extend(array("f", [math.nan]) * blocks)
            return
        low, high, total, count = _NOTHING
        self._low.extend(array("f", [low]) * blocks)
        self._high.extend(array("f", [high]) * blocks)
        self._total.extend(array("d", [total]) * blocks)
        self._count.extend(array("q", [count]) * blocks)

    def _close(self) -> None:
        """Make a block of the open steps when they are enough."""
        if self._open_steps == self.size:
            low, high, total, count = self._open
            self._low.append(low)
            self._high.append(high)
            self._total.append(total)
            self._count.append(count)
            self._open, self._open_steps = _NOTHING, 0

    def _merge(self) -> None:
        """Make one block of each two neighbours when there are as many as there may be."""
        if len(self._low) >= self._most:
            self._halve()

    def _halve(self) -> None:
        """Make one block of each two neighbours; one that is left over is open again."""
        if self.size == 1:
            self._part()
        if len(self._low) % 2:
            last = self._low.pop(), self._high.pop(), self._total.pop(), self._count.pop()
            self._open = _united(last, self._open)
            self._open_steps += self.size
        self._low = array("f", map(min, self._low[::2], self._low[1::2]))
        self._high = array("f", map(max, self._high[::2], self._high[1::2]))
        self._total = array("d", map(add, self._total[::2], self._total[1::2]))
        self._count = array("q", map(add, self._count[::2], self._count[1::2]))
        self.size *= 2

    def _part(self) -> None:
        """Make blocks of the single values."""
        known = list(map(math.isfinite, self._low))
        pairs = list(zip(self._low, known, strict=True))
        self._low = array("f", [value if is_known else math.inf for value, is_known in pairs])
        self._high = array("f", [value if is_known else -math.inf for value, is_known in pairs])
        self._total = array("d", [value if is_known else 0.0 for value, is_known in pairs])
        self._count = array("q", known)

    # -- looking ------------------------------------------------------------------------------------

    def columns(self, width: int, first: int = 1, last: int | None = None) -> list[Column]:
        """Return at most `width` columns that cover the steps first…last, each with at least one step.

        A column begins and ends where a block does, so the first and the last may reach a little further.
        """
        start = (first - 1) // self.size
        stop = -(-min(last or len(self), len(self)) // self.size)
        number = min(width, stop - start)
        if number < 1:
            return []
        edges = [start + round(index * (stop - start) / number) for index in range(number + 1)]
        return [self._column(low, high) for low, high in pairwise(edges)]

    def _column(self, start: int, stop: int) -> Column:
        """Return the figures of the blocks [start, stop); the open one comes behind the last."""
        if self.size == 1:
            low, high, total, count = _folded(self._low[start:stop])
        else:
            low, high, total, count = (
                min(self._low[start:stop], default=math.inf),
                max(self._high[start:stop], default=-math.inf),
                math.fsum(self._total[start:stop]),
                sum(self._count[start:stop]),
            )
            if stop > len(self._low):
                low, high, total, count = _united((low, high, total, count), self._open)
        steps = start * self.size + 1, min(stop * self.size, len(self))
        if not count:
            return Column(*steps, math.nan, math.nan, math.nan, 0)
        return Column(*steps, low, high, total / count, count)


def _floats(values: Sequence[float | None]) -> "array[float]":
    try:
        return array("f", values)  # type: ignore[arg-type]
    except TypeError:
        return array("f", [math.nan if value is None else value for value in values])


def _folded(values: Sequence[float | None]) -> Figures:
    """Return the figures of values, of which most often all are finite: then it costs no look at each."""
    try:
        low, high, total = min(values), max(values), sum(values)  # type: ignore[type-var,arg-type]
    except (TypeError, ValueError):  # there is a None, or nothing at all
        pass
    else:
        if math.isfinite(total) and low > -_LARGEST and high < _LARGEST:  # type: ignore[operator]
            return low, high, total, len(values)  # type: ignore[return-value]
    finite = [value for value in _floats(values) if math.isfinite(value)]
    if not finite:
        return _NOTHING
    return min(finite), max(finite), math.fsum(finite), len(finite)


def _united(one: Figures, other: Figures) -> Figures:
    return min(one[0], other[0]), max(one[1], other[1]), one[2] + other[2], one[3] + other[3]


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
