import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dlcore import launch
from dlcore.events import AttemptEnded, AttemptStarted, CheckpointSaved
from dlcore.rundir import RunDir
from tests.tui.fakes import MOMENT, FakeRun
from tui import cli
from tui.subcommands.words import parting

MakeRun = Callable[..., FakeRun]
Trainer = Callable[[Callable[[], None]], None]


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(cli.dltui, arguments)


def checkpoint(run: FakeRun) -> None:
    """A checkpoint of the present step is there, and was told of."""
    run.dir.checkpoints.mkdir(exist_ok=True)
    (run.dir.checkpoints / f"{run.step}.pt").write_bytes(b"weights")
    run.say(CheckpointSaved, file=f"checkpoints/{run.step}.pt", bytes=7)


@pytest.fixture
def crashed(make_run: MakeRun) -> FakeRun:
    """A run that broke off at step 26, with a last checkpoint at step 21."""
    run = make_run().start().prepare().epochs(1)
    checkpoint(run)
    return run.steps(5)


@pytest.fixture
def trainer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Trainer]:
    """Have something else happen where a trainer would be started."""
    started: list[subprocess.Popen[bytes]] = []

    def put(deed: Callable[[], None]) -> None:
        def resumed(root: Path, run: RunDir) -> "subprocess.Popen[bytes]":
            deed()
            started.append(subprocess.Popen([sys.executable, "-c", ""]))
            return started[-1]

        monkeypatch.setattr(launch, "resume", resumed)

    yield put
    for process in started:
        process.wait()


def second_attempt(run: FakeRun) -> None:
    """A trainer went on from the checkpoint, to the run's end."""

    def say(kind: type[AttemptStarted] | type[AttemptEnded], **fields: object) -> None:
        run.say(kind, attempt=2, **fields)

    run.step = 21
    say(AttemptStarted, time=MOMENT.isoformat(), pid=1, host="box")
    say(AttemptEnded, reason="stopped")


def test_a_resume_is_followed_from_its_attempt_on(crashed: FakeRun, trainer: Trainer) -> None:
    trainer(lambda: second_attempt(crashed))
    result = invoke("resume", "latest")
    assert result.exit_code == 0
    first, goes_on, last = result.stdout.splitlines()
    assert first == crashed.dir.id
    assert goes_on == "attempt 2 goes on from step 21"
    assert last.startswith(f"{crashed.dir.id}: stopped")


def test_a_resume_as_json_is_one_object(crashed: FakeRun, trainer: Trainer) -> None:
    trainer(lambda: second_attempt(crashed))
    result = invoke("resume", "latest", "--json")
    told = json.loads(result.stdout)
    assert (told["run"], told["state"], told["steps"]) == (crashed.dir.id, "stopped", 21)
    assert set(told) >= {"epochs", "seconds", "samples_per_second", "train", "validation", "findings"}


def test_a_detached_resume_waits_for_the_first_word(crashed: FakeRun, trainer: Trainer) -> None:
    trainer(lambda: second_attempt(crashed))
    result = invoke("resume", "latest", "--detach", "--json")
    assert json.loads(result.stdout) == {"run": crashed.dir.id, "path": str(crashed.dir.path)}


def test_a_trainer_that_says_nothing_has_not_resumed(crashed: FakeRun, trainer: Trainer) -> None:
    trainer(lambda: None)
    result = invoke("resume", "latest")
    assert result.exception is not None
    assert "did not start" in str(result.exception)
    assert str(crashed.dir.log) in str(result.exception)


def test_a_live_run_is_attached_to_instead(make_run: MakeRun) -> None:
    run = make_run().hold().start().prepare().steps(3)
    result = invoke("resume", "latest")
    assert f"dltui attach {run.dir.id}" in str(result.exception)


def test_a_finished_run_has_nothing_left(make_run: MakeRun) -> None:
    make_run().start().prepare().epochs(10).end()
    assert "nothing left to train" in str(invoke("resume", "latest").exception)


def test_show_and_the_parting_line_say_what_is_left_of_a_crashed_run(crashed: FakeRun) -> None:
    shown = " ".join(invoke("show", "latest").output.split())
    for said in ("without a word at step 26, last checkpoint at step 21", f"dltui resume {crashed.dir.id}"):
        assert said in shown
    assert str(crashed.dir.log) in shown
    said = parting(crashed.dir)
    assert said.startswith(f"{crashed.dir.id}: crashed at step 26, last checkpoint at step 21")
    assert said.endswith(f"dltui resume {crashed.dir.id}")


def test_show_and_the_parting_line_say_what_is_left_of_a_failed_run(crashed: FakeRun) -> None:
    crashed.end("failed", "The loss is not finite since step 27", "Take a smaller learning rate.")
    shown = invoke("show", "latest").output
    assert "The loss is not finite since step 27. Take a smaller learning rate. It failed at step 26" in shown
    assert "last checkpoint at step 21" in parting(crashed.dir)


def test_a_run_without_a_checkpoint_says_so(make_run: MakeRun) -> None:
    run = make_run().start().prepare().steps(5)
    assert "at step 5, no checkpoint" in parting(run.dir)
