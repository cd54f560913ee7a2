"""From key to paint, in a real pseudo-terminal, while a trainer trains at full speed on the same cores.

Keys are typed at random moments. Afterwards all that the app sent is replayed, and a key's time ends with the
first piece that shows its effect: what a person waits for, whatever else was painted meanwhile.
"""

import random
import tempfile
import time
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

import pyte

from benchmarks import mnist
from benchmarks.report import Page, Target, table
from benchmarks.rounds import wait_until_quiet
from benchmarks.terminal import COLUMNS, ROWS, Terminal
from benchmarks.watching import FAST, pause, training, wait_for, watched
from dlcore.errors import DltuiError

Look = Callable[[pyte.Screen], str]
"""The part of a screen in which a key's effect is seen."""

EVERY_SECONDS = (0.05, 0.15)
_SETTLE_SECONDS = 1.0
_LINE_OF_STATE, _CANVAS, _GUTTER, _EDGE = 2, range(4, 20), 9, 2
P50_SECONDS, P99_SECONDS = 0.005, 0.060
_EPOCHS = 5000
"""More than the keys take."""


@dataclass(frozen=True)
class Keys:
    """Keys that are typed again and again, and where their effect shows."""

    name: str
    keys: str
    number: int
    look: Look


def _row(screen: pyte.Screen, y: int, columns: int) -> str:
    return "".join(screen.buffer[y % screen.lines][x].data for x in range(columns))


def _log_scale(screen: pyte.Screen) -> str:
    return "log y" if "log y" in _row(screen, _LINE_OF_STATE, screen.columns) else ""


def _axis(screen: pyte.Screen) -> str:
    return "".join(_row(screen, y, _GUTTER) for y in _CANVAS)


def _tab(screen: pyte.Screen) -> str:
    return _row(screen, -1, screen.columns)


def _cursor(screen: pyte.Screen) -> str:
    """Return the colours at the left edge of the form: the focused line has another ground."""
    return " ".join(screen.buffer[y][_EDGE].bg for y in range(screen.lines))


LOG = Keys("`y`: the line of state says so", "y", 700, _log_scale)
CURVE = Keys("`y`: the curve on its other scale too", "y", 700, _axis)
SCREENS = Keys("`1` `2`: another screen", "12", 150, _tab)
FIELDS = Keys("arrows in Setup: the next field", "jjjjjkkkkk", 300, _cursor)


def measure() -> Page:
    """Return percentiles with and without training, and the targets."""
    wait_until_quiet()
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch) / "home"
        mnist.put_into_home(home)
        with training(home, f"{FAST} e={_EPOCHS}") as run, watched(home, run) as terminal:
            busy = _typed_all(terminal)
            pause(run)
            wait_for(terminal, "paused")
            idle = _typed_all(terminal)
    keys = {name: times for name, times in busy.items() if name != CURVE.name}
    together = sorted(seconds for times in keys.values() for seconds in times)
    return Page(_body(busy, idle), _targets(together))


def _typed_all(terminal: Terminal) -> dict[str, list[float]]:
    chance = random.Random(0)
    logged = typed(terminal, LOG, chance)
    screens = typed(terminal, SCREENS, chance)
    terminal.type("1")
    fields = typed(terminal, FIELDS, chance)
    terminal.type("2")
    time.sleep(_SETTLE_SECONDS)
    all_typed = ((LOG, logged), (CURVE, logged), (SCREENS, screens), (FIELDS, fields))
    seen = [(seconds, [keys.look(screen) for keys, _ in all_typed]) for seconds, screen in terminal.screens()]
    return {
        keys.name: latencies([(seconds, looks[number]) for seconds, looks in seen], times)
        for number, (keys, times) in enumerate(all_typed)
    }


def typed(terminal: Terminal, keys: Keys, chance: random.Random) -> list[float]:
    """Type keys at random moments, and return when each one was."""
    time.sleep(_SETTLE_SECONDS)
    times = []
    for key in islice(cycle(keys.keys), keys.number):
        times.append(terminal.type(key))
        time.sleep(chance.uniform(*EVERY_SECONDS))
    time.sleep(_SETTLE_SECONDS)
    if not terminal.running:
        raise DltuiError(f"The app did not stay: {terminal.last_words()}", "Attach it by hand.")
    return times


def latencies(seen: Sequence[tuple[float, str]], times: Sequence[float]) -> list[float]:
    """Return, for each time a key was typed, after how many seconds something else was first seen.

    `seen` holds what was seen from when on, in order. A key whose effect is never seen takes until the end.
    """
    moments = [seconds for seconds, _ in seen]
    found = []
    for time_typed in times:
        first = bisect_right(moments, time_typed)
        before = seen[first - 1][1] if first else ""
        after = (seconds for seconds, look in seen[first:] if look != before)
        found.append(next(after, moments[-1] + _SETTLE_SECONDS) - time_typed)
    return found


def percentile(ordered: Sequence[float], percent: float) -> float:
    """Return the value that `percent` of all values do not exceed."""
    return ordered[max(0, -int(-len(ordered) * percent // 100) - 1)]


def _body(busy: dict[str, list[float]], idle: dict[str, list[float]]) -> str:
    rows = [
        (
            f"{name}, {when}",
            f"{len(times):,}",
            *(f"{1000 * percentile(sorted(times), p):.1f}" for p in POINTS),
        )
        for name in busy
        for when, times in (("training", busy[name]), ("paused", idle[name]))
    ]
    low, high = (1000 * seconds for seconds in EVERY_SECONDS)
    return (
        f"Milliseconds from a key to the first bytes that show its effect, at {COLUMNS}×{ROWS}; keys every "
        f"{low:.0f} to {high:.0f} ms. The trainer runs the classic network on all of MNIST without a pause, "
        f"on the same cores.\n\n{table(('', 'keys', 'p50', 'p90', 'p99', 'max'), rows)}"
    )


POINTS = (50, 90, 99, 100)


def _targets(ordered: Sequence[float]) -> tuple[Target, Target]:
    p50, p99 = percentile(ordered, 50), percentile(ordered, 99)

    def target(name: str, value: float, limit: float) -> Target:
        said = f"{1000 * value:.1f} ms ({len(ordered):,} keys)"
        return Target(
            f"Key to paint while training, {name}", said, f"≤ {1000 * limit:.0f} ms", value <= limit
        )

    return target("p50", p50, P50_SECONDS), target("p99", p99, P99_SECONDS)
