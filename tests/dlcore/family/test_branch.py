"""What a branch may have otherwise than its parent, said before anything starts."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dlcore.commands import Set
from dlcore.config import RunConfig
from dlcore.errors import ConfigError, RunError
from dlcore.events import CommandApplied
from dlcore.family import branch
from dlcore.family.branch import Parent, branched, config_at, left, may_change, start_at
from dlcore.files.private import private_folder
from dlcore.rundir import RunDir, run_ids
from tests.conftest import MOMENT
from tests.tui.fakes import FakeRun

MakeRun = Callable[..., FakeRun]


@pytest.fixture
def parent(home: Path) -> Iterator[FakeRun]:
    """Ten epochs of 21 steps; its rate was changed at step 30, and its dropout at step 60."""
    run = FakeRun(home, "digits mlp 16,8 e=10").start().prepare().steps(30)
    change(run, "optimizer.lr", 0.05)
    run.steps(30)
    change(run, "optimizer.lr", 0.001)
    run.steps(60)
    private_folder(run.dir.checkpoints)
    for step in (0, 30, 60, 100):
        (run.dir.checkpoints / f"{step}.pt").write_bytes(b"no weights")
    yield run
    run.close()


def change(run: FakeRun, key: str, value: Any) -> None:
    command = Set(key=key, value=value)
    run.say(CommandApplied, id=command.id, command=command.model_dump(), text=f"{key} is {value} now")


def problems(parent: FakeRun, *settings: str, step: int = 100) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        branched(parent.dir, step, settings)
    return [f"{one.key}: {one.message}" for one in refused.value.problems]


def test_a_branch_has_the_live_edits_up_to_its_step_and_no_later_ones(parent: FakeRun) -> None:
    rates = {step: config_at(parent.dir, step).optimizer.lr for step in (0, 29, 30, 59, 60, sys.maxsize)}
    assert rates == {0: 0.01, 29: 0.01, 30: 0.05, 59: 0.05, 60: 0.001, sys.maxsize: 0.001}
    known = Parent(parent.dir)
    assert known.steps == [0, 30, 60, 100]
    assert known.config_at(30).optimizer.lr == branched(parent.dir, 30).optimizer.lr == 0.05
    assert known.edits_at(30) == ["optimizer.lr is 0.05 now"]
    assert known.edits_at(100) == []


def test_the_checkpoint_nearest_to_a_step_is_taken(parent: FakeRun) -> None:
    assert start_at(parent.dir) == 100
    assert start_at(parent.dir, 59) == 60
    assert start_at(parent.dir, 45) == 30
    assert start_at(parent.dir, 10**9) == 100


def ahead(parent: RunDir, step: int, config: RunConfig) -> tuple[int, float]:
    found = left(parent, step, config)
    assert found is not None
    return found[0], round(found[1], 6)


def test_how_much_a_branch_has_before_it(parent: FakeRun, make_run: MakeRun) -> None:
    assert ahead(parent.dir, 0, branched(parent.dir, 0)) == (210, 10)
    assert ahead(parent.dir, 100, branched(parent.dir, 100)) == (110, round(10 - 100 / 21, 6))
    longer = branched(parent.dir, 63, ["training.epochs=20"])
    assert ahead(parent.dir, 63, longer) == (357, 17)
    double = f"data.batch_size={2 * parent.plan.batch_size}"
    assert ahead(parent.dir, 63, branched(parent.dir, 63, [double])) == (7 * 11, 7)
    other = make_run("digits mlp 16,8 e=10").start().prepare().steps(42)
    change(other, "data.batch_size", 2 * parent.plan.batch_size)
    assert ahead(other.dir, 42 + 11, config_at(other.dir, 53)) == (7 * 11, 7)
    assert ahead(other.dir, 21, config_at(other.dir, 21)) == (189, 9)


def test_without_a_checkpoint_there_is_no_branch(make_run: MakeRun) -> None:
    run = make_run().start().prepare()
    with pytest.raises(RunError, match="has no checkpoint to go on from"):
        start_at(run.dir)
    with pytest.raises(RunError, match="has no checkpoint to go on from"):
        Parent(run.dir)


@pytest.fixture
def make_run(home: Path) -> Iterator[MakeRun]:
    made: list[FakeRun] = []

    def make(*arguments: Any) -> FakeRun:
        made.append(FakeRun(home, *arguments))
        return made[-1]

    yield make
    for run in made:
        run.close()


@pytest.mark.parametrize(
    "setting",
    [
        "optimizer=adam",
        "optimizer.lr=0.5",
        "schedule=cosine",
        "regularization.l2=0.1",
        "regularization.label_noise=0.5",
        "model.dropout=0.4",
        "model.activation=tanh",
        "model.activation={kind='elu', alpha=2.0}",
        "model.residual=true",
        "loss=mse",
        "loss.reduction=sum",
        "data.batch_size=32",
        "data.shuffle=false",
        "training.epochs=20",
        "training.evaluate_every=5",
        "training.early_stopping=2",
        "name=another",
    ],
)
def test_what_leaves_the_weights_their_shapes_may_change(parent: FakeRun, setting: str) -> None:
    found = branched(parent.dir, 100, [setting])
    assert found != branched(parent.dir, 100)


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("model.hidden=16,16", "model.hidden: the weights of the checkpoint do not fit a network with that"),
        ("model=cnn", "model.kind: the weights of the checkpoint do not fit a network with that"),
        ("model.norm=batch", "model.norm: the weights of the checkpoint do not fit a network with that"),
        ("model.init=he", "model.init: a branch has its weights already, from the checkpoint"),
        (
            "seed=1",
            "seed: splits and order have been drawn from the parent's, and a branch goes on with them",
        ),
        ("data=iris", "data.kind: a branch goes on with the parent's data"),
        ("data.limit=10", "data.limit: a branch goes on with the parent's data"),
    ],
)
def test_what_does_not_is_refused_and_a_new_run_offered(parent: FakeRun, setting: str, said: str) -> None:
    key = said.partition(":")[0]
    with pytest.raises(ConfigError) as refused:
        branched(parent.dir, 100, [setting])
    [problem] = [one for one in refused.value.problems if one.key == key]
    assert str(problem).startswith(said)
    assert f"A new run can have it: dltui train {parent.dir.config} --set {key}=…" in problem.hint


def test_all_that_is_wrong_is_told_at_once(parent: FakeRun) -> None:
    found = problems(parent, "model.hidden=9", "seed=4", "optimizer.lr=0.2")
    assert [one.partition(":")[0] for one in found] == ["seed", "model.hidden"]


def test_another_last_layer_is_refused(home: Path, make_run: MakeRun) -> None:
    run = make_run("moons mlp 8, bce e=5").start().prepare().steps(10)
    private_folder(run.dir.checkpoints)
    (run.dir.checkpoints / "5.pt").write_bytes(b"")
    assert problems(run, "loss=cross_entropy", step=5) == [
        "loss.kind: it wants a last layer of 2, and that of the checkpoint has 1"
    ]
    assert branched(run.dir, 5, ["loss=hinge"]).loss.kind == "hinge"


def test_a_branch_with_nothing_left_to_train_is_refused(parent: FakeRun) -> None:
    assert problems(parent, "training.epochs=4") == [
        "training.epochs: there are 4.76 at step 100, where the branch begins, and so nothing is left "
        "to train"
    ]
    assert branched(parent.dir, 100, ["training.epochs=5"]).training.epochs == 5


def test_every_field_is_judged_by_its_key() -> None:
    assert may_change("model.activation.slope")
    assert may_change("schedule.steps")
    assert not may_change("model.init.std")
    assert not may_change("data.samples")


def test_a_damaged_checkpoint_makes_no_branch(parent: FakeRun, home: Path) -> None:
    with pytest.raises(RunError, match="has no checkpoint at step 60"):
        branch.start(home, parent.dir, 60, branched(parent.dir, 60), MOMENT)
    assert run_ids(home) == [parent.dir.id], "nothing is left behind"
