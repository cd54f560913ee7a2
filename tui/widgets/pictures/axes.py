"""Axes around a picture: a gutter with the limits of y at the left, those of x below."""

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size
from textual.content import Content

from dlcore.clean import clean
from tui.drawing.ticks import LABEL_WIDTH, Limits
from tui.widgets.pictures.drawing import Canvas
from tui.widgets.pictures.fitting import centred

GUTTER = LABEL_WIDTH + 1
FRAME_ROWS = 2
"""The line of x, and its labels."""


def framed(
    body: Sequence[Content], columns: int, x: Limits, y: Limits, names: tuple[str, str], canvas: Canvas
) -> list[Content]:
    """Return lines of `columns` cells with axes: limits at both ends, and between them the names."""
    labels = {0: number(y[1]), len(body) - 1: number(y[0])}
    if len(body) > 2 and names[1]:
        labels[len(body) // 2] = set_cell_size(clean(names[1]), min(LABEL_WIDTH, cell_len(clean(names[1]))))
    lines = [
        Content.assemble((_gutter(labels.get(row), canvas), "$secondary"), line)
        for row, line in enumerate(body)
    ]
    corner, line = ("+", "-") if canvas.ascii_only else ("└", "─")
    low, high = number(x[0]), number(x[1])
    room = columns - len(low) - len(high) - 2
    between = f" {centred(clean(names[0]), room)} " if room > 0 else " " * max(1, room + 2)
    lines.append(Content(" " * LABEL_WIDTH + corner + line * columns).stylize("$secondary"))
    lines.append(Content(" " * GUTTER + low + between + high).stylize("$secondary"))
    return lines


def number(value: float) -> str:
    """Return a label of at most six cells."""
    if abs(value) < 1e-12:
        return "0"
    tries = [f"{value:.{digits}g}".replace("e+0", "e").replace("e-0", "e-") for digits in (3, 2, 1)]
    return next((text for text in tries if len(text) <= LABEL_WIDTH), tries[-1])


def _gutter(label: str | None, canvas: Canvas) -> str:
    plain, tick = ("|", "+") if canvas.ascii_only else ("│", "┤")
    text = label or ""
    return " " * (LABEL_WIDTH - cell_len(text)) + text + (plain if label is None else tick)
