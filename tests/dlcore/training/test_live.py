"""Changes while a run goes on: what they do, and that a resume ends as if nobody had interrupted it."""

from pathlib import Path
from typing import Any

import pytest
import torch

from dlcore.commands import Command, Set
from dlcore.edits import applied, inverse
from dlcore.events import CommandApplied, CommandRefused
from dlcore.family.branch import branch, config_at
from dlcore.oneline import parse
from dlcore.reading import read_file
from dlcore.rundir import RunDir
from dlcore.stages import epoch_at
from dlcore.summary import read_history
from dlcore.training.blame import Blame
from dlcore.training.control import Control
from dlcore.training.data import with_label_noise
from dlcore.training.models import change_dropout
from dlcore.training.saving import Saver
from dlcore.training.slow_motion import SlowMotion
from dlcore.training.step import TrainingStep
from tests.conftest import MOMENT
from tests.dlcore.compared import figures, same_weights
from tests.dlcore.trained import make, read_events, train_run
from tests.dlcore.training.prepared import prepared, resident
from tests.dlcore.training.test_resuming import Killer, resumed
from tests.dlcore.training.viewer import Viewer, train_watched

Told = dict[int, list[tuple[str, Any]]]
LINE = "digits {} n=300 b=32 training.frames_mb=0 device=cpu training.threads=1"
"""270 training samples: nine steps an epoch."""
STEERED: dict[str, tuple[str, Told]] = {
    "weights": (
        "mlp 8,8 momentum e=3",
        {
            4: [("optimizer.momentum", 0.0), ("model.dropout", 0.3), ("regularization.l2", 0.01)],
            9: [("optimizer.lr_per_layer.fc1", 0.05), ("regularization.label_noise", 0.5)],
            13: [("optimizer.momentum", 0.8), ("optimizer.lr", 0.003), ("regularization.clip_norm", 0.5)],
            20: [("optimizer.lr_per_layer", {}), ("regularization.l1", 0.001), ("model.dropout", 0.1)],
            22: [("regularization.label_noise", 0.1), ("regularization.clip_value", 0.01)],
        },
    ),
    "length": (
        "mlp 8,8 sgd lr=.1 e=4 cosine",
        {
            4: [("data.batch_size", 64), ("training.epochs", 6)],
            9: [("schedule.warmup_steps", 12)],
            16: [("data.batch_size", 32), ("schedule", "one_cycle"), ("training.epochs", 5)],
            20: [("schedule.rise", 0.6)],
        },
    ),
    "waiting": (
        "mlp 8,8 adam lr=.02 e=4 training.evaluate_every=2",
        {
            3: [("training.early_stopping", 2), ("schedule", {"kind": "performance", "patience": 1})],
            9: [("optimizer.beta1", 0.5), ("optimizer.beta2", 0.9), ("regularization.augment", ["shift"])],
            13: [("schedule.factor", 0.3), ("training.evaluate_every", 3), ("optimizer.eps", 0.001)],
            20: [("regularization.augment", []), ("training.early_stopping", 3), ("schedule.patience", 2)],
        },
    ),
}


def steered(
    home: Path, patch: pytest.MonkeyPatch, line: str, told: Told, kills: list[int]
) -> tuple[RunDir, int]:
    """A run that is told things at its steps, and killed after so many steps of each attempt."""
    run = make(home, parse(LINE.format(line)))
    left = {step: list(changes) for step, changes in told.items()}
    with patch.context() as patched:
        killer = Killer(patched, every=1)
        take = Control.next

        def next_command(control: Control) -> Command | None:
            changes = left.get(killer.training.step)
            if changes:
                key, value = changes.pop(0)
                return Set(key=key, value=value)
            return take(control)

        patched.setattr(Control, "next", next_command)
        patched.setattr(Saver, "is_due", lambda saver: killer.training.step in (0, 6, 15, 21))
        return run, resumed(run, killer, kills).status


def edits_of(run: RunDir) -> list[tuple[int, str, Any, Any]]:
    return [(one.step, one.key, one.value, one.before) for one in read_history(run).edits]


@pytest.mark.parametrize("name", STEERED)
def test_a_steered_run_that_is_killed_ends_the_same(
    home: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    line, told = STEERED[name]
    (whole, status), (untouched, _) = (
        steered(home, monkeypatch, line, changes, []) for changes in (told, {})
    )
    assert status == 0, read_history(whole).ended
    assert len(read_history(whole).edits) == sum(map(len, told.values()))
    assert figures(whole) != figures(untouched)
    broken, status = steered(home, monkeypatch, line, told, [11, 8, 9])
    assert status == 0, read_history(broken).ended
    assert read_history(broken).attempt == 4
    assert figures(broken) == figures(whole)
    assert same_weights(broken, whole, read_history(whole).step)
    assert edits_of(broken) == edits_of(whole), "what was taken back is said again"
    config = read_file(whole.config)
    assert applied(config, read_history(broken).edits) == applied(config, read_history(whole).edits)


def test_a_run_becomes_longer_and_its_steps_fewer(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    line, told = STEERED["length"]
    run, _ = steered(home, monkeypatch, line, told, [])
    history = read_history(run, whole=True)
    # Nine steps of 32, then epochs 2 and 3 with five steps of 64, then two of nine again.
    assert [one.step for one in history.epochs] == [9, 14, 19, 28, 37]
    assert history.prepared is not None
    assert (history.prepared.total_steps, history.prepared.epochs, history.step) == (37, 5, 37)
    assert history.epoch() == 5.0
    texts = [edit.text for edit in history.edits]
    assert "data.batch_size 32 → 64 from epoch 2 on" in texts
    assert "data.batch_size 64 → 32 from epoch 4 on" in texts
    assert "training.epochs 6 → 5" in texts
    said = [event for event in read_events(run) if isinstance(event, CommandApplied)]
    totals = [sum(one * steps for one, _, steps in event.stages) for event in said if event.stages]
    assert totals == [9 + 3 * 5, 9 + 5 * 5, 9 + 2 * 5 + 3 * 9, 9 + 2 * 5 + 2 * 9]
    assert epoch_at(said[0].stages, 14) == 2.0
    broken, _ = steered(home, monkeypatch, line, told, [23])
    resumed_at = read_history(broken)
    assert resumed_at.prepared is not None
    assert resumed_at.prepared.stages == history.prepared.stages


def test_a_branch_of_a_steered_run_goes_on_as_it_does(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: Told = {
        4: [("data.batch_size", 64), ("training.epochs", 5), ("optimizer.momentum", 0.5)],
        9: [("regularization.label_noise", 0.5), ("model.dropout", 0.2), ("schedule", "one_cycle")],
    }
    parent, _ = steered(home, monkeypatch, "mlp 8,8 momentum e=3", told, [])
    child = branch(home, parent, 15, config_at(parent, 15), MOMENT)
    trained = train_run(child)
    assert trained.status == 0, trained.history.ended
    wanted, found = read_history(parent), trained.history
    assert (found.step, found.epoch()) == (wanted.step, wanted.epoch()) == (29, 5.0)
    assert found.loss.values[15:].tobytes() == wanted.loss.values[15:].tobytes()
    assert found.lr.values[15:].tobytes() == wanted.lr.values[15:].tobytes()
    assert same_weights(child, parent, 29)


def test_who_left_the_numbers_is_found_behind_changes_too(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: Told = {4: [("optimizer.momentum", 0.9), ("optimizer.lr_per_layer.fc2", 1e38)]}
    run, status = steered(home, monkeypatch, "mlp 8, momentum m=0 e=2", told, [])
    ended = read_history(run).ended
    assert status == 1
    assert ended is not None
    assert "since step 6" in ended.message
    assert "the first to leave the numbers was the loss itself: outputs had grown" in ended.message


def test_there_cannot_be_fewer_epochs_than_have_begun(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: Told = {11: [("training.epochs", 1), ("training.epochs", 2)]}
    run, _ = steered(home, monkeypatch, "mlp 8, sgd e=5", told, [])
    history = read_history(run)
    refused, applied_one = history.answers
    assert isinstance(refused, CommandRefused)
    assert refused.reason == "training.epochs = 1: epoch 2 has begun, so there cannot be fewer than that"
    assert applied_one.kind == "CommandApplied"
    assert history.step == 18
    assert history.state(held=False) == "finished"


def test_what_it_cannot_go_on_with_changes_nothing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = [("optimizer.lr_per_layer", {"fc9": 0.1}), ("model.hidden", [4]), ("optimizer.momentum", 0.5)]
    run, _ = steered(home, monkeypatch, "mlp 8, sgd e=1", {4: [*wrong]}, [])
    plain, _ = steered(home, monkeypatch, "mlp 8, sgd e=1", {}, [])
    history = read_history(run)
    assert [type(answer) for answer in history.answers] == [CommandRefused] * 3
    assert "the network has no layer 'fc9'" in str(history.answers[0])
    assert figures(run) == figures(plain)
    assert not history.edits


def test_an_edit_that_no_longer_fits_when_it_comes_again_is_refused(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind the death the schedule is another by then: its field of before is gone."""
    told: Told = {4: [("optimizer.lr", 0.05)], 9: [("schedule.gamma", 0.5)]}
    run = make(home, parse(LINE.format("mlp 8, sgd e=2 exponential")))
    with monkeypatch.context() as patched:
        killer = Killer(patched, every=1)
        take = Control.next

        def next_command(control: Control) -> Command | None:
            step, attempt = killer.training.step, killer.training.record.attempt
            if attempt == 1 and told.get(step):
                key, value = told[step].pop()
                return Set(key=key, value=value)
            if attempt == 2 and step == 7 and killer.training.config.schedule.kind == "exponential":
                return Set(key="schedule", value="constant")
            return take(control)

        patched.setattr(Control, "next", next_command)
        patched.setattr(Saver, "is_due", lambda saver: killer.training.step in (0, 6))
        assert resumed(run, killer, [12]).status == 0
    history = read_history(run)
    assert [(edit.step, edit.key) for edit in history.edits] == [(4, "optimizer.lr"), (7, "schedule")]
    assert isinstance(history.answers[-1], CommandRefused)


def test_undone_it_is_as_before(home: Path) -> None:
    def script(viewer: Viewer) -> None:
        viewer.until(lambda history: history.step > 0)
        for key, value in (("optimizer.momentum", 0.5), ("schedule", "cosine")):
            viewer.ask(Set(key=key, value=value))
        for edit in reversed(list(viewer.history.edits)):
            assert isinstance(viewer.ask(inverse(edit)), CommandApplied)

    run = train_watched(home, "digits perceptron momentum n=100 b=10 e=1000000", script)
    config = read_file(run.run.config)
    assert len(run.history.edits) == 4
    assert applied(config, run.history.edits) == config
    assert run.history.settings["schedule.kind"] == "constant"


# -- slow motion --------------------------------------------------------------------------------------


def test_in_slow_motion_commands_are_heard_and_it_is_no_training_time(home: Path) -> None:
    def script(viewer: Viewer) -> None:
        viewer.until(lambda history: history.step == 1)  # the next one would take 5 s
        answer = viewer.ask(Set(key="training.steps_per_second", value=100))
        assert answer.step == 1
        viewer.until(lambda history: history.step >= 6)
        viewer.ask(Set(key="training.steps_per_second", value=0))
        viewer.until(lambda history: history.step > 300)

    line = "digits perceptron n=100 b=10 val=.1 e=1000000 training.steps_per_second=.2"
    history = train_watched(home, line, script).history
    assert history.totals()[1] < history.seconds
    assert [edit.key for edit in history.edits] == ["training.steps_per_second"] * 2


def test_steps_come_at_their_rate_and_none_is_made_up_for(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("dlcore.training.slow_motion.time.perf_counter", lambda: now)
    slow = SlowMotion(2)
    assert slow.left() == 0.0
    assert slow.note()
    now += 0.01
    assert slow.left() == pytest.approx(0.49)
    now += 0.49 + 0.02  # it came a little late
    assert slow.note()
    assert slow.left() == pytest.approx(0.48)
    now += 3.0  # an evaluation
    assert slow.left() == 0.0
    assert not slow.note()
    assert slow.note()
    slow.change(1000)
    assert slow.left() == pytest.approx(0.001)
    slow.change(0)
    assert slow.left() == 0.0


# -- the parts ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        "digits mlp 8,8 norm=batch b=16",
        "digits mlp 8,8 res=true",
        "digits cnn model.filters=4 model.hidden=6",
    ],
)
def test_dropout_comes_where_it_would_have_been(line: str) -> None:
    without, wanted = prepared(line), prepared(f"{line} drop=.4")
    network, other = without.network().train(), wanted.network().train()
    change_dropout(network, 0.4)
    assert [name for name, _ in network.named_modules()] == [name for name, _ in other.named_modules()]
    inputs, _ = wanted.data.first(wanted.data.training, 16)
    outputs = []
    for one in (network, other):
        torch.manual_seed(3)
        outputs.append(one(inputs))
    assert torch.equal(*outputs)
    change_dropout(network, 0.0)
    torch.manual_seed(3)
    assert torch.equal(network(inputs), without.network().train()(inputs))


def test_label_noise_comes_and_goes_as_if_it_had_been_there() -> None:
    clean, noisy = (prepared(f"digits n=200 regularization.label_noise={share}").data for share in (0, 0.4))
    made = with_label_noise(clean, 0.4, 0)
    wanted = resident(noisy.training).targets
    assert torch.equal(resident(made.training).targets, wanted)
    assert not torch.equal(wanted, resident(clean.training).targets)
    for data in (made, noisy):
        back = with_label_noise(data, 0.0, 0)
        assert torch.equal(resident(back.training).targets, resident(clean.training).targets)


def test_a_step_goes_on_with_what_its_optimizer_remembers() -> None:
    start = prepared("digits mlp 8, adam b=16")
    step = TrainingStep(start.config, start.network())
    batch = start.data.first(start.data.training, 16)
    step(*batch)
    kept = {id(tensor) for tensor in step.optimizer.tensors()}
    config = applied(start.config, ())
    for line in ("digits mlp 8, adam lr=.5 beta1=.5 b=16", "digits mlp 8, adam b=16"):
        changed = prepared(line).config
        step.change(changed)
        assert {id(tensor) for tensor in step.optimizer.tensors()} == kept
        assert step.optimizer.taken == 1
    assert step.config == config
    Blame(step).begin(lambda: iter(()))
