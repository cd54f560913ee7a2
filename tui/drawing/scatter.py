"""One key of some configurations against one figure of their runs, as a chart: a mark for each run."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.cells import cell_len

from dlcore.clean import clean
from tui.drawing.plotting import Chart, Curve
from tui.drawing.run_marks import Look
from tui.drawing.ticks import Limits, Tick, round_limits

_LOG_RATIO = 20.0
"""Positive values that reach so much farther are drawn on a logarithmic axis."""
_LARGEST = 1e100
_MOST_LETTERS = 9


@dataclass(frozen=True)
class Dot:
    """One run: the value of the key, the same in words, and the figure."""

    value: Any
    text: str
    figure: float
    look: Look


def scatter_chart(title: str, dots: Sequence[Dot], *, percent: bool) -> Chart:
    """Return the chart; values that are no numbers stand side by side in the order in which they come."""
    xs, limits, ticks, log_x = _places(dots)
    curves = (
        Curve("", ((x, dot.figure),), dot.look.role, dot.look.mark) for x, dot in zip(xs, dots, strict=True)
    )
    return Chart(
        title, tuple(curves), limits, percent=percent, values=False, log_x=log_x, x_ticks=tuple(ticks)
    )


def _places(dots: Sequence[Dot]) -> tuple[list[float], Limits, list[Tick], bool]:
    if all(_is_number(dot.value) for dot in dots):
        xs = [float(dot.value) for dot in dots]
        low, high = min(xs, default=0.0), max(xs, default=1.0)
        if low > 0 and high >= _LOG_RATIO * low:
            return xs, (low / 1.5, high * 1.5), [], True
        return xs, round_limits(low, high), [], False
    words = list(dict.fromkeys(dot.text for dot in dots))
    ticks = [Tick(float(place), _label(word, place)) for place, word in enumerate(words)]
    return [float(words.index(dot.text)) for dot in dots], (-0.5, len(words) - 0.5), ticks, False


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= _LARGEST


def _label(word: str, place: int) -> str:
    """Return a word as an axis can have it, a character a cell; else its place, counted from 1."""
    word = clean(word)[:_MOST_LETTERS]
    return word if word and cell_len(word) == len(word) else f"#{place + 1}"
