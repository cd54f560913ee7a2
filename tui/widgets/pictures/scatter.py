"""Points in the plane: a mark and a colour for each class, and the names of the axes."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from textual.content import Content

from dlcore.clean import clean
from tui.drawing.ticks import LABEL_WIDTH, Limits, round_limits
from tui.widgets.pictures.drawing import Canvas
from tui.widgets.pictures.fitting import centred

MARKS = "●×◆○+▲■△◇□"
ASCII_MARKS = "ox#s+^=vdn"
_LEAST = (LABEL_WIDTH + 12, 6)
_LARGEST = 1e100
_MOST_NAMES = 30
_FRAME_ROWS = 3
"""The line of names above, the axis and its labels below."""


@dataclass(frozen=True)
class Points:
    """Points (x, y, class), what the axes stand for, and what the classes are called."""

    points: tuple[tuple[float, float, int], ...]
    axes: tuple[str, str]
    names: tuple[str, ...] = ()
    """None where there are no classes."""


def points_of(picture: dict[str, object], names: Sequence[str]) -> Points:
    """Return the points of an inspector's picture; those that are not finite are left out."""
    rows = picture["points"]
    assert isinstance(rows, list)
    kept = tuple((x, y, label) for x, y, label in rows if _drawable(x) and _drawable(y))
    x_name, y_name = (clean(str(name)) for name in picture["axes"])  # type: ignore[attr-defined]
    return Points(kept, (x_name, y_name), tuple(clean(name) for name in names))


def scatter(points: Points, canvas: Canvas) -> Content:
    """Return the points inside axes; where several fall into a cell, most of them say whose it is."""
    columns, rows = canvas.width - LABEL_WIDTH - 1, canvas.height - _FRAME_ROWS
    if not points.points:
        return Content("no points to draw").stylize("$secondary")
    if canvas.width < _LEAST[0] or canvas.height < _LEAST[1]:
        return Content(f"{len(points.points)} points: no room to draw them").stylize("$secondary")
    x_limits = round_limits(*_ends([x for x, _, _ in points.points]))
    y_limits = round_limits(*_ends([y for _, y, _ in points.points]))
    cells: dict[tuple[int, int], Counter[int]] = {}
    for x, y, label in points.points:
        place = _cell(y, y_limits, rows), _cell(x, x_limits, columns)
        cells.setdefault(place, Counter())[label] += 1
    labels = {0: _number(y_limits[0]), rows - 1: _number(y_limits[1])}
    lines = [_names(points, canvas)]
    for row in reversed(range(rows)):
        parts: list[tuple[str, str] | str] = [(_gutter(labels.get(row), canvas), "$secondary")]
        for column in range(columns):
            found = cells.get((row, column))
            parts.append(_mark(found.most_common(1)[0][0], canvas) if found else " ")
        lines.append(Content.assemble(*parts))
    return Content("\n").join([*lines, *_x_axis(points.axes[0], x_limits, columns, canvas)])


def _drawable(number: object) -> bool:
    return isinstance(number, float | int) and abs(number) <= _LARGEST  # which nan is not


def _ends(values: list[float]) -> Limits:
    return min(values), max(values)


def _cell(value: float, limits: Limits, cells: int) -> int:
    share = (value - limits[0]) / (limits[1] - limits[0])
    return min(cells - 1, max(0, math.floor(share * cells)))


def _mark(label: int, canvas: Canvas) -> tuple[str, str]:
    marks = ASCII_MARKS if canvas.ascii_only else MARKS
    return marks[label % len(marks)], canvas.color(label)


def _number(value: float) -> str:
    """Return a label of at most six cells."""
    tries = [f"{value:.{digits}g}".replace("e+", "e") for digits in (4, 3, 2, 1)]
    return next((text for text in tries if len(text) <= LABEL_WIDTH), tries[-1])


def _gutter(label: str | None, canvas: Canvas) -> str:
    plain, tick = ("|", "+") if canvas.ascii_only else ("│", "┤")
    return (label or "").rjust(LABEL_WIDTH) + (plain if label is None else tick)


def _names(points: Points, canvas: Canvas) -> Content:
    """Return the y axis's name, cut where there is little room, and behind it the classes."""
    classes = Content("").join(
        Content.assemble("  ", _mark(label, canvas), f" {name}")
        for label, name in enumerate(points.names[:_MOST_NAMES])
    )
    room = max(LABEL_WIDTH, canvas.width - classes.cell_length)
    blanks = " " * (LABEL_WIDTH - cell_len(points.axes[1]))
    name = Content(blanks + points.axes[1]).stylize("$secondary").truncate(room, ellipsis=True)
    return Content.assemble(name, classes).truncate(canvas.width, ellipsis=True)


def _x_axis(name: str, limits: Limits, columns: int, canvas: Canvas) -> list[Content]:
    low, high = _number(limits[0]), _number(limits[1])
    room = columns - len(low) - len(high) - 2
    middle = centred(name, room) if room > 0 else ""
    texts = f"{low} {middle} {high}" if room > 0 else f"{low} {high}".rjust(columns)
    indent = " " * LABEL_WIDTH
    corner, line = ("+", "-") if canvas.ascii_only else ("└", "─")
    axis = Content(indent + corner + line * columns).stylize("$secondary")
    return [axis, Content(f"{indent} {texts}").stylize("$secondary")]
