"""A run that breaks off and is resumed ends as if it had never been interrupted, bit for bit."""

import math
import random
import shutil
from pathlib import Path
from typing import Any

import pytest

from dlcore.commands import Command, Set, Stop
from dlcore.errors import RunError
from dlcore.events import AttemptEnded
from dlcore.family.branch import branch, config_at
from dlcore.files.atomic import read_json
from dlcore.launch import leave
from dlcore.oneline import parse
from dlcore.rundir import RunDir
from dlcore.summary import read_history
from dlcore.training.__main__ import main
from dlcore.training.chunk import Chunk
from dlcore.training.control import Control
from dlcore.training.loop import Training
from dlcore.training.record import Record
from dlcore.training.saving import Saver
from tests.conftest import MOMENT
from tests.dlcore.compared import figures, same_weights
from tests.dlcore.trained import Trained, make, train, train_run, undone
from tests.dlcore.training.own_data import write_code, write_csv, write_images
from tests.dlcore.training.test_repeating import LINES

_STEP_BY_STEP = "xor mlp 4, tanh mse momentum performance schedule.patience=1 b=1 e=8 lr=.3"


class Killed(BaseException):
    """Stands for the death of the process: from then on the trainer cannot say a word."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table, images and code."""
    folder = tmp_path_factory.mktemp("own")
    write_csv(folder)
    write_images(folder)
    write_code(folder)
    return folder


class Killer:
    """Kills the trainer once so many steps have been noted; checkpoints come at every third of them."""

    training: Training
    """The one that runs."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, every: int = 3) -> None:
        self.left = 10**9
        note, say = Chunk.note, Record.say
        noted = 0

        def noting(chunk: Chunk, *given: Any) -> None:
            nonlocal noted
            self.left -= 1
            if self.left < 0:
                raise Killed
            noted += 1
            note(chunk, *given)

        def saying(record: Record, *given: Any, **fields: Any) -> Any:
            if self.left < 0:
                raise Killed
            return say(record, *given, **fields)

        run = Training.run

        def running(training: Training) -> object:
            self.training = training
            return run(training)

        monkeypatch.setattr(Training, "run", running)
        monkeypatch.setattr(Record, "say", saying)
        monkeypatch.setattr(Chunk, "note", noting)
        monkeypatch.setattr(Chunk, "is_due", lambda chunk: noted % every == 0)
        monkeypatch.setattr(Saver, "is_due", lambda saver: True)


def kill(run: RunDir, monkeypatch: pytest.MonkeyPatch, steps: int) -> None:
    """Train a run that is killed after so many steps."""
    with monkeypatch.context() as patched:
        Killer(patched).left = steps
        with pytest.raises(Killed), undone():
            main([str(run.path)])


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


def resume(run: RunDir, heard: int = 0) -> Trained:
    """Train what is left of a run."""
    with undone():
        status = main([str(run.path), "--resume", str(heard)])
    return Trained(run, status, read_history(run))


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


@pytest.mark.parametrize("stop", [0, 1])
def test_killed_before_its_last_word_it_tells_nothing_twice(
    home: Path, stop: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = f"digits mlp 8 relu sgd lr=2 e=6 stop={stop} seed=1"
    whole = train(home, line)
    assert whole.status == 0
    assert whole.history.ended is not None
    run = make(home, parse(f"{line} device=cpu training.threads=1"))
    with monkeypatch.context() as patched:
        say = Record.say

        def saying(record: Record, kind: Any, *given: Any, **fields: Any) -> Any:
            if kind is AttemptEnded:
                raise Killed
            return say(record, kind, *given, **fields)

        patched.setattr(Record, "say", saying)
        with pytest.raises(Killed), undone():
            main([str(run.path)])
    again = resume(run)
    assert again.status == 0
    assert again.history.ended is not None
    assert again.history.ended.message == whole.history.ended.message
    assert figures(run) == figures(whole.run)
    assert same_weights(run, whole.run, whole.history.step)


def test_edits_count_again_each_at_its_step(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two changes at steps of their own, then a death: the second is behind the checkpoint."""
    line = "digits mlp 8, adam e=4 n=300 lr=.01"
    changes = {4: 0.05, 9: 0.002}

    def train_changed(kills: list[int]) -> RunDir:
        run = make(home, parse(f"{line} device=cpu training.threads=1"))
        with monkeypatch.context() as patched:
            killer = Killer(patched, every=1)
            told = dict(changes)
            take = Control.next

            def next_command(control: Control) -> Command | None:
                step = killer.training.step
                if step in told:
                    return Set(key="optimizer.lr", value=told.pop(step))
                return take(control)

            patched.setattr(Control, "next", next_command)
            patched.setattr(Saver, "is_due", lambda saver: killer.training.step in (0, 6))
            assert resumed(run, killer, kills).status == 0
        return run

    whole, broken = train_changed([]), train_changed([12, 10])
    assert read_history(broken).attempt == 3
    assert figures(broken) == figures(whole)
    rates = read_history(whole).lr.values
    assert [rates[step] for step in (3, 4, 8, 9)] == pytest.approx([0.01, 0.05, 0.05, 0.002])
    assert same_weights(broken, whole, read_history(whole).step)


def test_a_stopped_run_goes_on_as_if_nobody_had_stopped_it(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = "digits mlp 8, adam e=4 n=300 drop=.2 stop=3"
    whole = train(home, line)
    run = make(home, parse(f"{line} device=cpu training.threads=1"))
    with monkeypatch.context() as patched:
        killer = Killer(patched, every=1)
        take = Control.next

        def next_command(control: Control) -> Command | None:
            return Stop() if killer.training.step == 7 else take(control)

        patched.setattr(Control, "next", next_command)
        patched.setattr(Saver, "is_due", lambda saver: False)
        assert resumed(run, killer, []).history.ended.reason == "stopped"  # type: ignore[union-attr]
    assert resume(run).status == 0
    assert figures(run) == figures(whole.run)
    assert same_weights(run, whole.run, whole.history.step)


@pytest.mark.parametrize("step", [6, 10, 20])
def test_a_branch_without_a_change_equals_its_parent(
    home: Path, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        Killer(patched, every=2)
        # Frames would end chunks of their own, behind which checkpoints are saved here.
        parent = train(home, "digits mlp 8, adam e=4 n=300 drop=.2 training.frames_mb=0")
    child = branch(home, parent.run, step, config_at(parent.run, step), MOMENT)
    assert read_json(child.facts)["parent"] == {"run": parent.run.id, "step": step}
    trained = train_run(child)
    assert trained.status == 0
    of_parent, of_child = parent.history.loss.values, trained.history.loss.values
    assert of_child[step:].tobytes() == of_parent[step:].tobytes()
    assert all(math.isnan(loss) for loss in of_child[:step]), "the parent's steps are the parent's"
    assert same_weights(child, parent.run, parent.history.step)
    with pytest.raises(RunError, match="has no checkpoint at step 3"):
        branch(home, parent.run, 3, config_at(parent.run, 3), MOMENT)


def test_a_branch_of_another_network_is_refused_in_a_sentence(home: Path) -> None:
    parent = train(home, "digits mlp 8, e=1 n=100")
    child = branch(home, parent.run, 0, parse("digits mlp 9, e=1 n=100 device=cpu").resolved(), MOMENT)
    trained = train_run(child)
    assert trained.status == 1
    assert trained.history.ended is not None
    assert trained.history.ended.message == (
        "In the weights of the checkpoint fc1.weight is 8×64 float32, and not 9×64 float32"
    )


def test_a_damaged_checkpoint_is_passed_over(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = train(home, "digits mlp 8, adam e=4 n=300")
    run = make(home, parse("digits mlp 8, adam e=4 n=300 device=cpu training.threads=1"))
    kill(run, monkeypatch, 16)
    newest = max(int(path.stem) for path in run.checkpoints.iterdir())
    content = bytearray((run.checkpoints / f"{newest}.pt").read_bytes())
    content[len(content) // 2] ^= 1
    (run.checkpoints / f"{newest}.pt").write_bytes(content)
    trained = resume(run)
    assert trained.history.started is not None
    assert 0 < trained.history.started.step < newest
    assert figures(run) == figures(whole.run)


def test_without_a_checkpoint_it_starts_anew(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = train(home, "digits mlp 8, adam e=2 n=200")
    run = make(home, parse("digits mlp 8, adam e=2 n=200 device=cpu training.threads=1"))
    kill(run, monkeypatch, 5)
    shutil.rmtree(run.checkpoints)
    assert resume(run).status == 0
    assert figures(run) == figures(whole.run)


def test_what_was_told_to_an_attempt_that_is_over_is_refused(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make(home, parse("digits mlp 8, adam e=2 n=200 device=cpu training.threads=1"))
    kill(run, monkeypatch, 5)
    late, timely = Stop(), Set(key="optimizer.lr", value=0.5)
    leave(run, late)
    heard = run.control.stat().st_size
    leave(run, timely)
    history = resume(run, heard).history
    assert history.ended is not None
    assert history.ended.reason == "finished"
    answers = {one.id: one.kind for one in history.answers}
    assert answers == {late.id: "CommandRefused", timely.id: "CommandApplied"}


def test_a_finished_run_is_not_opened_again(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = train(home, "xor e=1").run
    before = run.events.read_bytes()
    with undone():
        assert main([str(run.path), "--resume", "0"]) == 2
    assert "has finished: there is nothing left to train" in capsys.readouterr().err
    assert run.events.read_bytes() == before
