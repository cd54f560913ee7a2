"""A plot before it is drawn, in text or as a picture: curves over one x axis, and what happened meanwhile."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

Point = tuple[float, float]
Limits = tuple[float, float]
Scale = Literal["auto", "linear", "percent"]
"""With "percent" y is a share. With "auto" y is logarithmic where the figures span two decades or more."""

_LARGEST, _SMALLEST = 1e300, 1e-300


@dataclass(frozen=True)
class Curve:
    """A name, one character that marks its points in text, and the points (x, y); where not finite, a gap."""

    name: str
    mark: str
    points: Sequence[Point]
    band: Sequence[tuple[float, float, float]] = ()
    """(x, lowest, highest) where a point stands for several figures; only pictures show it."""
    letter: str = ""
    """What a picture puts before the name: what stands for the curve in tables around it."""
    has_marks: bool = False
    """Whether each point is a measurement that a picture marks, rather than a part of a line."""


@dataclass(frozen=True)
class Chart:
    """What one plot shows."""

    title: str
    curves: Sequence[Curve]
    x_limits: Limits
    x_name: str
    scale: Scale = "auto"
    ticks: Sequence[tuple[float, str]] = ()
    """(x, label) of what happened while the run went on: its edits."""

    @property
    def values(self) -> list[float]:
        """All that has a place on the y axis; empty where there is nothing to draw."""
        if not self.x_limits[1] > self.x_limits[0]:
            return []
        return [y for curve in self.curves for _, y in drawable(curve.points, self.x_limits)]


Draw = Callable[[int], Chart]
"""Makes a chart whose curves have at most about so many points."""


def drawable(points: Iterable[Point], limits: Limits) -> list[Point]:
    """Return the points that have a place; what is nearly 0 is 0, so that it has no logarithm."""
    return [
        (x, y if abs(y) > _SMALLEST else 0.0)
        for x, y in points
        if is_finite(y) and limits[0] <= x <= limits[1]
    ]


def is_finite(figure: float) -> bool:
    """Whether a figure has a place on an axis: those close to the end of all numbers have none."""
    return math.isfinite(figure) and -_LARGEST < figure < _LARGEST
