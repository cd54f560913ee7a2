"""A real trainer in a child of a fork server that has imported torch: it costs no start."""

import os
import time
from pathlib import Path
from typing import Any

import sklearn.datasets  # noqa: F401  # so that no child has to
import torch

from dlcore import checkpoints
from dlcore.commands import Command, Set
from dlcore.rundir import RunDir
from dlcore.training import checkpoint, log
from dlcore.training.__main__ import main
from dlcore.training.chunk import Chunk
from dlcore.training.control import Control
from dlcore.training.loop import Training
from dlcore.training.saving import Saver
from tests.torture.forked import say

torch.set_num_threads(1)
_OFTEN_SECONDS = 0.05


def train(path: str, *arguments: str) -> int:
    """Train a run as the installed trainer would, in a session of its own; return the exit status."""
    os.setsid()
    run = RunDir(Path(path))
    words = os.open(run.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for number in (1, 2):
        os.dup2(words, number)
    log.guard(run.log)
    return main([path, *arguments])


def train_often(path: str, *arguments: str) -> int:
    """Train, with checkpoints that follow each other closely: who is killed often would come to nothing."""
    setattr(Saver, "is_due", lambda saver: time.monotonic() > saver.saved_at + _OFTEN_SECONDS)  # noqa: B010
    return train(path, *arguments)


def _yes(chunk: Chunk) -> bool:
    return True


def train_told(path: str, rates: dict[str, float]) -> int:
    """Train, and be told a learning rate behind each of these steps, as a viewer would have told it."""
    trainings: list[Training] = []
    run, next_command = Training.run, Control.next

    def running(training: Training) -> Any:
        trainings.append(training)
        return run(training)

    def told(control: Control) -> Command | None:
        rate = rates.pop(str(trainings[0].step), None)
        return next_command(control) if rate is None else Set(key="optimizer.lr", value=rate)

    for owner, name, function in (
        (Training, "run", running),
        (Control, "next", told),
        (Chunk, "is_due", _yes),
    ):
        setattr(owner, name, function)
    return train(path)


def save_for_ever(path: str, megabytes: int) -> int:
    """Save one checkpoint after the other, and say before and behind each which it is."""
    run = RunDir(Path(path))
    weights = torch.rand(megabytes * 250_000)
    for step in range(1_000_000):
        say(f"saving {step}")
        checkpoint.save(run, step, {"step": step, "weights": weights})
        say(f"saved {step}")
        checkpoints.prune(run, 4 * megabytes * 1_000_000)
    return 0
