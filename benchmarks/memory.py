"""Memory: of the app on each of its screens, and of the trainer above a process that only imports torch.

Resident memory as the kernel counts it, in /proc. The app's includes what it shares with other processes; its
own share is given beside it. The inspector is a process of its own, and comes last.
"""

import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks import mnist
from benchmarks.report import Page, Target, table
from benchmarks.start import USABLE
from benchmarks.terminal import Terminal, dltui_command, environment
from benchmarks.watching import FAST, text, training, wait_for
from dlcore.errors import DltuiError
from dlcore.rundir import RunDir

TARGET_APP, TARGET_TRAINER = 110, 300
"""Megabytes."""
EPOCHS = 200  # more than are watched
WATCHED_SECONDS = 12.0
"""The app looks on for so long, while the trainer trains at full speed."""
_REST_SECONDS = 3.0
_DEADLINE_SECONDS = 60.0
_MEGABYTE = 1e6


@dataclass(frozen=True)
class Memory:
    """What a process holds, in megabytes."""

    resident: float
    own: float
    """The part that no other process has too."""
    peak: float
    """The most that was ever resident."""


def held(process: int) -> Memory:
    """Return what a process holds now; raises DltuiError where there is no /proc."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
        peak = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024
        found = psutil.Process(process).memory_full_info()
    except (OSError, StopIteration, psutil.Error) as error:
        said = str(error) or "the process has ended"
        raise DltuiError(f"Memory cannot be read: {said}", "This section needs Linux.") from None
    return Memory(found.rss / _MEGABYTE, found.uss / _MEGABYTE, peak / _MEGABYTE)


def bare_torch() -> Memory:
    """Return what a process holds that has imported torch, and nothing else."""
    command = [sys.executable, "-c", "import sys, torch; print(flush=True); sys.stdin.read()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()
        return held(process.pid)


def measure() -> Page:
    """Return the tables of this section."""
    bare = bare_torch()
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch) / "home"
        mnist.put_into_home(home)
        app, trainer, inspector = _watched(home)
    rows = [_row(name, memory) for name, memory in app.items()]
    rows += [
        _row("trainer, MNIST", trainer),
        _row("a bare `import torch`", bare),
        _row("inspector", inspector),
    ]
    body = (
        f"Megabytes (10⁶ bytes). The app opens on Setup, watches a run on the real MNIST for "
        f"{WATCHED_SECONDS:.0f} s on Train, and shows Runs; the trainer is read at the end of that.\n\n"
        + table(("", "resident", "its own", "peak"), rows)
    )
    return Page(body, _targets(max(one.peak for one in app.values()), trainer.peak - bare.peak))


def _targets(app: float, trainer: float) -> tuple[Target, ...]:
    return (
        Target("memory of the app, at most", f"{app:.0f} MB", f"≤ {TARGET_APP} MB", app <= TARGET_APP),
        Target(
            "memory of the trainer on MNIST, at most, above a bare `import torch`",
            f"{trainer:.0f} MB",
            f"≤ {TARGET_TRAINER} MB",
            trainer <= TARGET_TRAINER,
        ),
    )


def _row(name: str, memory: Memory) -> tuple[str, ...]:
    return name, f"{memory.resident:.0f}", f"{memory.own:.0f}", f"{memory.peak:.0f}"


def _watched(home: Path) -> tuple[dict[str, Memory], Memory, Memory]:
    """Return what the app holds on each screen, what the trainer holds, and the inspector."""
    found: dict[str, Memory] = {}
    with Terminal([dltui_command()], environment(home)) as terminal:
        app = terminal.process.pid
        wait_for(terminal, *(word.capitalize() for word in USABLE[:2]))
        inspector = _inspector(terminal)
        time.sleep(_REST_SECONDS)
        found["app, Setup"] = held(app)
        with training(home, f"{FAST} e={EPOCHS}") as run:
            terminal.type("5")
            wait_for(terminal, "best", "running")
            terminal.type("\r")
            wait_for(terminal, "gradient norm")
            time.sleep(WATCHED_SECONDS)
            found["app, Train"] = held(app)
            trainer = held(_trainer(run))
            terminal.type("5")
            wait_for(terminal, "best")
            time.sleep(_REST_SECONDS)
            found["app, Runs"] = held(app)
    return found, trainer, inspector


def _trainer(run: RunDir) -> int:
    """Return the process that trains a run: its lock says so."""
    return int(run.lock.read_text().splitlines()[0])


def _inspector(terminal: Terminal) -> Memory:
    """Return what the inspector holds once it has answered: there is a picture of the data then."""
    wait_for(terminal, "waking the inspector")
    deadline = terminal.now + _DEADLINE_SECONDS
    children = psutil.Process(terminal.process.pid).children
    while not children() or "waking" in text(terminal):
        if terminal.now > deadline:
            raise DltuiError("The inspector did not answer", "See dltui doctor.")
        time.sleep(_REST_SECONDS / 10)
    return held(children()[0].pid)
