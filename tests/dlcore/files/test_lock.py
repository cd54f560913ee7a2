"""The trainer's claim on a run, against a real second process."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from dlcore.errors import RunError
from dlcore.files.lock import Lock, delete, lock_holder
from dlcore.rundir import RunDir

HOLDER = """
import sys
from pathlib import Path
from dlcore.files.lock import Lock
from dlcore.rundir import RunDir

lock = Lock(RunDir(Path(sys.argv[1])))
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def held(run: RunDir) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the run's lock until its standard input ends."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(run.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(30) in (0, -9)


def test_a_second_trainer_is_refused_by_name(fresh_run: RunDir) -> None:
    with held(fresh_run) as process:
        with pytest.raises(RunError) as caught:
            Lock(fresh_run)
        assert caught.value.message == (
            f"{fresh_run.id} is being trained by process {process.pid} on {socket.gethostname()}"
        )
        assert caught.value.hint == f"Watch it: dltui attach {fresh_run.id}."
        assert lock_holder(fresh_run) == process.pid  # the refused one has not broken the claim
    Lock(fresh_run).release()


def test_asking_names_the_holder_and_takes_nothing(fresh_run: RunDir) -> None:
    assert lock_holder(fresh_run) is None
    with held(fresh_run) as process:
        for _ in range(3):
            assert lock_holder(fresh_run) == process.pid
    assert lock_holder(fresh_run) is None


def test_the_claim_ends_with_its_process(fresh_run: RunDir) -> None:
    with held(fresh_run) as process:
        process.kill()
        process.wait(30)
        assert lock_holder(fresh_run) is None
        assert fresh_run.lock.read_text().startswith(f"{process.pid}\n")  # a name in the file is no claim


def test_a_lock_says_who_holds_it(fresh_run: RunDir) -> None:
    fresh_run.lock.write_text("a longer line than ours, left by another process\n\n")
    lock = Lock(fresh_run)
    assert fresh_run.lock.read_text() == f"{os.getpid()}\n{socket.gethostname()}\n"
    lock.release()


def test_a_new_lock_is_private(fresh_run: RunDir) -> None:
    Lock(fresh_run).release()
    assert fresh_run.lock.stat().st_mode & 0o777 == 0o600


def test_a_link_in_the_place_of_the_lock_is_not_followed(fresh_run: RunDir) -> None:
    target = fresh_run.path / "precious"
    target.write_text("kept")
    fresh_run.lock.symlink_to(target)
    with pytest.raises(RunError, match="lock cannot be opened: it is a link"):
        Lock(fresh_run)
    assert lock_holder(fresh_run) is None
    assert target.read_text() == "kept"


def test_a_run_in_training_is_not_deleted(fresh_run: RunDir) -> None:
    with held(fresh_run):
        with pytest.raises(RunError, match="is being trained") as caught:
            delete(fresh_run)
        assert caught.value.hint == f"Stop it first: dltui stop {fresh_run.id}."
        assert fresh_run.facts.is_file()
    delete(fresh_run)
    assert not fresh_run.path.exists()
