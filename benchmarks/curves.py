"""Small charts for the pages, drawn by the code that draws them in the app; the x axis is labelled here."""

import math
from collections.abc import Mapping, Sequence

from tui.drawing.plot_frame import AXIS_ROWS, GUTTER
from tui.drawing.plotting import Chart, Curve, draw
from tui.drawing.ticks import round_limits

_SIZE = (76, 14)
"""Cells of a chart with its labels."""


def picture(
    title: str,
    points: Sequence[tuple[float, float]],
    labels: Mapping[float, str],
    *,
    logarithmic: bool = True,
) -> str:
    """Return a block of Markdown with a curve through the points (x, y), and `labels` below their x.

    `logarithmic` is for both axes; otherwise both are linear, and y begins at zero.
    """
    placed = {x: math.log10(x) if logarithmic else x for x in {*labels, *(x for x, _ in points)}}
    limits = min(placed.values()), max(placed.values())
    curve = Curve(title, tuple((placed[x], y) for x, y in points), mark="●")
    height = None if logarithmic else round_limits(0.0, max(y for _, y in points))
    chart = Chart(title, (curve,), limits, height, log_y=logarithmic)
    lines = ["".join(run.text for run in line) for line in draw(chart, *_SIZE)][:-AXIS_ROWS]
    columns = {_column(placed[x], limits): text for x, text in labels.items()}
    drawn = [title, *lines, *_axis(columns)]
    return "\n".join(("```text", *(line.rstrip() for line in drawn), "```"))


def _column(x: float, limits: tuple[float, float]) -> int:
    """Return the column of the canvas in which the curve passes x: a cell is two dots wide."""
    dots = 2 * (_SIZE[0] - GUTTER) - 1
    return math.floor(0.5 + dots * (x - limits[0]) / (limits[1] - limits[0])) // 2


def _axis(labels: Mapping[int, str]) -> tuple[str, str]:
    """Return the base line with its ticks and the line of labels; one that has no room is left out."""
    columns = _SIZE[0] - GUTTER
    base, texts = ["─"] * columns, [" "] * columns
    free = 0
    for column, text in sorted(labels.items()):
        start = max(0, min(column - len(text) // 2, columns - len(text)))
        if start >= free:
            base[column] = "┬"
            texts[start : start + len(text)] = text
            free = start + len(text) + 1
    return " " * (GUTTER - 1) + "└" + "".join(base), " " * GUTTER + "".join(texts)
