"""A trainer that does not end when it is asked to is ended; nobody else is."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dlcore.errors import RunError
from dlcore.files.lock import lock_holder
from dlcore.oneline import parse
from dlcore.process import hard_stop
from dlcore.rundir import RunDir
from tests.dlcore.trained import make

_HOLD = """
import signal, sys
from pathlib import Path
from dlcore.files.lock import Lock
from dlcore.rundir import RunDir
if sys.argv[2] == "deaf":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
lock = Lock(RunDir(Path(sys.argv[1])))
print(flush=True)
sys.stdin.read()
"""


@pytest.fixture
def run(home: Path) -> RunDir:
    return make(home, parse("xor"))


@pytest.fixture(params=["willing", "deaf"])
def trainer(run: RunDir, request: pytest.FixtureRequest) -> Iterator["subprocess.Popen[bytes]"]:
    """A process that holds the run as a trainer does."""
    command = [sys.executable, "-c", _HOLD, str(run.path), request.param]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"\n"
        try:
            yield process
        finally:
            process.kill()


def test_it_is_asked_once_more_and_then_killed(
    run: RunDir, trainer: "subprocess.Popen[bytes]", request: pytest.FixtureRequest
) -> None:
    is_deaf = "deaf" in request.node.name
    assert hard_stop.trainer_here(run) == trainer.pid
    said = hard_stop.end(run, patience=0.3 if is_deaf else 20.0)
    assert said == ("the trainer was killed" if is_deaf else "the trainer has ended after a last request")
    assert trainer.wait(20) == -(signal.SIGKILL if is_deaf else signal.SIGTERM)
    assert lock_holder(run) is None


@pytest.mark.parametrize("trainer", ["willing"], indirect=True)
def test_one_on_another_machine_is_left_alone(
    run: RunDir, trainer: "subprocess.Popen[bytes]", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dlcore.process.hard_stop.socket.gethostname", lambda: "elsewhere")
    with pytest.raises(RunError, match="not here"):
        hard_stop.end(run)
    assert trainer.poll() is None


@pytest.mark.parametrize("trainer", ["willing"], indirect=True)
def test_a_lock_that_names_another_process_is_not_believed(
    run: RunDir, trainer: "subprocess.Popen[bytes]"
) -> None:
    host = run.lock.read_text().split("\n")[1]
    run.lock.write_text(f"1\n{host}\n")
    with pytest.raises(RunError, match="not here"):
        hard_stop.end(run)
    assert trainer.poll() is None


def test_where_nobody_trains_there_is_nobody_to_end(run: RunDir) -> None:
    with pytest.raises(RunError, match="is not being trained"):
        hard_stop.end(run)
