"""How many samples and how many seconds of training a run had behind it at each step, in bounded memory."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

MOST_KNOTS = 1 << 12
"""More than a plot has columns; between two knots both figures grow evenly."""
_MOST = 1e15
"""Of samples or seconds: more than anybody trains, so that no file leads to what is not finite."""


class Elapsed:
    """Samples seen and seconds spent in training steps, by step: what a plot over time needs.

    Only what counts is counted: a resume goes on from the figures at its checkpoint. A branch begins at zero,
    for what came before it was trained by its parent.
    """

    def __init__(self, most: int = MOST_KNOTS) -> None:
        """`most` is how many knots there may be; those that are kept stand evenly apart."""
        self.steps = array("q")
        """The steps of the knots, ascending."""
        self.samples = array("d")
        self.seconds = array("d")
        self._most = most
        self._apart = 1
        """Steps that two knots are apart, at least."""
        self._base = (0.0, 0.0)
        """Samples and seconds before the present attempt."""

    def begin(self, step: int) -> None:
        """Take note that an attempt goes on from a step."""
        self.cut(step)
        self._base = (self.samples[-1], self.seconds[-1]) if self.steps else (0.0, 0.0)
        self._add(step, *self._base)

    def add(self, step: int, samples: float, seconds: float) -> None:
        """Take note of how much the present attempt had done by a step; never less than before."""
        if self.steps and step <= self.steps[-1]:
            return
        samples, seconds = min(samples + self._base[0], _MOST), min(seconds + self._base[1], _MOST)
        if self.steps:
            samples, seconds = max(samples, self.samples[-1]), max(seconds, self.seconds[-1])
        if len(self.steps) > 1 and self.steps[-1] - self.steps[-2] < self._apart:
            self._drop(len(self.steps) - 1)  # the newest is exact, and gives way to the next one
        self._add(step, samples, seconds)
        if len(self.steps) > self._most:
            self._thin()

    def cut(self, step: int) -> None:
        """Forget what came behind a step."""
        if not self.steps or self.steps[-1] <= step:
            return
        there = self.samples_at(step), self.seconds_at(step)
        self._drop(bisect_right(self.steps, step))
        if self.steps and self.steps[-1] < step:
            self._add(step, *there)

    def _add(self, step: int, samples: float, seconds: float) -> None:
        if not self.steps or step > self.steps[-1]:
            self.steps.append(step)
            self.samples.append(samples)
            self.seconds.append(seconds)

    def _drop(self, kept: int) -> None:
        del self.steps[kept:], self.samples[kept:], self.seconds[kept:]

    def _thin(self) -> None:
        """Keep knots that are twice as far apart, the first and the newest among them."""
        span = self.steps[-1] - self.steps[0]
        self._apart = max(2 * self._apart, -(-2 * span // self._most))
        kept, last = [0], len(self.steps) - 1
        for index in range(1, last):
            if self.steps[index] - self.steps[kept[-1]] >= self._apart:
                kept.append(index)
        kept.append(last)
        self.steps = array("q", [self.steps[index] for index in kept])
        self.samples = array("d", [self.samples[index] for index in kept])
        self.seconds = array("d", [self.seconds[index] for index in kept])

    def samples_at(self, step: float) -> float:
        """Return the samples seen by a step."""
        return between(self.steps, self.samples, step)

    def seconds_at(self, step: float) -> float:
        """Return the seconds of training up to a step: no start-up, evaluation or pause."""
        return between(self.steps, self.seconds, step)


def between(knots: Sequence[float], values: Sequence[float], place: float) -> float:
    """Return the value at a place on the line through knots, which ascend; outside, that of the nearest knot.

    Without knots it is 0.
    """
    if not knots:
        return 0.0
    index = bisect_left(knots, place)
    if index == 0 or index == len(knots):
        return values[min(index, len(knots) - 1)]
    low, high = knots[index - 1], knots[index]
    share = (place - low) / (high - low) if high > low else 1.0
    return values[index - 1] + share * (values[index] - values[index - 1])
