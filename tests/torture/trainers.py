"""Trainers that a test starts itself, so that it has the process: its limits, its end, its exit status."""

import json
import subprocess
import sys
from datetime import UTC, datetime

import psutil

from dlcore.config import to_toml
from dlcore.datasets.examine import examine, settled
from dlcore.events import AttemptEnded, Event, StepsEnded
from dlcore.files.lock import lock_holder
from dlcore.oneline import parse
from dlcore.rundir import RunDir, create
from tests.process.laboratory import Laboratory, Watch, read_events
from tests.process.terminal import DEADLINE_SECONDS, wait_until

UNHURRIED = "training.steps_per_second=100"
"""For runs that are there to be watched: the processor is their viewers', and their logs stay short."""


class Trainer:
    """A run and the process that trains it."""

    def __init__(self, laboratory: Laboratory, line: str, limits: dict[str, int] | None = None) -> None:
        """Start the training that a line describes; `limits` are those of prlimit(1), in bytes."""
        found = parse(line)
        config = settled(found, examine(found))
        self.run: RunDir = create(laboratory.home, config.name, datetime.now(UTC), to_toml(config), {})
        command = [sys.executable, "-P", "-m", "dlcore.training", str(self.run.path)]
        with self.run.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*limited(limits or {}), *command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env={**laboratory.environment, "OMP_NUM_THREADS": "1"},
            )
        self.watch = Watch(self.run)

    def end(self, seconds: float = 2 * DEADLINE_SECONDS) -> int:
        """Wait for the end of the process; return its status."""
        return self.process.wait(seconds)

    def stop(self) -> int:
        """Ask it to stop, and return its status."""
        self.process.terminate()
        return self.end()

    @property
    def log(self) -> str:
        """What it has printed."""
        return self.run.log.read_text(errors="replace")

    def warned(self, text: str) -> int:
        """How often it has warned with a text that begins so."""
        return sum(one.message.startswith(text) for one in self.watch.history.warnings)

    def until_warned(self, text: str, times: int = 1) -> None:
        """Wait until it has warned so often with a text that begins so."""
        wait_until(lambda: self.warned(text) == times, f"warned {times} times: {text}")

    def works(self) -> None:
        """Wait until it has computed for another while: it is neither dead nor stuck."""
        process = psutil.Process(self.process.pid)
        before = sum(process.cpu_times()[:2])
        wait_until(lambda: sum(process.cpu_times()[:2]) > before + 0.3, "a trainer that goes on")


_LIMIT = """
import os, resource, sys, json
for name, value in json.loads(sys.argv[1]).items():
    resource.setrlimit(getattr(resource, "RLIMIT_" + name), (value, resource.RLIM_INFINITY))
os.execv(sys.argv[2], sys.argv[2:])
"""


def limited(limits: dict[str, int]) -> list[str]:
    """Return what stands before a command so that it runs under the limits of `resource`, soft ones."""
    return [sys.executable, "-I", "-S", "-c", _LIMIT, json.dumps(limits)] if limits else []


def check_record(run: RunDir, *, whole: bool = True) -> list[Event]:
    """Check that a run's record is sound, and that its lock is free; return its events.

    All lines can be read but those that the disk tore, numbers have no gap, and every step is there once.
    `whole` asks for a last word.
    """
    wait_until(lambda: lock_holder(run) is None, "a lock that is free")
    events = read_events(run)
    assert [event.seq for event in events] == list(range(len(events)))
    chunks = [event for event in events if isinstance(event, StepsEnded)]
    taken = 0
    for chunk in chunks:
        taken += len(chunk.loss)
        assert chunk.step == taken
    assert isinstance(events[-1], AttemptEnded) == whole
    assert sum(isinstance(event, AttemptEnded) for event in events) == whole
    return events


def ended(run: RunDir) -> AttemptEnded:
    """Return the last word of a run."""
    word = check_record(run)[-1]
    assert isinstance(word, AttemptEnded)
    return word
