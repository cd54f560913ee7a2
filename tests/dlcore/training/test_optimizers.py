"""Optimizers against the update rules as published, in plain Python and double precision."""

import math
from collections import OrderedDict
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import pytest
import torch
from torch import nn

from dlcore.choices.optimizers import (
    OPTIMIZERS,
    Adadelta,
    Adagrad,
    Adam,
    AdamW,
    Momentum,
    Nesterov,
    Optimizer,
    RMSprop,
    Sgd,
)
from dlcore.errors import DltuiError
from dlcore.training import checkpoint
from dlcore.training.optimizers import Updater, build_optimizer
from tests.dlcore.trained import train
from tests.dlcore.training.prepared import prepared

STEPS = 12
CURVES = [[4.0, 1.0, 0.5], [1.0, 3.0, -0.2], [0.5, -0.2, 0.7]]
PULL = [1.0, -2.0, 0.3]
START = [1.5, 0.8, -2.0]
"""The loss is ½ wᵀ A w − bᵀ w, from this start."""

Weights = list[float]
Slope = Callable[[Weights], Weights]


def slope(weights: Weights) -> Weights:
    """A w − b."""
    return [
        sum(curve * weight for curve, weight in zip(row, weights, strict=True)) - pull
        for row, pull in zip(CURVES, PULL, strict=True)
    ]


# -- the update rules, one weight vector after the other ----------------------------------------------


def sgd(chosen: Sgd, slope: Slope) -> Iterator[Weights]:
    weights = START
    while True:
        weights = [w - chosen.lr * g for w, g in zip(weights, slope(weights), strict=True)]
        yield weights


def momentum(chosen: Momentum, slope: Slope) -> Iterator[Weights]:
    """Polyak's heavy ball: w' = w − lr g + μ (w − the w before)."""
    before, weights = START, START
    while True:
        new = [
            w - chosen.lr * g + chosen.momentum * (w - old)
            for w, g, old in zip(weights, slope(weights), before, strict=True)
        ]
        before, weights = weights, new
        yield weights


def nesterov(chosen: Nesterov, slope: Slope) -> Iterator[Weights]:
    """As Sutskever et al. (2013) have it: v' = μ v − lr g(θ + μ v), θ' = θ + v'.

    The weights that a network holds are the point that is looked at, θ + μ v.
    """
    place, speed = START, [0.0, 0.0, 0.0]
    while True:
        ahead = [p + chosen.momentum * v for p, v in zip(place, speed, strict=True)]
        speed = [chosen.momentum * v - chosen.lr * g for v, g in zip(speed, slope(ahead), strict=True)]
        place = [p + v for p, v in zip(place, speed, strict=True)]
        yield [p + chosen.momentum * v for p, v in zip(place, speed, strict=True)]


def adagrad(chosen: Adagrad, slope: Slope) -> Iterator[Weights]:
    weights, squares = START, [0.0, 0.0, 0.0]
    while True:
        gradients = slope(weights)
        squares = [s + g * g for s, g in zip(squares, gradients, strict=True)]
        weights = [
            w - chosen.lr * g / (math.sqrt(s) + chosen.eps)
            for w, g, s in zip(weights, gradients, squares, strict=True)
        ]
        yield weights


def adadelta(chosen: Adadelta, slope: Slope) -> Iterator[Weights]:
    """Zeiler's algorithm 1, its step times the learning rate."""
    weights, squares, moves = START, [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]
    while True:
        gradients = slope(weights)
        squares = [chosen.rho * s + (1 - chosen.rho) * g * g for s, g in zip(squares, gradients, strict=True)]
        steps = [
            -math.sqrt(m + chosen.eps) / math.sqrt(s + chosen.eps) * g
            for m, s, g in zip(moves, squares, gradients, strict=True)
        ]
        moves = [chosen.rho * m + (1 - chosen.rho) * d * d for m, d in zip(moves, steps, strict=True)]
        weights = [w + chosen.lr * d for w, d in zip(weights, steps, strict=True)]
        yield weights


def rmsprop(chosen: RMSprop, slope: Slope) -> Iterator[Weights]:
    """Hinton's lecture 6e, the divided gradient gathered by a momentum."""
    weights, squares, speed = START, [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]
    while True:
        gradients = slope(weights)
        keep = chosen.alpha
        squares = [keep * s + (1 - keep) * g * g for s, g in zip(squares, gradients, strict=True)]
        speed = [
            chosen.momentum * v + g / (math.sqrt(s) + chosen.eps)
            for v, g, s in zip(speed, gradients, squares, strict=True)
        ]
        weights = [w - chosen.lr * v for w, v in zip(weights, speed, strict=True)]
        yield weights


def adam(chosen: Adam | AdamW, slope: Slope) -> Iterator[Weights]:
    """Kingma and Ba's algorithm 1; with Loshchilov and Hutter's decay beside it for AdamW."""
    weights, means, squares = START, [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]
    decay = chosen.weight_decay if isinstance(chosen, AdamW) else 0.0
    step = 0
    while True:
        step += 1
        gradients = slope(weights)
        means = [chosen.beta1 * m + (1 - chosen.beta1) * g for m, g in zip(means, gradients, strict=True)]
        squares = [
            chosen.beta2 * s + (1 - chosen.beta2) * g * g for s, g in zip(squares, gradients, strict=True)
        ]
        weights = [
            w
            - chosen.lr
            * (m / (1 - chosen.beta1**step))
            / (math.sqrt(s / (1 - chosen.beta2**step)) + chosen.eps)
            - chosen.lr * decay * w
            for w, m, s in zip(weights, means, squares, strict=True)
        ]
        yield weights


def by_hand(chosen: Optimizer, steps: int = STEPS, slope: Slope = slope) -> list[Weights]:
    match chosen:
        case Sgd():
            rule = sgd(chosen, slope)
        case Momentum():
            rule = momentum(chosen, slope)
        case Nesterov():
            rule = nesterov(chosen, slope)
        case Adagrad():
            rule = adagrad(chosen, slope)
        case Adadelta():
            rule = adadelta(chosen, slope)
        case RMSprop():
            rule = rmsprop(chosen, slope)
        case Adam() | AdamW():
            rule = adam(chosen, slope)
    return list(islice(rule, steps))


# -- what is built ------------------------------------------------------------------------------------


class Point(nn.Module):
    """A network that is nothing but its weights."""

    def __init__(self, dtype: torch.dtype) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(START, dtype=dtype))

    def loss(self) -> torch.Tensor:
        curves = torch.tensor(CURVES, dtype=self.weight.dtype)
        pull = torch.tensor(PULL, dtype=self.weight.dtype)
        return self.weight @ curves @ self.weight / 2 - pull @ self.weight


def walked(chosen: Optimizer, dtype: torch.dtype, l2: float = 0.0) -> list[Weights]:
    point = Point(dtype)
    built = build_optimizer(chosen, point)
    found = []
    for _ in range(STEPS):
        built.zero_grad()
        (point.loss() + l2 * point.weight.square().sum()).backward()
        built.step()
        found.append(point.weight.tolist())
    return found


VARIANTS: list[Optimizer] = [
    *(kind() for kind in OPTIMIZERS),
    Sgd(lr=0.3),
    Momentum(lr=0.05, momentum=0.0),
    Momentum(lr=0.05, momentum=0.5),
    Nesterov(lr=0.05, momentum=0.99),
    Adagrad(lr=0.5, eps=0.1),
    Adadelta(lr=0.5, rho=0.5, eps=1e-2),
    Adadelta(rho=0.0),
    RMSprop(lr=0.05, alpha=0.5),
    RMSprop(lr=0.01, momentum=0.9),
    RMSprop(lr=0.01, alpha=0.9, momentum=0.5, eps=0.1),
    Adam(lr=0.1, beta1=0.5, beta2=0.9, eps=0.1),
    Adam(lr=0.1, beta1=0.0, beta2=0.0),
    AdamW(lr=0.1, weight_decay=0.0),
    AdamW(lr=0.1, beta1=0.8, beta2=0.9, eps=0.1, weight_decay=0.5),
]
VARIANT_IDS = [f"{index}-{chosen.kind}" for index, chosen in enumerate(VARIANTS)]


@pytest.mark.parametrize("chosen", VARIANTS, ids=VARIANT_IDS)
def test_every_step_is_the_rule_in_float32(chosen: Optimizer) -> None:
    for found, wanted in zip(walked(chosen, torch.float32), by_hand(chosen), strict=True):
        assert found == pytest.approx(wanted, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("chosen", VARIANTS, ids=VARIANT_IDS)
def test_every_step_is_the_rule_to_the_tenth_digit_of_what_it_moves(chosen: Optimizer) -> None:
    """In double, and compared without the start: small steps would hide behind large weights."""
    for found, wanted in zip(walked(chosen, torch.float64), by_hand(chosen), strict=True):
        moved = [value - start for value, start in zip(found, START, strict=True)]
        assert moved == pytest.approx(
            [value - start for value, start in zip(wanted, START, strict=True)], rel=1e-9, abs=1e-13
        )


def test_the_defaults_are_those_of_the_papers() -> None:
    found = {kind.word(): kind().model_dump(exclude={"kind", "lr_per_layer"}) for kind in OPTIMIZERS}
    assert found == {
        "sgd": {"lr": 0.1},
        "momentum": {"lr": 0.01, "momentum": 0.9},
        "nesterov": {"lr": 0.01, "momentum": 0.9},
        "adagrad": {"lr": 0.01, "eps": 1e-10},
        "adadelta": {"lr": 1.0, "rho": 0.9, "eps": 1e-6},
        "rmsprop": {"lr": 0.001, "alpha": 0.99, "momentum": 0.0, "eps": 1e-8},
        "adam": {"lr": 0.001, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8},
        "adamw": {"lr": 0.001, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weight_decay": 0.01},
    }


def test_the_decay_of_adamw_is_not_an_l2_penalty_on_adam() -> None:
    """The same λ in both places: λ/2 · w² has the gradient λ w, which Adam then divides."""
    decay = 0.3
    beside, inside = AdamW(lr=0.05, weight_decay=decay), Adam(lr=0.05)

    def with_penalty(weights: Weights) -> Weights:
        return [g + decay * w for g, w in zip(slope(weights), weights, strict=True)]

    penalized = walked(inside, torch.float32, l2=decay / 2)
    decayed = walked(beside, torch.float32)
    for found, wanted in zip(penalized, by_hand(inside, slope=with_penalty), strict=True):
        assert found == pytest.approx(wanted, rel=1e-5, abs=1e-6)
    for found, wanted in zip(decayed, by_hand(beside), strict=True):
        assert found == pytest.approx(wanted, rel=1e-5, abs=1e-6)
    # After the first step Adam has moved each weight by lr; AdamW by lr and by the decay.
    assert [abs(value - start) for value, start in zip(penalized[0], START, strict=True)] == pytest.approx(
        [0.05] * 3, rel=1e-4
    )
    assert max(abs(a - b) for a, b in zip(penalized[-1], decayed[-1], strict=True)) > 0.05


@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_a_changed_learning_rate_counts_from_the_next_step(kind: type[Optimizer]) -> None:
    point = Point(torch.float64)
    built = build_optimizer(kind(), point)
    point.loss().backward()
    built.step()
    first = point.weight.tolist()
    assert first != START
    built.lr = 0.0
    built.step()
    assert point.weight.tolist() == first


# -- rates of single layers ---------------------------------------------------------------------------


def network() -> nn.Sequential:
    return nn.Sequential(
        OrderedDict(
            fc1=nn.Linear(3, 4), fc1_norm=nn.BatchNorm1d(4), fc1_relu=nn.ReLU(), fc2=nn.Linear(4, 4),
            fc3=nn.Linear(4, 2, bias=False),
        )
    )  # fmt: skip


def moved(built: Updater, model: nn.Module) -> dict[str, float]:
    """How far a step against a gradient of ones takes each parameter."""
    before = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    built.step()
    distances = {}
    for name, parameter in model.named_parameters():
        (distances[name],) = {round(value, 4) for value in (before[name] - parameter).flatten().tolist()}
    return distances


def test_a_layer_with_a_rate_of_its_own_brings_its_bias_and_its_norm() -> None:
    model = network()
    built = build_optimizer(Sgd(lr=0.1, lr_per_layer={"fc3": 0.03, "fc1": 0.5}), model)
    wanted = {"fc1.weight": 0.5, "fc1.bias": 0.5, "fc1_norm.weight": 0.5, "fc1_norm.bias": 0.5}
    wanted |= {"fc2.weight": 0.1, "fc2.bias": 0.1, "fc3.weight": 0.03}
    assert moved(built, model) == pytest.approx(wanted)
    built.lr = 0.2  # twice the rate for all
    assert moved(built, model) == pytest.approx({name: 2 * value for name, value in wanted.items()})
    built.lr = 0.1
    assert moved(built, model) == pytest.approx(wanted)


@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_every_parameter_is_in_one_group_for_every_optimizer(kind: type[Optimizer]) -> None:
    model = network()
    for rates in ({}, {"fc2": 0.5}, {"fc1": 0.1, "fc2": 0.2, "fc3": 0.3}):
        built = build_optimizer(kind(lr_per_layer=rates), model)
        held = [id(parameter) for group in built.groups for parameter in group.parameters]
        assert sorted(held) == sorted(id(parameter) for parameter in model.parameters())
        shares = [rate / kind().lr for rate in rates.values()] or [1.0]
        assert [group.share for group in built.groups][-len(shares) :] == shares


def test_a_layer_that_does_not_exist_is_refused_with_the_nearest() -> None:
    with pytest.raises(DltuiError) as caught:
        build_optimizer(Sgd(lr_per_layer={"fc1": 0.1, "fv2": 0.1}), network())
    assert caught.value.message == "optimizer.lr_per_layer: the network has no layer 'fv2'"
    assert caught.value.hint == "Did you mean fc2? Known: fc1, fc2, fc3."
    with pytest.raises(DltuiError, match="no layer 'fc1_relu'"):
        build_optimizer(Sgd(lr_per_layer={"fc1_relu": 0.1}), network())


def test_a_layer_that_has_two_rates_is_refused() -> None:
    with pytest.raises(DltuiError, match="'fc1_norm' have a rate already"):
        build_optimizer(Sgd(lr_per_layer={"fc1": 0.1, "fc1_norm": 0.2}), network())


def test_the_schedule_of_a_run_scales_every_rate(home: Path) -> None:
    line = "iris mlp 4, sgd lr=.1 exponential gamma=.5 s=1 val=0 b=full e=2 loss.reduction=mean"
    trained = train(home, f"{line} 'optimizer.lr_per_layer={{fc1 = 0.4}}'")
    assert trained.status == 0
    assert list(trained.history.lr.values) == pytest.approx([0.1, 0.05])
    start = prepared(line)
    model = start.network()
    ((inputs, targets),) = start.data.batches(start.data.training, 1000)
    for fc1, fc2 in ((0.4, 0.1), (0.2, 0.05)):
        model.zero_grad()
        nn.functional.cross_entropy(model(inputs), targets).backward()
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                assert parameter.grad is not None
                parameter.sub_((fc1 if name.startswith("fc1") else fc2) * parameter.grad)
    after = checkpoint.load(trained.run, 2)["model"]
    for name, parameter in model.named_parameters():
        torch.testing.assert_close(after[name], parameter.detach(), rtol=1e-5, atol=1e-6)


def test_a_run_that_names_a_wrong_layer_fails_with_a_sentence(home: Path) -> None:
    trained = train(home, "iris mlp 4, sgd e=1 'optimizer.lr_per_layer={fc3 = 0.4}'")
    assert trained.status == 1
    assert trained.history.ended is not None
    assert trained.history.ended.message == "optimizer.lr_per_layer: the network has no layer 'fc3'"
