"""The trainer as a whole: what it obeys, what it refuses, and that it always ends with a word."""

import os
import signal
import subprocess
import sys
from array import array
from pathlib import Path
from typing import Any

import pytest
import torch

from dlcore.commands import Checkpoint, Command, Continue, Pause, Set, Step, Stop, as_told
from dlcore.config import RunConfig
from dlcore.events import AttemptEnded, CommandApplied, CommandRefused
from dlcore.files.atomic import read_json
from dlcore.files.lock import lock_holder
from dlcore.oneline import parse
from dlcore.rundir import RunDir
from dlcore.training import checkpoint
from dlcore.training.__main__ import main
from dlcore.training.saving import Saver
from tests.dlcore.trained import Trained, make, read_events, train, train_run, undone
from tests.dlcore.training.viewer import Viewer, train_watched

ENDLESS = "digits perceptron n=100 b=10 val=.1 e=1000000"
"""Nine steps an epoch, and more epochs than anybody waits for."""


def last_word(run: RunDir) -> AttemptEnded:
    event = read_events(run)[-1]
    assert isinstance(event, AttemptEnded)
    return event


# -- what it obeys ------------------------------------------------------------------------------------


def test_pause_step_and_continue(home: Path) -> None:
    stood: list[int] = []

    def script(viewer: Viewer) -> None:
        assert viewer.until(lambda history: history.step > 0)
        paused = viewer.ask(Pause())
        assert isinstance(paused, CommandApplied)
        assert paused.text == "paused"
        stood.append(paused.step)
        for count, unit, wanted in [
            (1, "step", paused.step + 1),
            (3, "step", paused.step + 4),
            (1, "epoch", (paused.step + 4) // 9 * 9 + 9),
            (2, "epoch", (paused.step + 4) // 9 * 9 + 27),
        ]:
            answer = viewer.ask(Step.model_validate({"count": count, "unit": unit}))
            assert isinstance(answer, CommandApplied)
            assert answer.text == f"on to step {wanted}"
            viewer.until(lambda history, wanted=wanted: history.step == wanted)  # type: ignore[misc]
            assert viewer.ask(Checkpoint()).step == wanted  # it stands there, and still listens
            stood.append(wanted)
        assert viewer.history.state(held=True) == "paused"
        assert viewer.ask(Continue()).kind == "CommandApplied"
        viewer.until(lambda history: history.step > stood[-1] + 20)

    trained = train_watched(home, ENDLESS, script)
    assert trained.status == 0
    assert trained.history.state(held=False) == "stopped"
    assert [int(Path(one.file).stem) for one in trained.history.checkpoints[1:-1]] == stood[1:]
    looked = set(trained.history.gradients.steps)
    assert {stood[1], stood[1] + 1, stood[1] + 2, stood[1] + 3} <= looked  # asked for, so looked at


def test_steps_asked_for_in_one_breath_are_all_taken(home: Path) -> None:
    def script(viewer: Viewer) -> None:
        viewer.until(lambda history: history.step > 0)
        start = viewer.ask(Pause()).step
        viewer.tell(Step(), Step(), Step(count=2))
        viewer.until(lambda history: history.step == start + 4)
        assert viewer.ask(Checkpoint()).step == start + 4
        viewer.tell(Step(), Step(unit="epoch"))
        wanted = (start + 5) // 9 * 9 + 9
        viewer.until(lambda history: history.step == wanted)
        assert viewer.ask(Checkpoint()).step == wanted

    train_watched(home, ENDLESS, script)


def test_steps_of_a_running_run_end_in_a_pause(home: Path) -> None:
    def script(viewer: Viewer) -> None:
        viewer.until(lambda history: history.step > 0)
        answer = viewer.ask(Step(count=5))
        assert isinstance(answer, CommandApplied)
        wanted = answer.step + 5
        viewer.until(lambda history: history.step == wanted)
        assert viewer.ask(Checkpoint()).step == wanted

    train_watched(home, ENDLESS, script)


def test_stop_evaluates_saves_and_ends(home: Path) -> None:
    def script(viewer: Viewer) -> None:
        viewer.until(lambda history: history.step > 30)
        viewer.ask(Stop())

    trained = train_watched(home, ENDLESS, script)
    history = trained.history
    assert (trained.status, history.state(held=False)) == (0, "stopped")
    assert history.split("validation")[-1].step == history.split("test")[-1].step == history.step
    steps = [one.step for one in history.split("validation")]
    assert len(steps) == len(set(steps))  # nothing is evaluated twice
    assert checkpoint.load(trained.run, history.step)["step"] == history.step
    assert read_json(trained.run.facts)["summary"]["state"] == "stopped"


def test_stop_while_paused(home: Path) -> None:
    def script(viewer: Viewer) -> None:
        viewer.until(lambda history: history.step > 0)
        viewer.ask(Pause())
        viewer.ask(Stop())

    assert train_watched(home, ENDLESS, script).history.state(held=False) == "stopped"


def test_a_learning_rate_set_on_the_way_counts_from_the_next_step(home: Path) -> None:
    at: list[int] = []

    def script(viewer: Viewer) -> None:
        viewer.until(lambda history: history.step > 0)
        viewer.ask(Pause())
        answer = viewer.ask(Set(key="optimizer.lr", value=0.5))
        assert isinstance(answer, CommandApplied)
        assert answer.text == "optimizer.lr 0.25 → 0.5"
        assert answer.command == {"kind": "Set", "id": answer.id, "key": "optimizer.lr", "value": 0.5}
        at.append(answer.step)
        viewer.ask(Continue())
        viewer.until(lambda history: history.step > answer.step + 10)

    trained = train_watched(home, f"{ENDLESS} sgd lr=.25", script)
    rates = list(trained.history.lr.values)
    assert rates == [0.25] * at[0] + [0.5] * (len(rates) - at[0])


def test_a_learning_rate_under_a_schedule_is_its_starting_value(home: Path) -> None:
    at: list[int] = []

    def script(viewer: Viewer) -> None:
        viewer.until(lambda history: history.step > 0)
        viewer.ask(Pause())
        at.append(viewer.ask(Set(key="optimizer.lr", value=1)).step)
        viewer.ask(Step(count=4))
        viewer.until(lambda history: history.step == at[0] + 4)

    trained = train_watched(home, f"{ENDLESS} sgd lr=.5 exponential gamma=.5 s=1000", script)
    rates = list(trained.history.lr.values)[at[0] : at[0] + 4]
    assert rates == pytest.approx([0.5 ** ((at[0] + step) / 1000) for step in range(4)])


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("optimizer.lr", -1, "optimizer.lr = -1: must be greater than 0 (got -1)"),
        ("optimizer.lr", "fast", "optimizer.lr = fast: must be a number (got 'fast')"),
        ("optimizer.lr", float("nan"), "optimizer.lr = nan: must be a number (got 'nan')"),
        ("optimizer.lr", 0, "optimizer.lr = 0: must be greater than 0 (got 0)"),
        ("optimizer.lr", True, "optimizer.lr = true: must be a number (got true)"),
        ("model.hidden", [5], "model.hidden = [5]: perceptron has no such key"),
        ("data.limit", 5, "data.limit = 5: cannot change while the run goes on (the data are split"),
        ("quux", 1, "quux = 1: there is no such key"),
    ],
)
def test_a_change_that_cannot_be_is_refused_with_its_reason(
    home: Path, key: str, value: Any, reason: str
) -> None:
    def script(viewer: Viewer) -> None:
        viewer.until(lambda history: history.step > 0)
        command = Set(key=key, value=value)
        answer = viewer.ask(command)
        assert isinstance(answer, CommandRefused)
        assert answer.reason.startswith(reason)
        assert answer.command == as_told(command)

    trained = train_watched(home, ENDLESS, script)
    assert set(trained.history.lr.values) == {array("f", [0.01])[0]}


def test_every_command_is_answered_once(home: Path) -> None:
    commands: list[Command] = [
        Pause(),
        Checkpoint(),
        Set(key="x", value=1),
        Continue(),
        Pause(),
        Step(),
        Continue(),
    ]

    def script(viewer: Viewer) -> None:
        viewer.until(lambda history: history.step > 0)
        viewer.tell(*commands[:4], commands[0], *commands[4:])
        viewer.until(lambda history: len(history.answers) == len(commands))

    trained = train_watched(home, ENDLESS, script)
    answered = [answer.id for answer in trained.history.answers]
    assert answered[: len(commands)] == [command.id for command in commands]
    assert len(answered) == len(set(answered))


def test_commands_that_change_nothing_change_no_figure(home: Path) -> None:
    line = "digits mlp 8, n=64 b=8 e=30"

    def script(viewer: Viewer) -> None:
        viewer.tell(Pause())
        at = viewer.until(lambda history: history.answers).step
        viewer.tell(Checkpoint(), Step(count=3))
        viewer.until(lambda history: history.step == at + 3)
        viewer.tell(Continue())
        viewer.until(lambda history: history.ended)

    disturbed = train_watched(home, line, script)
    assert disturbed.history.state(held=False) == "finished"
    quiet = train(home, line)
    assert disturbed.history.loss.values.tobytes() == quiet.history.loss.values.tobytes()


# -- signals ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_asks_for_a_graceful_stop(home: Path, number: signal.Signals) -> None:
    def script(viewer: Viewer) -> None:
        viewer.until(lambda history: history.step > 0)
        os.kill(os.getpid(), number)
        viewer.until(lambda history: history.ended)

    trained = train_watched(home, ENDLESS, script)
    assert (trained.status, trained.history.state(held=False)) == (0, "stopped")
    assert trained.history.checkpoints[-1].step == trained.history.step


def test_a_closed_terminal_stops_nothing(home: Path) -> None:
    def script(viewer: Viewer) -> None:
        step = viewer.until(lambda history: history.step > 0).step
        os.kill(os.getpid(), signal.SIGHUP)
        viewer.until(lambda history: history.step > step + 50)
        assert viewer.history.ended is None

    assert train_watched(home, ENDLESS, script).history.state(held=False) == "stopped"


# -- what it refuses ----------------------------------------------------------------------------------


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with undone():
        assert main(list(arguments)) == 2
    return capsys.readouterr().err


def test_a_run_is_trained_once(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trained = train(home, "xor e=1")
    before = trained.run.events.read_bytes()
    assert refused(capsys, str(trained.run.path)) == (
        f"dltui: {trained.run.id} has been trained already. Go on: dltui resume {trained.run.id}.\n"
    )
    assert trained.run.events.read_bytes() == before


def test_a_run_whose_first_word_is_damaged_is_not_trained_again(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trained = train(home, "xor e=1")
    lines = trained.run.events.read_bytes().splitlines(keepends=True)
    trained.run.events.write_bytes(b"".join(lines[1:]))
    assert "has been trained already" in refused(capsys, str(trained.run.path))


def test_what_is_no_run_is_refused(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert refused(capsys, str(home / "none")).startswith(
        f"dltui: {home / 'none' / 'config.toml'} cannot be read"
    )
    assert refused(capsys) == "dltui: the path of a run is missing. Start runs with dltui train.\n"
    run = make(home, RunConfig())
    run.config.write_text("seed = -1\n[data]\nkind = 'digit'")
    said = refused(capsys, str(run.path))
    assert "config.toml has 2 faults" in said
    assert "Did you mean digits?" in said
    assert not run.events.exists()


def test_a_run_that_another_process_trains_is_refused(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = make(home, parse(f"{ENDLESS} device=cpu"))
    with subprocess.Popen([sys.executable, "-P", "-m", "dlcore.training", str(run.path)]) as trainer:
        try:
            viewer = Viewer(run)
            viewer.until(lambda history: history.started is not None)
            assert lock_holder(run) == trainer.pid
            assert f"{run.id} is being trained by process {trainer.pid} on " in refused(capsys, str(run.path))
            viewer.tell(Stop())
            viewer.until(lambda history: history.ended)
            assert trainer.wait(30) == 0
        finally:
            trainer.kill()


# -- how it ends --------------------------------------------------------------------------------------


def test_a_finished_run_leaves_everything_behind(home: Path) -> None:
    trained = train(home, "xor e=3 seed=4")
    assert trained.status == 0
    assert (last_word(trained.run).reason, last_word(trained.run).message) == ("finished", "")
    assert {path.name for path in trained.run.path.iterdir()} == {
        "config.toml",
        "run.json",
        "events.jsonl",
        "lock",
        "checkpoints",
        "frames",
    }
    assert {path.name for path in trained.run.checkpoints.iterdir()} == {"0.pt", "3.pt"}
    for path in trained.run.path.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0


def test_a_device_that_is_not_there_is_a_failure_with_its_cure(home: Path) -> None:
    if torch.cuda.device_count() > 98:
        pytest.skip("there are a hundred GPUs here")
    trained = train_run(make(home, parse("xor device=cuda:99")))
    assert trained.status == 1
    word = last_word(trained.run)
    assert word.reason == "failed"
    assert word.message.startswith("training.device = cuda:99: torch sees ")
    assert word.hint.startswith("Choose auto or cpu")
    assert read_json(trained.run.facts)["summary"]["state"] == "failed"


def break_saving(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(saver: Saver, step: int, state: object) -> bool:
        raise ZeroDivisionError("nobody foresaw this")

    monkeypatch.setattr(Saver, "save", broken)


def test_what_nobody_foresaw_is_told_too(
    home: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make(home, parse("xor e=1 device=cpu"))
    break_saving(monkeypatch)
    trained = train_run(run)
    assert trained.status == 1
    word = last_word(run)
    assert (word.reason, word.step) == ("failed", 0)
    assert word.message == "ZeroDivisionError: nobody foresaw this"
    assert word.hint == f"The whole story is in {run.log}."
    assert "Traceback (most recent call last)" in capfd.readouterr().err


def test_a_home_whose_name_is_no_text_has_its_last_word_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    home = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))
    try:
        home.mkdir()
    except OSError:
        pytest.skip("this file system takes no such name")
    run = make(home, parse("xor e=1 device=cpu"))
    break_saving(monkeypatch)
    assert train_run(run).status == 1
    assert "caf\\udce9" in last_word(run).hint
    assert capfd.readouterr().err


def test_the_lock_is_given_back(home: Path) -> None:
    code = (
        "import sys; from dlcore.files.lock import lock_holder; from dlcore.rundir import RunDir; "
        "from pathlib import Path; print(lock_holder(RunDir(Path(sys.argv[1]))))"
    )

    def holder(trained: Trained) -> str:
        arguments = [sys.executable, "-c", code, str(trained.run.path)]
        return subprocess.run(arguments, capture_output=True, text=True, check=True).stdout

    trained = train(home, "xor e=1")
    assert holder(trained) == "None\n"
    assert train_again(trained) == 2
    assert holder(trained) == "None\n"


def train_again(trained: Trained) -> int:
    return train_run(trained.run).status
