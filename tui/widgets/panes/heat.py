"""Layers × time as lines of text: the logarithm of a figure as a colour, or as a character."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size

from dlcore.clean import clean
from dlcore.curves.layerwise import typical
from tui.drawing.plot_frame import GUTTER, axis_below, column_of
from tui.drawing.ticks import LABEL_WIDTH, Limits
from tui.widgets.panes.shades import Kind, Scale, cell, mark_on
from tui.widgets.panes.timeline import Figures

NUMBER = 9
"""Cells at the right, of a figure and the blank before it."""
_TALLEST = 4
"""Rows of one layer at most."""
_LONGEST = 16
_RAMP = 12
"""Cells of the scale in the title."""
_AXIS = 2
_WITHOUT_LEVEL = {"nothing": (" ", ""), "zero": ("0", "faint"), "bad": ("×", "bad")}

Run = tuple[str, str]
"""Text, and its style: a colour behind it (`on #rrggbb`), or the name of a look, '' for the usual one."""
Line = tuple[Run, ...]


@dataclass(frozen=True)
class Heat:
    """What the picture shows; `columns` are those of its canvas, from step 0 to the known end."""

    title: str
    when: str
    note: str
    groups: tuple[range, ...]
    """Which layers stand in each row."""
    labels: tuple[str, ...]
    """The name of each row."""
    columns: tuple[Figures | None, ...]
    scale: Scale
    numbers: tuple[str, ...]
    """What stands behind each row: the figure at the cursor."""
    limits: Limits
    cursor: int | None = None
    """The step in the past that is looked at, if one is."""


def rows_of(layers: int, height: int) -> int:
    """Return how many rows a picture of so many layers takes above a plot: its title, and what looks well."""
    return 1 + layers * max(1, min(_TALLEST, (height * 3 // 5 - 1) // max(layers, 1)))


def room_alone(height: int) -> int:
    """Return for how many rows of layers there is room where the picture has its own axis."""
    return height - 2 - _AXIS


def label(first: str, last: str) -> str:
    """Return the name of a row, as in fc1, or fc1–3 where several layers share it."""
    first, last = clean(first), clean(last)
    if first == last:
        return first
    return f"{first}–{last.removeprefix(first.rstrip('0123456789'))}"


def extra(labels: Sequence[str]) -> int:
    """Return by how many cells the names need more than the labels of a plot do."""
    return max(0, min(max(map(cell_len, labels), default=0), _LONGEST) - LABEL_WIDTH)


def canvas_width(labels: Sequence[str], width: int) -> int:
    """Return how many columns a picture `width` cells wide has for its steps."""
    return max(0, width - GUTTER - extra(labels) - NUMBER)


def picture(heat: Heat, width: int, height: int, kind: Kind, *, with_axis: bool) -> list[Line]:
    """Return title and rows; and, if wanted, the steps below them and the note."""
    room = room_alone(height) if with_axis else height - 1
    tall = max(1, min(_TALLEST, room // max(len(heat.groups), 1)))
    marked = _marked_column(heat, is_ascii=kind == "ascii")
    name_width = LABEL_WIDTH + extra(heat.labels)
    lines = [_title(heat, width, kind)]
    for group, label_of_row, number in zip(heat.groups, heat.labels, heat.numbers, strict=True):
        levels = [_level(heat, figures, group) for figures in heat.columns]
        for row in range(tall):
            is_named = row == (tall - 1) // 2
            name = set_cell_size(label_of_row if is_named else "", name_width)
            cells = _cells(levels, heat.scale.levels, kind, tall - 1 - row, tall, marked)
            behind = (number if is_named else "").rjust(NUMBER)
            lines.append(((name, ""), ("│", "faint"), *cells, (behind, "")))
    return [*lines, *_below(heat, width, kind)] if with_axis else lines


def _below(heat: Heat, width: int, kind: Kind) -> list[Line]:
    gutter = " " * extra(heat.labels)
    lines = axis_below("step", heat.limits, width - NUMBER - len(gutter), ascii_only=kind == "ascii")
    steps: list[Line] = [((gutter + line, "faint"),) for line in lines]
    return [*steps, ((clean(heat.note), "title"),)]


def _marked_column(heat: Heat, *, is_ascii: bool) -> int | None:
    if heat.cursor is None:
        return None
    column = column_of(heat.cursor, heat.limits, GUTTER + len(heat.columns), ascii_only=is_ascii)
    return None if column is None else column - GUTTER


def _title(heat: Heat, width: int, kind: Kind) -> Line:
    """Return the title, and the scale at the right where there is room."""
    left = [(heat.title, "title"), (f"  {clean(heat.when)}", "faint")]
    levels = heat.scale.levels
    ramp = [cell(place * levels // _RAMP, levels, kind) for place in range(_RAMP)]
    right = [(f"1e{heat.scale.low} ", "faint"), *ramp, (f" 1e{heat.scale.high}", "faint")]
    gap = width - sum(cell_len(text) for text, _ in (*left, *right))
    return (*left, (" " * gap, ""), *right) if gap > 1 else tuple(left)


def _level(heat: Heat, figures: Figures | None, group: range) -> int | str:
    """Return the level of a row in a column: 'nothing', 'zero' or 'bad' where it has none."""
    if figures is None:
        return "nothing"
    figure = figures[group[0]] if len(group) == 1 else typical([figures[layer] for layer in group])
    level = heat.scale.level(figure)
    return level if level is not None else "zero" if figure == 0 else "bad"


def _cells(
    levels: list[int | str], most: int, kind: Kind, row: int, rows: int, marked: int | None
) -> list[Run]:
    """Return the cells of a row, neighbours that look alike in one piece."""
    runs: list[Run] = []
    for index, level in enumerate(levels):
        if index == marked:
            text, style = "|" if kind == "ascii" else "│", mark_on(level, most, kind)
        elif isinstance(level, str):
            text, style = _WITHOUT_LEVEL[level]
        else:
            text, style = cell(level, most, kind, row=row, rows=rows)
        if runs and runs[-1][1] == style:
            runs[-1] = runs[-1][0] + text, style
        else:
            runs.append((text, style))
    return runs
