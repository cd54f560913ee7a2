"""Predictions against targets, and the diagonal on which they are equal."""

import math
from collections import Counter

from textual.content import Content

from tui.asking.error_report import NumberErrors
from tui.drawing.ticks import LABEL_WIDTH, Limits, round_limits
from tui.widgets.pictures.drawing import Canvas
from tui.widgets.pictures.fitting import centred
from tui.widgets.shortening import cut_to, right

_LEAST = (LABEL_WIDTH + 12, 6)
_FRAME_ROWS = 3
"""The line above, the axis and its labels below."""
_LARGEST = 1e100
_MARKS, _ASCII_MARKS = "·•●", ".o@"
"""For one sample in a cell, for a few, and for many."""
_FEW = 4


def agreement(report: NumberErrors, canvas: Canvas) -> Content:
    """Return targets across and predictions up, both on the same scale: what is right is on the diagonal."""
    columns, rows = canvas.width - LABEL_WIDTH - 1, canvas.height - _FRAME_ROWS
    points = [pair for pair in report.points if all(abs(value) <= _LARGEST for value in pair)]
    if not points:
        return Content("no predictions to draw").stylize("$secondary")
    if canvas.width < _LEAST[0] or canvas.height < _LEAST[1]:
        return Content(f"{len(points)} predictions: no room to draw them").stylize("$secondary")
    limits = round_limits(min(map(min, points)), max(map(max, points)))
    counts = Counter((_cell(got, limits, rows), _cell(wanted, limits, columns)) for wanted, got in points)
    diagonal = {(_cell(_middle(column, columns, limits), limits, rows), column) for column in range(columns)}
    labels = {0: _number(limits[0]), rows - 1: _number(limits[1])}
    lines = [_key(canvas)]
    for row in reversed(range(rows)):
        parts: list[tuple[str, str]] = [(_gutter(labels.get(row), canvas), "$secondary")]
        for column in range(columns):
            count = counts.get((row, column), 0)
            if not count and (row, column) in diagonal:
                parts.append(("/" if canvas.ascii_only else "╱", "$secondary"))
            else:
                parts.append(_mark(count, canvas))
        lines.append(Content.assemble(*parts))
    return Content("\n").join([*lines, *_x_axis(report.name, limits, columns, canvas)])


def _cell(value: float, limits: Limits, cells: int) -> int:
    share = (value - limits[0]) / (limits[1] - limits[0])
    return min(cells - 1, max(0, math.floor(share * cells)))


def _middle(cell: int, cells: int, limits: Limits) -> float:
    return limits[0] + (cell + 0.5) / cells * (limits[1] - limits[0])


def _mark(count: int, canvas: Canvas) -> tuple[str, str]:
    if not count:
        return " ", ""
    marks = _ASCII_MARKS if canvas.ascii_only else _MARKS
    return marks[0 if count == 1 else 1 if count <= _FEW else 2], f"bold {canvas.color(0)}"


def _key(canvas: Canvas) -> Content:
    """Return the line above: what goes up, and what the diagonal is."""
    line = "/" if canvas.ascii_only else "╱"
    return Content(cut_to(f"{'predicted':>{LABEL_WIDTH}}   {line} exactly right", canvas.width)).stylize(
        "$secondary"
    )


def _number(value: float) -> str:
    """Return a label of at most six cells."""
    tries = [f"{value:.{digits}g}".replace("e+", "e") for digits in (4, 3, 2, 1)]
    return next((text for text in tries if len(text) <= LABEL_WIDTH), tries[-1])


def _gutter(label: str | None, canvas: Canvas) -> str:
    plain, tick = ("|", "+") if canvas.ascii_only else ("│", "┤")
    return right(label or "", LABEL_WIDTH) + (plain if label is None else tick)


def _x_axis(name: str, limits: Limits, columns: int, canvas: Canvas) -> list[Content]:
    low, high = _number(limits[0]), _number(limits[1])
    room = columns - len(low) - len(high) - 2
    texts = f"{low} {centred(name, room)} {high}" if room > 0 else f"{low} {high}"
    corner, line = ("+", "-") if canvas.ascii_only else ("└", "─")
    axis = Content(" " * LABEL_WIDTH + corner + line * columns).stylize("$secondary")
    return [axis, Content(" " * (LABEL_WIDTH + 1) + texts).stylize("$secondary")]
