"""A figure of each layer over a run, in bounded memory: typical ones once there are many looks."""

import math
from array import array
from collections.abc import Mapping, Sequence

from dlcore.events import Number, Step

MOST_LOOKS = 1 << 12
_MOST_GAPS = 1 << 20
"""So many figures may be missing: a network's layers stay the same, so that honest looks leave none out."""
_MOST_LAYERS = 1 << 12


Figures = Mapping[str, Sequence[Number]]


class LayerFigures:
    """A positive figure per layer at the steps that were looked at: a gradient's norm, an update's share.

    When there are too many looks, each two neighbours become one, at the later step: its figures are the
    geometric means, which is the middle on a logarithmic axis.
    """

    def __init__(self, most: int = MOST_LOOKS) -> None:
        """`most`, an even number, is how many looks are kept one by one."""
        self.steps = array("q")
        self.figures: dict[str, array[float]] = {}
        self.looks = 0
        """How many there were in all."""
        self.last_step = 0
        """Step of the newest look; 0 before the first."""
        self._most = most
        self._together = 1
        """Looks that one entry stands for."""
        self._open: dict[str, tuple[float, int]] = {}
        """Sum and number of the logarithms of the looks that are not an entry yet."""
        self._open_looks = 0
        self._latest: dict[str, float] = {}
        self._gaps = 0
        """Figures that were never told, in all."""

    def latest(self) -> dict[str, float]:
        """Return the newest figure of each layer, in the order of the network; nan where not finite."""
        return dict(self._latest)

    def recent(self, entries: int) -> list[float]:
        """Return the figures of all layers in so many of the newest entries."""
        return [figure for kept in self.figures.values() for figure in kept[-entries:]]

    def at(self, index: int) -> dict[str, float]:
        """Return the figures of each layer at the entry number `index`."""
        return {layer: kept[index] for layer, kept in self.figures.items()}

    def add(self, steps: Sequence[Step], figures: Figures) -> None:
        """Take new looks in: steps, and by layer one figure for each of them; what does not fit is none."""
        number = len(steps)
        if not number or any(len(one) != number for one in figures.values()):
            return
        if not self._has_room(steps, figures):
            return
        self.looks += number
        self.last_step = steps[-1]
        self._latest |= {layer: _float(one[-1]) for layer, one in figures.items()}
        start = 0
        while start < number:
            stop = min(number, start + self._room())
            self._take(steps[start:stop], {layer: one[start:stop] for layer, one in figures.items()})
            start = stop

    def _has_room(self, steps: Sequence[Step], figures: Figures) -> bool:
        """Whether what these looks leave out, or have that no look had before, can be filled up."""
        new = sum(layer not in self.figures for layer in figures)
        missing = len(self.figures) - (len(figures) - new)
        self._gaps += new * len(self.steps) + missing * len(steps)
        return self._gaps <= _MOST_GAPS and len(self.figures) + new <= _MOST_LAYERS

    def _room(self) -> int:
        return self._most - len(self.steps) if self._together == 1 else self._together - self._open_looks

    def _take(self, steps: Sequence[Step], figures: Figures) -> None:
        for layer in figures:
            if layer not in self.figures:
                self.figures[layer] = array("d", [math.nan]) * len(self.steps)
        if self._together == 1:
            self.steps.extend(steps)
            for layer, kept in self.figures.items():
                kept.extend(map(_float, figures.get(layer, (None,) * len(steps))))
        else:
            for layer, new in figures.items():
                total, count = self._open.get(layer, (0.0, 0))
                more, others = _logs(new)
                self._open[layer] = total + more, count + others
            self._open_looks += len(steps)
            self._close(steps[-1])
        if len(self.steps) == self._most:
            self._merge()

    def _close(self, step: int) -> None:
        """Make an entry of the open looks when they are enough."""
        if self._open_looks < self._together:
            return
        self.steps.append(step)
        for layer, kept in self.figures.items():
            total, count = self._open.get(layer, (0.0, 0))
            kept.append(math.exp(total / count) if count else self._latest[layer])
        self._open, self._open_looks = {}, 0

    def _merge(self) -> None:
        """Make one entry of each two neighbours."""
        self.steps = self.steps[1::2]
        for layer, kept in self.figures.items():
            self.figures[layer] = array("d", map(_middle, kept[::2], kept[1::2]))
        self._together *= 2

    def cut(self, step: int) -> None:
        """Forget the looks behind a step."""
        if self.last_step <= step:
            return
        kept = sum(one <= step for one in self.steps)
        del self.steps[kept:]
        for figures in self.figures.values():
            del figures[kept:]
        self._open, self._open_looks = {}, 0
        self.looks = kept * self._together
        self.last_step = self.steps[-1] if kept else 0
        self._latest = self.at(-1) if kept else {}


def typical(figures: Sequence[Number]) -> float:
    """Return the geometric mean of the positive, finite figures; without any, the last one."""
    total, count = _logs(figures)
    if count:
        return math.exp(total / count)
    return _float(figures[-1]) if figures else math.nan


def _logs(figures: Sequence[Number]) -> tuple[float, int]:
    """Return sum and number of the logarithms of the positive, finite figures."""
    try:
        total = math.fsum(map(math.log, figures))  # type: ignore[arg-type]
        if math.isfinite(total):
            return total, len(figures)
    except (TypeError, ValueError):  # a None, or a zero
        pass
    logs = [math.log(one) for one in map(_float, figures) if math.isfinite(one) and one > 0]
    return math.fsum(logs), len(logs)


def _middle(one: float, other: float) -> float:
    return typical((one, other))


def _float(figure: Number) -> float:
    return math.nan if figure is None else figure
