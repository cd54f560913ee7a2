"""A chart as inline SVG: nothing but lines and words, coloured by the style sheet of the page around it.

Series are told apart by the shape of their marks and by their dashes as well as by colour, so that a print in
grey says the same. Each curve and mark has a title, which browsers show without any script.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dlcore.export import axes
from dlcore.export.chart import Chart, Curve, drawable, is_finite
from dlcore.export.escape import for_html
from dlcore.export.tables import width as cells

COLUMNS = 480
"""Points that a curve has at most: one for each and a half units of the picture."""
STYLES = 8
"""So many series look different; the style sheet has a colour for each."""

_WIDTH, _PLOT_HEIGHT = 760.0, 250.0
_LEFT, _RIGHT, _BOTTOM = 66.0, 18.0, 44.0
_LINE, _LETTER = 20.0, 6.6
"""Height of a line of the legend, and about how wide a letter is."""
_SAMPLE = 34.0
"""Width of the piece of line in the legend."""
_MOST_MARKS = 60
"""Of more points some are marked: the line goes through all of them."""
_DASHES = ("", "7 3", "2 3", "9 3 2 3", "12 4", "4 2", "1 3", "10 3 2 3 2 3")
_SHAPES = (
    "M-3.4 0a3.4 3.4 0 1 0 6.8 0a3.4 3.4 0 1 0 -6.8 0Z",  # circle
    "M-3 -3H3V3H-3Z",  # square
    "M0 -4L3.8 3H-3.8Z",  # triangle
    "M0 -4.2L4.2 0L0 4.2L-4.2 0Z",  # diamond
    "M0 4L3.8 -3H-3.8Z",  # triangle upside down
    "M-1.3 -4H1.3V-1.3H4V1.3H1.3V4H-1.3V1.3H-4V-1.3H-1.3Z",  # plus
    "M-4 -1.5H4V1.5H-4Z",  # bar
    "M0 -4.4L1.2 -1.2L4.4 0L1.2 1.2L0 4.4L-1.2 1.2L-4.4 0L-1.2 -1.2Z",  # star
)


@dataclass(frozen=True)
class _Frame:
    """Where figures stand in the picture."""

    x_limits: tuple[float, float]
    y_limits: tuple[float, float]
    is_log: bool
    top: float

    @property
    def bottom(self) -> float:
        return self.top + _PLOT_HEIGHT

    def x(self, value: float) -> float:
        first, last = self.x_limits
        return _LEFT + (value - first) / (last - first) * (_WIDTH - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        low, high = self.y_limits
        if self.is_log:
            value, low, high = math.log10(max(value, low)), math.log10(low), math.log10(high)
        return self.bottom - (value - low) / (high - low) * _PLOT_HEIGHT


def draw(chart: Chart) -> str:
    """Return the `<svg>` element; '' where there is nothing finite to show."""
    values = chart.values
    if not values:
        return ""
    is_log = chart.scale == "auto" and axes.is_log(min(values), max(values))
    shown = [(index, one) for index, one in enumerate(chart.curves) if drawable(one.points, chart.x_limits)]
    legend, lines = _legend(shown)
    if is_log:
        marks = axes.decades(min(values), max(values), 6)
    else:
        marks = axes.linear(min(values), max(values), percent=chart.scale == "percent", most=5)
    frame = _Frame(chart.x_limits, (marks[0][0], marks[-1][0]), is_log, 34.0 + lines * _LINE)
    title = f"{chart.title} (log scale)" if is_log else chart.title
    height = frame.bottom + _BOTTOM
    parts = [
        f'<svg class="plot" viewBox="0 0 {_WIDTH:g} {height:g}" role="img" aria-label="{for_html(title)}">',
        _text(8, 18, title, "title"),
        *legend,
        *_axes(frame, marks, chart.x_name),
        *_ticks(frame, chart.ticks),
        *(part for index, one in shown for part in _curve(frame, one, index)),
        "</svg>",
    ]
    return "\n".join(parts)


def _legend(curves: Sequence[tuple[int, Curve]]) -> tuple[list[str], int]:
    """Return the pieces of the legend, below the title, and how many lines it takes."""
    parts: list[str] = []
    x, line = 8.0, 1
    for index, curve in curves:
        name = f"{curve.letter} {curve.name}" if curve.letter else curve.name
        wide = _SAMPLE + 8 + _LETTER * cells(name) + 16
        if x > 8 and x + wide > _WIDTH:
            x, line = 8.0, line + 1
        y = 14 + line * _LINE
        parts.append(f'<path class="line s{index % STYLES + 1}"{_dash(index)} d="M{x:g} {y:g}h{_SAMPLE:g}"/>')
        if curve.has_marks:
            parts.append(_mark(index, x + _SAMPLE / 2, y))
        parts.append(_text(x + _SAMPLE + 6, y + 4, name))
        x += wide
    return parts, line


def _axes(frame: _Frame, marks: Sequence[tuple[float, str]], x_name: str) -> Iterator[str]:
    right = _WIDTH - _RIGHT
    for value, label in marks:
        y = frame.y(value)
        yield f'<path class="grid" d="M{_LEFT:g} {y:.1f}H{right:g}"/>'
        yield _text(_LEFT - 8, y + 4, label, "end")
    for value, label in axes.within(*frame.x_limits, 8):
        x = frame.x(value)
        yield f'<path class="axis" d="M{x:.1f} {frame.bottom:g}v5"/>'
        yield _text(x, frame.bottom + 19, label, "middle")
    yield f'<path class="axis" d="M{_LEFT:g} {frame.top:g}V{frame.bottom:g}H{right:g}"/>'
    yield _text((_LEFT + right) / 2, frame.bottom + 37, x_name, "middle")


def _ticks(frame: _Frame, ticks: Sequence[tuple[float, str]]) -> Iterator[str]:
    """Yield a line across the plot for each edit, with its number at the top."""
    for value, label in ticks:
        if frame.x_limits[0] <= value <= frame.x_limits[1]:
            x = frame.x(value)
            yield f'<path class="edit" d="M{x:.1f} {frame.top:g}V{frame.bottom:g}"/>'
            yield _text(x, frame.top - 4, label, "edit-number middle")


def _curve(frame: _Frame, curve: Curve, index: int) -> Iterator[str]:
    style = f"s{index % STYLES + 1}"
    band = [
        (frame.x(x), frame.y(low), frame.y(high))
        for x, low, high in curve.band
        if is_finite(low) and is_finite(high) and frame.x_limits[0] <= x <= frame.x_limits[1]
    ]
    yield f'<g class="{style}"><title>{for_html(curve.name)}</title>'
    if band:
        above = " ".join(f"{x:.1f} {_bounded(frame, high):.1f}" for x, _, high in band)
        below = " ".join(f"{x:.1f} {_bounded(frame, low):.1f}" for x, low, _ in reversed(band))
        yield f'<path class="band {style}" d="M{above} L{below}Z"/>'
    if path := " ".join(_stretches(frame, curve)):
        name = "line" if curve.has_marks else "line fine"
        yield f'<path class="{name} {style}"{_dash(index)} d="{path}"/>'
    if curve.has_marks:
        points = drawable(curve.points, frame.x_limits)
        for x, y in points[:: math.ceil(len(points) / _MOST_MARKS)]:
            yield _mark(index, frame.x(x), frame.y(y), f"{x:.4g}: {y:.5g}")
    yield "</g>"


def _bounded(frame: _Frame, y: float) -> float:
    """Return a height in the picture, at most at its edges: the range of a step far off ends there."""
    return min(max(y, frame.top), frame.bottom)


def _stretches(frame: _Frame, curve: Curve) -> Iterator[str]:
    """Yield the path of each stretch of a line; a point that is not finite leaves a gap."""
    stretch: list[str] = []
    for x, y in (*curve.points, (math.nan, math.nan)):
        inside = frame.x_limits[0] <= x <= frame.x_limits[1]
        if inside and is_finite(y):
            stretch.append(f"{frame.x(x):.1f} {frame.y(y):.1f}")
        elif stretch:
            yield f"M{' L'.join(stretch)}" if len(stretch) > 1 else f"M{stretch[0]}h.1"
            stretch = []


def _mark(index: int, x: float, y: float, about: str = "") -> str:
    shape = _SHAPES[index % len(_SHAPES)]
    style = f'class="mark s{index % STYLES + 1}" transform="translate({x:.1f} {y:.1f})" d="{shape}"'
    return f"<path {style}><title>{for_html(about)}</title></path>" if about else f"<path {style}/>"


def _dash(index: int) -> str:
    """Return the dashes of a series; of two with the same colour they differ."""
    dashes = _DASHES[(index + index // STYLES) % len(_DASHES)]
    return f' stroke-dasharray="{dashes}"' if dashes else ""


def _text(x: float, y: float, text: str, name: str = "") -> str:
    style = f' class="{name}"' if name else ""
    return f'<text{style} x="{x:.1f}" y="{y:.1f}">{for_html(text)}</text>'
