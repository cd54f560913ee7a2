"""How much goes over the line: bytes a second to the terminal, with the app attached to a run.

At the machine itself and over SSH, as SSH_CONNECTION says, both with true colours, which are the longest; on
a large and on a small terminal; while a fast and a slow run train, and while one stands still or has ended.
"""

import tempfile
import time
import zlib
from dataclasses import dataclass
from pathlib import Path

from benchmarks import mnist
from benchmarks.report import Page, Target, table
from benchmarks.terminal import COLUMNS, ROWS, Terminal
from benchmarks.watching import FAST, pause, training, wait_for, watched

SLOW = "mnist cnn relu ce adam lr=.001 b=64 val=0 device=cpu seed=0"
LOCAL_TARGET, SSH_TARGET = 50.0, 5.0
"""Thousands of bytes a second."""
SIZES = ((COLUMNS, ROWS), (80, 24))
FAST_EPOCHS, SLOW_EPOCHS = 120, 10
"""About two and three times what a measurement takes, so that the curves do grow meanwhile."""
_SETTLE_SECONDS = 2.0
_SECONDS = 12.0
_STILL_SECONDS = 10.0


@dataclass(frozen=True)
class Sent:
    """What came within so many seconds."""

    content: tuple[tuple[float, bytes], ...]
    seconds: float

    @property
    def raw(self) -> float:
        """Thousands of bytes a second."""
        return sum(len(piece) for _, piece in self.content) / self.seconds / 1000

    @property
    def packed(self) -> float:
        """The same as `ssh -C` would send it: each piece on its way at once, with one window for all."""
        packer = zlib.compressobj(6)
        size = sum(
            len(packer.compress(piece)) + len(packer.flush(zlib.Z_SYNC_FLUSH)) for _, piece in self.content
        )
        return size / self.seconds / 1000

    @property
    def peak(self) -> float:
        """Thousands of bytes in the second that had the most."""
        most = 0
        for index, (start, _) in enumerate(self.content):
            within = (piece for seconds, piece in self.content[index:] if seconds < start + 1)
            most = max(most, sum(len(piece) for piece in within))
        return most / 1000


def sent(terminal: Terminal, seconds: float) -> Sent:
    """Return what the app sends within the next so many seconds."""
    first = terminal.now
    time.sleep(seconds)
    last = terminal.now
    return Sent(tuple(chunk for chunk in list(terminal.chunks) if first < chunk[0] <= last), last - first)


def measure() -> Page:
    """Return a table of every combination, and the targets."""
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch) / "home"
        mnist.put_into_home(home)
        fast, slow = f"{FAST} e={FAST_EPOCHS}", f"{SLOW} e={SLOW_EPOCHS}"
        rows = [_case(home, fast, size, remote) for size in SIZES for remote in (False, True)]
        slower = [_case(home, slow, SIZES[0], remote) for remote in (False, True)]
        still = _still(home, fast)
    return Page(_body(rows, slower, still), _targets(rows, still))


def _case(home: Path, line: str, size: tuple[int, int], remote: bool) -> Sent:
    columns, rows = size
    with (
        training(home, line) as run,
        watched(home, run, columns=columns, rows=rows, remote=remote) as terminal,
    ):
        time.sleep(_SETTLE_SECONDS)
        return sent(terminal, _SECONDS)


def _still(home: Path, line: str) -> list[Sent]:
    """Measure while a run is paused, and again when it has been stopped."""
    with training(home, line) as run, watched(home, run) as terminal:
        pause(run)
        wait_for(terminal, "paused")
        time.sleep(_SETTLE_SECONDS)
        paused = sent(terminal, _STILL_SECONDS)
    with watched(home, run) as terminal:
        wait_for(terminal, "stopped")
        time.sleep(_SETTLE_SECONDS)
        return [paused, sent(terminal, _STILL_SECONDS)]


def _body(rows: list[Sent], slow: list[Sent], still: list[Sent]) -> str:
    places = [f"{columns}×{rows}, {place}" for columns, rows in SIZES for place in ("local", "over SSH")]
    named = [
        *((f"classic network, {place}", one) for place, one in zip(places, rows, strict=True)),
        *((f"CNN, {place}", one) for place, one in zip(places, slow, strict=False)),
        *((f"{state}, {places[0]}", one) for state, one in zip(("paused", "ended"), still, strict=True)),
    ]
    lines = [(name, f"{one.raw:.2f}", f"{one.packed:.2f}", f"{one.peak:.2f}") for name, one in named]
    return (
        f"Thousands of bytes a second to the terminal, over {_SECONDS:.0f} s of training at full speed, "
        f"{_STILL_SECONDS:.0f} s where nothing changes; compressed as `ssh -C` does it.\n\n"
        + table(("", "kB/s", "kB/s compressed", "peak second, kB"), lines)
    )


def _targets(rows: list[Sent], still: list[Sent]) -> tuple[Target, ...]:
    local, remote = rows[0].raw, rows[1].raw
    idle = sum(len(piece) for one in still for _, piece in one.content)
    size = f"{COLUMNS}×{ROWS}"
    return (
        Target(
            f"To the terminal while training, {size}, local",
            f"{local:.1f} kB/s",
            f"≤ {LOCAL_TARGET:.0f} kB/s",
            local <= LOCAL_TARGET,
        ),
        Target(
            f"To the terminal while training, {size}, over SSH",
            f"{remote:.1f} kB/s",
            f"≤ {SSH_TARGET:.0f} kB/s",
            remote <= SSH_TARGET,
        ),
        Target("To the terminal while nothing changes", f"{idle} bytes", "0", idle == 0),
    )
