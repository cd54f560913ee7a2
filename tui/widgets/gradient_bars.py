"""Gradient norm per layer as bars on a log scale, with the first layer's share of the last one's."""

import math
from collections.abc import Sequence

from rich.cells import set_cell_size
from textual.content import Content
from textual.widget import Widget

from dlcore import figures
from dlcore.clean import clean
from dlcore.history import first_last_ratio

_NAME = 6
_NUMBER = 8
AROUND = 3
"""Rows beside those of the layers: title, axis, ratio."""
_EIGHTHS = " ▏▎▍▌▋▊▉█"


class GradientBars(Widget):
    """One line a layer, input at the top; a bar's length is the norm's power of ten.

    A network whose early layers stop learning shows bars that shrink towards the top.
    """

    DEFAULT_CSS = """
    GradientBars { padding: 0 0 0 1; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._norms: dict[str, float] = {}
        self._decades = decades([])
        self._step = 0
        self._note = ""
        self.ascii_only = False

    def show(self, norms: dict[str, float], step: int, recent: Sequence[float] = ()) -> None:
        """Show the norms of one step, layer by layer from input to output.

        The scale holds those of the `recent` past too: it stands still, and is the same for all who look.
        """
        limits = decades([*norms.values(), *recent])
        if (norms, limits, step) != (self._norms, self._decades, self._step) or self._note:
            self._norms, self._decades, self._step, self._note = dict(norms), limits, step, ""
            self.refresh()

    def say(self, note: str) -> None:
        """Show a sentence while there are no norms."""
        if note != self._note:
            self._norms, self._note = {}, note
            self.refresh()

    def render(self) -> Content:
        """Return title, bars, axis and ratio, as many layers as there is room for; nothing of no run."""
        if not self._norms and not self._note:
            return Content("")
        width, height = self.size.width - 1, self.size.height
        when = f"step {self._step:,}" if self._norms else "per layer"
        title = Content.assemble(("gradient norm", "bold"), (f"  {when}", "$secondary"))
        if not self._norms:
            return Content("\n").join([title, Content(clean(self._note)).stylize("$secondary")])
        low, high = self._decades
        bars = width - _NAME - _NUMBER - 2
        rows = [self._row(layer, norm, low, high, bars) for layer, norm in self._norms.items()]
        room = height - AROUND
        if len(rows) > room > 2:
            head = room // 2
            hidden = Content(f"⋮ {len(rows) - room + 1} more").stylize("$secondary")
            rows = [*rows[:head], hidden, *rows[len(rows) - (room - head - 1) :]]
        elif 2 * len(rows) <= room:
            rows = [line for row in rows for line in (row, Content(""))][:-1]
        if any(map(math.isfinite, self._norms.values())):
            rows += [self._axis(low, high, bars), self._ratio()]
        return Content("\n").join([title, *rows])

    def _row(self, layer: str, norm: float, low: int, high: int, cells: int) -> Content:
        name = set_cell_size(clean(layer), _NAME)
        if not math.isfinite(norm):
            return Content.assemble(name, " ", ("not finite".ljust(cells), "$text-error"))
        share = (math.log10(norm) - low) / (high - low) if norm > 0 else 0.0
        drawn = bar(share, cells, self.ascii_only)
        number = figures.norm(norm).rjust(_NUMBER)
        return Content.assemble(name, " ", (drawn.ljust(cells), "$accent"), number)

    def _axis(self, low: int, high: int, cells: int) -> Content:
        left, right = f"1e{low}", f"1e{high}"
        return Content(" " * (_NAME + 1) + left + right.rjust(max(0, cells - len(left)))).stylize(
            "$secondary"
        )

    def _ratio(self) -> Content:
        ratio = first_last_ratio(self._norms)
        return Content.assemble(("first/last ", "$secondary"), (figures.ratio(ratio), "bold"))


def decades(norms: list[float]) -> tuple[int, int]:
    """Return the powers of ten between which all finite, positive norms lie: at least three decades apart.

    They move in whole decades, so that the scale does not wobble with the figures.
    """
    logs = [math.log10(norm) for norm in norms if math.isfinite(norm) and norm > 0] or [0.0]
    high = math.floor(max(logs)) + 1
    return min(math.floor(min(logs)), high - 3), high


def bar(share: float, cells: int, ascii_only: bool = False) -> str:
    """Return a bar that fills a share of the cells, to an eighth of a cell."""
    eighths = round(max(0.0, min(1.0, share)) * cells * 8)
    whole, part = divmod(eighths, 8)
    if ascii_only:
        return "=" * (whole + (part >= 4))
    return "█" * whole + (_EIGHTHS[part] if part else "")
