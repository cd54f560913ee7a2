"""A run that is killed again and again ends as its twin that was left alone; a whole checkpoint is there."""

import random
import signal
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dlcore.checkpoints import is_whole, saved
from dlcore.commands import Set
from dlcore.config import to_toml
from dlcore.datasets.examine import examine, settled
from dlcore.events import CommandApplied
from dlcore.family.branch import branch, config_at
from dlcore.launch import leave
from dlcore.oneline import parse
from dlcore.rundir import RunDir, create
from dlcore.summary import read_history
from dlcore.training import checkpoint
from tests.dlcore.compared import figures, same_weights
from tests.process.laboratory import Laboratory, read_events
from tests.torture.forked import ForkServer, fork_server
from tests.torture.ledger import Promise, chance, fault, note, times

LINES = (
    "digits mlp 64,32 drop=.2 adam lr=.003 e=30 b=16",
    "digits cnn filters=4 drop=.1 aug=shift momentum cosine e=6 b=16 n=600",
    "moons samples=2000 mlp 16,16 tanh norm=batch rmsprop performance e=40 b=16",
    "diabetes mlp 32, res=true adadelta e=300 b=8 stop=100",
)
_KILLS_A_RUN = 12
_LIFE = (0.02, 0.9)
"""Seconds from the birth of a trainer to its death."""
_END_SECONDS = 300.0


def make(home: Path, line: str) -> RunDir:
    config = settled(found := parse(f"{line} device=cpu training.threads=1"), examine(found))
    return create(home, config.name, datetime.now(UTC), to_toml(config), {})


def assert_same(run: RunDir, twin: RunDir) -> None:
    assert figures(run) == figures(twin)
    assert same_weights(run, twin, read_history(run).step)


def train_killed(run: RunDir, trainers: ForkServer, kills: int, moments: random.Random) -> int:
    """Train a run that is killed so often, with a learning rate changed now and then; return the deaths."""
    killed = 0
    while killed < kills:
        attempt(run, trainers)
        if moments.random() < 0.4:
            leave(run, Set(key="optimizer.lr", value=round(moments.uniform(0.001, 0.01), 6)))
        trainers.listen(moments.uniform(*_LIFE))
        if trainers.pid:
            trainers.kill()
        if trainers.status != -signal.SIGKILL:
            assert trainers.status == 0
            break  # it had come to its end before
        killed += 1
    if read_history(run).ended is None:
        attempt(run, trainers)
        trainers.wait(_END_SECONDS)
    return killed


def attempt(run: RunDir, trainers: ForkServer) -> None:
    """Start a trainer: the first, or one that goes on where the last one was killed."""
    heard = run.control.stat().st_size if run.control.exists() else 0
    resume = ["--resume", str(heard)] if run.events.exists() else []
    trainers.call("tests.torture.training:train_often", str(run.path), *resume)


def train_twin(run: RunDir, trainers: ForkServer, twin: RunDir) -> None:
    """Train the twin in one go; it is told what the other was told, behind the same steps."""
    rates = {}
    for event in read_events(run):
        if isinstance(event, CommandApplied) and event.command.get("kind") == "Set":
            rates[str(event.step)] = event.command["value"]
    trainers.call("tests.torture.training:train_told", str(twin.path), rates)
    trainers.wait(_END_SECONDS)
    assert trainers.status == 0


def test_a_killed_run_ends_as_its_twin(laboratory: Laboratory) -> None:
    moments = chance("kill and resume")
    kills, done, number = times(3, 100), 0, 0
    with fork_server("tests.torture.training", environment=laboratory.environment) as trainers:
        while done < kills:
            line = LINES[number % len(LINES)]
            number += 1
            run, twin = make(laboratory.home, line), make(laboratory.home, line)
            here = train_killed(run, trainers, min(_KILLS_A_RUN, kills - done), moments)
            with fault(Promise.RESUME, here):
                train_twin(run, trainers, twin)
                assert_same(run, twin)
            done += here
    note(Promise.RESUME, f"{number} runs with live edits, weights and curves compared")


def test_a_branch_without_a_change_equals_its_parent(laboratory: Laboratory) -> None:
    moments = chance("branch")
    with fork_server("tests.torture.training", environment=laboratory.environment) as trainers:
        for number in range(times(1, 10)):
            parent = make(laboratory.home, LINES[number % len(LINES)])
            trainers.call("tests.torture.training:train_often", str(parent.path))
            trainers.wait(_END_SECONDS)
            step = moments.choice(list(saved(parent))[:-1])
            with fault(Promise.RESUME):
                child = branch(laboratory.home, parent, step, config_at(parent, step), datetime.now(UTC))
                trainers.call("tests.torture.training:train", str(child.path))
                trainers.wait(_END_SECONDS)
                ours, theirs = (read_history(one, whole=True) for one in (child, parent))
                assert ours.loss.values[step:].tobytes() == theirs.loss.values[step:].tobytes()
                assert same_weights(child, parent, theirs.step)


@pytest.mark.parametrize("megabytes", [8])
def test_a_kill_inside_the_save_leaves_a_whole_checkpoint(
    laboratory: Laboratory, tmp_path: Path, megabytes: int
) -> None:
    moments = chance("kill inside the save")
    inside = 0
    with fork_server("tests.torture.training", environment=laboratory.environment) as savers:
        while inside < times(5, 50):
            run = make(tmp_path / "silent", "digits")  # nobody waits for its trainer's first word
            savers.call("tests.torture.training:save_for_ever", str(run.path), megabytes)
            savers.hear(4)
            savers.listen(moments.uniform(0.0, 0.1))
            words = [word.split() for word in savers.kill()]
            if words[-1][0] != "saving":
                continue
            inside += 1
            with fault(Promise.CHECKPOINT):
                announced = [int(step) for word, step in words if word == "saved"]
                whole = [step for step, path in saved(run).items() if is_whole(path)]
                assert set(announced[-2:]) <= set(whole), "an announced checkpoint is gone or damaged"
                newest = checkpoint.load(run, whole[-1])
                assert newest["step"] == whole[-1]
                assert newest["weights"].shape == (megabytes * 250_000,)
