"""What an attached app costs the training that it shows.

One real run goes on, and one app watches it on a terminal of its own, which is held and let go in turn: a
held app computes nothing, so what lies between two turns is the app alone, and no start of any program.
"""

import os
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from benchmarks import mnist
from benchmarks.programs import at_least
from benchmarks.report import Page, ratios, spread, table
from benchmarks.rounds import wait_until_quiet
from benchmarks.terminal import Terminal
from benchmarks.training_runs import CLASSIC, ONE_THREAD
from benchmarks.watching import training, watched
from dlcore import events
from dlcore.files.journal import Tail
from dlcore.rundir import RunDir

PAIRS = 41
SECONDS = 1.5
_SETTLE_SECONDS = 0.4
"""Before each turn: an app that is let go takes in what was written meanwhile."""
LINE = f"{CLASSIC} {ONE_THREAD} e=1000000 training.evaluate_every=1000000000"


class Pace:
    """Reads from a run's own events how fast it goes."""

    def __init__(self, run: RunDir) -> None:
        self._tail = Tail(run.events)
        self._step, self._seconds = 0, 0.0

    def so_far(self) -> float:
        """Return the steps a second since the last time this was asked."""
        step, seconds = self._step, self._seconds
        for content in self._tail.read():
            event = events.decode(content)
            if isinstance(event, events.StepsEnded):
                self._step, self._seconds = event.step, event.seconds
        return (self._step - step) / (self._seconds - seconds) if self._seconds > seconds else 0.0


@contextmanager
def held(terminal: Terminal) -> Iterator[None]:
    """Hold the app, and all that it has started, for as long as the block lasts."""
    os.killpg(terminal.process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.killpg(terminal.process.pid, signal.SIGCONT)


def measure(pairs: int = PAIRS, seconds: float = SECONDS) -> Page:
    """Return the table of this section."""
    mnist.folder()
    alone, attached, used = [], [], []
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch) / "home"
        mnist.put_into_home(home)
        wait_until_quiet()
        with training(home, LINE) as run, watched(home, run) as terminal:
            app, pace = psutil.Process(terminal.process.pid), Pace(run)

            def turn() -> float:
                time.sleep(_SETTLE_SECONDS)
                pace.so_far()
                time.sleep(seconds)
                return pace.so_far()

            for _ in range(pairs):
                with held(terminal):
                    alone.append(turn())
                before, began = _processor(app), time.perf_counter()
                attached.append(turn())
                used.append((_processor(app) - before) / (time.perf_counter() - began))
    return page(alone, attached, used, seconds)


def _processor(app: psutil.Process) -> float:
    times = app.cpu_times()
    return float(times.user + times.system)


def page(alone: list[float], attached: list[float], used: list[float], seconds: float) -> Page:
    """Return the page that these turns make: steps a second, and cores that the app kept busy."""
    share = ratios(attached, alone)
    target = at_least("training speed with the app attached against without", share, 0.97)
    rows = [
        (name, f"{one.median:,.0f} ({one.low:,.0f} – {one.high:,.0f})")
        for name, one in (("app held", spread(alone)), ("app attached", spread(attached)))
    ]
    intro = (
        f"The classic network on all of MNIST, one thread, `{LINE}`, and the app at 120×40 on Train. For "
        f"{len(alone)} pairs of turns of {seconds} s the app is held, so that it computes nothing, and let "
        f"go; the steps are counted by the run's own events. The app kept {100 * spread(used).median:.0f} % "
        "of one core busy, which includes what it takes in after it was held."
    )
    return Page(f"{intro}\n\n{table(('', 'steps/s, median (min – max)'), rows)}", (target,))
