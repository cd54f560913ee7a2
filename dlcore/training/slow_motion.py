"""Slow motion: so many steps a second and no more, so that one can see what a step does."""

import time

_SHORT_SECONDS = 0.05
"""A wait of this length keeps no command waiting for long."""


class SlowMotion:
    """Says how long the next step is to wait. Waiting is no training time."""

    def __init__(self, rate: float) -> None:
        self.rate = rate
        """Steps a second; 0 is as many as there can be."""
        self._next: float | None = None
        """When the next step may begin, by `time.perf_counter`; None where that is at once."""

    def change(self, rate: float) -> None:
        """Take so many steps a second from now on; a wait that has begun becomes no longer than that."""
        self.rate = rate
        if self._next is not None:
            self._next = min(self._next, time.perf_counter() + 1 / rate) if rate else None

    def note(self) -> bool:
        """Take note of a step; return whether the wait behind it is so long that it must be told before."""
        now, apart = time.perf_counter(), 1 / self.rate
        self._next = now + apart if self._next is None else max(self._next + apart, now)
        return self.left() > _SHORT_SECONDS

    def left(self) -> float:
        """Return the seconds until the next step may begin."""
        return 0.0 if self._next is None else max(0.0, self._next - time.perf_counter())

    def rest(self) -> float:
        """Wait, where that is short; return how long it was. A long wait is for one who hears commands."""
        began, left = time.perf_counter(), self.left()
        if 0 < left <= _SHORT_SECONDS:
            time.sleep(left)
        return time.perf_counter() - began
