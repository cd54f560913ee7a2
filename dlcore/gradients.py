"""Gradient norms of each layer over a run, in bounded memory: typical ones once there are many."""

import math
from array import array
from collections.abc import Sequence

from dlcore.events import GradientsMeasured, Number

MOST_LOOKS = 1 << 12
_MOST_GAPS = 1 << 20
"""So many norms may be missing: a network's layers stay the same, so that honest looks leave none out."""
_MOST_LAYERS = 1 << 12


class Gradients:
    """Norm of dL/dW per layer at the steps that were looked at.

    When there are too many looks, each two neighbours become one, at the later step: its norms are the
    geometric means, which is the middle on a logarithmic axis.
    """

    def __init__(self, most: int = MOST_LOOKS) -> None:
        """`most`, an even number, is how many looks are kept one by one."""
        self.steps = array("q")
        self.norms: dict[str, array[float]] = {}
        self.every = 0
        self.cost = 0.0
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
        """Norms that were never told, in all."""

    def latest(self) -> dict[str, float]:
        """Return the newest norm of each layer, in the order of the network; nan where not finite."""
        return dict(self._latest)

    def recent(self, entries: int) -> list[float]:
        """Return the norms of all layers in so many of the newest entries."""
        return [norm for norms in self.norms.values() for norm in norms[-entries:]]

    def at(self, index: int) -> dict[str, float]:
        """Return the norms of each layer at the entry number `index`."""
        return {layer: norms[index] for layer, norms in self.norms.items()}

    def add(self, event: GradientsMeasured) -> None:
        """Take new looks in; norms that do not fit their steps are no norms."""
        self.every, self.cost = event.every, event.cost
        number = len(event.steps)
        if not number or any(len(norms) != number for norms in event.norms.values()):
            return
        if not self._has_room(event):
            return
        self.looks += number
        self.last_step = event.steps[-1]
        self._latest |= {layer: _float(norms[-1]) for layer, norms in event.norms.items()}
        start = 0
        while start < number:
            stop = min(number, start + self._room())
            self._take(event, start, stop)
            start = stop

    def _has_room(self, event: GradientsMeasured) -> bool:
        """Whether what these looks leave out, or have that no look had before, can be filled up."""
        new = sum(layer not in self.norms for layer in event.norms)
        missing = len(self.norms) - (len(event.norms) - new)
        self._gaps += new * len(self.steps) + missing * len(event.steps)
        return self._gaps <= _MOST_GAPS and len(self.norms) + new <= _MOST_LAYERS

    def _room(self) -> int:
        return self._most - len(self.steps) if self._together == 1 else self._together - self._open_looks

    def _take(self, event: GradientsMeasured, start: int, stop: int) -> None:
        for layer in event.norms:
            if layer not in self.norms:
                self.norms[layer] = array("d", [math.nan]) * len(self.steps)
        if self._together == 1:
            self.steps.extend(event.steps[start:stop])
            for layer, kept in self.norms.items():
                found = event.norms.get(layer, (None,) * len(event.steps))
                kept.extend(map(_float, found[start:stop]))
        else:
            for layer, norms in event.norms.items():
                total, count = self._open.get(layer, (0.0, 0))
                more, others = _logs(norms[start:stop])
                self._open[layer] = total + more, count + others
            self._open_looks += stop - start
            self._close(event.steps[stop - 1])
        if len(self.steps) == self._most:
            self._merge()

    def _close(self, step: int) -> None:
        """Make an entry of the open looks when they are enough."""
        if self._open_looks < self._together:
            return
        self.steps.append(step)
        for layer, kept in self.norms.items():
            total, count = self._open.get(layer, (0.0, 0))
            kept.append(math.exp(total / count) if count else self._latest[layer])
        self._open, self._open_looks = {}, 0

    def _merge(self) -> None:
        """Make one entry of each two neighbours."""
        self.steps = self.steps[1::2]
        for layer, norms in self.norms.items():
            self.norms[layer] = array("d", map(_middle, norms[::2], norms[1::2]))
        self._together *= 2

    def cut(self, step: int) -> None:
        """Forget the looks behind a step."""
        if self.last_step <= step:
            return
        kept = sum(one <= step for one in self.steps)
        del self.steps[kept:]
        for norms in self.norms.values():
            del norms[kept:]
        self._open, self._open_looks = {}, 0
        self.looks = kept * self._together
        self.last_step = self.steps[-1] if kept else 0
        self._latest = self.at(-1) if kept else {}


def typical(norms: Sequence[Number]) -> float:
    """Return the geometric mean of the positive, finite norms; without any, the last norm."""
    total, count = _logs(norms)
    if count:
        return math.exp(total / count)
    return _float(norms[-1]) if norms else math.nan


def _logs(norms: Sequence[Number]) -> tuple[float, int]:
    """Return sum and number of the logarithms of the positive, finite norms."""
    try:
        total = math.fsum(map(math.log, norms))  # type: ignore[arg-type]
        if math.isfinite(total):
            return total, len(norms)
    except (TypeError, ValueError):  # a None, or a zero
        pass
    logs = [math.log(norm) for norm in map(_float, norms) if math.isfinite(norm) and norm > 0]
    return math.fsum(logs), len(logs)


def _middle(one: float, other: float) -> float:
    return typical((one, other))


def _float(norm: Number) -> float:
    return math.nan if norm is None else norm
