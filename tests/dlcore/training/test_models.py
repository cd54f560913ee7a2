"""Networks by hand: shapes and parameters, the formula of each activation, the variance of each init."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import nn

from dlcore.choices.activations import ACTIVATIONS, Activation, Identity, LeakyReLU, ReLU, Sigmoid, Tanh
from dlcore.choices.architectures import ARCHITECTURES, Architecture, Cnn, Mlp, Perceptron
from dlcore.choices.datasets import Dataset, Digits, Mnist, Moons
from dlcore.choices.initializers import DefaultInit, He, Initializer, Xavier
from dlcore.config import RunConfig
from dlcore.oneline import parse
from dlcore.training.models import build_activation, build_model, describe, gain, weighted_layers


def build(data: Dataset, model: Architecture, seed: int = 0) -> nn.Sequential:
    torch.manual_seed(seed)
    return build_model(RunConfig(data=data, model=model).resolved())


def summary(line: str) -> list[tuple[str, str, tuple[int, ...], str, int]]:
    config = parse(line).resolved()
    rows = describe(build_model(config), config.data.shape)
    return [(row.name, row.text, row.shape, row.activation, row.parameters) for row in rows]


def test_a_perceptron_by_hand() -> None:
    assert summary("digits perceptron") == [("fc1", "64 → 10", (10,), "", 650)]
    assert summary("moons perceptron model.bias=false") == [("fc1", "2 → 2", (2,), "", 4)]


def test_an_mlp_by_hand() -> None:
    assert summary("digits mlp 128,64 relu") == [
        ("fc1", "64 → 128", (128,), "relu", 64 * 128 + 128),
        ("fc2", "128 → 64", (64,), "relu", 128 * 64 + 64),
        ("fc3", "64 → 10", (10,), "", 64 * 10 + 10),
    ]
    assert summary("moons mlp 5,3 tanh,sigmoid mse model.bias=false drop=.5") == [
        ("fc1", "2 → 5", (5,), "tanh", 10),
        ("fc2", "5 → 3", (3,), "sigmoid", 15),
        ("fc3", "3 → 2", (2,), "softmax", 6),
    ]


def test_a_cnn_by_hand() -> None:
    assert summary("digits cnn filters=16,32 64, relu") == [
        ("conv1", "3×3, 16 filters", (16, 4, 4), "relu", 1 * 16 * 9 + 16),
        ("conv2", "3×3, 32 filters", (32, 2, 2), "relu", 16 * 32 * 9 + 32),
        ("fc1", "128 → 64", (64,), "relu", 128 * 64 + 64),
        ("fc2", "64 → 10", (10,), "", 650),
    ]
    assert summary("mnist cnn filters=6,16 kernel=5 model.padding=none model.hidden=[] model.bias=false") == [
        ("conv1", "5×5, 6 filters", (6, 12, 12), "relu", 150),
        ("conv2", "5×5, 16 filters", (16, 4, 4), "relu", 2400),
        ("fc1", "256 → 10", (10,), "", 2560),
    ]
    assert summary("digits cnn filters=4, kernel=2 stride=2 pool=1 model.hidden=[] mse out=sigmoid") == [
        ("conv1", "2×2, 4 filters", (4, 4, 4), "relu", 20),
        ("fc1", "64 → 10", (10,), "sigmoid", 650),
    ]


def test_dropout_stands_behind_each_dense_hidden_layer() -> None:
    names = [name for name, _ in build(Digits(), Mlp(hidden=(8, 4), dropout=0.25)).named_children()]
    assert names == ["flatten", "fc1", "fc1_relu", "dropout1", "fc2", "fc2_relu", "dropout2", "fc3"]
    names = [
        name for name, _ in build(Digits(), Cnn(filters=(4,), hidden=(8,), dropout=0.25)).named_children()
    ]
    assert names == ["conv1", "conv1_relu", "pool1", "flatten", "fc1", "fc1_relu", "dropout1", "fc2"]


def test_dropout_silences_its_share_in_training_alone() -> None:
    network = build(Moons(), Mlp(hidden=(10_000,), activation=Identity(), dropout=0.25))
    hidden = nn.Sequential(*list(network)[:3])
    inputs = torch.ones(1, 2)
    with torch.no_grad():
        hidden.train()
        trained = hidden(inputs)
        hidden.eval()
        evaluated = hidden(inputs)
    share = (trained == 0).float().mean().item()
    assert abs(share - 0.25) < 0.02
    torch.testing.assert_close(trained[trained != 0], (evaluated / 0.75)[trained != 0])


@pytest.mark.parametrize("kind", ARCHITECTURES)
@pytest.mark.parametrize("output", ["softmax", "sigmoid"])
def test_what_stands_after_the_last_layer(kind: type[Architecture], output: str) -> None:
    network = build(Digits(), kind.model_validate({"output": output}))
    outputs = network(torch.randn(5, 1, 8, 8) * 10)
    assert outputs.shape == (5, 10)
    assert bool(((outputs >= 0) & (outputs <= 1)).all())
    sums_to_one = bool(((outputs.sum(1) - 1).abs() < 1e-5).all())
    assert sums_to_one == (output == "softmax")


def leaky(slope: float) -> Callable[[float], float]:
    return lambda value: value if value > 0 else slope * value


FORMULAS: list[tuple[Activation, Callable[[float], float]]] = [
    (Identity(), lambda value: value),
    (Sigmoid(), lambda value: 1 / (1 + math.exp(-value))),
    (Tanh(), lambda value: (math.exp(value) - math.exp(-value)) / (math.exp(value) + math.exp(-value))),
    (ReLU(), lambda value: max(0.0, value)),
    (LeakyReLU(), leaky(0.01)),
    (LeakyReLU(slope=0.3), leaky(0.3)),
]


@pytest.mark.parametrize(("activation", "formula"), FORMULAS, ids=lambda item: getattr(item, "kind", ""))
def test_an_activation_is_its_formula(activation: Activation, formula: Callable[[float], float]) -> None:
    points = [-5.0, -1.5, -0.1, 0.0, 0.1, 1.5, 5.0]
    found = build_activation(activation)(torch.tensor(points, dtype=torch.float64)).tolist()
    assert found == pytest.approx([formula(point) for point in points], rel=1e-12, abs=1e-15)


def test_there_is_a_formula_for_every_activation() -> None:
    assert {type(activation) for activation, _ in FORMULAS} == set(ACTIVATIONS)


def test_gains() -> None:
    assert gain(None) == gain(nn.Identity()) == gain(nn.Sigmoid()) == 1.0
    assert gain(nn.ReLU()) == pytest.approx(math.sqrt(2))
    assert gain(nn.Tanh()) == pytest.approx(5 / 3)
    assert gain(nn.LeakyReLU(0.5)) == pytest.approx(math.sqrt(2 / (1 + 0.25)))


BIG = 1000
SQUARED_GAINS: list[tuple[Activation, float]] = [
    (ReLU(), 2.0),
    (LeakyReLU(slope=0.5), 2 / 1.25),
    (Tanh(), 25 / 9),
    (Sigmoid(), 1.0),
    (Identity(), 1.0),
]


def variances(model: Architecture) -> list[tuple[float, float]]:
    """Variance and bound of the weights of each layer."""
    layers = weighted_layers(build(Mnist(), model)).values()
    return [(layer.weight.var().item(), layer.weight.abs().max().item()) for layer in layers]


def assert_uniform(found: tuple[float, float], variance: float) -> None:
    """U(−b, b) has variance b²/3; of many draws the largest is close to b, and none beyond."""
    bound = math.sqrt(3 * variance)
    assert found[0] == pytest.approx(variance, rel=0.05)
    assert 0.95 * bound <= found[1] <= bound * (1 + 1e-6)


@pytest.mark.parametrize(("activation", "squared"), SQUARED_GAINS, ids=lambda item: getattr(item, "kind", ""))
def test_the_variance_of_he(activation: Activation, squared: float) -> None:
    first, second, last = variances(Mlp(hidden=(BIG, BIG), activation=activation, init=He()))
    assert_uniform(first, squared / 784)
    assert_uniform(second, squared / BIG)
    assert_uniform(last, 1 / BIG)  # nothing stands behind the last layer


def test_the_variance_of_xavier() -> None:
    first, second, last = variances(Mlp(hidden=(BIG, 500), activation=Tanh(), init=Xavier()))
    assert_uniform(first, 2 / (784 + BIG))
    assert_uniform(second, 2 / (BIG + 500))
    assert_uniform(last, 2 / (500 + 10))


def test_the_variance_of_the_default() -> None:
    first, second, last = variances(Mlp(hidden=(BIG, BIG), init=DefaultInit()))
    assert_uniform(first, 1 / (3 * 784))
    assert_uniform(second, 1 / (3 * BIG))
    assert_uniform(last, 1 / (3 * BIG))


@pytest.mark.parametrize(("init", "variance"), [(He(), 2 / (64 * 9)), (DefaultInit(), 1 / (3 * 64 * 9))])
def test_the_variance_of_filters(init: Initializer, variance: float) -> None:
    _, second, *_ = variances(Cnn(filters=(64, 200), init=init))
    assert_uniform(second, variance)


def test_he_keeps_the_signal_through_many_layers() -> None:
    network = build(Mnist(), Mlp(hidden=(400,) * 12, init=He()))
    values = torch.randn(100, 1, 28, 28)
    with torch.no_grad():
        outputs = network(values)
    assert 0.2 < outputs.square().mean().item() < 5
    faded = build(Mnist(), Mlp(hidden=(400,) * 12))
    with torch.no_grad():
        assert faded(values).var(0).max().item() < 1e-3


@pytest.mark.parametrize("init", [He(), Xavier()])
@pytest.mark.parametrize("kind", [Perceptron, Mlp, Cnn])
def test_biases_start_at_zero(kind: type[Architecture], init: Initializer) -> None:
    network = build(Digits(), kind.model_validate({"init": init}))
    for layer in weighted_layers(network).values():
        assert layer.bias is not None
        assert not layer.bias.any()


@pytest.mark.parametrize("kind", [Perceptron, Mlp, Cnn])
@pytest.mark.parametrize("init", [DefaultInit(), He(), Xavier()])
def test_one_seed_draws_the_same_weights_and_another_one_others(
    kind: type[Architecture], init: Initializer
) -> None:
    model = kind.model_validate({"init": init})
    first, same, other = (build(Digits(), model, seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(first[name], same[name]) for name in first)
    assert all(not torch.equal(first[name], other[name]) for name in first if name.endswith("weight"))


def test_the_weights_of_a_cnn_have_their_channels_last() -> None:
    layer = weighted_layers(build(Digits(), Cnn()))["conv2"]
    assert layer.weight.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("training", [True, False])
def test_describing_leaves_the_network_as_it_was(training: bool) -> None:
    network = build(Digits(), Mlp(dropout=0.5)).train(training)
    state = torch.get_rng_state()
    describe(network, (1, 8, 8))
    assert network.training == training
    assert torch.equal(torch.get_rng_state(), state)
