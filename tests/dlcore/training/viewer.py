"""A person at another terminal: waits for what a run says, and tells it what to do."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

from dlcore import events
from dlcore.commands import Command, Stop, encode
from dlcore.events import CommandApplied, CommandRefused
from dlcore.files.journal import Appender, Tail
from dlcore.history import RunHistory
from dlcore.oneline import parse
from dlcore.rundir import RunDir
from tests.dlcore.trained import Trained, make, train_run

_DEADLINE_SECONDS = 30.0


class Viewer:
    """Reads a run's events as they come, and appends commands."""

    def __init__(self, run: RunDir) -> None:
        self.run = run
        self.history = RunHistory()
        self._tail = Tail(run.events)

    def until(self, condition: Callable[[RunHistory], object]) -> RunHistory:
        """Wait until the run has said enough."""
        deadline = time.monotonic() + _DEADLINE_SECONDS
        while True:
            for line in self._tail.read():
                event = events.decode(line)
                assert event is not None
                self.history.apply(event)
            if condition(self.history):
                return self.history
            assert time.monotonic() < deadline, "the run has not said what was waited for"
            time.sleep(0.002)

    def tell(self, *commands: Command) -> None:
        """Append commands in one go."""
        appender = Appender(self.run.control)
        for command in commands:
            appender.append(encode(command))
        appender.close()

    def ask(self, command: Command) -> CommandApplied | CommandRefused:
        """Tell one command and wait for its answer."""
        self.tell(command)
        self.until(lambda history: history.answers and history.answers[-1].id == command.id)
        return self.history.answers[-1]


def train_watched(home: Path, line: str, script: Callable[[Viewer], None]) -> Trained:
    """Train in this thread while a viewer follows its script in another; the run is stopped at its end."""
    run = make(home, parse(f"{line} device=cpu"))
    viewer = Viewer(run)
    failures: list[BaseException] = []

    def follow() -> None:
        try:
            script(viewer)
        except BaseException as error:
            failures.append(error)
        finally:
            viewer.tell(Stop())

    thread = threading.Thread(target=follow)
    thread.start()
    try:
        trained = train_run(run)
    finally:
        thread.join(2 * _DEADLINE_SECONDS)
    if failures:
        raise failures[0]
    return trained
