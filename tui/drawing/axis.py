"""What stands on the x axis of curves over a run: steps, epochs, time or samples; and the way back."""

import math
from collections.abc import Sequence
from typing import Literal

from dlcore.curves.elapsed import between
from dlcore.history import RunHistory
from tui.drawing.ticks import Limits

Axis = Literal["step", "epoch", "time", "sample"]
AXES: tuple[Axis, ...] = ("step", "epoch", "time", "sample")
_UNITS = (("hour", 3600.0, 2.0), ("minute", 60.0, 3.0))
"""Units of time: seconds of each, and from how many of them on it is used."""
_ROUND = (1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)


class Ruler:
    """Turns steps of one run into places on an axis, and places into steps. Both ascend together."""

    def __init__(self, history: RunHistory, axis: Axis, unit: float = 1.0) -> None:
        """`unit` is how many seconds a place is apart from the next, on an axis of time."""
        self._unit = unit
        self._steps, self._places, self._rate = _knots(history, axis)
        self.is_step = axis == "step"
        self.end = _end(history, axis, self)
        """Where the axis ends: at the known or expected total; of a run that has ended, at its last step."""
        begun = history.elapsed.steps[0] if history.elapsed.steps else 0
        self.first = self.place(begun + 1)
        """The place of the first step of the run's own."""

    def place(self, step: float) -> float:
        """Return where on the axis a step is, counted as steps finished by then."""
        if self.is_step:
            return step
        behind = step - self._steps[-1]
        if behind > 0:
            return (self._places[-1] + behind * self._rate) / self._unit
        return between(self._steps, self._places, step) / self._unit

    def step(self, place: float) -> float:
        """Return the step at a place."""
        if self.is_step:
            return place
        behind = place * self._unit - self._places[-1]
        if behind > 0:
            return self._steps[-1] + (behind / self._rate if self._rate > 0 else 0.0)
        return between(self._places, self._steps, place * self._unit)


def rulers(histories: Sequence[RunHistory], axis: Axis) -> tuple[list[Ruler], str]:
    """Return a ruler for each run, all with the same unit, and what the axis is called."""
    made = [Ruler(history, axis) for history in histories]
    if axis != "time":
        return made, axis
    seconds = max((ruler.end for ruler in made), default=0.0)
    for label, unit, least in _UNITS:
        if seconds >= least * unit:
            return [Ruler(history, axis, unit) for history in histories], label
    return made, "second"


def whole(made: Sequence[Ruler], *, log: bool) -> Limits:
    """Return the ends of an axis that holds all of some runs: from zero, or from the first step of any."""
    end = max((ruler.end for ruler in made), default=1.0)
    if not log:
        return 0.0, end
    first = min((ruler.first for ruler in made if ruler.first > 0), default=end / 1000)
    return (first, end) if end > first else (first, 10 * first)


def part(limits: Limits, shares: Limits, *, log: bool) -> Limits:
    """Return the part of an axis between two shares of its length, as it is drawn."""
    if shares == (0.0, 1.0):
        return limits
    low, high = (math.log10(one) for one in limits) if log else limits
    ends = (low + share * (high - low) for share in shares)
    first, last = (10.0**end for end in ends) if log else ends
    return first, last


def share(place: float, limits: Limits, *, log: bool) -> float:
    """Return at which share of an axis a place is drawn, from 0 to 1."""
    low, high = limits
    if log:
        if not place > low:
            return 0.0
        low, high, place = math.log10(low), math.log10(high), math.log10(place)
    found = (place - low) / (high - low) if high > low else 0.0
    return min(1.0, max(0.0, found)) if math.isfinite(found) else 0.0


def _knots(history: RunHistory, axis: Axis) -> tuple[Sequence[float], Sequence[float], float]:
    """Return steps, their places, and how many places a step is behind the last of them."""
    elapsed = history.elapsed
    match axis:
        case "step":
            return (0.0,), (0.0,), 1.0
        case "epoch":
            ends = [(0.0, 0.0), *((float(one.step), float(one.epoch)) for one in history.epochs if one.step)]
            step, epoch = ends[-1]
            usual = step / epoch if epoch else 0.0
            per_epoch = history.prepared.steps_per_epoch if history.prepared is not None else usual
            return [step for step, _ in ends], [epoch for _, epoch in ends], 1 / max(per_epoch, 1)
        case "time":
            places: Sequence[float] = elapsed.seconds
        case "sample":
            places = elapsed.samples
    if not elapsed.steps:
        return (0.0,), (0.0,), 0.0
    taken = elapsed.steps[-1] - elapsed.steps[0]
    return elapsed.steps, places, (places[-1] - places[0]) / taken if taken else 0.0


def _end(history: RunHistory, axis: Axis, ruler: Ruler) -> float:
    """Return where the axis of a run ends: at what is planned while it goes on, then where its figures do."""
    if history.ended is not None:
        return ruler.place(history.step) or 1.0
    prepared = history.prepared
    total = max(prepared.total_steps if prepared is not None else 0, history.step, 1)
    match axis:
        case "step":
            return float(total)
        case "epoch":
            return (
                max(float(prepared.epochs if prepared is not None else 0), ruler.place(history.step)) or 1.0
            )
        case "sample":
            own = (
                1 - (history.elapsed.steps[0] if history.elapsed.steps else 0) / total
            )  # a branch begins late
            known = own * prepared.training_samples * prepared.epochs if prepared is not None else 0.0
            return max(known, ruler.place(history.step)) or 1.0
        case "time":
            return _roomy(ruler.place(total))


def _roomy(value: float) -> float:
    """Return a round number above a value that is still to be found out, so that it need not follow it."""
    if not (math.isfinite(value) and value > 0):
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next((one * power for one in _ROUND if one * power >= value), 10 * power)
