"""The whole configuration: its sections, what it resolves to, its plan, and its file."""

import math
import tomllib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from dlcore.choices.activations import LeakyReLU, ReLU, Tanh
from dlcore.choices.architectures import Cnn, CustomModel, Mlp, Perceptron
from dlcore.choices.bundled import Diabetes, Digits
from dlcore.choices.choice import fields_of
from dlcore.choices.dataset import Facts
from dlcore.choices.downloaded import Mnist
from dlcore.choices.drawn import Moons, Regression, Xor
from dlcore.choices.losses import (
    LOSSES,
    AutoLoss,
    BinaryCrossEntropy,
    CrossEntropy,
    Hinge,
    Huber,
    Loss,
    MeanSquaredError,
)
from dlcore.choices.own import Csv, CustomData, ImageFolder
from dlcore.choices.schedules import BatchGrowth, Schedule
from dlcore.choices.training import Training
from dlcore.config import (
    SECTIONS,
    General,
    Plan,
    RunConfig,
    Stage,
    output_units,
    plan,
    to_table,
    to_toml,
    to_value,
)
from dlcore.reading import checked, read_table
from tests.dlcore.strategies import configurations

NUMBERS = Facts("regression", (3,), 80, 20)
PICTURES = Facts("classification", (3, 32, 32), 80, 20, classes=2, names=("cat", "dog"))


def test_every_section_has_its_default_first_in_the_menu_or_among_its_kinds() -> None:
    for section in SECTIONS:
        assert section.default in section.family
        assert RunConfig().section(section.key) == section.default.model_validate({})
        assert section.title


def test_paths_are_those_of_the_file() -> None:
    paths = [section.path("x") for section in SECTIONS if section.key in ("", "optimizer")]
    assert paths == ["optimizer.x", "x"]


def test_nothing_at_all_is_the_default_configuration() -> None:
    assert read_table({}).config == RunConfig()


def test_the_name_is_given_or_follows_from_the_choices() -> None:
    assert RunConfig().name == "digits mlp"
    assert RunConfig(general=General(name="mine")).name == "mine"


@pytest.mark.parametrize(
    ("config", "loss", "output", "normalize"),
    [
        (RunConfig(), CrossEntropy(), "linear", "half"),
        (RunConfig(data=Moons()), CrossEntropy(), "linear", "standard"),
        (RunConfig(loss=AutoLoss(reduction="sum")), CrossEntropy(reduction="sum"), "linear", "half"),
        (RunConfig(loss=MeanSquaredError()), MeanSquaredError(), "softmax", "half"),
        (
            RunConfig(loss=MeanSquaredError(), model=Cnn(output="sigmoid"), data=Mnist(normalize="none")),
            MeanSquaredError(),
            "sigmoid",
            "none",
        ),
        (RunConfig(model=Perceptron(output="linear")), CrossEntropy(), "linear", "half"),
        (RunConfig(data=Diabetes()), MeanSquaredError(), "linear", "standard"),
        (
            RunConfig(data=Regression(), loss=AutoLoss(reduction="sum"), model=Mlp(output="sigmoid")),
            MeanSquaredError(reduction="sum"),
            "sigmoid",
            "standard",
        ),
        (RunConfig(data=Regression(), loss=Huber(delta=2)), Huber(delta=2), "linear", "standard"),
        (RunConfig(loss=BinaryCrossEntropy()), BinaryCrossEntropy(), "linear", "half"),
        (RunConfig(loss=Hinge()), Hinge(), "linear", "half"),
    ],
)
def test_resolving_makes_every_auto_explicit(
    config: RunConfig, loss: object, output: str, normalize: str
) -> None:
    resolved = config.resolved()
    assert resolved.loss == loss
    assert not isinstance(resolved.model, CustomModel)
    assert resolved.model.output == output
    assert resolved.data.normalize == normalize
    assert resolved.resolved() == resolved
    assert (resolved.optimizer, resolved.training) == (config.optimizer, config.training)


@pytest.mark.parametrize(
    ("facts", "loss", "output", "normalize"),
    [
        (None, AutoLoss(), "auto", "standard"),
        (NUMBERS, MeanSquaredError(), "linear", "standard"),
        (Facts("classification", (3,), 80, 20, classes=2), CrossEntropy(), "linear", "standard"),
    ],
)
def test_what_must_be_opened_to_be_known_stays_auto_until_it_is(
    facts: Facts | None, loss: object, output: str, normalize: str
) -> None:
    config = RunConfig(data=Csv(file="x.csv"))
    resolved = config.resolved(facts)
    assert not isinstance(resolved.model, CustomModel)
    assert (resolved.loss, resolved.model.output, resolved.data.normalize) == (loss, output, normalize)
    assert resolved.resolved(facts) == resolved


def test_nobody_knows_whether_data_of_ones_own_code_are_images() -> None:
    own = RunConfig(data=CustomData(target="a:b"))
    assert own.resolved().data.normalize == "auto"
    assert own.resolved(PICTURES).data.normalize == "half"
    assert own.resolved(NUMBERS).data.normalize == "standard"
    assert RunConfig(data=ImageFolder(folder="x")).resolved().data.normalize == "half"


def test_a_network_of_ones_own_has_no_output_of_ours() -> None:
    config = RunConfig(model=CustomModel(target="a.b:C"), loss=MeanSquaredError())
    assert config.resolved().model == config.model


@pytest.mark.parametrize(
    ("config", "path"),
    [
        (RunConfig(data=Csv(file="x.csv")), "{here}/x.csv"),
        (RunConfig(data=Csv(file="~/x.csv")), "{home}/x.csv"),
        (RunConfig(data=Csv(file="~nobody-of-that-name/x.csv")), "{here}/~nobody-of-that-name/x.csv"),
        (RunConfig(data=ImageFolder(folder="/a//b")), "/a/b"),
        (RunConfig(data=CustomData(target="x.py:y")), "{here}/x.py:y"),
        (RunConfig(data=CustomData(target="package.x:y")), "package.x:y"),
        (RunConfig(model=CustomModel(target="~/x.py:Y")), "{home}/x.py:Y"),
    ],
)
def test_paths_become_absolute_because_the_trainer_works_elsewhere(
    config: RunConfig, path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, home = tmp_path / "here", tmp_path / "home"
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setenv("HOME", str(home))
    resolved = config.resolved()
    found = [
        getattr(chosen, name)
        for chosen in (resolved.data, resolved.model)
        for name in ("file", "folder", "target")
        if getattr(chosen, name, "")
    ]
    assert found == [path.format(here=here, home=home)]
    monkeypatch.chdir(tmp_path)
    assert resolved.resolved() == resolved


@pytest.mark.parametrize("loss", [kind() for kind in LOSSES], ids=[kind.word() for kind in LOSSES])
def test_units_of_the_last_layer(loss: Loss) -> None:
    single = loss.word() in ("bce", "hinge")
    assert output_units(loss, Facts("classification", (2,), 8, 2, classes=2)) == (1 if single else 2)
    assert output_units(loss, Facts("classification", (2,), 8, 2, classes=3)) == 3
    assert output_units(loss, Facts("regression", (2,), 8, 2)) == 1
    assert output_units(loss, Facts("regression", (2,), 8, 2, targets=4)) == 4


@pytest.mark.parametrize(
    ("data", "epochs", "expected"),
    [
        # 1438 training samples, of which round(143.8) = 144 are held out; 1294 in batches of 64 are 21.
        (Digits(), 10, Plan(1294, 144, 359, (Stage(10, 64, 21),))),
        (Digits(validation=0), 1, Plan(1438, 0, 359, (Stage(1, 64, 23),))),
        (Digits(batch_size="full"), 3, Plan(1294, 144, 359, (Stage(3, 1294, 1),))),
        (Digits(limit=64), 1, Plan(58, 6, 359, (Stage(1, 58, 1),))),
        (Digits(limit=10**9, batch_size=1), 1, Plan(1294, 144, 359, (Stage(1, 1, 1294),))),
        (Xor(), 2, Plan(4, 0, 4, (Stage(2, 4, 1),))),
        (Moons(samples=101, validation=0.5), 1, Plan(81 - 40, 40, 20, (Stage(1, 41, 1),))),
        (Mnist(), 1, Plan(54_000, 6_000, 10_000, (Stage(1, 64, math.ceil(54_000 / 64)),))),
        (Diabetes(), 2, Plan(319, 35, 88, (Stage(2, 64, 5),))),
    ],
)
def test_the_plan_by_hand(data: Digits, epochs: int, expected: Plan) -> None:
    found = plan(RunConfig(data=data, training=Training(epochs=epochs)))
    assert found == expected
    (stage,) = expected.stages
    assert (found.batch_size, found.steps_per_epoch) == (stage.batch_size, stage.steps_per_epoch)
    assert found.steps == epochs * stage.steps_per_epoch


def test_the_plan_of_data_that_must_be_opened() -> None:
    config = RunConfig(data=Csv(file="x.csv", validation=0.25, batch_size=50), training=Training(epochs=3))
    assert plan(config, NUMBERS) == Plan(60, 20, 20, (Stage(3, 50, 2),))


@pytest.mark.parametrize(
    ("batch_size", "schedule", "stages"),
    [
        # 1438 samples to train on.
        (64, BatchGrowth(factor=2, every=4), (Stage(4, 64, 23), Stage(4, 128, 12), Stage(2, 256, 6))),
        (500, BatchGrowth(factor=2, every=1), (Stage(1, 500, 3), Stage(1, 1000, 2), Stage(8, 1438, 1))),
        (100, BatchGrowth(factor=10, every=3, most=600), (Stage(3, 100, 15), Stage(7, 600, 3))),
        (100, BatchGrowth(factor=10, every=3, most=50), (Stage(10, 100, 15),)),
        (100, BatchGrowth(every=10), (Stage(10, 100, 15),)),
        (2000, BatchGrowth(every=1), (Stage(10, 1438, 1),)),
        (719, BatchGrowth(every=9), (Stage(9, 719, 2), Stage(1, 1438, 1))),
    ],
)
def test_the_stages_of_a_growing_batch_by_hand(
    batch_size: int, schedule: Schedule, stages: tuple[Stage, ...]
) -> None:
    data = Digits(validation=0, batch_size=batch_size)
    assert plan(RunConfig(data=data, schedule=schedule)).stages == stages


def _size(growth: BatchGrowth | None, first: int, epoch: int, training: int) -> int:
    """The batch size of an epoch, grown one growth after the other."""
    size = first
    for number in range(2, epoch + 1):
        if growth is not None and (number - 1) % growth.every == 0:
            size = max(size, min(size * growth.factor, growth.most))
    return min(size, training)


@settings(max_examples=300, derandomize=True, deadline=None)
@given(
    samples=st.integers(20, 400),
    validation=st.floats(0, 0.9),
    first=st.integers(1, 500) | st.just("full"),
    growth=st.none()
    | st.builds(BatchGrowth, factor=st.integers(2, 9), every=st.integers(1, 9), most=st.integers(1, 500)),
    epochs=st.integers(1, 40),
)
def test_the_plan_counts_as_a_loop_over_epochs_does(
    samples: int, validation: float, first: int | str, growth: BatchGrowth | None, epochs: int
) -> None:
    data = Moons.model_validate({"samples": samples, "validation": validation, "batch_size": first})
    table = {"data": data, "training": Training(epochs=epochs)} | ({"schedule": growth} if growth else {})
    found = plan(RunConfig(**table))  # type: ignore[arg-type]  # mypy sees only Choice
    whole = samples - round(samples * 0.2)
    training = whole - round(whole * validation)
    assume(training > 0)
    start = training if first == "full" else int(first)
    over, epoch_of = 0, [0.0]
    for epoch in range(1, epochs + 1):
        size = _size(growth if start < training else None, start, epoch, training)
        steps = len(range(0, training, size))
        assert found.batch_size_in(epoch) == size
        assert found.steps_after(epoch - 1) == over
        epoch_of += [epoch - 1 + step / steps for step in range(1, steps + 1)]
        over += steps
    assert (found.training, found.validation, found.test) == (training, whole - training, samples - whole)
    assert found.steps == found.steps_after(epochs) == over == len(epoch_of) - 1
    assert sum(stage.epochs for stage in found.stages) == epochs
    assert [found.epoch_at(step) for step in range(over + 1)] == pytest.approx(epoch_of, rel=1e-12)


def test_a_choice_without_fields_is_its_name_and_one_with_fields_a_table() -> None:
    assert to_value(ReLU()) == "relu"
    assert to_value((Tanh(), LeakyReLU(slope=0.2))) == ["tanh", {"kind": "leaky_relu", "slope": 0.2}]
    assert to_value((128, 64)) == [128, 64]


def test_the_file_has_every_key_of_every_choice() -> None:
    config = RunConfig(model=Mlp(activation=LeakyReLU()))
    table = to_table(config)
    for section in SECTIONS:
        part = table[section.key] if section.key else table
        assert {spec.name for spec in fields_of(type(config.section(section.key)))} <= set(part)
        assert ("kind" in part) == section.has_kinds
    assert table["model"]["activation"] == {"kind": "leaky_relu", "slope": 0.01}


@settings(max_examples=500, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(configurations())
@example(RunConfig(data=CustomData(target="a:b", args={"": {"\x7f": ["\n", 1e300, 10**30, -0.5]}})))
def test_the_file_reads_back_as_it_was(config: RunConfig) -> None:
    assert checked(tomllib.loads(to_toml(config))) == config
    resolved = config.resolved()
    assert checked(tomllib.loads(to_toml(resolved))) == resolved


@settings(max_examples=500, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(configurations())
def test_resolving_again_changes_nothing_and_folding_comes_to_the_same(config: RunConfig) -> None:
    resolved, folded = config.resolved(), config.folded()
    assert resolved.resolved() == resolved
    assert folded.resolved() == resolved
    assert folded.folded() == folded
    assert resolved.folded().resolved() == resolved
    same_path = resolved.data == config.data.model_copy(update={"normalize": resolved.data.normalize})
    if same_path and not isinstance(config.model, CustomModel):
        assert resolved.folded() == folded


@settings(max_examples=200, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(configurations(), st.sampled_from([NUMBERS, PICTURES]))
def test_resolving_in_the_light_of_facts_leaves_no_auto(config: RunConfig, facts: Facts) -> None:
    resolved = config.resolved(facts)
    assert resolved.resolved(facts) == resolved.resolved() == resolved
    assert not isinstance(resolved.loss, AutoLoss)
    assert "auto" not in (resolved.data.normalize, getattr(resolved.model, "output", ""))


def test_folding_the_resolved_default_gives_the_default() -> None:
    assert RunConfig().resolved().folded() == RunConfig()
