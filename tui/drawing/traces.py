"""Points as they are drawn: logarithms where an axis has them, cut at its ends, as many as can be seen."""

import math
from collections.abc import Iterable, Sequence
from itertools import groupby

from tui.drawing.plot_frame import LARGEST, cell_of
from tui.drawing.ticks import Limits

Trace = list[tuple[float, float]]
"""Points (x, y) in units of the axes; a y of NaN is a gap."""

_LEAST = 50
"""Among fewer points none is told to be a spike."""
_USUAL = 0.98
"""This share of a curve's points is never taken for spikes."""
_FLATTENED = 3.0
"""Spikes are cut off where all else would have less than one part in so many of the height."""
_FOREIGN = 20.0
"""A curve that reaches so many times as far as the others is cut off as well: it has diverged."""
_NEWEST = 5
"""The middle one of so many points tells where a curve is now."""


def drawn(value: float | None, log: bool) -> float:
    """Return where an axis has a value: its logarithm if asked, NaN for what cannot be drawn."""
    if value is None or not -LARGEST <= value <= LARGEST or (log and value <= 0):
        return math.nan
    return math.log10(value) if log else float(value)


def placed(points: Iterable[tuple[float, float | None]], *, log_x: bool, log_y: bool) -> Trace:
    """Return points in units of the axes; those whose x cannot be drawn are left out."""
    places = ((drawn(x, log_x), drawn(y, log_y)) for x, y in points)
    return [(x, y) for x, y in places if not math.isnan(x)]


def inside(trace: Trace, limits: Limits) -> Trace:
    """Return the points between two x."""
    return [point for point in trace if limits[0] <= point[0] <= limits[1]]


def cut(trace: Trace, limits: Limits) -> Trace:
    """Return the part of a curve between two x: where it passes one of them, it ends there."""
    if all(limits[0] <= x <= limits[1] for x, _ in trace):
        return trace
    kept: Trace = []
    for index, point in enumerate(trace):
        if index:
            kept += _crossings(trace[index - 1], point, limits)
        if limits[0] <= point[0] <= limits[1]:
            kept.append(point)
    return kept


def _crossings(one: tuple[float, float], other: tuple[float, float], limits: Limits) -> Trace:
    """Return where the line from one point to another passes the limits, in that order."""
    (x, y), (x_after, y_after) = one, other
    if math.isnan(y) or math.isnan(y_after):
        return []
    passed = [edge for edge in limits if min(x, x_after) < edge < max(x, x_after)]
    passed.sort(reverse=x > x_after)
    return [(edge, y + (y_after - y) * ((edge - x) / (x_after - x))) for edge in passed]


def decimated(points: Trace, limits: Limits, columns: int) -> Trace:
    """Keep the lowest and the highest of the points that fall into one column, and the gaps (a y of NaN).

    The picture stays the same, for a column can show no more; a gap within a column breaks the line there.
    """
    kept: Trace = []
    for _, column in groupby(points, lambda point: cell_of(point[0], limits, columns)):
        group = list(column)
        real = [point for point in group if not math.isnan(point[1])]
        if not real:
            kept.append(group[0])
            continue
        ends = sorted({real.index(min(real, key=_y)), real.index(max(real, key=_y))})
        gap = [(group[0][0], math.nan)]
        kept += gap if math.isnan(group[0][1]) else []
        kept += [real[ends[0]], *(gap if len(real) < len(group) else []), real[ends[-1]]]
        kept += gap if math.isnan(group[-1][1]) else []
    return kept


def _y(point: tuple[float, float]) -> float:
    return point[1]


def ceiling(traces: Sequence[Trace]) -> float | None:
    """Return where an axis may end so that a few spikes do not flatten all else; None where it need not.

    It always holds nearly all points of a curve, where the curve begins, and where it is now: what came to
    stay is no spike. A curve that went away from all others, as when a run diverges, does not count.
    """
    known = [real for trace in traces if (real := [point for point in trace if not math.isnan(point[1])])]
    values = [y for trace in known for _, y in trace]
    if len(values) < _LEAST:
        return None
    low, high = min(values), max(values)
    tops = sorted(map(_top, known))
    usual = tops[(len(tops) - 1) // 2] - low
    top = max((one for one in tops if one - low <= _FOREIGN * usual), default=low)
    return top if low < top and high - low > _FLATTENED * (top - low) else None


def _top(trace: Trace) -> float:
    """Return how far up a curve goes, spikes apart."""
    ys = sorted(map(_y, trace))
    begins = min(y for x, y in trace if x == trace[0][0])  # a column's spike comes behind its start
    newest = sorted(map(_y, trace[-_NEWEST:]))
    return max(ys[math.ceil(_USUAL * len(ys)) - 1], begins, newest[len(newest) // 2])
