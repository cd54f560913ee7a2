"""How the activations of each layer spread, a line a layer, all over the same range."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.cells import cell_len, set_cell_size
from textual.content import Content

from dlcore.clean import clean
from dlcore.figures import SPARKS
from tui.widgets.pictures.drawing import Canvas
from tui.widgets.pictures.fitting import fitting

_ASCII = ".:-=+*%#"
_LONGEST_NAME = 13
_NUMBER = 9
_LEAST = 8
"""Cells of the smallest histogram."""
_WIDEST = 64


@dataclass(frozen=True)
class Spread:
    """The values of a layer: their deviation, their range, and a histogram over it."""

    name: str
    deviation: float
    low: float
    high: float
    counts: tuple[float, ...]

    @property
    def is_finite(self) -> bool:
        """Whether there is a histogram to draw."""
        return math.isfinite(self.low) and math.isfinite(self.high - self.low)


def spreads_of(answer: dict[str, Any]) -> tuple[Spread, ...]:
    """Return the layers of an inspector's answer; what is not a number becomes nan."""
    return tuple(
        Spread(
            name=clean(str(layer["name"])),
            deviation=_real(layer["deviation"]),
            low=_real(layer["range"][0]),
            high=_real(layer["range"][1]),
            counts=tuple(map(_real, layer["counts"])),
        )
        for layer in answer["layers"]
    )


def histograms(layers: Sequence[Spread], canvas: Canvas, note: str = "") -> Content:
    """Return a head, a line a layer and the range below; only numbers where there is no room for more."""
    if not layers:
        return Content("no layers to look at").stylize("$secondary")
    name = min(_LONGEST_NAME, max(5, *(cell_len(layer.name) for layer in layers)))
    cells = min(canvas.width, _WIDEST) - name - _NUMBER - 3
    drawn = [layer for layer in layers if layer.is_finite]
    low = min((layer.low for layer in drawn), default=0.0)
    high = max((layer.high for layer in drawn), default=0.0)
    is_drawn = cells >= _LEAST and math.isfinite(high - low)
    head = Content(f"{'layer'[:name].ljust(name)} {'deviation'.rjust(_NUMBER)}").stylize("$secondary")
    lines = []
    for layer in layers:
        number = f"{layer.deviation:.3g}" if math.isfinite(layer.deviation) else "not finite"
        bars = _bars(layer, low, high, cells, canvas.ascii_only) if is_drawn and layer.is_finite else ""
        lines.append(
            Content.assemble(
                (set_cell_size(layer.name, name), "bold $primary"),
                f" {number.rjust(_NUMBER)}  ",
                (bars, "$accent"),
            )
        )
    below = [_range(low, high, name + _NUMBER + 3, cells)] if is_drawn and drawn else []
    below += [Content(note).stylize("$secondary")] if note else []
    shown = fitting(lines, max(1, canvas.height - len(below) - 1))
    if 2 * len(lines) + len(below) < canvas.height:
        shown = [part for line in lines for part in (Content(""), line)]
    return Content("\n").join([head, *shown, *below])


def rebinned(layer: Spread, low: float, high: float, cells: int) -> list[float]:
    """Return the histogram over a wider range: each bin's count shared out among the cells it covers."""
    shares = [0.0] * cells
    width = (high - low) / cells
    if not layer.high > layer.low or not width > 0:  # one value
        place = (layer.low - low) / width if width > 0 else cells / 2
        shares[min(cells - 1, int(place))] = 1.0
        return shares
    step = (layer.high - layer.low) / len(layer.counts)
    for index, count in enumerate(layer.counts):
        start = (layer.low + index * step - low) / width
        end = start + step / width
        for cell in range(max(0, int(start)), min(cells, int(end) + 1)):
            overlap = min(end, cell + 1) - max(start, cell)
            shares[cell] += max(0.0, overlap) / (end - start) * count if end > start else 0.0
    return shares


def _bars(layer: Spread, low: float, high: float, cells: int, ascii_only: bool) -> str:
    """Return the histogram as blocks; what is not empty is seen, however little it is."""
    shares = rebinned(layer, low, high, cells)
    most = max(shares)
    levels = _ASCII if ascii_only else SPARKS
    if not most > 0:
        return ""
    top = len(levels) - 1
    return "".join(levels[round(share / most * top)] if share > most * 1e-6 else " " for share in shares)


def _range(low: float, high: float, indent: int, cells: int) -> Content:
    left, right = f"{low:.3g}", f"{high:.3g}"
    text = left + right.rjust(max(len(right) + 1, cells - len(left)))
    return Content(" " * indent + text).stylize("$secondary")


def _real(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else math.nan
