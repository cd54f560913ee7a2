"""A run has one trainer, once."""

import sys

from dlcore.files.lock import lock_holder
from tests.process.conftest import Finished, Live
from tests.process.laboratory import Laboratory

TRAINER = [sys.executable, "-P", "-m", "dlcore.training"]


def refusal(laboratory: Laboratory, *words: str) -> str:
    """Start a trainer that is refused, and return its one sentence."""
    done = laboratory.finish(laboratory.start_program([*TRAINER, *words]))
    [line] = done.stderr.splitlines()
    assert (done.returncode, done.stdout) == (2, "")
    assert line.startswith("dltui: ")
    return line


def test_a_second_trainer_of_a_live_run_is_refused(paused: Live) -> None:
    trainer = lock_holder(paused.run)
    events = paused.run.events.read_bytes()
    line = refusal(paused.laboratory, str(paused.run.path))
    assert f"{paused.run.id} is being trained by process {trainer} on " in line
    assert f"dltui attach {paused.run.id}" in line
    assert lock_holder(paused.run) == trainer
    assert paused.run.events.read_bytes() == events


def test_a_finished_run_is_not_trained_again(finished: Finished) -> None:
    before = {path: path.read_bytes() for path in finished.run.path.rglob("*.json*")}
    line = refusal(finished.laboratory, str(finished.run.path))
    assert f"{finished.run.id} has been trained already" in line
    assert {path: path.read_bytes() for path in finished.run.path.rglob("*.json*")} == before


def test_a_trainer_without_a_run_is_refused(laboratory: Laboratory) -> None:
    assert "missing" in refusal(laboratory)
    assert "config.toml" in refusal(laboratory, str(laboratory.folder))


def test_a_live_run_is_not_deleted(paused: Live) -> None:
    done = paused.laboratory.dltui("runs", "--delete", paused.run.id, "--yes")
    assert done.returncode == 2
    assert f"dltui stop {paused.run.id}" in done.stderr
    assert lock_holder(paused.run) is not None
