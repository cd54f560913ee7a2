"""Real runs, trained inside the process of the tests, so that torch is imported once."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from dlcore import events
from dlcore.config import RunConfig, to_toml
from dlcore.datasets.examine import examine, settled
from dlcore.events import Event
from dlcore.files.journal import Tail
from dlcore.history import RunHistory
from dlcore.oneline import parse
from dlcore.rundir import RunDir, create
from dlcore.summary import read_history
from dlcore.training.__main__ import main


@dataclass(frozen=True)
class Trained:
    """A run and what came of it."""

    run: RunDir
    status: int
    """The exit status of its trainer."""
    history: RunHistory

    def events(self) -> list[Event]:
        """All that the run said."""
        return read_events(self.run)


def read_events(run: RunDir) -> list[Event]:
    found = [events.decode(line) for line in Tail(run.events).read()]
    return [event for event in found if event is not None]


def make(home: Path, config: RunConfig) -> RunDir:
    """A run that waits for its trainer, as the launcher makes it."""
    config = settled(config, examine(config))
    return create(home, config.name, datetime.now(UTC), to_toml(config), {})


@contextmanager
def undone() -> Iterator[None]:
    """Take back what a trainer does to its process: signal handlers and umask."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT)}
    mask = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(mask)
        for number, handler in handlers.items():
            signal.signal(number, handler)


def train_run(run: RunDir) -> Trained:
    """Train a run to its end."""
    with undone():
        status = main([str(run.path)])
    return Trained(run, status, read_history(run))


def train(home: Path, line: str) -> Trained:
    """Train what a line says, on the CPU, with one thread: with more, sums come in another order."""
    return train_run(make(home, parse(f"{line} device=cpu training.threads=1")))
