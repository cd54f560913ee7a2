"""Each activation by its formula, its slope, and the gain that makes up for it."""

import math
from collections.abc import Callable

import numpy
import pytest
import torch
from torch import nn

from dlcore.choices.activations import (
    ACTIVATIONS,
    ELU,
    GELU,
    SELU,
    Activation,
    Identity,
    LeakyReLU,
    ReLU,
    Sigmoid,
    SiLU,
    Softplus,
    Step,
    Tanh,
)
from dlcore.training.activations import build_activation, gain
from tests.dlcore.training.networks import assert_gradients, batch_for, build

Formula = Callable[[float], float]
POINTS = [-5.0, -1.5, -0.1, 0.0, 0.1, 1.5, 5.0]
SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805
"""The two numbers of Klambauer et al. (2017)."""


def leaky(slope: float) -> Formula:
    return lambda value: value if value > 0 else slope * value


def elu(alpha: float) -> Formula:
    return lambda value: value if value > 0 else alpha * (math.exp(value) - 1)


FORMULAS: list[tuple[Activation, Formula]] = [
    (Identity(), lambda value: value),
    (Step(), lambda value: float(value >= 0)),
    (Sigmoid(), lambda value: 1 / (1 + math.exp(-value))),
    (Tanh(), lambda value: (math.exp(value) - math.exp(-value)) / (math.exp(value) + math.exp(-value))),
    (ReLU(), lambda value: max(0.0, value)),
    (LeakyReLU(), leaky(0.01)),
    (LeakyReLU(slope=0.3), leaky(0.3)),
    (ELU(), elu(1.0)),
    (ELU(alpha=2.5), elu(2.5)),
    (SELU(), lambda value: SELU_SCALE * elu(SELU_ALPHA)(value)),
    (GELU(), lambda value: value * (1 + math.erf(value / math.sqrt(2))) / 2),
    (SiLU(), lambda value: value / (1 + math.exp(-value))),
    (Softplus(), lambda value: math.log(1 + math.exp(value))),
]


@pytest.mark.parametrize(("activation", "formula"), FORMULAS, ids=lambda item: getattr(item, "kind", ""))
def test_an_activation_is_its_formula(activation: Activation, formula: Formula) -> None:
    found = build_activation(activation)(torch.tensor(POINTS, dtype=torch.float64)).tolist()
    assert found == pytest.approx([formula(point) for point in POINTS], rel=1e-12, abs=1e-15)


def test_there_is_a_formula_for_every_activation() -> None:
    assert {type(activation) for activation, _ in FORMULAS} == set(ACTIVATIONS)


@pytest.mark.parametrize(("activation", "formula"), FORMULAS, ids=lambda item: getattr(item, "kind", ""))
def test_its_slope_is_that_of_the_formula(activation: Activation, formula: Formula) -> None:
    away_from_kinks = [point for point in POINTS if point]
    values = torch.tensor(away_from_kinks, dtype=torch.float64, requires_grad=True)
    build_activation(activation)(values).sum().backward()
    slopes = [(formula(point + 1e-6) - formula(point - 1e-6)) / 2e-6 for point in away_from_kinks]
    assert values.grad is not None
    assert values.grad.tolist() == pytest.approx(slopes, rel=1e-7, abs=1e-9)


@pytest.mark.parametrize("kind", [kind.word() for kind in ACTIVATIONS if kind is not Step])
def test_gradients_through_every_activation(kind: str) -> None:
    line = f"digits mlp 9,7 {kind}"
    assert_gradients(build(line), *batch_for(line))


def test_no_gradient_comes_through_a_step() -> None:
    line = "digits mlp 9,7 step"
    network, (inputs, targets) = build(line).double(), batch_for(line)
    nn.functional.cross_entropy(network(inputs), targets).backward()
    reached = {name for name, parameter in network.named_parameters() if parameter.grad is not None}
    assert reached == {name for name, _ in network.named_parameters()}, "zero, and not absent"
    flowing = {name for name, each in network.named_parameters() if each.grad is not None and each.grad.any()}
    assert flowing == {"fc3.weight", "fc3.bias"}


def test_a_step_keeps_the_type_of_its_values() -> None:
    for dtype in (torch.float32, torch.float64, torch.bfloat16):
        assert build_activation(Step())(torch.randn(3, dtype=dtype)).dtype == dtype


def test_gains() -> None:
    assert gain(None) == gain(nn.Identity()) == gain(nn.Sigmoid()) == gain(build_activation(Step())) == 1.0
    assert gain(nn.ReLU()) == pytest.approx(math.sqrt(2))
    assert gain(nn.Tanh()) == pytest.approx(5 / 3)
    assert gain(nn.SELU()) == pytest.approx(3 / 4)
    assert gain(nn.LeakyReLU(0.5)) == pytest.approx(math.sqrt(2 / (1 + 0.25)))


KEEPING = [
    *(
        ReLU(),
        LeakyReLU(),
        LeakyReLU(slope=0.5),
        ELU(),
        ELU(alpha=0.2),
        GELU(),
        SiLU(),
        Softplus(),
        Identity(),
    )
]


@pytest.mark.parametrize("activation", KEEPING, ids=repr)
def test_a_gain_makes_up_for_what_an_activation_takes_of_a_normal(activation: Activation) -> None:
    """By Gauss and Hermite, whose nodes and weights integrate against exp(−x²)."""
    nodes, weights = numpy.polynomial.hermite.hermgauss(150)
    values = build_activation(activation)(torch.tensor(nodes * math.sqrt(2))).square().numpy()
    power = float((values * weights).sum() / math.sqrt(math.pi))
    assert gain(build_activation(activation)) ** 2 * power == pytest.approx(1, rel=1e-3)


def growths(activation: Activation, *, renewed: bool) -> float:
    """The second moment of what twenty wide layers by he make of a normal; renewed: 1 again behind each."""
    torch.manual_seed(3)
    width, function = 1500, build_activation(activation)
    bound = gain(function) * math.sqrt(3 / width)
    values, product = torch.randn(50, width), 1.0
    for _ in range(20):
        values = function(values) @ torch.empty(width, width).uniform_(-bound, bound).T
        power = values.square().mean()
        if renewed:
            values, product = values / power.sqrt(), product * power.item()
    return product if renewed else values.square().mean().item()


@pytest.mark.parametrize("activation", KEEPING, ids=repr)
def test_he_keeps_the_signal_through_twenty_layers(activation: Activation) -> None:
    assert 0.5 < growths(activation, renewed=True) < 2
    if not isinstance(activation, GELU | SiLU):  # theirs is an unstable balance: what is large grows
        assert 0.5 < growths(activation, renewed=False) < 2


def test_describing_a_gain_of_a_network_without_memory_costs_none() -> None:
    with torch.device("meta"):
        assert gain(nn.GELU()) == pytest.approx(1.5335, abs=1e-3)
