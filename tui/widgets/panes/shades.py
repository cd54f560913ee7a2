"""Shares as shades: colours that the colour-blind tell apart, or characters where there is no colour."""

import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Literal

from textual.app import App
from textual.color import Color

Kind = Literal["colour", "blocks", "ascii"]

# The colour map viridis of matplotlib (van der Walt and Smith, CC0) at each eighth.
_VIRIDIS = (
    "#440154",
    "#472d7b",
    "#3b528b",
    "#2c728e",
    "#21918c",
    "#28ae80",
    "#5ec962",
    "#addc30",
    "#fde725",
)
_BLOCKS = "▁▂▃▄▅▆▇█"
_DENSITIES = ".:-=+*#%@"
_FEW_COLORS = ("standard", "windows")


def kind_of(app: App[object], *, ascii_only: bool) -> Kind:
    """Return how shades are drawn: by colour only where a terminal has enough of them."""
    if ascii_only:
        return "ascii"
    return "blocks" if app.no_color or app.console.color_system in _FEW_COLORS else "colour"


@dataclass(frozen=True)
class Scale:
    """A logarithmic scale between two powers of ten."""

    low: int
    high: int

    def level(self, figure: float) -> int | None:
        """Return the quarter of a decade in which a figure lies, counted from `low`; None unless positive."""
        if not math.isfinite(figure) or figure <= 0:
            return None
        return max(0, min(self.levels - 1, math.floor(4 * (math.log10(figure) - self.low))))

    @property
    def levels(self) -> int:
        """How many levels there are."""
        return 4 * (self.high - self.low)


def cell(level: int, levels: int, kind: Kind, *, row: int = 0, rows: int = 1) -> tuple[str, str]:
    """Return character and style of a level; `row`, counted from below, is one of the `rows` it is drawn in.

    Blocks fill the rows from below; colours and plain characters are the same in each.
    """
    if kind == "colour":
        return " ", f"on {color(level, levels)}"
    share = (level + 1) / levels
    if kind == "ascii":
        return _DENSITIES[min(len(_DENSITIES) - 1, int(share * len(_DENSITIES) - 1e-9))], ""
    eighths = max(1, round(share * rows * len(_BLOCKS))) - row * len(_BLOCKS)
    return (_BLOCKS[min(eighths, len(_BLOCKS)) - 1] if eighths > 0 else " "), ""


def mark_on(level: int | str, levels: int, kind: Kind) -> str:
    """Return the style of a mark that stands on a level, or on what has none."""
    if isinstance(level, str) or kind != "colour":
        return "mark"
    ground = color(level, levels)
    return f"{'#000000' if Color.parse(ground).brightness > 0.5 else '#ffffff'} on {ground}"


@lru_cache(512)
def color(level: int, levels: int) -> str:
    """Return the colour of a level as #rrggbb, the lowest dark and the highest bright."""
    place = level / max(levels - 1, 1) * (len(_VIRIDIS) - 1)
    index = min(int(place), len(_VIRIDIS) - 2)
    low, high = list(pairwise(_VIRIDIS))[index]
    return Color.parse(low).blend(Color.parse(high), place - index).hex.lower()
