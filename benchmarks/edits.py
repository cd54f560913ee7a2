"""From a key to the event that confirms its change, in a real pseudo-terminal, while a trainer trains.

The app sends the change, the trainer finds it between two steps, checks it as a file is checked, saves a
checkpoint where it is the first of a burst, applies it, and says so: then the line stands in `events.jsonl`.
"""

import random
import tempfile
import threading
import time
from itertools import cycle, islice
from pathlib import Path

from benchmarks import mnist
from benchmarks.keys import POINTS, percentile
from benchmarks.report import Page, Target, table
from benchmarks.rounds import wait_until_quiet
from benchmarks.terminal import COLUMNS, ROWS, Terminal
from benchmarks.watching import FAST, training, watched
from dlcore import events
from dlcore.errors import DltuiError
from dlcore.events import CommandApplied
from dlcore.files.journal import Tail
from dlcore.rundir import RunDir

P99_SECONDS = 0.150
_EVERY_SECONDS = (0.1, 0.4)
_EDITS = 240
_BURSTS = 5
_BETWEEN_BURSTS_SECONDS = 10.5
"""The trainer takes what follows sooner for the same burst."""
_POLL_SECONDS = 0.001
_PATIENCE_SECONDS = 10.0
_EPOCHS = 5000
"""More than the keys take."""
_KEYS = "][]][["
"""The learning rate goes up and down, and ends where it began."""


class Confirmed:
    """Notes when each change was confirmed, in a thread of its own."""

    def __init__(self, run: RunDir, began: float) -> None:
        """`began` is what the moments are counted from, by `time.perf_counter`."""
        self.moments: list[float] = []
        self._tail = Tail(run.events, run.events.stat().st_size)
        self._began = began
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while not self._over.wait(_POLL_SECONDS):
            for line in self._tail.read():
                now = time.perf_counter() - self._began
                event = events.decode(line) if b'"CommandApplied"' in line else None
                if isinstance(event, CommandApplied) and event.command.get("kind") == "Set":
                    self.moments.append(now)

    def wait_for(self, number: int) -> None:
        """Wait until so many changes were confirmed; raises DltuiError when they never are."""
        until = time.perf_counter() + _PATIENCE_SECONDS
        while len(self.moments) < number:
            if time.perf_counter() > until:
                raise DltuiError(
                    f"Only {len(self.moments)} of {number} changes were confirmed", "Attach it by hand."
                )
            time.sleep(_POLL_SECONDS)

    def close(self) -> None:
        """Listen no more."""
        self._over.set()
        self._thread.join()


def measure() -> Page:
    """Return percentiles of both sorts of changes, and the target."""
    wait_until_quiet()
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch) / "home"
        mnist.put_into_home(home)
        with training(home, f"{FAST} e={_EPOCHS}") as run, watched(home, run) as terminal:
            confirmed = Confirmed(run, terminal.began)
            try:
                within = _typed(terminal, confirmed, _EDITS)
                first = _first_of_bursts(terminal, confirmed)
            finally:
                confirmed.close()
    return Page(_body(within, first), (_target(within + first),))


def _typed(terminal: Terminal, confirmed: Confirmed, number: int) -> list[float]:
    """Type keys at random moments, and return how long each took to be confirmed."""
    chance = random.Random(0)
    before = len(confirmed.moments)
    typed = []
    for key in islice(cycle(_KEYS), number):
        typed.append(terminal.type(key))
        time.sleep(chance.uniform(*_EVERY_SECONDS))
    confirmed.wait_for(before + number)
    return [moment - key for moment, key in zip(confirmed.moments[before:], typed, strict=True)]


def _first_of_bursts(terminal: Terminal, confirmed: Confirmed) -> list[float]:
    """Return how long changes took before which a checkpoint is saved."""
    found = []
    for _ in range(_BURSTS):
        time.sleep(_BETWEEN_BURSTS_SECONDS)
        found += _typed(terminal, confirmed, 1)
    return found


def _body(within: list[float], first: list[float]) -> str:
    rows = [
        (name, f"{len(times):,}", *(f"{1000 * percentile(sorted(times), p):.1f}" for p in POINTS))
        for name, times in (("within a burst", within), ("the first of a burst, behind a checkpoint", first))
    ]
    return (
        f"Milliseconds from a key (`[` or `]` on Train) to the event in the run's folder, at "
        f"{COLUMNS}×{ROWS}. The trainer runs the classic network on all of MNIST without a pause, on the "
        "same cores as the app.\n\n"
        f"{table(('', 'changes', 'p50', 'p90', 'p99', 'max'), rows)}"
    )


def _target(times: list[float]) -> Target:
    p99 = percentile(sorted(times), 99)
    return Target(
        "A change while training, from key to event, p99",
        f"{1000 * p99:.1f} ms ({len(times):,} changes)",
        f"≤ {1000 * P99_SECONDS:.0f} ms",
        p99 <= P99_SECONDS,
    )
