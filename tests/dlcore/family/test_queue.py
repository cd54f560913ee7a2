"""The queue of runs: in turn, so many side by side, and none waits for one that cannot be trained."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dlcore import launch
from dlcore.config import RunConfig
from dlcore.errors import RunError
from dlcore.family.queue import Queue, main
from dlcore.files.lock import lock_holder
from dlcore.rundir import RunDir
from tests.conftest import MOMENT

_HOLD = """
import sys
from pathlib import Path
from dlcore.files.lock import Lock
from dlcore.rundir import RunDir
lock = Lock(RunDir(Path(sys.argv[1])))
print(flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def undone() -> Iterator[None]:
    """Take back what a queue does to its process."""
    handler, mask = signal.getsignal(signal.SIGHUP), os.umask(0o077)
    yield
    os.umask(mask)
    signal.signal(signal.SIGHUP, handler)


@pytest.fixture
def runs(home: Path) -> list[RunDir]:
    return [launch.make(home, RunConfig(), MOMENT) for _ in range(4)]


@pytest.fixture
def hold() -> Iterator[Callable[[RunDir], None]]:
    """Have another process hold a run."""
    holders: list[subprocess.Popen[bytes]] = []

    def hold(run: RunDir) -> None:
        command = [sys.executable, "-c", _HOLD, str(run.path)]
        holders.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE))
        assert holders[-1].stdout is not None
        assert holders[-1].stdout.readline() == b"\n"

    yield hold
    for holder in holders:
        holder.kill()
        holder.communicate()


@pytest.mark.parametrize("at_once", [1, 3])
def test_runs_are_trained_in_turn_so_many_at_once(
    runs: list[RunDir], monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    started: list[str] = []
    alive: list[int] = []
    trainers: list[subprocess.Popen[bytes]] = []

    def start(root: Path, run: RunDir) -> "subprocess.Popen[bytes]":
        alive.append(sum(one.returncode is None for one in trainers) + 1)
        started.append(run.id)
        trainers.append(subprocess.Popen([sys.executable, "-S", "-c", ""]))
        return trainers[-1]

    monkeypatch.setattr(launch, "start", start)
    Queue(runs, at_once).keep()
    assert started == [run.id for run in runs]
    assert max(alive) == at_once
    assert all(one.returncode == 0 for one in trainers)


def test_what_cannot_be_trained_says_why_and_the_others_go_on(
    runs: list[RunDir], hold: Callable[[RunDir], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    hold(runs[0])
    started: list[str] = []

    def start(root: Path, run: RunDir) -> "subprocess.Popen[bytes]":
        if run == runs[1]:
            raise RunError("The disk is full", "Make room.")
        if run == runs[2]:
            raise OSError(12, "Cannot allocate memory")
        started.append(run.id)
        return subprocess.Popen([sys.executable, "-S", "-c", ""])

    monkeypatch.setattr(launch, "start", start)
    assert main(["2", *(str(run.path) for run in runs)]) == 0
    assert started == [runs[3].id]
    logs = [run.log.read_text() for run in runs[:3]]
    assert f"{runs[0].id} is being trained by process" in logs[0]
    assert logs[1] == "dltui: The disk is full. Make room.\n"
    assert logs[2].startswith("dltui: The trainer cannot be started: Cannot allocate memory. dltui resume ")
    assert all(lock_holder(run) is None for run in runs[1:])


@pytest.mark.parametrize("arguments", [[], ["2"], ["two", "x"], ["²", "x"]])
def test_wrong_arguments_are_told(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert "python -m dlcore.family.queue NUMBER RUN" in capsys.readouterr().err
