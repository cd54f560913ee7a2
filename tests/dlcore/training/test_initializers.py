"""Each initialization by its formula: variance, bound, right angles; and the default as torch draws it."""

import math
from collections import OrderedDict

import pytest
import torch
from torch import nn

from dlcore.choices.initializers import INITIALIZERS
from dlcore.training.activations import gain
from dlcore.training.layers import layers_of
from tests.dlcore.training.networks import KINDS, build

BIG = 1000
SQUARED_GAINS = {
    "relu": 2.0,
    "'{kind=\"leaky_relu\",slope=0.5}'": 2 / 1.25,
    "tanh": 25 / 9,
    "sigmoid": 1.0,
    "step": 1.0,
    "identity": 1.0,
    "selu": 9 / 16,
}


def weights(line: str) -> list[torch.Tensor]:
    """The weights of each layer, from input to output."""
    return [layer.weight.detach() for layer in layers_of(build(line)).values()]


def assert_uniform(found: torch.Tensor, variance: float) -> None:
    """U(−b, b) has variance b²/3; of many draws the largest is close to b, and none beyond."""
    bound = math.sqrt(3 * variance)
    assert_variance(found, variance)
    assert 0.95 * bound <= found.abs().max().item() <= bound * (1 + 1e-6)


def assert_normal(found: torch.Tensor, variance: float) -> None:
    """Of a normal's draws 4.55 % lie beyond two deviations."""
    assert_variance(found, variance)
    beyond = (found.abs() > 2 * math.sqrt(variance)).float().mean().item()
    assert beyond == pytest.approx(0.0455, abs=5 * math.sqrt(0.0455 / found.numel()))


def assert_variance(found: torch.Tensor, variance: float) -> None:
    assert found.var().item() == pytest.approx(variance, rel=0.05)
    assert abs(found.mean().item()) < 5 * math.sqrt(variance / found.numel())


@pytest.mark.parametrize("activation", SQUARED_GAINS)
def test_he(activation: str) -> None:
    squared = SQUARED_GAINS[activation]
    first, second, last = weights(f"mnist mlp {BIG},{BIG} he model.activation={activation}")
    assert_uniform(first, squared / 784)
    assert_uniform(second, squared / BIG)
    assert_uniform(last, 1 / BIG)  # nothing stands behind the last layer


def test_he_has_the_gain_of_each_layer_s_own_activation() -> None:
    first, second, _ = weights(f"mnist mlp {BIG},{BIG} he relu,tanh norm=batch drop=.1")
    assert_uniform(first, 2 / 784)
    assert_uniform(second, 25 / 9 / BIG)


def test_what_follows_the_last_layer_has_no_gain() -> None:
    for output in ("softmax", "sigmoid"):
        assert_uniform(weights(f"mnist mlp {BIG}, he mse out={output}")[-1], 1 / BIG)


def test_xavier() -> None:
    first, second, last = weights(f"mnist mlp {BIG},500 xavier tanh")
    assert_uniform(first, 2 / (784 + BIG))
    assert_uniform(second, 2 / (BIG + 500))
    assert_uniform(last, 2 / (500 + 10))


def test_lecun() -> None:
    first, second, last = weights(f"mnist mlp {BIG},500 lecun selu")
    assert_normal(first, 1 / 784)
    assert_normal(second, 1 / BIG)
    assert_normal(last, 1 / 500)


def test_normal() -> None:
    for deviation in (0.01, 2.0):
        for found in weights(f"mnist mlp {BIG},500 model.init='{{kind=\"normal\",std={deviation}}}'"):
            assert_normal(found, deviation**2)


def test_the_default() -> None:
    first, second, last = weights(f"mnist mlp {BIG},{BIG} default")
    assert_uniform(first, 1 / (3 * 784))
    assert_uniform(second, 1 / (3 * BIG))
    assert_uniform(last, 1 / (3 * BIG))


def test_orthogonal() -> None:
    tall, wide, square, last = weights("mnist mlp 900,300,300 orthogonal relu,tanh,identity")
    assert_right_angles(tall, 2.0)
    assert_right_angles(wide, 25 / 9)
    assert_right_angles(square, 1.0)
    assert_right_angles(last, 1.0)


def assert_right_angles(found: torch.Tensor, squared: float) -> None:
    """W Wᵀ is gain² I; where there are more rows than columns, Wᵀ W is."""
    rows = found.flatten(1).double()
    rows = rows if rows.shape[0] <= rows.shape[1] else rows.T
    torch.testing.assert_close(rows @ rows.T, squared * torch.eye(len(rows)).double(), atol=1e-5, rtol=0)


FAN_IN = 64 * 9
"""What a filter of 3×3 adds up behind 64 others."""


@pytest.mark.parametrize("line", ["cnn filters=64,200", "vgg model.width=64 model.blocks=1"])
def test_filters(line: str) -> None:
    second = {kind: weights(f"digits {line} {kind}")[1] for kind in ("default", "he", "xavier", "lecun")}
    units = second["he"].shape[0]
    assert_uniform(second["default"], 1 / (3 * FAN_IN))
    assert_uniform(second["he"], 2 / FAN_IN)
    assert_uniform(second["xavier"], 2 / (FAN_IN + units * 9))
    assert_normal(second["lecun"], 1 / FAN_IN)
    assert_right_angles(weights(f"digits {line} orthogonal")[1], 2.0)


def test_the_filters_of_residual_blocks() -> None:
    layers = layers_of(build("digits resnet model.width=64 he gelu"))
    gelu = gain(nn.GELU()) ** 2
    for name in ("block1.conv1", "block1.conv2", "block2.conv1"):
        assert_uniform(layers[name].weight.detach(), gelu / FAN_IN)
    assert_uniform(layers["block2.shortcut"].weight.detach(), 1 / 64)  # no activation of its own


def test_resnet18_is_relu_behind_all_but_the_last() -> None:
    layers = layers_of(build("digits resnet18 he"))
    assert_uniform(layers["layer1.0.conv2"].weight.detach(), 2 / FAN_IN)
    assert_uniform(layers["layer3.1.conv1"].weight.detach(), 2 / (256 * 9))
    assert_uniform(layers["fc"].weight.detach(), 1 / 512)


@pytest.mark.parametrize("line", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("init", [kind.word() for kind in INITIALIZERS if kind.word() != "default"])
def test_biases_start_at_zero(line: str, init: str) -> None:
    if line == KINDS["resnet18"] and init != "zeros":
        pytest.skip("one is enough of the large one")
    for layer in layers_of(build(f"{line} {init}")).values():
        assert layer.bias is None or not layer.bias.any()
        assert bool(layer.weight.any()) == (init != "zeros")


def test_units_of_zeros_stay_alike() -> None:
    network = build("digits mlp 6,5 zeros sigmoid")
    network(torch.rand(4, 1, 8, 8)).logsumexp(1).sum().backward()
    gradient = layers_of(network)["fc3"].weight.grad
    assert gradient is not None
    assert bool(gradient.any())
    torch.testing.assert_close(gradient, gradient[:1, :1].expand_as(gradient))


def test_the_default_is_what_torch_s_constructors_draw() -> None:
    torch.manual_seed(7)
    by_hand = nn.Sequential(
        OrderedDict(
            flatten=nn.Flatten(),
            fc1=nn.Linear(64, 20),
            fc1_norm=nn.BatchNorm1d(20),
            fc1_relu=nn.ReLU(),
            dropout1=nn.Dropout(0.2),
            fc2=nn.Linear(20, 8),
            fc2_norm=nn.BatchNorm1d(8),
            fc2_relu=nn.ReLU(),
            dropout2=nn.Dropout(0.2),
            fc3=nn.Linear(8, 10),
        )
    )
    assert_same(build("digits mlp 20,8 norm=batch drop=.2", seed=7), by_hand)


def test_the_default_of_a_cnn_is_what_torch_s_constructors_draw() -> None:
    torch.manual_seed(7)
    by_hand = nn.Sequential(
        OrderedDict(
            conv1=nn.Conv2d(1, 4, 3, padding=1, bias=False),
            conv1_norm=nn.BatchNorm2d(4),
            conv1_tanh=nn.Tanh(),
            pool1=nn.MaxPool2d(2),
            conv2=nn.Conv2d(4, 6, 2, padding=0, bias=False),
            conv2_norm=nn.BatchNorm2d(6),
            conv2_tanh=nn.Tanh(),
            flatten=nn.Flatten(),
            fc1=nn.Linear(6 * 3 * 3, 5),
            fc1_tanh=nn.Tanh(),
            fc2=nn.Linear(5, 10),
        )
    )
    assert_same(build("digits cnn filters=4,6 kernel=3,2 pool=2,1 norm=batch tanh 5,", seed=7), by_hand)


def test_the_default_of_resnet18_is_torchvision_s() -> None:
    from torchvision.models import resnet18

    torch.manual_seed(7)
    by_hand = resnet18(num_classes=10)
    assert_same(build("cifar resnet18", seed=7), by_hand)


def assert_same(found: nn.Module, by_hand: nn.Module) -> None:
    """The same names, weights that agree in every bit, and the same answer."""
    assert [name for name, _ in found.named_modules()] == [name for name, _ in by_hand.named_modules()]
    state, wanted = found.state_dict(), by_hand.state_dict()
    assert list(state) == list(wanted)
    assert all(torch.equal(state[name], wanted[name]) for name in state)


@pytest.mark.parametrize("line", KINDS.values(), ids=KINDS)
def test_one_seed_draws_the_same_weights_and_another_one_others(line: str) -> None:
    for init in ("default", "orthogonal") if "resnet18" not in line else ("default",):
        first, same, other = (build(f"{line} {init}", seed).state_dict() for seed in (1, 1, 2))
        assert all(torch.equal(first[name], same[name]) for name in first)
        drawn = [name for name in first if name.endswith("weight") and first[name].dim() > 1]
        assert drawn
        assert all(not torch.equal(first[name], other[name]) for name in drawn)
