"""How errors are spread: bars that lie, one for each range."""

import math
from collections.abc import Sequence

from textual.content import Content

from tui.widgets.gradient_bars import bar
from tui.widgets.pictures.axes import number
from tui.widgets.pictures.drawing import Canvas

_MOST_BINS = 11
_LEAST_BINS = 5
_LABEL = 7


def error_bars(errors: Sequence[float], canvas: Canvas, taken: int) -> list[Content]:
    """Return a head and a bar for each range of errors, symmetrical around 0; `taken` lines are not free."""
    bins = min(_MOST_BINS, canvas.height - taken - 1)
    bins -= 1 - bins % 2  # an odd number: one of them is around 0
    known = [error for error in errors if math.isfinite(error)]
    most = max((abs(error) for error in known), default=0.0)
    cells = canvas.width - _LABEL - 6
    if bins < _LEAST_BINS or not most > 0 or cells < 4:
        return []
    counts = [0] * bins
    for error in known:
        counts[min(bins - 1, int((error / most + 1) / 2 * bins))] += 1
    head = Content("errors: prediction − target").stylize("$secondary")
    lines = [head]
    for index in reversed(range(bins)):
        middle = ((index + 0.5) / bins * 2 - 1) * most
        drawn = bar(counts[index] / max(counts), cells, canvas.ascii_only)
        lines.append(
            Content.assemble(
                (f"{number(middle):>{_LABEL - 1}} ", "$secondary"),
                (drawn, canvas.color(0)),
                (f" {counts[index]}", "$secondary"),
            )
        )
    return lines
