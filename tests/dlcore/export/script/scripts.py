"""Scripts of runs, run inside the process of the tests, so that torch is imported once."""

import math
import runpy
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dlcore.changes import with_changes
from dlcore.commands import Command
from dlcore.export.report import gather
from dlcore.export.script import to_script
from dlcore.history import RunHistory
from dlcore.oneline import parse
from dlcore.rundir import RunDir
from dlcore.summary import read_history
from dlcore.training.chunk import Chunk
from dlcore.training.control import Control
from dlcore.training.loop import Training
from tests.dlcore.trained import make, train_run


@dataclass(frozen=True)
class Result:
    """What a script has written."""

    losses: list[float]
    evaluations: dict[str, tuple[float, float]]


BARE = {
    "training.device": "cpu",
    "training.threads": 1,
    "training.frames_mb": 0,
    "training.probe_budget": 0.0,
}
"""On one thread, with nothing looked at: what is compared are losses."""


def made(home: Path, line: str, changes: dict[str, Any] | None = None) -> RunDir:
    """A run of a line with some changes, that waits for its trainer."""
    return make(home, with_changes(parse(line), BARE | (changes or {})))


def trained(home: Path, line: str, changes: dict[str, Any] | None = None) -> RunDir:
    """The same, trained to its end."""
    found = train_run(made(home, line, changes))
    assert found.status == 0, found.history.ended
    return found.run


def script_of(run: RunDir) -> str:
    """The script of a run."""
    return to_script(gather(run))


def run_script(run: RunDir, folder: Path, *options: str) -> Result:
    """Run the script of a run; the figures are those that it writes for others to compare."""
    place = folder / f"{run.id}.py"
    place.write_text(script_of(run))
    return run_file(place, folder, *options)


def run_file(place: Path, folder: Path, *options: str) -> Result:
    """Run a script."""
    losses = folder / "losses.txt"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", [str(place), "--losses", str(losses), *options])
        patch.setattr(sys, "path", list(sys.path))
        runpy.run_path(str(place), run_name="__main__")
    lines = [line.split() for line in losses.read_text().splitlines()]
    return Result(
        [float(line[0]) for line in lines if len(line) == 1],
        {line[0]: (float(line[1]), float(line[2])) for line in lines if len(line) == 3},
    )


def bits(losses: Any) -> list[str]:
    """Losses as the bits of a float32; those that are not finite are all alike."""
    return [struct.pack("f", loss).hex() if math.isfinite(loss) else "not finite" for loss in losses]


def assert_equal(run: RunDir, result: Result, recorded: Any = None) -> None:
    """Assert that a script has the losses of a run, and its last evaluations, to the last bit."""
    history = read_history(run, whole=True)
    wanted = bits(history.loss.values if recorded is None else recorded)
    assert len(wanted) > 1
    found = bits(result.losses)
    first = next(
        (step for step, (one, other) in enumerate(zip(found, wanted, strict=False), 1) if one != other), 0
    )
    assert not first, f"from step {first} of {len(wanted)} on the losses differ"
    assert len(found) == len(wanted)
    assert_evaluated(history, result)


def assert_evaluated(history: RunHistory, result: Result) -> None:
    """Assert that the last evaluations are the same."""
    assert "test" in result.evaluations
    for split, (loss, score) in result.evaluations.items():
        last = history.split(split)[-1]
        assert last.loss is None or bits([loss]) == bits([last.loss])
        if last.accuracy is not None:
            assert bits([score]) == bits([last.accuracy])
        elif last.r2 is not None:
            assert score == pytest.approx(last.r2, abs=1e-4)


@contextmanager
def steered(commands: dict[int, list[Command]]) -> Iterator[None]:
    """Let a trainer be told things: each is heard once, at its step."""
    held: list[Training] = []
    run = Training.run

    def running(training: Training) -> object:
        held.append(training)
        return run(training)

    def told(control: Control) -> Command | None:
        for step in sorted(commands):
            if step <= held[-1].step and commands[step]:
                return commands[step].pop(0)
        return None

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Training, "run", running)
        patched.setattr(Control, "next", told)
        patched.setattr(Chunk, "is_due", lambda chunk: True)
        yield
