"""Machines without room or memory: training goes on where it can, and what is kept is said in a sentence."""

import errno
import os
import re
import resource
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from dlcore.events import Warned
from dlcore.files import disk
from dlcore.rundir import RunDir
from dlcore.training.record import Record
from tests.process.laboratory import Laboratory, read_events
from tests.process.terminal import wait_until
from tests.torture.ledger import IS_FULL, Promise, chance, fault, note, times
from tests.torture.trainers import Trainer, check_record, ended

ENDLESS = "digits relu model.hidden=32 b=64 e=1000000 training.checkpoint_seconds=3600"
FULL = "The disk is full: figures after step "
AGAIN = "The disk takes what is written again: all figures are saved"


# -- without a real disk: every write in turn -------------------------------------------------------------


class Sick:
    """A disk that takes some writes and then refuses all, or tears them, until it is well again."""

    def __init__(self, number: int, takes: int, *, tears: bool) -> None:
        self.number, self.takes, self.tears = number, takes, tears
        self._write = disk.write

    def __call__(self, descriptor: int, content: bytes | memoryview) -> None:
        self.takes -= 1
        if self.takes < 0:
            if self.tears:
                self._write(descriptor, content[: len(content) // 2])
            raise OSError(self.number, os.strerror(self.number))
        self._write(descriptor, content)


REFUSALS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS)


@pytest.mark.parametrize("number", REFUSALS, ids=errno.errorcode.get)
def test_what_cannot_be_written_waits_and_is_written_in_order(
    fresh_run: RunDir, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """A disk that refuses from some write on, in whole or in part, and takes everything again later."""
    monkeypatch.setattr("dlcore.training.record._SYNC_SECONDS", 0.05)
    dice = chance(f"waiting {number}")
    for _ in range(times(6, 100)):
        with fault(Promise.EXHAUSTED), monkeypatch.context() as patch:
            sick = Sick(number, dice.randrange(1, 20), tears=dice.random() < 0.5)
            patch.setattr(disk, "write", sick)
            _say_and_wait(fresh_run, sick)
        fresh_run.events.unlink()


def _say_and_wait(run: RunDir, sick: Sick) -> None:
    """Say twenty numbers to a disk that falls sick on the way, heal it, and check what is there."""
    record = Record(run, attempt=1, seq=0)
    numbers = [f"number {number}" for number in range(20)]
    for step, text in enumerate(numbers):
        record.say(Warned, step, message=text)
    with pytest.raises(OSError, match=os.strerror(sick.number)):
        record.sync()
    sick.takes = 1_000_000
    wait_until(lambda: AGAIN in [event.message for event in _warned(run)], "a record that is written again")
    assert record.close()
    said = _warned(run)
    assert [event.seq for event in said] == list(range(len(said)))
    texts = [event.message for event in said]
    assert [text for text in texts if text.startswith("number")] == numbers
    assert len(texts) == len(numbers) + 2
    assert sum(text.endswith("are kept in memory and not saved; training goes on") for text in texts) == 1
    assert not (run.path / "reserve").exists()


def _warned(run: RunDir) -> list[Warned]:
    return [event for event in read_events(run) if isinstance(event, Warned)]


def test_a_disk_that_stays_full_is_said_at_the_end(
    fresh_run: RunDir, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with fault(Promise.EXHAUSTED):
        record = Record(fresh_run, attempt=1, seq=0)
        record.say(Warned, 0, message="before")

        monkeypatch.setattr(disk, "write", Sick(errno.ENOSPC, 0, tears=False))
        record.say(Warned, 1, message="after")
        assert not record.close()
        assert [event.message for event in _warned(fresh_run)] == ["before"]
        assert "The last 2 events could not be saved: No space left on device" in capfd.readouterr().err


def test_training_waits_when_too_much_waits_for_the_disk(
    fresh_run: RunDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The memory for what waits has an end; a request to stop ends the wait."""
    with fault(Promise.EXHAUSTED):
        monkeypatch.setattr("dlcore.training.record._MOST_KEPT", 1000)
        asked: list[float] = []

        def is_stopping() -> bool:
            asked.append(time.monotonic())
            return len(asked) > 3

        record = Record(fresh_run, attempt=1, seq=0, is_stopping=is_stopping)
        with monkeypatch.context() as patch:
            patch.setattr(disk, "write", Sick(errno.ENOSPC, 0, tears=False))
            record.say(Warned, 1, message="x" * 2000)
            assert len(asked) == 4
        assert record.close()
        assert any(event.message == "x" * 2000 for event in _warned(fresh_run))


# -- with a real one --------------------------------------------------------------------------------------


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """A file system in memory with so much room, where this user may make one."""
    folder.mkdir()
    mount = shutil.which("mount")
    made = mount and subprocess.run(
        [mount, "-t", "tmpfs", "-o", f"size={size},mode=700", "dltui-test", folder],
        capture_output=True,
        check=False,
    )
    if not made or made.returncode:
        reason = "no small file system could be mounted: not root"
        note(Promise.EXHAUSTED, reason)
        pytest.skip(reason)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


@pytest.fixture
def small(laboratory: Laboratory) -> Iterator[Laboratory]:
    """A laboratory whose home has 4 MB; its trainers are gone before the disk is."""
    with small_disk(laboratory.home, "4m"):
        yield laboratory
        laboratory.close()


def fill(folder: Path) -> Path:
    """Take all the room there is."""
    ballast = folder / "ballast"
    with ballast.open("ab", buffering=0) as file, suppress(OSError):
        while file.write(bytes(65536)):
            pass
    return ballast


def test_a_disk_that_is_full_for_a_while(small: Laboratory) -> None:
    """Filled up while it trains and emptied again: training goes on, and nothing is missing afterwards."""
    trainer = Trainer(small, ENDLESS)
    trainer.watch.until_step(20)
    viewer = small.open("attach", trainer.run.id)
    for number in range(1, times(1, 5) + 1):
        with fault(Promise.EXHAUSTED):
            while trainer.warned(FULL) < number:
                ballast = fill(small.home)
                trainer.works()
            seen = trainer.watch.history.step
            fill(small.home)
            trainer.works()
            assert trainer.watch.state == "running"
            viewer.wait_for(FULL.strip())
            ballast.unlink()
            trainer.until_warned(AGAIN, number)
            viewer.wait_for(AGAIN)
            trainer.watch.until_step(seen + 100)
    with fault(Promise.EXHAUSTED):
        assert trainer.stop() == 0
        assert ended(trainer.run).reason == "stopped"
        assert AGAIN in small.dltui("show", trainer.run.id).stdout


@pytest.mark.skipif(not IS_FULL, reason="belongs to the full tier")
def test_a_disk_that_the_run_fills_itself_and_that_stays_full(small: Laboratory) -> None:
    """The run ends with what could be saved, its checkpoint is whole, and its log and status say the rest."""
    trainer = Trainer(small, ENDLESS)
    trainer.watch.until_step(20)
    with fault(Promise.EXHAUSTED):
        while not trainer.warned(FULL):
            fill(small.home)
            trainer.works()
        seen = trainer.watch.history.step
        trainer.works()
        fill(small.home)
        trainer.works()
        status = trainer.stop()
        log = trainer.log
        history = trainer.watch.history
        assert history.step >= seen
        if history.ended is None:
            assert status == 1
            assert "could not be saved: No space left on device" in log or not log
            check_record(trainer.run, whole=False)
        else:  # the reserve had room for what was left
            assert status == 0
            check_record(trainer.run)


def test_a_limit_on_the_size_of_files(laboratory: Laboratory) -> None:
    """RLIMIT_FSIZE, set while it trains, and lifted again: no reserve helps, and nothing is lost."""
    trainer = Trainer(laboratory, ENDLESS)
    process = psutil.Process(trainer.process.pid)
    for number in range(1, times(1, 5) + 1):
        with fault(Promise.EXHAUSTED):
            trainer.watch.until_step(20 * number)
            size = trainer.run.events.stat().st_size
            process.rlimit(psutil.RLIMIT_FSIZE, (size + 500, resource.RLIM_INFINITY))
            wait_until(lambda: "File too large: figures after" in trainer.log, "a word in the log")
            trainer.works()
            process.rlimit(psutil.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            trainer.until_warned(AGAIN, number)
    with fault(Promise.EXHAUSTED):
        process.rlimit(psutil.RLIMIT_FSIZE, (trainer.run.events.stat().st_size, resource.RLIM_INFINITY))
        trainer.works()
        assert trainer.stop() == 1
        assert "events could not be saved: File too large" in trainer.log
        check_record(trainer.run, whole=False)


# -- what may not be written ------------------------------------------------------------------------------


def test_a_home_that_may_only_be_read(laboratory: Laboratory) -> None:
    """Refused before training, with the path and the cure; what is read-only later is like a full disk."""
    with small_disk(laboratory.home, "8m"):
        remount(laboratory.home, "ro")
        with fault(Promise.EXHAUSTED):
            done = laboratory.dltui("run", "digits e=1")
            assert done.returncode == 2
            assert f"No run can be made in {laboratory.home / 'runs'}" in done.stderr
            assert "Read-only file system" in done.stderr
            assert "DLTUI_HOME" in done.stderr
        remount(laboratory.home, "rw")
        with fault(Promise.EXHAUSTED):
            done = laboratory.dltui("run", "digits e=3", "--json")
            assert done.returncode == 0
            remount(laboratory.home, "ro")
            shown = laboratory.dltui("show", "latest")
            assert (shown.returncode, shown.stderr) == (0, "")
            again = laboratory.dltui("resume", "latest")
            assert again.returncode == 2
            assert again.stderr.startswith("dltui: ")
        laboratory.close()


def remount(folder: Path, how: str) -> None:
    """Let a mounted file system be read only, or written again."""
    subprocess.run(["mount", "-o", f"remount,{how}", folder], check=True)


# -- memory -----------------------------------------------------------------------------------------------

TIGHT = {"AS": 4_000_000_000}
HUNGRY = {
    "a network far too large": "digits relu model.hidden=60000,60000 e=1",
    "a batch far too large": "digits model=cnn model.filters=2000,2000 b=full e=1",
}


def test_memory_runs_out(laboratory: Laboratory) -> None:
    """What was asked for, what is free, and the cure."""
    for trainer in [Trainer(laboratory, line, TIGHT) for line in HUNGRY.values()]:
        with fault(Promise.EXHAUSTED):
            assert trainer.end() == 1
            word = ended(trainer.run)
            assert word.reason == "failed"
            assert re.match(r"Memory has run out: [\d.,]+ [GM]B were asked for", word.message)
            assert "smaller batch" in word.hint
            shown = laboratory.dltui("show", trainer.run.id)
            assert "Memory has run out" in shown.stdout


def test_the_trainer_is_killed_by_the_system(laboratory: Laboratory) -> None:
    trainer = Trainer(laboratory, f"{ENDLESS}".replace("checkpoint_seconds=3600", "checkpoint_seconds=1"))
    trainer.watch.until_step(50)
    with fault(Promise.EXHAUSTED):
        trainer.process.send_signal(signal.SIGKILL)
        assert trainer.end() == -signal.SIGKILL
        check_record(trainer.run, whole=False)
        shown = laboratory.dltui("show", trainer.run.id)
        assert shown.returncode == 0
        assert shown.stdout.startswith(f"{trainer.run.id}  crashed")
        assert "ended without a word" in shown.stdout
        assert f"dltui resume {trainer.run.id}" in shown.stdout
        assert "heckpoint" in shown.stdout
