"""Update-to-weight ratio of each layer as bars on a log scale, over the band where it usually lies."""

import math
from dataclasses import dataclass
from functools import partial

from rich.cells import set_cell_size
from textual.content import Content
from textual.widget import Widget

from dlcore import figures
from dlcore.clean import clean
from tui.drawing.ticks import decade_ticks
from tui.widgets.gradient_bars import bar, decades
from tui.widgets.panes.layered import listed

BAND = (1e-4, 1e-3, 1e-2)
"""Rule of thumb: an update is about a thousandth of the weights, give or take a power of ten."""
_USUAL_DECADES = (-5, -1)
"""The scale shows these at least."""
_MOST_DECADES = 10
_NAME, _NUMBER, _WORD = 6, 9, 5
_LABEL = 7
"""Cells from one label of the axis to the next, at least."""
_AROUND = 3
"""Rows beside those of the layers: title, band, axis."""

Run = tuple[str, str]


@dataclass(frozen=True)
class Ratios:
    """Update-to-weight ratio of each layer, from input to output, and the powers of ten of the scale."""

    ratios: tuple[tuple[str, float], ...]
    step: int
    decades: tuple[int, int]
    chosen: int | None = None


class BandBars(Widget):
    """One line a layer, and a word behind those outside the band."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    BandBars { width: 1fr; height: 1fr; text-wrap: nowrap; }
    """

    def __init__(self, *, ascii_only: bool = False) -> None:
        super().__init__()
        self._ascii_only = ascii_only
        self._shown: Ratios | str = ""

    def show(self, shown: Ratios | str) -> None:
        """Show ratios, or a sentence while there are none."""
        if shown != self._shown:
            self._shown = shown
            self.refresh()

    def render(self) -> Content:
        """Return title, band, bars and axis."""
        shown = self._shown
        title = ("update / weights", "bold")
        if isinstance(shown, str):
            return Content.assemble(title, "\n", (clean(shown), "$secondary"))
        when = (f"  step {shown.step:,}", "$secondary")
        width, height = self.size
        cells = max(0, width - _NAME - 1 - _NUMBER - 1 - _WORD)
        lines = [Content.assemble(title, when), _band(shown, cells)]
        row = partial(self._row, shown, cells=cells)
        lines += listed(len(shown.ratios), height - _AROUND, shown.chosen, row)
        return Content("\n").join([*lines, _axis(shown, cells)])

    def _row(self, shown: Ratios, index: int, cells: int) -> Content:
        layer, ratio = shown.ratios[index]
        is_chosen = index == shown.chosen
        head = (set_cell_size(clean(layer), _NAME), "bold $accent" if is_chosen else "")
        mark = ("›" if is_chosen else " ", "bold $accent")
        if not math.isfinite(ratio):
            return Content.assemble(head, mark, ("not finite".ljust(cells), "$text-error"))
        word, style = judged(ratio)
        share = _share(ratio, shown.decades) if ratio > 0 else 0.0
        drawn = bar(share, cells, self._ascii_only)
        rest = "".join(_ground(shown, place, cells, self._ascii_only) for place in range(len(drawn), cells))
        number = (figures.norm(ratio).rjust(_NUMBER), "")
        ground = (rest, "$secondary 60%")
        return Content.assemble(head, mark, (drawn, style), ground, number, (f" {word}", style))


def rows_of(layers: int) -> int:
    """Return how many rows all bars take."""
    return layers + _AROUND


def scale(ratios: list[float]) -> tuple[int, int]:
    """Return the whole decades of the scale, which hold the band and what lies around it."""
    low, high = decades(ratios)
    low, high = min(low, _USUAL_DECADES[0]), max(high, _USUAL_DECADES[1])
    return max(low, high - _MOST_DECADES), high


def judged(ratio: float) -> tuple[str, str]:
    """Return the word for a ratio outside the band, and the style of its bar."""
    if ratio < BAND[0]:
        return "low", "$text-warning"
    return ("high", "$text-warning") if ratio > BAND[2] else ("", "$accent")


def _share(ratio: float, limits: tuple[int, int]) -> float:
    low, high = limits
    return (math.log10(ratio) - low) / (high - low)


def _ground(shown: Ratios, place: int, cells: int, ascii_only: bool) -> str:
    """Return what stands in a cell that no bar covers: the band, and its middle."""
    first, middle, last = (round(_share(edge, shown.decades) * cells) for edge in BAND)
    if place == middle:
        return "|" if ascii_only else "┊"
    in_band = first <= place < last
    return (":" if ascii_only else "░") if in_band else " "


def _band(shown: Ratios, cells: int) -> Content:
    """Return the line that names the band, above it."""
    first, _, last = (round(_share(edge, shown.decades) * cells) for edge in BAND)
    inside = max(0, last - first - 2)
    text = f"├{' usual '.center(inside, '─') if inside >= 7 else '─' * inside}┤"
    return Content(" " * (_NAME + 1 + first) + text).stylize("$secondary")


def _axis(shown: Ratios, cells: int) -> Content:
    """Return the line of labels, each below its power of ten."""
    low, high = shown.decades
    line, free = [" "] * cells, 0
    for tick in decade_ticks(low, high, max(2, cells // _LABEL)) if cells else []:
        start = round((tick.value - low) / (high - low) * cells) - len(tick.label) // 2
        start = max(0, min(start, cells - len(tick.label)))
        if start >= free:
            line[start : start + len(tick.label)] = tick.label
            free = start + len(tick.label) + 1
    return Content(" " * (_NAME + 1) + "".join(line[:cells])).stylize("$secondary")
