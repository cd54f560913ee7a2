import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from dlcore.files.disk_use import folder_bytes
from dlcore.process.aftermath import aftermath, cause, last_checkpoint
from dlcore.process.crashes import remember, unasked
from dlcore.summary import forget_summary, read_history, state_of
from tests.tui.fakes import FakeRun


@pytest.fixture
def run(home: Path) -> Iterator[FakeRun]:
    made = FakeRun(home).start().prepare().steps(9)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (None, "ended without a word"),
        (1, "ended without a word"),
        (-signal.SIGKILL, "was killed by the system or by somebody (SIGKILL)"),
        (-signal.SIGSEGV, "died of SIGSEGV"),
        (-250, "died of signal 250"),
    ],
)
def test_how_a_trainer_died_is_told_from_its_status(run: FakeRun, status: int | None, said: str) -> None:
    assert cause(run.dir, status) == said


def test_the_last_words_of_python_are_told_unless_they_are_of_an_earlier_attempt(run: FakeRun) -> None:
    run.dir.log.write_text("Fatal Python error: Segmentation fault\x1b[2J\n\nCurrent thread 0x1:\n")
    assert cause(run.dir) == "died of a fatal error (Segmentation fault\\x1b[2J)"
    later = run.dir.log.stat().st_mtime_ns + 1
    os.utime(run.dir.events, ns=(later, later))
    assert cause(run.dir) == "ended without a word"


def test_a_checkpoint_behind_the_last_step_does_not_count(run: FakeRun) -> None:
    assert last_checkpoint(run.dir, 9) is None
    run.dir.checkpoints.mkdir()
    for step in (0, 4, 12):
        (run.dir.checkpoints / f"{step}.pt").write_bytes(b"")
    assert last_checkpoint(run.dir, 9) == 4


def test_of_other_runs_there_is_nothing_to_say(run: FakeRun) -> None:
    run.end("stopped")
    history = read_history(run.dir)
    assert aftermath(run.dir, history, state_of(run.dir, history)) == ""


def test_a_crash_is_asked_about_once_and_again_after_more_was_said(run: FakeRun, home: Path) -> None:
    assert [row.run for row in unasked(home)] == [run.dir]
    remember(home, [run.dir])
    assert unasked(home) == []
    run.steps(3)
    assert [row.run for row in unasked(home)] == [run.dir]


@pytest.mark.parametrize("state", ["live", "ended", "unborn"])
def test_other_runs_are_not_asked_about(home: Path, state: str) -> None:
    run = FakeRun(home)
    try:
        if state == "live":
            run.hold().start()
        elif state == "ended":
            run.start().end("failed", "It broke")
            forget_summary(run.dir)  # killed before it was written
        assert unasked(home) == []
    finally:
        run.close()


def test_a_damaged_memory_asks_again(run: FakeRun, home: Path) -> None:
    (home / "crashes.json").write_text("[1]")
    assert len(unasked(home)) == 1
    remember(home, [run.dir])
    assert unasked(home) == []


def test_a_folder_is_measured_with_all_that_is_in_it_but_not_behind_links(tmp_path: Path) -> None:
    (tmp_path / "in" / "deeper").mkdir(parents=True)
    (tmp_path / "in" / "a").write_bytes(b"x" * 100)
    (tmp_path / "in" / "deeper" / "b").write_bytes(b"x" * 20)
    (tmp_path / "out").write_bytes(b"x" * 1000)
    before = folder_bytes(tmp_path / "in")
    assert before == 120
    (tmp_path / "in" / "link").symlink_to(tmp_path / "out")
    (tmp_path / "in" / "all").symlink_to(tmp_path, target_is_directory=True)
    assert before < folder_bytes(tmp_path / "in") < 1000
    assert folder_bytes(tmp_path / "missing") == 0


def test_a_summary_is_forgotten_and_nothing_else(run: FakeRun) -> None:
    run.end("stopped")
    facts = run.dir.facts.read_text()
    forget_summary(run.dir)
    assert '"summary"' in facts
    assert '"summary"' not in run.dir.facts.read_text()
    assert '"created"' in run.dir.facts.read_text()
