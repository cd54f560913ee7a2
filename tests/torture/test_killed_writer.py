"""A number that was shown or acknowledged survives SIGKILL of its writer."""

import random
import signal
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from dlcore import events
from dlcore.config import to_toml
from dlcore.datasets.examine import examine, settled
from dlcore.events import AttemptStarted, Event, StepsEnded
from dlcore.files.journal import Tail
from dlcore.history import RunHistory
from dlcore.oneline import parse
from dlcore.rundir import RunDir, create
from dlcore.summary import read_history
from tests.process.laboratory import Laboratory, end_trainer, environment, read_events
from tests.process.terminal import DEADLINE_SECONDS, wait_until
from tests.torture import writing
from tests.torture.forked import ForkServer, fork_server
from tests.torture.ledger import IS_FULL, SEED, Promise, chance, fault, note, times
from tui.feed import RunFeed

_KILLS_A_RUN = 10
_LINE = "digits mlp 8 e=5000 device=cpu training.threads=1"
_LONGEST_LIFE = 0.02
"""Seconds from the first word of a writer to its end, at most."""
_STILLBORN = 0.1
"""Share of the writers that are killed before their first word, or close to it."""


class Viewer:
    """Reads a run as it grows, and keeps all that it has read."""

    def __init__(self, run: RunDir) -> None:
        self._tail = Tail(run.events)
        self.history = RunHistory()
        self.seen: list[Event] = []

    @property
    def damaged(self) -> int:
        """Torn lines that a later writer has sealed."""
        return self._tail.damaged

    def read(self) -> None:
        """Take in what is new; every event comes once, and is the one that was said."""
        for line in self._tail.read():
            event = events.decode(line)
            assert event is not None
            assert event.seq == len(self.seen), "an event is missing, or was said twice"
            if not isinstance(event, AttemptStarted):
                assert writing.body(event) == writing.body(writing.told(event.seq, SEED))
            assert self.history.apply(event)
            self.seen.append(event)


@pytest.fixture(scope="module")
def writers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForkServer]:
    home = tmp_path_factory.mktemp("writers")
    with fork_server("tests.torture.writing", environment=environment(home)) as server:
        yield server


def test_what_a_writer_has_acknowledged_outlives_it(tmp_path: Path, writers: ForkServer) -> None:
    moments = chance("kill a writer")
    kills = times(10, 1000)
    torn = acknowledged = 0
    for number in range(0, kills, _KILLS_A_RUN):
        run = create(tmp_path, "killed", writing.MOMENT + timedelta(seconds=number), "", {})
        viewer = Viewer(run)
        for _ in range(_KILLS_A_RUN):
            with fault(Promise.KILLED_WRITER):
                acknowledged += kill_one(run, viewer, writers, moments)
        torn += viewer.damaged
        assert_same(read_history(run, whole=True), viewer)
    note(Promise.KILLED_WRITER, f"{acknowledged:,} events acknowledged, {torn} lines torn by the kill")


def test_what_a_trainer_has_shown_outlives_it(laboratory: Laboratory) -> None:
    moments = chance("kill a trainer")
    for number in range(times(2, 0)):
        assert laboratory.dltui("run", _LINE, "--detach").returncode == 0
        run = laboratory.runs()[0]
        assert len(laboratory.runs()) == number + 1
        with fault(Promise.KILLED_WRITER):
            kill_trainer(run, moments, partial(end_trainer, run))


@pytest.mark.skipif(not IS_FULL, reason="a hundred trainers are for the full tier")
def test_what_a_hundred_trainers_have_shown_outlives_them(laboratory: Laboratory) -> None:
    moments = chance("kill a hundred trainers")
    config = settled(found := parse(_LINE), examine(found))
    with fork_server("tests.torture.training", environment=laboratory.environment) as trainers:
        for number in range(times(0, 100)):
            moment = writing.MOMENT + timedelta(seconds=number)
            run = create(laboratory.home, config.name, moment, to_toml(config), {})
            trainers.call("tests.torture.training:train", str(run.path))
            with fault(Promise.KILLED_WRITER):
                kill_trainer(run, moments, trainers.kill)
                assert trainers.status == -signal.SIGKILL


def kill_trainer(run: RunDir, moments: random.Random, kill: Callable[[], object]) -> None:
    """Look on for a while, kill the trainer, and find all that was seen where it was seen."""
    shown: list[Event] = []
    feed = RunFeed(run, shown.append)
    steps = moments.randrange(400)
    until = time.monotonic() + DEADLINE_SECONDS
    while feed.history.step <= steps:
        feed.read()
        assert time.monotonic() < until, f"waited in vain for step {steps}"
        time.sleep(moments.uniform(0.0, 0.01))
    values = feed.history.loss.values[:]
    kill()
    there = {event.seq: event for event in read_events(run)}
    assert len(shown) > 3
    assert all(there[event.seq] == event for event in shown)
    assert read_history(run, whole=True).loss.values[: len(values)] == values
    wait_until(lambda: feed.read() or feed.state == "crashed", "the state crashed")


def kill_one(run: RunDir, viewer: Viewer, writers: ForkServer, moments: random.Random) -> int:
    """Let a writer live for a moment; return how many events it acknowledged, all of which are there."""
    pid = writers.call("tests.torture.writing:write", str(run.path), SEED)
    if moments.random() > _STILLBORN:
        writers.hear()
    writers.listen(moments.uniform(0.0, _LONGEST_LIFE))
    viewer.read()
    assert writers.pid == pid, "the writer has died by itself"
    said = [int(line) for line in writers.kill()]
    viewer.read()
    assert len(viewer.seen) > max(said, default=-1)
    return len(said)


def assert_same(whole: RunHistory, viewer: Viewer) -> None:
    """Whoever reads the run anew finds at each step what its viewer was shown, which is what was said."""
    assert whole.seq == viewer.history.seq == len(viewer.seen) - 1
    for event in viewer.seen:
        if isinstance(event, StepsEnded):
            for offset, loss in enumerate(event.loss):
                step = event.step - len(event.loss) + offset + 1
                found = whole.loss.value_at(step)
                assert found == viewer.history.loss.value_at(step) == pytest.approx(loss, rel=1e-7)
