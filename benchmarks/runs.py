"""The Runs screen with thousands of runs: until the rows in sight are there, and until all are read.

The real app opens in a pseudo-terminal, Setup comes to rest, 5 is pressed; then 1 and 5 again, for coming
back. The files are in the disk's cache: they have just been written.
"""

import re
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks import many_runs
from benchmarks.report import Page, Spread, Target, spread, table
from benchmarks.rounds import Rounds, in_turn
from benchmarks.start import USABLE
from benchmarks.terminal import COLUMNS, ROWS, Terminal, dltui_command, environment
from dlcore.errors import DltuiError

ROUNDS = 7
NUMBERS = (100, 1_000, 10_000)
TARGET_SECONDS = 1.5
_QUIET_SECONDS = 1.2
"""The app is at rest when it has sent nothing for so long; while it reads, it often says how far it is."""
_DEADLINE_SECONDS = 60.0
_LOOK_SECONDS = 0.05
_ROWS_IN_SIGHT = slice(4, 30)


@dataclass(frozen=True)
class Opened:
    """One visit of the Runs screen; seconds since the key was pressed."""

    in_sight: float
    """Every row that can be seen is filled."""
    whole: float
    """The note says that all runs are read."""


@dataclass(frozen=True)
class Visit:
    """One start of the app."""

    first: Opened
    again: Opened
    megabytes: float
    """Resident memory of the app's process once all rows are read."""
    listed: float
    """Seconds that `dltui runs` took for the same list, start included."""


def measure() -> Page:
    """Return the table of this section."""
    with tempfile.TemporaryDirectory() as scratch:
        homes = {number: Path(scratch) / str(number) for number in NUMBERS}
        for number, home in homes.items():
            many_runs.make(home, number)
        visit(homes[NUMBERS[0]], NUMBERS[0])  # warms the disk's cache, and does not count
        rounds = in_turn({f"{number:,}": _visitor(homes[number], number) for number in NUMBERS}, ROUNDS)
    most = rounds.by_program[f"{NUMBERS[-1]:,}"]
    targets = [
        _target("filled, all rows read", [one.first.whole for one in most]),
        _target("rows in sight", [one.first.in_sight for one in most]),
    ]
    return Page("\n\n".join((_intro(), _table(rounds), rounds.text())), tuple(targets))


def _visitor(home: Path, number: int) -> Callable[[], Visit]:
    return lambda: visit(home, number)


def visit(home: Path, number: int) -> Visit:
    """Open the app on a home with so many runs, go to its Runs screen twice, and list them by command."""
    with Terminal([dltui_command()], environment(home)) as terminal:
        terminal.wait(lambda sent: USABLE[-1].encode() in sent.lower(), _DEADLINE_SECONDS)
        _rest(terminal)
        keys = []
        for _ in range(2):
            keys.append(terminal.type("5"))
            _rest(terminal)
            memory = psutil.Process(terminal.process.pid).memory_info().rss
            terminal.type("1")
            _rest(terminal)
    first, again = (_opened(terminal, key, number) for key in keys)
    began = time.perf_counter()
    subprocess.run([dltui_command(), "runs"], env=environment(home), check=True, stdout=subprocess.DEVNULL)
    return Visit(first, again, memory / 1e6, time.perf_counter() - began)


def _rest(terminal: Terminal) -> None:
    """Wait until the app has sent nothing for a while."""
    began = terminal.now
    while terminal.now < began + _DEADLINE_SECONDS and terminal.running:
        latest = max(began, terminal.chunks[-1][0] if terminal.chunks else 0.0)
        if terminal.now - latest > _QUIET_SECONDS:
            return
        time.sleep(_LOOK_SECONDS)


def _opened(terminal: Terminal, key: float, number: int) -> Opened:
    """Return when the screen was filled, by what was on it after each piece that the app sent."""
    in_sight = whole = None
    said = re.compile(rf"\b{number:,} runs in ")
    for seconds, screen in terminal.screens():
        if seconds < key:
            continue
        lines = screen.display
        if in_sight is None and all(" finished " in line for line in lines[_ROWS_IN_SIGHT]):
            in_sight = seconds - key
        if whole is None and said.search("\n".join(lines)):
            whole = seconds - key
    if in_sight is None or whole is None:
        raise DltuiError(
            f"The Runs screen did not come to show {number:,} runs: {terminal.last_words()}",
            "Open it by hand, and see whether its last line but one still says how many there are.",
        )
    return Opened(in_sight, whole)


def _intro() -> str:
    return (
        f"Seconds from the key to the screen, in a pseudo-terminal of {COLUMNS}×{ROWS}, files in the disk's "
        f"cache; {ROUNDS} rounds, medians (range). `dltui runs` is the whole command, its start included."
    )


def _target(what: str, seconds: list[float]) -> Target:
    found = spread(seconds)
    name = f"{NUMBERS[-1]:,} runs: Runs screen, {what}"
    return Target(name, f"{_said(found)} s", f"≤ {TARGET_SECONDS} s", found.median <= TARGET_SECONDS)


def _table(rounds: Rounds[Visit]) -> str:
    rows = []
    for number, visits in rounds.by_program.items():
        seconds = (
            [one.first.in_sight for one in visits],
            [one.first.whole for one in visits],
            [one.again.in_sight for one in visits],
            [one.listed for one in visits],
        )
        memory = spread([one.megabytes for one in visits])
        rows.append((number, *(_said(spread(one)) for one in seconds), f"{memory.median:.0f}"))
    header = (
        "runs",
        "rows in sight",
        "all read",
        "again: in sight",
        "`dltui runs`",
        "app, MB",
    )
    return table(header, rows)


def _said(found: Spread) -> str:
    return f"{found.median:.2f} ({found.low:.2f}–{found.high:.2f})"
