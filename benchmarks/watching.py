"""A run that trains at full speed, and the app that watches it on a terminal of its own."""

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.terminal import COLUMNS, ROWS, Terminal, dltui_command, environment
from dlcore import commands
from dlcore.errors import DltuiError
from dlcore.launch import launch, tell
from dlcore.oneline import parse
from dlcore.rundir import RunDir

FAST = "mnist mlp 128,64 relu ce momentum lr=.01 m=.9 b=64 val=0 device=cpu seed=0"
_DEADLINE_SECONDS = 60.0
_LOOK_SECONDS = 0.2


@contextmanager
def training(home: Path, line: str) -> Iterator[RunDir]:
    """Train for as long as the block lasts, or to the run's end; then stop."""
    run, trainer = launch(home, parse(line), datetime.now(UTC))
    try:
        yield run
    finally:
        if trainer.poll() is None:
            trainer.terminate()
        trainer.wait()


@contextmanager
def watched(
    home: Path, run: RunDir, *, columns: int = COLUMNS, rows: int = ROWS, remote: bool = False
) -> Iterator[Terminal]:
    """Attach the app on a terminal with true colours, and wait until it shows a run that has begun."""
    command = [dltui_command(), "attach", run.id]
    variables = {**environment(home, remote=remote), "COLORTERM": "truecolor"}
    with Terminal(command, variables, columns=columns, rows=rows) as terminal:
        wait_for(terminal, "gradient norm", "first/last")
        yield terminal


def wait_for(terminal: Terminal, *words: str) -> None:
    """Wait until all of these words are on the screen; raises DltuiError when they never are."""
    deadline = terminal.now + _DEADLINE_SECONDS
    while not all(word in text(terminal) for word in words):
        if terminal.now > deadline or not terminal.running:
            raise DltuiError(
                f"The app did not show {', '.join(words)}: {terminal.last_words()}", "Attach it by hand."
            )
        time.sleep(_LOOK_SECONDS)


def text(terminal: Terminal) -> str:
    """Return what is on the screen."""
    last = deque(terminal.screens(), maxlen=1)
    return "\n".join(last[0][1].display) if last else ""


def pause(run: RunDir) -> None:
    """Have the run stand still."""
    tell(run, commands.Pause())
