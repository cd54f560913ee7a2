"""Filtering thousands of runs as somebody types, in a real pseudo-terminal, until the screen rests.

The real app opens on a home with ended runs, goes to Runs and presses /. Then a filter is typed letter by
letter and taken back. A key's time ends with the last piece that the app sends before the next key: the
letter, the rows that match, and how many they are.
"""

import random
import re
import tempfile
import time
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from pathlib import Path

from benchmarks import many_runs
from benchmarks.keys import POINTS, percentile
from benchmarks.report import Page, Target, table
from benchmarks.rounds import wait_until_quiet
from benchmarks.start import USABLE
from benchmarks.terminal import COLUMNS, ROWS, Terminal, dltui_command, environment
from dlcore.errors import DltuiError

NUMBER = 10_000
TARGET_SECONDS = 0.100
FILTERS = ("acc>97% and optimizer=adam", "(model=cnn or lr>=.01) and not wide", "fashion tanh steps>1k")
_EVERY_SECONDS = (0.35, 0.45)
"""Longer than any key may take, so that what comes before the next key is of this one."""
_SETTLE_SECONDS = 2.0
_DEADLINE_SECONDS = 60.0
_BACKSPACE = "\x7f"


def measure() -> Page:
    """Return percentiles of all keys, as they are listed and sorted by the best score, and the target."""
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch) / "home"
        many_runs.make(home, NUMBER)
        wait_until_quiet()
        with Terminal([dltui_command()], environment(home)) as terminal:
            _open(terminal)
            usual = {text: typed(terminal, text) for text in FILTERS}
            terminal.type("ss")  # state, best
            time.sleep(_SETTLE_SECONDS)
            by_best = {text: typed(terminal, text) for text in FILTERS}
            if not terminal.running:
                raise DltuiError(f"The app did not stay: {terminal.last_words()}", "Open it by hand.")
    return Page(_body(usual, by_best), (_target([*usual.values(), *by_best.values()]),))


def _open(terminal: Terminal) -> None:
    """Go to Runs, and wait until all of them are read."""
    terminal.wait(lambda sent: USABLE[-1].encode() in sent.lower(), _DEADLINE_SECONDS)
    time.sleep(_SETTLE_SECONDS)
    terminal.type("5")
    whole = re.compile(rb"\b%s runs in " % f"{NUMBER:,}".encode())
    terminal.wait(lambda sent: whole.search(sent) is not None, _DEADLINE_SECONDS)
    time.sleep(_SETTLE_SECONDS)


def typed(terminal: Terminal, text: str) -> list[float]:
    """Type a filter and take it back letter by letter; return the seconds until the screen rested, by key."""
    chance = random.Random(text)
    terminal.type("/")
    time.sleep(_SETTLE_SECONDS)
    times = []
    for key in (*text, *[_BACKSPACE] * len(text)):
        times.append(terminal.type(key))
        time.sleep(chance.uniform(*_EVERY_SECONDS))
    ended = terminal.now
    terminal.type("\x1b")
    time.sleep(_SETTLE_SECONDS)
    return rests(times, ended, [seconds for seconds, _ in list(terminal.chunks)])


def rests(times: Sequence[float], ended: float, pieces: Sequence[float]) -> list[float]:
    """Return, for each key, the seconds until the last piece before the next key, or before the end.

    `pieces` says when something came, in order. A key after which nothing came has shown nothing: it counts
    with all the time until the next one.
    """
    found = []
    for key, following in zip(times, (*times[1:], ended), strict=True):
        first, last = bisect_right(pieces, key), bisect_left(pieces, following)
        found.append((pieces[last - 1] if last > first else following) - key)
    return found


def _body(usual: dict[str, list[float]], by_best: dict[str, list[float]]) -> str:
    rows = [
        (
            f"`{text}`{said}",
            f"{len(times):,}",
            *(f"{1000 * percentile(sorted(times), p):.0f}" for p in POINTS),
        )
        for found, said in ((usual, ""), (by_best, ", sorted by the best score"))
        for text, times in found.items()
    ]
    low, high = (1000 * seconds for seconds in _EVERY_SECONDS)
    return (
        f"Milliseconds from a key to the last bytes that it causes, at {COLUMNS}×{ROWS}, {NUMBER:,} runs; "
        f"each filter is typed and taken back, a key every {low:.0f} to {high:.0f} ms.\n\n"
        f"{table(('', 'keys', 'p50', 'p90', 'p99', 'max'), rows)}"
    )


def _target(each: Sequence[Sequence[float]]) -> Target:
    times = sorted(seconds for one in each for seconds in one)
    p99 = percentile(times, 99)
    name = f"Filtering {NUMBER:,} runs as one types, p99"
    said = f"{1000 * p99:.0f} ms ({len(times):,} keys)"
    return Target(name, said, f"≤ {1000 * TARGET_SECONDS:.0f} ms", p99 <= TARGET_SECONDS)
