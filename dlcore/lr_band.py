"""From the sweeps of a learning-rate range test to a band of rates: no torch, so that any viewer can judge.

The test is Smith's (2017, "Cyclical Learning Rates for Training Neural Networks"): the rate grows from step
to step by a factor, the loss falls once steps are long enough to matter, and turns where they are too long.
"""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from dlcore.choices.optimizers import Momentum, Nesterov, Optimizer, Sgd

SWEEPS = 3
STEPS = 200
"""Of one sweep; where steps are slow, a whole part of it."""
_MEMORY = 0.9
"""Share of the mean that is kept at each step: it looks back on about ten."""
_BELOW, _ABOVE = 10.0, 50.0
"""A sweep begins so far below the usual rates and ends so far above them."""
_BLOWN_UP = 4.0
"""Times its best that a smoothed loss may have before the sweep ends, where it is above its start as well."""
_LEAST_FALL = 0.02
"""A loss that falls by less of its start has not learned anything that can be told from noise."""
_LAG = round(_MEMORY / (1 - _MEMORY))
"""So many steps behind is the mean of a value that grows steadily."""
_FIRST_PART = 10
"""The first tenth of a sweep changes nothing yet, and is where the loss begins."""
_BEGUN, _TURNED = 0.25, 0.2
"""Parts of its whole fall: a loss has fallen by one where the band begins, and risen by one at its turn."""
_FAR = 10.0


@dataclass(frozen=True)
class Band:
    """Learning rates that suit, from the lowest to the highest, and the one to take."""

    low: float
    middle: float
    high: float
    turn: float
    """Where the loss turns: above the band."""


@dataclass(frozen=True)
class Suggestion:
    """What the sweeps say: a band, or why there is none."""

    band: Band | None
    said: str


class Smoothing:
    """A running mean that forgets, free of the pull towards its start (as Adam's; Kingma and Ba, 2015)."""

    def __init__(self) -> None:
        self._mean = 0.0
        self._weight = 0.0

    def add(self, value: float) -> float:
        """Take a value in; return the mean by now."""
        self._mean = _MEMORY * self._mean + (1 - _MEMORY) * value
        self._weight = _MEMORY * self._weight + (1 - _MEMORY)
        return self._mean / self._weight


class Course:
    """One sweep as it goes: its losses, smoothed, and whether there is any use in going on."""

    def __init__(self) -> None:
        self.losses: list[float] = []
        self._smoothing = Smoothing()
        self._first = math.nan
        self._best = math.inf

    def goes_on(self, loss: float) -> bool:
        """Take in the loss of a step; return False once it is no number, or far above best and start."""
        if not math.isfinite(loss):
            return False
        self.losses.append(loss)
        smooth = self._smoothing.add(loss)
        self._first = smooth if math.isnan(self._first) else self._first
        self._best = min(self._best, smooth)
        return smooth <= max(_BLOWN_UP * self._best, self._first)


def rates_of(optimizer: Optimizer, times: int = 1, steps: int = STEPS) -> tuple[float, ...]:
    """Return the rates of a sweep, each the one before times the same factor, around those that are usual.

    `times` is how many terms a summed loss has: a rate then counts so often, where steps follow its size.
    """
    lowest, highest = optimizer.usual
    first, last = lowest / _BELOW, highest * _ABOVE
    scale = 1 / times if isinstance(optimizer, Sgd | Momentum | Nesterov) else 1.0
    growth = (last / first) ** (1 / (steps - 1))
    return tuple(scale * first * growth**step for step in range(steps))


def smoothed(losses: Sequence[float]) -> list[float]:
    """Return the running mean at each step."""
    smoothing = Smoothing()
    return [smoothing.add(loss) for loss in losses]


def traced(rates: Sequence[float], losses: Sequence[float]) -> list[tuple[float, float]]:
    """Return (rate, smoothed loss): each mean at the rate that it mostly tells of, some steps back."""
    return list(zip(rates, smoothed(losses)[_LAG:], strict=False))


def suggested(rates: Sequence[float], sweeps: Sequence[Sequence[float]]) -> Suggestion:
    """Return the band that the sweeps suggest; of each sweep the losses are given, one a rate, upwards.

    It begins where the smoothed loss has fallen by a quarter of its fall. On a log scale the rate to take
    lies half way from there to where the loss turns, and the band ends half way from that to the turn. Both
    are crossings, not the steepest or the lowest point of a noisy curve, and the middle one of all sweeps
    counts, so that a few batches do not decide.
    """
    turns = [turn for losses in sweeps if (turn := _turn(rates, losses)) is not None]
    if len(turns) * 2 <= len(sweeps):
        return Suggestion(None, _no_fall(sweeps))
    falls, edges = zip(*turns, strict=True)
    low, turn = statistics.median(falls), statistics.median(edges)
    middle = math.sqrt(low * turn)
    first = statistics.mean(losses[0] for losses in sweeps if losses)
    best = statistics.median(min(smoothed(losses)) for losses in sweeps if losses)
    has_turned = max(map(len, sweeps)) < len(rates) or turn < rates[len(rates) - 1 - _LAG]
    course = f"and turns near {turn:.2g}" if has_turned else "and has not turned at the end"
    said = f"The loss falls from {first:.3g} to {best:.3g}, {course}."
    return Suggestion(Band(low, middle, math.sqrt(middle * turn), turn), said)


def place_of(rate: float, band: Band) -> str:
    """Return where a rate lies, and what that means."""
    if rate < band.low / _FAR:
        return "far below the band: the weights hardly move"
    if rate < band.low:
        return "below the band: it learns, but slowly"
    if rate <= band.high:
        return "in the band: fast, and well below where the loss turns"
    if rate <= band.turn:
        return "above the band: steps may throw the weights too far"
    return "beyond where the loss turned: it is likely to diverge"


def _turn(rates: Sequence[float], losses: Sequence[float]) -> tuple[float, float] | None:
    """Return at which rates a sweep's loss has begun to fall, and turns; None where it does not fall."""
    trace = traced(rates, losses)
    if not trace:
        return None
    smooth = [loss for _, loss in trace]
    best = min(smooth)
    first = statistics.mean(losses[: max(1, len(rates) // _FIRST_PART)])
    fall, lowest = first - best, smooth.index(best)
    if fall < _LEAST_FALL * first or not lowest:
        return None
    begun = next(index for index, loss in enumerate(smooth) if loss <= first - _BEGUN * fall)
    rest = range(lowest, len(smooth))
    edge = next((index for index in rest if smooth[index] > best + _TURNED * fall), len(smooth) - 1)
    return rates[begun], rates[edge]


def _no_fall(sweeps: Sequence[Sequence[float]]) -> str:
    if not sweeps or max(map(len, sweeps)) < 2:
        return "The loss is no number from the first steps on, at the lowest rate."
    return "The loss does not fall at any rate, so none can be suggested; look at the network and its loss."
