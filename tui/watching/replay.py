"""A finished run once more: its own record, told again by the clock that it was written by, only faster."""

import time
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from dlcore import events, figures
from dlcore.events import AttemptEnded, EpochEnded, Evaluated, Event, GradientsMeasured, Prepared, StepsEnded
from dlcore.files.journal import Tail
from dlcore.history import RunHistory
from dlcore.rundir import RunDir
from tui.feed import RunFeed

SPEEDS = (1, 2, 4, 8, 16, 32, 64)
_LONGEST_PAUSE = 1.0
"""Seconds, on the clock of whoever watches, after which the next event comes anyway."""
_MOST_ELAPSED = 0.5
"""Who looks again after longer than that was away, and misses nothing."""
_PICTURED = (Prepared, StepsEnded, GradientsMeasured, Evaluated, EpochEnded, AttemptEnded)
"""What changes the picture: where a step forward or back stands still."""


@dataclass(frozen=True)
class Replay:
    """What is to be shown again."""

    run: RunDir
    speed: float = 1.0
    closes: bool = False
    """Whether the app ends with it."""


class ReplayFeed(RunFeed):
    """A run as it went: each event is told when its time has come. Nothing is written, and nobody trains."""

    def __init__(self, run: RunDir, speed: float = 1.0, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(run)
        self.speed = speed
        self.held = False
        """Whether the clock stands still."""
        self.pause = ""
        """In words, a long pause of the run that is being shortened."""
        self._clock = clock
        self._looked = clock()
        self._hurries = False
        self._begin_anew()
        self._stops = array("Q")
        """How many events had been told at each change of the picture."""
        self._target = 0
        """How many are to be told while it goes back."""

    @property
    def live(self) -> bool:
        """Nobody is at work on the run, whatever it says."""
        return False

    @property
    def is_over(self) -> bool:
        """Whether all has been told."""
        return self._coming is None and not self.reading

    def read(self, seconds: float = 0.03) -> bool:
        """Tell what is due, working for at most so long; return whether anything that is shown changed."""
        until = time.monotonic() + seconds
        now = self._clock()
        elapsed, self._looked = min(now - self._looked, _MOST_ELAPSED), now
        before = (self.pause, self.state, self.reading)
        changed = self._go_back(until) if self.reading else self._go_on(elapsed, until)
        self.state = self.history.state(held=not self.is_over, age=0.0)
        return changed or before != (self.pause, self.state, self.reading)

    # -- what a person does -------------------------------------------------------------------------

    def hold(self, held: bool) -> None:
        """Let the clock stand still, or go on."""
        self.held = held

    def hasten(self, by: int) -> None:
        """Go through the speeds, upwards or downwards."""
        faster = [speed for speed in SPEEDS if speed > self.speed]
        slower = [speed for speed in SPEEDS if speed < self.speed]
        after = float((faster[:1] or SPEEDS[-1:])[0] if by > 0 else (slower[-1:] or SPEEDS[:1])[0])
        self._waited *= self.speed / after
        self.speed = after

    def step(self, by: int) -> None:
        """Stand still at the next change of the picture, or at the one before."""
        self.held = True
        if by > 0:
            while (event := self._coming) is not None:
                self._tell()
                if isinstance(event, _PICTURED):
                    break
        else:
            passed = [stop for stop in self._stops if stop < self._told]
            self._return_to(passed[-1] if passed else 0)

    def begin_again(self) -> None:
        """Go back to the beginning, and on from there."""
        self.held = self._hurries = False
        self._return_to(0)

    def hurry(self) -> None:
        """Tell all that is left as fast as it can be read."""
        self.held, self._hurries = False, True

    # -- telling ------------------------------------------------------------------------------------

    def _begin_anew(self) -> None:
        self._complete = RunHistory()
        self._told = 0
        self._waited = 0.0
        self._looked = self._clock()
        self._last: Event | None = None
        self._tail = Tail(self.run.events)
        self._events = self._decoded()
        self._coming = self._next()

    def _decoded(self) -> Iterator[Event]:
        for line in self._tail.read():
            if (event := events.decode(line)) is not None:
                yield event

    def _next(self) -> Event | None:
        try:
            return next(self._events, None)
        except OSError as error:
            self.problem = f"{self.run.events} cannot be read: {error.strerror}"
            return None

    def _go_on(self, elapsed: float, until: float) -> bool:
        """Tell what has become due in so many seconds; return whether that was anything."""
        self.history = self._complete
        if self.held:
            return False
        self._waited += elapsed
        told = self._told
        while (event := self._coming) is not None and time.monotonic() < until:
            if self._waited < (wait := self._wait(event)):
                break
            self._waited -= wait
            self._tell()
        if self._coming is None:
            self.pause = ""
        return self._told > told

    def _wait(self, event: Event) -> float:
        """Return how long after the event before this one comes, in seconds of whoever watches."""
        if self._hurries:
            return 0.0
        last = self._last
        since = last.seconds if last is not None and last.attempt == event.attempt else 0.0
        gap = max(0.0, event.seconds - since)
        is_long = gap / self.speed > _LONGEST_PAUSE
        self.pause = f"a pause of {figures.duration(gap)} is shortened to 1 s" if is_long else ""
        return min(gap / self.speed, _LONGEST_PAUSE)

    def _tell(self) -> None:
        """Take the coming event in, and look at the one behind it."""
        event = self._coming
        assert event is not None
        self._complete.apply(event)
        self._told += 1
        if isinstance(event, _PICTURED) and (not self._stops or self._stops[-1] < self._told):
            self._stops.append(self._told)
        self._last, self._coming = event, self._next()

    def _return_to(self, told: int) -> None:
        """Begin anew, and tell so many events at once; the picture stays as it is until that is done."""
        self._target = told
        self.reading = "going back"
        self.pause = ""
        self._begin_anew()

    def _go_back(self, until: float) -> bool:
        while self._told < self._target and self._coming is not None:
            self._tell()
            if time.monotonic() > until:
                return False
        self.reading = ""
        self.history = self._complete
        return True
