"""The whole configuration: its sections, what it resolves to, its plan, and its file."""

import math
import tomllib

import pytest
from hypothesis import HealthCheck, given, settings

from dlcore.choices.activations import LeakyReLU, ReLU, Tanh
from dlcore.choices.architectures import Cnn, Mlp, Perceptron
from dlcore.choices.choice import fields_of
from dlcore.choices.datasets import Digits, Mnist, Moons, Xor
from dlcore.choices.losses import AutoLoss, CrossEntropy, MeanSquaredError
from dlcore.choices.training import Training
from dlcore.config import SECTIONS, General, Plan, RunConfig, plan, to_table, to_toml, to_value
from dlcore.reading import checked, read_table
from tests.dlcore.strategies import configurations


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
    ],
)
def test_resolving_makes_every_auto_explicit(
    config: RunConfig, loss: object, output: str, normalize: str
) -> None:
    resolved = config.resolved()
    assert resolved.loss == loss
    assert resolved.model.output == output
    assert resolved.data.normalize == normalize
    assert resolved.resolved() == resolved
    assert (resolved.optimizer, resolved.training) == (config.optimizer, config.training)


@pytest.mark.parametrize(
    ("data", "epochs", "expected"),
    [
        # 1438 training samples, of which round(143.8) = 144 are held out; 1294 in batches of 64 are 21.
        (Digits(), 10, Plan(1294, 144, 359, 64, 21, 210)),
        (Digits(validation=0), 1, Plan(1438, 0, 359, 64, 23, 23)),
        (Digits(batch_size="full"), 3, Plan(1294, 144, 359, 1294, 1, 3)),
        (Digits(limit=64), 1, Plan(58, 6, 359, 58, 1, 1)),
        (Digits(limit=10**9, batch_size=1), 1, Plan(1294, 144, 359, 1, 1294, 1294)),
        (Xor(), 2, Plan(4, 0, 4, 4, 1, 2)),
        (Moons(samples=101, validation=0.5), 1, Plan(81 - 40, 40, 20, 41, 1, 1)),
        (Mnist(), 1, Plan(54_000, 6_000, 10_000, 64, math.ceil(54_000 / 64), 844)),
    ],
)
def test_the_plan_by_hand(data: Digits, epochs: int, expected: Plan) -> None:
    assert plan(RunConfig(data=data, training=Training(epochs=epochs))) == expected


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


@settings(max_examples=300, derandomize=True, suppress_health_check=list(HealthCheck))
@given(configurations())
def test_the_file_reads_back_as_it_was(config: RunConfig) -> None:
    assert checked(tomllib.loads(to_toml(config))) == config
    resolved = config.resolved()
    assert checked(tomllib.loads(to_toml(resolved))) == resolved


@settings(max_examples=100, derandomize=True, suppress_health_check=list(HealthCheck))
@given(configurations())
def test_folding_comes_to_the_same(config: RunConfig) -> None:
    folded = config.folded()
    assert folded.resolved() == config.resolved()
    assert folded.folded() == folded == config.resolved().folded()


def test_folding_the_resolved_default_gives_the_default() -> None:
    assert RunConfig().resolved().folded() == RunConfig()
