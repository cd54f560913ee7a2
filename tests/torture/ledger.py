"""How often a promise was tried, and how often it held: counted while the tests run, printed at their end.

`DLTUI_TORTURE=full` runs the full tier; `DLTUI_SEED` repeats the chances of an earlier run, whose seed was
printed; `DLTUI_LEDGER` names a file for the table.
"""

import os
import platform
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path

IS_FULL = os.environ.get("DLTUI_TORTURE", "") == "full"
SEED = int(os.environ.get("DLTUI_SEED") or random.SystemRandom().randrange(2**32))
os.environ["DLTUI_SEED"] = str(SEED)  # for the other processes that run tests
HEADER = ("promise", "faults tried", "survived", "lost", "")


class Promise(StrEnum):
    """What is promised, in the words of the table; the order is that of its rows."""

    CONNECTION = "a dropped SSH connection neither stops nor slows training"
    VIEWERS = "every viewer of a run shows the same screen, and steers it"
    KILLED_WRITER = "a number that was shown survives SIGKILL of its writer"
    FAILED_WRITE = "a failure at any write, sync or rename loses nothing recorded"
    POWER_CUT = "a power cut costs at most 2 s"
    DAMAGED_LOG = "a damaged log neither crashes a reader nor yields a wrong value"
    CHECKPOINT = "a loadable checkpoint always exists"
    RESUME = "a resumed run equals one that was never interrupted, bit for bit"
    EXHAUSTED = "full disk, read-only folder, no memory, killed by the system: said in a sentence"
    SIGNALS = "signals restore the terminal and never touch the trainer"
    TERMINALS = "any size, TERM, locale and clock; no terminal at all"
    HOSTILE_FILE = "a hostile file runs no code and cannot exhaust the machine"
    HOSTILE_STRING = "no outside string reaches the terminal raw or is read as markup"
    NEIGHBOURS = "nobody else on the machine can read, drive or replace a run"
    NOT_FINITE = "a loss that is not finite is named, and the last finite checkpoint kept"
    USER_CODE = "user code that prints, forks, exits or crashes breaks neither screen nor record"
    DOWNLOADS = "a download that is refused, cut, corrupt or endless is never trusted"
    ONE_TRAINER = "one trainer a run; no command is carried out twice; no stale state"


@dataclass
class Tally:
    """What came of the faults against one promise."""

    tried: int = 0
    lost: int = 0
    notes: dict[str, None] = field(default_factory=dict)
    """What there is to say, each thing once, in the order it came."""


_TALLIES: dict[Promise, Tally] = {}


def times(quick: int, full: int) -> int:
    """Return how many faults to try in the tier that runs."""
    return full if IS_FULL else quick


def chance(name: str) -> random.Random:
    """Return a source of chance of its own for each test: it depends on the seed and the name alone."""
    return random.Random(f"{SEED} {name}")


@contextmanager
def fault(promise: Promise, count: int = 1) -> Iterator[None]:
    """Count one fault, or `count` at once; it is lost when the block, with what it asserts, raises."""
    tally = _TALLIES.setdefault(promise, Tally())
    tally.tried += count
    try:
        yield
    except BaseException:  # a test that is timed out among them
        tally.lost += 1
        raise


def note(promise: Promise, text: str) -> None:
    """Say something about a promise in the last column: a measured figure, or why a part was left out."""
    _TALLIES.setdefault(promise, Tally()).notes[text] = None


def told() -> list[tuple[str, int, int, list[str]]]:
    """Return what was counted here, for `heard` in another process."""
    return [(promise.value, one.tried, one.lost, list(one.notes)) for promise, one in _TALLIES.items()]


def heard(rows: list[tuple[str, int, int, list[str]]]) -> None:
    """Add what was counted in another process."""
    for name, tried, lost, notes in rows:
        tally = _TALLIES.setdefault(Promise(name), Tally())
        tally.tried += tried
        tally.lost += lost
        tally.notes.update(dict.fromkeys(notes))


def lines() -> Iterator[tuple[str, str, str, str, str]]:
    """Yield the rows of the table: promise, tried, survived, lost, notes."""
    for promise in Promise:
        if (tally := _TALLIES.get(promise)) is not None:
            figures = (f"{tally.tried:,}", f"{tally.tried - tally.lost:,}", f"{tally.lost:,}")
            yield (promise.value, *figures, "; ".join(tally.notes))


def page() -> str:
    """Return the whole table as Markdown, with date, versions and seed."""
    packages = " · ".join(f"{name} {version(name)}" for name in ("dltui", "torch", "textual"))
    tier = "full" if IS_FULL else "quick"
    head = (
        f"{datetime.now(UTC):%Y-%m-%d} · {platform.system()} {platform.release()} · "
        f"Python {platform.python_version()} · {packages} · {tier} tier · seed {SEED}"
    )
    rows = [HEADER, ("---", "---:", "---:", "---:", "---"), *lines()]
    table = "\n".join(f"| {' | '.join(cells)} |" for cells in rows)
    return f"# Faults tried, survived and lost\n\n{head}\n\n{table}\n"


def write(path: Path) -> None:
    """Write the page to a file."""
    path.write_text(page(), encoding="utf-8")
