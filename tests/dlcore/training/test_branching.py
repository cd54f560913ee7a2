"""Branches that are trained: to the bit as their parent where nothing is changed, and changed where it is."""

import math
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import torch

from dlcore import past
from dlcore.changes import with_typed
from dlcore.checkpoints import saved
from dlcore.choices.choice import fields_of
from dlcore.commands import Command, Set
from dlcore.config import RunConfig, plan
from dlcore.family.branch import branch, branched, may_change
from dlcore.family.lineage import Kin
from dlcore.files.atomic import read_json
from dlcore.oneline import parse
from dlcore.summary import read_history
from dlcore.training.control import Control
from dlcore.training.models import build_model
from dlcore.training.saving import Saver
from tests.conftest import MOMENT
from tests.dlcore.compared import same_weights
from tests.dlcore.trained import Trained, train, train_run
from tests.dlcore.training.test_resuming import Killer, resumed

STEP = 20
LINE = "digits mlp 8, momentum e=8 n=300 b=32 drop=.2 training.frames_mb=0"
Branch = Callable[..., Trained]


@pytest.fixture(scope="module")
def parent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trained]:
    """72 steps, with a checkpoint at every fourth; its rate was changed at step 12, and again at step 40."""
    edits = {12: 0.03, 40: 0.5}
    take = Control.next

    def next_command(control: Control) -> Command | None:
        step = killer.training.step
        return Set(key="optimizer.lr", value=edits.pop(step)) if step in edits else take(control)

    with pytest.MonkeyPatch.context() as patched:
        killer = Killer(patched, every=4)
        patched.setattr(Control, "next", next_command)
        patched.setattr("dlcore.training.saving.checkpoints.prune", lambda *given: None)
        yield train(tmp_path_factory.mktemp("branching"), LINE)


@pytest.fixture
def grow(parent: Trained) -> Branch:
    """Train a branch of the parent with settings."""
    home = parent.run.path.parent.parent

    def grow(*settings: str, step: int = STEP) -> Trained:
        config = branched(parent.run, step, settings).resolved()
        return train_run(branch(home, parent.run, step, config, MOMENT + timedelta(minutes=step)))

    return grow


def losses(trained: Trained) -> list[float]:
    return list(trained.history.loss.values)


def test_without_a_change_the_next_fifty_losses_are_the_parents_to_the_bit(
    parent: Trained, grow: Branch
) -> None:
    child = grow()
    assert child.status == 0
    ours, theirs = child.history.loss.values, parent.history.loss.values
    # The parent's rate was changed again at step 40, which a branch does not know of.
    assert ours[STEP:40].tobytes() == theirs[STEP:40].tobytes()
    assert ours[40:].tobytes() != theirs[40:].tobytes()
    assert child.history.lr.value_at(STEP + 1) == pytest.approx(0.03)
    late = grow(step=44)
    assert late.history.loss.values[44:].tobytes() == theirs[44:].tobytes()
    assert same_weights(late.run, parent.run, parent.history.step)


def test_fifty_losses_of_a_run_that_nobody_changed(tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patched:
        Killer(patched, every=5)
        whole = train(tmp_path, LINE.replace("momentum", "adam"))
    child = train_run(branch(tmp_path, whole.run, 10, branched(whole.run, 10).resolved(), MOMENT))
    ours, theirs = child.history.loss.values, whole.history.loss.values
    assert ours[10:60].tobytes() == theirs[10:60].tobytes()
    assert len(ours[10:60]) == 50
    assert all(math.isnan(loss) for loss in ours[:10])


def test_another_optimizer_begins_afresh_and_says_so(parent: Trained, grow: Branch) -> None:
    child = grow("optimizer=adam", "optimizer.lr=0.002")
    assert child.status == 0
    facts = read_json(child.run.facts)["parent"]
    assert facts["is_fresh"] is True
    assert facts["changes"] == ["optimizer momentum → adam", "optimizer.lr 0.002"]
    [warning] = child.history.warnings
    assert warning.message == "The optimizer is another one from step 20 on: adam begins without a memory"
    losses_of_child = losses(child)
    assert losses_of_child[STEP] == losses(parent)[STEP], "the first step is taken with the parent's weights"
    assert losses_of_child[STEP + 1] != losses(parent)[STEP + 1]


@pytest.mark.parametrize(
    "settings",
    [
        ("optimizer.momentum=0.5",),
        ("optimizer=nesterov",),
        ("schedule=performance",),
        ("regularization.l2=0.01", "regularization.clip_norm=1"),
        ("regularization.label_noise=0.3",),
        ("model.dropout=0.5",),
        ("model.activation=tanh",),
        ("loss=mse",),
        ("training.early_stopping=1",),
        ("training.evaluate_every=3",),
    ],
)
def test_a_changed_branch_trains_to_its_end(parent: Trained, grow: Branch, settings: tuple[str, ...]) -> None:
    child = grow(*settings, "training.epochs=4")
    assert child.status == 0, child.history.ended
    assert child.history.ended is not None
    assert child.history.ended.reason == "finished"
    assert child.history.step <= plan(parse(LINE)).steps_after(4)
    assert read_json(child.run.facts)["parent"]["changes"]


def test_another_batch_size_counts_from_the_next_epoch_on(parent: Trained, grow: Branch) -> None:
    child = grow("data.batch_size=64")
    assert child.status == 0
    # 270 samples are 9 steps of 32. The third epoch, which has begun, stays; then come 5 steps of 64.
    assert child.history.ended is not None
    ends = [(one.epoch, one.step) for one in child.history.epochs]
    assert ends == [(3, 27), (4, 32), (5, 37), (6, 42), (7, 47), (8, 52)]
    assert losses(child)[STEP:27] == losses(parent)[STEP:27]


def test_augmentation_may_begin_in_the_middle_of_an_epoch(tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patched:
        Killer(patched, every=4)
        whole = train(tmp_path, "digits cnn filters=4, 8, n=100 b=32 e=3 training.frames_mb=0")
    config = branched(whole.run, 4, ["regularization.augment=shift"]).resolved()
    assert train_run(branch(tmp_path, whole.run, 4, config, MOMENT)).status == 0


def test_a_branch_that_dies_before_its_first_checkpoint_begins_again_where_it_began(
    parent: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = parent.run.path.parent.parent
    child = branch(home, parent.run, STEP, branched(parent.run, STEP).resolved(), MOMENT + timedelta(hours=1))
    with monkeypatch.context() as patched:
        killer = Killer(patched)
        patched.setattr(Saver, "is_due", lambda saver: False)
        trained = resumed(child, killer, [6])
    assert trained.status == 0
    assert trained.history.attempt == 2
    ours, theirs = trained.history.loss.values, parent.history.loss.values
    assert ours[STEP:40].tobytes() == theirs[STEP:40].tobytes()


def test_a_branch_computes_with_the_threads_of_its_parent(parent: Trained) -> None:
    home = parent.run.path.parent.parent
    config = with_typed(branched(parent.run, STEP), ["training.threads=auto"]).resolved()
    child = branch(home, parent.run, STEP, config, MOMENT + timedelta(hours=2))
    start = past.start_of(child, past.read(child))
    assert start is not None
    assert (start.step, start.threads, start.is_fresh) == (STEP, 1, False)
    assert list(saved(child)) == [STEP]


def test_it_says_whose_branch_it_is(parent: Trained, grow: Branch) -> None:
    child = grow("optimizer.lr=0.2", "training.epochs=3")
    relations = Kin(parent.run.path.parent.parent, child.run).look()
    assert relations.origin is not None
    assert (relations.origin.run, relations.origin.step) == (parent.run.id, STEP)
    assert relations.origin.changes == ("optimizer.lr 0.03 → 0.2", "training.epochs 8 → 3")
    assert relations.own is None, "it is no remedy"
    assert read_history(child.run).step == 27


# -- what may change ----------------------------------------------------------------------------------

NETWORKS = [
    "digits perceptron",
    "digits mlp 9,9",
    "digits cnn filters=4,6 8,",
    "mnist lenet5",
    "digits vgg model.width=4 model.blocks=1 8,",
    "digits resnet model.width=4",
]
OTHERWISE = {
    "activation": "sigmoid",
    "dropout": "0.3",
    "pooling": "average",
    "residual": "true",
    "output": "sigmoid",
}


def shapes(config: RunConfig) -> dict[str, torch.Size]:
    facts = config.data.facts
    assert facts is not None
    return {name: one.shape for name, one in build_model(config.resolved(), facts).state_dict().items()}


@pytest.mark.parametrize("line", NETWORKS)
def test_what_may_change_of_a_network_leaves_its_weights_their_shapes(line: str) -> None:
    config = parse(f"{line} mse")
    wanted = shapes(config)
    free = [spec.name for spec in fields_of(type(config.model)) if may_change(f"model.{spec.name}")]
    assert free
    for name in free:
        value = "max" if name == "pooling" and "lenet5" in line else OTHERWISE[name]
        changed = with_typed(config, [f"model.{name}={value}"])
        assert changed != config, name
        assert shapes(changed) == wanted, name
