"""Histograms of a frame as they are drawn: on an axis that stands still, in bars, or as a row of a ridge."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from dlcore.figures import SPARKS
from dlcore.frames import Histogram, What

_TAIL = 0.001
"""Of each histogram, such a share on either side need not be on the axis: it is drawn at its end."""
_DECADES = 3
"""A logarithmic axis has at least so many."""
_LEAST_BINS, _ROOT = 8, 2.0
"""A histogram has at least so many bins, and about so many times the root of its values."""
_SHADES = ".:-=+*%#"
_EIGHTHS = " ▁▂▃▄▅▆▇█"
_PLAIN_EIGHTHS = " ..::::##"


@dataclass(frozen=True)
class Binned:
    """A histogram along an axis: values, or for gradients the powers of ten of their magnitudes."""

    edges: Sequence[float]
    counts: Sequence[int]
    zeros: int = 0
    """Values that have no place on a logarithmic axis."""


@dataclass(frozen=True)
class Axis:
    """From where to where it goes, and whether in powers of ten."""

    low: float
    high: float
    is_log: bool = False

    def labels(self, cells: int) -> str:
        """Return the ends, and a round number between them where there is room, in exactly so many cells."""
        between = (self.low + self.high) // 2 if self.is_log else (self.low + self.high) / 2
        left, middle, right = map(self._label, (self.low, between, self.high))
        if len(left) + len(right) + len(middle) + 4 > cells:
            return (left + right.rjust(max(1, cells - len(left))))[:cells].ljust(cells)
        line = list(left.ljust(cells))
        place = (between - self.low) / (self.high - self.low)
        start = max(len(left) + 1, int(place * cells) - len(middle) // 2)
        line[start : start + len(middle)] = middle
        line[cells - len(right) :] = right
        return "".join(line)

    def _label(self, value: float) -> str:
        return f"1e{value:g}" if self.is_log else f"{value:g}"


def binned(what: What, histogram: Histogram) -> Binned:
    """Return a histogram of a frame on the axis where it is drawn."""
    edges, counts = histogram.edges, histogram.counts
    if what != "gradients" or edges[0] != 0 or len(counts) < 2:
        return _coarse(Binned(edges, counts))
    return _coarse(Binned([math.log10(edge) for edge in edges[1:]], counts[1:], counts[0]))


def _coarse(one: Binned) -> Binned:
    """Return a histogram with no more bins than so few values can fill: else it shows chance alone."""
    together = math.ceil(len(one.counts) / max(_LEAST_BINS, _ROOT * math.sqrt(sum(one.counts))))
    if together < 2:
        return one
    starts = range(0, len(one.counts), together)
    counts = [sum(one.counts[start : start + together]) for start in starts]
    return Binned([*(one.edges[start] for start in starts), one.edges[-1]], counts, one.zeros)


def axis_for(what: What, drawn: Sequence[Binned]) -> Axis:
    """Return an axis that holds nearly all of the histograms: round, and for values as far below 0 as above.

    So it stands still while they move, and zero is always in its middle.
    """
    ends = [
        place for one in drawn if any(one.counts) for place in (_place(one, _TAIL), _place(one, 1 - _TAIL))
    ]
    if what == "gradients":
        high = math.ceil(max(ends, default=0.0))
        return Axis(min(math.floor(min(ends, default=0.0)), high - _DECADES), high, is_log=True)
    limit = _round_up(max(map(abs, ends), default=1.0))
    return Axis(-limit, limit)


def _place(one: Binned, share: float) -> float:
    """Return the value below which a share of the values lies."""
    left = share * sum(one.counts)
    for low, high, count in zip(one.edges, one.edges[1:], one.counts, strict=False):
        if count and left <= count:
            return low + (high - low) * left / count
        left -= count
    return one.edges[-1]


def _round_up(value: float) -> float:
    """Return the next of 1, 2, 5, 10, 20 … times a power of ten."""
    if not value > 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next((step * power for step in (1, 2, 5, 10) if value <= step * power * (1 + 1e-9)), value)


def shared_out(one: Binned, axis: Axis, cells: int) -> list[float]:
    """Return how many values each cell of the axis has: a bin's count is shared among those that it covers.

    What lies beyond an end is in its outermost cell.
    """
    shares = [0.0] * cells
    scale = cells / (axis.high - axis.low)
    for low, high, count in zip(one.edges, one.edges[1:], one.counts, strict=False):
        if not count:
            continue
        start = min(max((low - axis.low) * scale, 0.0), cells - 1e-9)
        stop = min(max((high - axis.low) * scale, start + 1e-9), float(cells))
        for cell in range(int(start), min(cells, math.ceil(stop))):
            overlap = min(stop, cell + 1) - max(start, cell)
            shares[cell] += count * max(0.0, overlap) / (stop - start)
    return shares


def bars(shares: Sequence[float], rows: int, *, ascii_only: bool = False) -> list[str]:
    """Return a bar for each share, from the top row to the bottom; what is not empty is seen."""
    most = max(shares, default=0.0)
    letters = _PLAIN_EIGHTHS if ascii_only else _EIGHTHS
    heights = [max(1, round(share / most * rows * 8)) if share > most * 1e-6 else 0 for share in shares]
    return [
        "".join(letters[min(8, max(0, height - 8 * below))] for height in heights)
        for below in reversed(range(rows))
    ]


def ridge(shares: Sequence[float], *, ascii_only: bool = False) -> str:
    """Return the shares as one row; what is not empty is seen."""
    most = max(shares, default=0.0)
    levels = _SHADES if ascii_only else SPARKS
    top = len(levels) - 1
    return "".join(levels[round(share / most * top)] if share > most * 1e-6 else " " for share in shares)
