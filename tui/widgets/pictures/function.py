"""An activation and its slope as curves, and below them where a run's values fell."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from textual.content import Content

from dlcore.choices.activations import Activation, Step
from dlcore.clean import clean
from dlcore.functions import slope, value
from tui.drawing.plot_frame import GUTTER
from tui.drawing.plot_line import Role
from tui.drawing.plotting import Chart, Curve
from tui.widgets.pictures.drawing import Canvas
from tui.widgets.pictures.fitting import flowing

if TYPE_CHECKING:  # drawn long before a run is read
    from tui.watching.latest import Measured

LIMITS = (-5.0, 5.0)
_HALF = 100
"""Points on either side of zero."""
_JUST_BELOW = -1e-9
_LOOKS: tuple[tuple[Role, str], ...] = (
    ("run-1", ""),
    ("run-2", "○"),
    ("run-3", "×"),
    ("run-4", "◆"),
    ("run-5", "▲"),
)

Points = tuple[tuple[float, float | None], ...]


def function_chart(activations: tuple[Activation, ...]) -> Chart:
    """Return f and its slope; of several different activations the functions alone."""
    different = tuple(dict.fromkeys(activations))
    if len(different) == 1:
        one = different[0]
        curves = (Curve("f", tuple(_values(one)), *_LOOKS[0]), Curve("f'", tuple(_slopes(one)), *_LOOKS[1]))
        return Chart(one.word(), curves, LIMITS, x_label="x", values=False)
    looks = [_LOOKS[index % len(_LOOKS)] for index in range(len(different))]
    drawn = (
        Curve(one.word(), tuple(_values(one)), *look) for one, look in zip(different, looks, strict=True)
    )
    return Chart("f", tuple(drawn), LIMITS, x_label="x", values=False)


def _values(activation: Activation) -> Iterator[tuple[float, float | None]]:
    for x in _below():
        yield x, value(activation, x)
    yield _JUST_BELOW, value(activation, _JUST_BELOW)
    if isinstance(activation, Step):
        yield 0.0, None
    for x in _above():
        yield x, value(activation, x)


def _slopes(activation: Activation) -> Iterator[tuple[float, float | None]]:
    """Yield the slopes with a gap at zero, where many functions have their kink."""
    for x in (*_below(), _JUST_BELOW):
        yield x, slope(activation, x)
    yield 0.0, None
    for x in (-_JUST_BELOW, *_above()):
        yield x, slope(activation, x)


def _below() -> list[float]:
    return [LIMITS[0] * (_HALF - index) / _HALF for index in range(_HALF)]


def _above() -> list[float]:
    return [LIMITS[1] * (index + 1) / _HALF for index in range(_HALF)]


def band(measured: "Measured", canvas: Canvas) -> Content:
    """Return a bar for the x axis of the chart, from where to where a run's values fell, and their run."""
    columns = canvas.width - GUTTER
    low, high = measured.low, measured.high
    name = clean(measured.run)
    text = flowing([f"9 of 10 values were {low:.2g} to {high:.2g}", f"in the run {name}"], canvas.width, " ")
    if columns < 8:
        return text
    if high < LIMITS[0] or low > LIMITS[1]:
        bar = "off the left end" if high < LIMITS[0] else "off the right end".rjust(columns)
    else:
        first, last = _column(low, columns), _column(high, columns)
        line = "=" if canvas.ascii_only else "━"
        left = "<" if low < LIMITS[0] else line
        right = ">" if high > LIMITS[1] else line
        bar = " " * first + (left + line * (last - first - 1) + right if last > first else line)
    return Content.assemble(" " * GUTTER, (bar, "$warning"), "\n", text)


def _column(x: float, columns: int) -> int:
    low, high = LIMITS
    share = (min(max(x, low), high) - low) / (high - low)
    return min(columns - 1, int(share * columns))
