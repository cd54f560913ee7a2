"""What each layer hands to its activation: mean and spread on one axis, and how much of it is idle."""

import math
from dataclasses import dataclass
from functools import partial

from rich.cells import set_cell_size
from textual.content import Content
from textual.widget import Widget

from dlcore.clean import clean
from tui.drawing.ticks import Limits, round_ticks
from tui.widgets.panes.layered import listed

_NAME, _WORD, _NUMBER, _IDLE = 6, 9, 8, 12
_AROUND = 2
"""Rows beside those of the layers: the title, and the axis."""
_WIDE = 100
"""Cells from which on the ends of the spread are written too."""
_MUCH = 0.5
"""A share of dead or saturated units that stands out."""

Run = tuple[str, str]


@dataclass(frozen=True)
class Spread:
    """Of one layer: what follows it, mean and 5th and 95th percentile, and the share that is dead or flat."""

    layer: str
    activation: str
    mean: float
    low: float
    high: float
    dead: float | None = None
    saturated: float | None = None

    @property
    def is_finite(self) -> bool:
        """Whether it can be drawn."""
        return all(map(math.isfinite, (self.mean, self.low, self.high)))


@dataclass(frozen=True)
class Table:
    """All layers from input to output, as they were at a step."""

    spreads: tuple[Spread, ...]
    step: int
    limits: Limits
    chosen: int = 0


class SpreadTable(Widget):
    """One line a layer: from the 5th to the 95th percentile, a dot at the mean."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    SpreadTable { width: 1fr; height: 1fr; text-wrap: nowrap; }
    """

    def __init__(self, *, ascii_only: bool = False) -> None:
        super().__init__()
        self._ascii_only = ascii_only
        self._shown: Table | str = ""

    def show(self, shown: Table | str) -> None:
        """Show a table, or a sentence while there is none."""
        if shown != self._shown:
            self._shown = shown
            self.refresh()

    def render(self) -> Content:
        """Return title, axis and rows."""
        shown = self._shown
        title = ("before the activation", "bold")
        if isinstance(shown, str):
            return Content.assemble(title, "\n", (clean(shown), "$secondary"))
        width, height = self.size
        ends = 2 * _NUMBER if width >= _WIDE else 0
        cells = max(0, width - _NAME - 1 - _WORD - _NUMBER - ends - _IDLE)
        what = ("  mean and 90 % of all values", "$secondary")
        lines = [Content.assemble(title, (f"  step {shown.step:,}", "$secondary"), what).truncate(width)]
        lines.append(self._heads(shown.limits, cells, with_ends=ends > 0))
        row = partial(self._row, shown, cells=cells, with_ends=ends > 0)
        lines += listed(len(shown.spreads), height - _AROUND, shown.chosen, row)
        return Content("\n").join(lines)

    def _heads(self, limits: Limits, cells: int, *, with_ends: bool) -> Content:
        """Return the names of the columns, and the labels of the axis in between."""
        names = ["mean", *(["5 %", "95 %"] if with_ends else [])]
        behind = "".join(name.rjust(_NUMBER) for name in names)
        return Content(" " * (_NAME + 1 + _WORD) + _labels(limits, cells) + behind).stylize("$secondary")

    def _row(self, shown: Table, index: int, cells: int, *, with_ends: bool) -> Content:
        spread = shown.spreads[index]
        is_chosen = index == shown.chosen
        head: list[Run] = [
            (set_cell_size(clean(spread.layer), _NAME), "bold $accent" if is_chosen else ""),
            ("›" if is_chosen else " ", "bold $accent"),
            (set_cell_size(clean(spread.activation or "none"), _WORD - 1) + " ", "$secondary"),
        ]
        if not spread.is_finite:
            return Content.assemble(*head, ("not finite".ljust(cells), "$text-error"))
        numbers = [spread.mean, *([spread.low, spread.high] if with_ends else [])]
        text = "".join(_figure(number).rjust(_NUMBER) for number in numbers)
        return Content.assemble(*head, *self._whisker(spread, shown.limits, cells), text, _idle(spread))

    def _whisker(self, spread: Spread, limits: Limits, cells: int) -> list[Run]:
        """Return the line from low to high with the mean on it, and a mark at zero where that is free."""
        values = (0.0, spread.low, spread.mean, spread.high)
        zero, low, mean, high = (_place(value, limits, cells) for value in values)
        line, left, right, dot, base = "-||o:" if self._ascii_only else "─├┤●┊"
        runs: list[Run] = []
        for cell in range(cells):
            if cell == mean:
                runs.append((dot, "bold $accent"))
            elif low <= cell <= high:
                runs.append((left if cell == low else right if cell == high else line, "$accent"))
            else:
                runs.append((base if cell == zero else " ", "$secondary"))
        return _joined(runs)


def rows_of(layers: int) -> int:
    """Return how many rows a table takes."""
    return layers + _AROUND


def _place(value: float, limits: Limits, cells: int) -> int:
    low, high = limits
    return max(0, min(cells - 1, round((value - low) / (high - low) * (cells - 1))))


def _labels(limits: Limits, cells: int) -> str:
    """Return round numbers, each above its place, as far as there is room."""
    line, free = [" "] * cells, 0
    for tick in round_ticks(*limits, max(2, cells // 8)) if cells else []:
        start = _place(tick.value, limits, cells) - len(tick.label) // 2
        start = max(0, min(start, cells - len(tick.label)))
        if start >= free and tick.label:
            line[start : start + len(tick.label)] = tick.label
            free = start + len(tick.label) + 1
    return "".join(line[:cells])


def _idle(spread: Spread) -> Run:
    """Return the share of dead units behind a relu, or of values on a flat part of a sigmoid or tanh."""
    for name, share in (("dead", spread.dead), ("flat", spread.saturated)):
        if share is not None and math.isfinite(share):
            style = "bold $text-warning" if share >= _MUCH else "$secondary"
            return f"{name} {100 * share:3.0f} %".rjust(_IDLE), style
    return "", ""


def _figure(value: float) -> str:
    return f"{value:.2f}" if 0.01 <= abs(value) < 1000 or value == 0 else f"{value:.0e}"


def _joined(runs: list[Run]) -> list[Run]:
    """Join neighbours of one style."""
    joined: list[Run] = []
    for text, style in runs:
        if joined and joined[-1][1] == style:
            joined[-1] = joined[-1][0] + text, style
        else:
            joined.append((text, style))
    return joined
