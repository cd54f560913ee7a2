"""A run that breaks off and is resumed ends as if it had never been interrupted, bit for bit."""

import random
from pathlib import Path
from typing import Any

import pytest
import torch

from dlcore.oneline import parse
from dlcore.rundir import RunDir
from dlcore.summary import read_history, state_of
from dlcore.training import checkpoint
from dlcore.training.__main__ import main
from dlcore.training.chunk import Chunk
from dlcore.training.saving import Saver
from tests.dlcore.trained import Trained, make, train, undone
from tests.dlcore.training.own_data import write_code, write_csv, write_images
from tests.dlcore.training.test_repeating import LINES

_SAID = {"duration", "seconds", "seq", "attempt"}
_STEP_BY_STEP = "xor mlp 4, tanh mse momentum performance schedule.patience=1 b=1 e=8 lr=.3"


class Killed(BaseException):
    """Stands for the death of the process: nothing in the trainer catches it."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table, images and code."""
    folder = tmp_path_factory.mktemp("own")
    write_csv(folder)
    write_images(folder)
    write_code(folder)
    return folder


def figures(run: RunDir) -> dict[str, Any]:
    """All that can be drawn of a run, but for times."""
    history = read_history(run, whole=True)
    return {
        "loss": history.loss.values.tobytes(),
        "score": history.score.values.tobytes(),
        "lr": history.lr.values.tobytes(),
        "epochs": [one.model_dump(exclude=_SAID) for one in history.epochs],
        "evaluations": [one.model_dump(exclude=_SAID) for one in history.evaluations],
        "state": state_of(run, history),
        "step": history.step,
    }


def same_weights(one: RunDir, other: RunDir, step: int) -> bool:
    first, second = (checkpoint.load(run, step)["model"] for run in (one, other))
    return all(torch.equal(tensor, second[name]) for name, tensor in first.items())


class Killer:
    """Kills the trainer once so many steps have been noted; checkpoints come at every third of them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.left = 10**9
        note = Chunk.note
        noted = 0

        def noting(chunk: Chunk, *given: Any) -> None:
            nonlocal noted
            self.left -= 1
            if self.left < 0:
                raise Killed
            noted += 1
            note(chunk, *given)

        monkeypatch.setattr(Chunk, "note", noting)
        monkeypatch.setattr(Chunk, "is_due", lambda chunk: noted % 3 == 0)
        monkeypatch.setattr(Saver, "is_due", lambda saver: True)


def resumed(run: RunDir, killer: Killer, kills: list[int]) -> Trained:
    """Train a run that is killed after so many steps of each attempt, and once more to its end."""
    for attempt, steps in enumerate([*kills, 10**9]):
        killer.left = steps
        resume = ["--resume", "0"] if attempt else []
        try:
            with undone():
                status = main([str(run.path), *resume])
        except Killed:
            continue
        return Trained(run, status, read_history(run))
    raise AssertionError("it never ended")


@pytest.mark.parametrize("line", [*LINES, _STEP_BY_STEP])
def test_killed_again_and_again_it_ends_the_same(
    home: Path, folder: Path, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = line.format(folder=folder)
    whole = train(home, line)
    assert whole.status == 0, whole.history.ended
    chance = random.Random(line)
    run = make(home, parse(f"{line} device=cpu training.threads=1"))
    kills = [chance.randrange(1, whole.history.step) for _ in range(4)]
    broken = resumed(run, Killer(monkeypatch), kills)
    assert broken.status == 0, broken.history.ended
    assert broken.history.attempt > 1
    assert figures(run) == figures(whole.run)
    assert same_weights(run, whole.run, whole.history.step)
