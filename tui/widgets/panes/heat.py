"""Layers × time as a picture: the logarithm of a figure as a colour, or as a character."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size
from textual.content import Content
from textual.widget import Widget

from dlcore.clean import clean
from dlcore.layerwise import typical
from tui.plotting import GUTTER, axis, column_of
from tui.ticks import LABEL_WIDTH, Limits
from tui.widgets.panes.shades import Kind, Scale, cell, kind_of, mark_on
from tui.widgets.panes.timeline import Figures

NUMBER = 9
"""Cells at the right, of a figure and the blank before it."""
_TALLEST = 4
"""Rows of one layer at most."""
_LONGEST = 16
_RAMP = 12
"""Cells of the scale in the title."""
_AXIS = 2

Run = tuple[str, str]


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


class HeatMap(Widget):
    """A row of cells for each layer, the first at the top; several rows where there are few layers.

    Where there are too many, neighbours share a row. The columns are those of a plot as wide, less the
    figures at the right, so that one can stand below it.
    """

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    HeatMap { width: 1fr; height: 1fr; text-wrap: nowrap; }
    """

    def __init__(self, *, ascii_only: bool = False) -> None:
        super().__init__()
        self._ascii_only = ascii_only
        self._heat: Heat | None = None
        self._sentence = ""
        self.with_axis = False
        """Whether the steps stand below, and the note below them: no plot does it."""

    def show(self, heat: Heat, *, with_axis: bool) -> None:
        """Show a picture instead of the last one."""
        if (heat, with_axis, "") != (self._heat, self.with_axis, self._sentence):
            self._heat, self.with_axis, self._sentence = heat, with_axis, ""
            self.refresh()

    def say(self, title: str, sentence: str) -> None:
        """Show a sentence while there is no picture."""
        if self._heat is not None or self._sentence != f"{title}\n{sentence}":
            self._heat, self._sentence = None, f"{title}\n{sentence}"
            self.refresh()

    def render(self) -> Content:
        """Return title, rows and, unless a plot below has it, the axis."""
        heat = self._heat
        if heat is None:
            title, _, sentence = self._sentence.partition("\n")
            return Content.assemble((title, "bold"), "\n", (clean(sentence), "$secondary"))
        kind = kind_of(self.app, ascii_only=self._ascii_only)
        width, height = self.size
        lines = [_title(heat, width, kind)]
        room = height - 1 - (_AXIS + 1 if self.with_axis else 0)
        lines += self._rows(heat, room, kind)
        if self.with_axis:
            gutter = " " * extra(heat.labels)
            room_below = width - NUMBER - len(gutter)
            below = axis("step", heat.limits, room_below, ascii_only=self._ascii_only)
            texts = [gutter + "".join(run.text for run in line) for line in below]
            lines += [Content(text).stylize("$secondary") for text in texts]
            lines.append(Content(clean(heat.note)).stylize("bold"))
        return Content("\n").join(lines)

    def _rows(self, heat: Heat, room: int, kind: Kind) -> list[Content]:
        tall = max(1, min(_TALLEST, room // len(heat.groups)))
        marked = self._marked_column(heat)
        width = LABEL_WIDTH + extra(heat.labels)
        lines = []
        for group, label, number in zip(heat.groups, heat.labels, heat.numbers, strict=True):
            for row in range(tall):
                is_named = row == (tall - 1) // 2
                head = set_cell_size(label if is_named else "", width)
                cells = _cells(heat, group, kind, tall - 1 - row, tall, marked)
                behind = (number if is_named else "").rjust(NUMBER)
                lines.append(Content.assemble(head, ("│", "$secondary"), *cells, behind))
        return lines

    def _marked_column(self, heat: Heat) -> int | None:
        if heat.cursor is None:
            return None
        width = GUTTER + len(heat.columns)
        column = column_of(heat.cursor, heat.limits, width, ascii_only=self._ascii_only)
        return None if column is None else column - GUTTER


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


def _title(heat: Heat, width: int, kind: Kind) -> Content:
    """Return the title, and the scale at the right where there is room."""
    left = Content.assemble((heat.title, "bold"), (f"  {clean(heat.when)}", "$secondary"))
    levels = heat.scale.levels
    ramp = [cell(place * levels // _RAMP, levels, kind) for place in range(_RAMP)]
    low, high = f"1e{heat.scale.low} ", f" 1e{heat.scale.high}"
    right = Content.assemble((low, "$secondary"), *ramp, (high, "$secondary"))
    gap = width - left.cell_length - right.cell_length
    return Content.assemble(left, " " * gap, right) if gap > 1 else left.truncate(width, ellipsis=True)


def _cells(heat: Heat, group: range, kind: Kind, row: int, rows: int, marked: int | None) -> list[Run]:
    """Return the cells of a row, neighbours that look alike in one piece."""
    levels = heat.scale.levels
    runs: list[Run] = []
    for index, figures in enumerate(heat.columns):
        figure = None if figures is None else _middle(figures, group)
        level = None if figure is None else heat.scale.level(figure)
        if index == marked:
            text, style = "|" if kind == "ascii" else "│", mark_on(level, levels, kind)
        elif figure is None:
            text, style = " ", ""
        elif level is None:  # a zero, or no number at all
            text, style = ("0", "$secondary") if figure == 0 else ("×", "bold $text-error")
        else:
            text, style = cell(level, levels, kind, row=row, rows=rows)
        if runs and runs[-1][1] == style:
            runs[-1] = runs[-1][0] + text, style
        else:
            runs.append((text, style))
    return runs


def _middle(figures: Figures, group: range) -> float:
    return figures[group[0]] if len(group) == 1 else typical([figures[layer] for layer in group])
