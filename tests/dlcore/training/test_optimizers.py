"""Optimizers against their formulas in plain Python, over several steps."""

import math
import random
from collections.abc import Iterator

import pytest
import torch

from dlcore.choices.optimizers import OPTIMIZERS, Adam, Momentum, Optimizer, Sgd
from dlcore.training.optimizers import build_optimizer

STEPS = 8


def sgd(optimizer: Sgd, weight: float, gradients: list[float]) -> Iterator[float]:
    for gradient in gradients:
        weight -= optimizer.lr * gradient
        yield weight


def momentum(optimizer: Momentum, weight: float, gradients: list[float]) -> Iterator[float]:
    """v ← μ v + g, w ← w − lr v (Polyak, 1964), v starting at the first gradient."""
    velocity = 0.0
    for gradient in gradients:
        velocity = optimizer.momentum * velocity + gradient
        weight -= optimizer.lr * velocity
        yield weight


def adam(optimizer: Adam, weight: float, gradients: list[float]) -> Iterator[float]:
    """Algorithm 1 of Kingma and Ba (2015)."""
    mean = square = 0.0
    for step, gradient in enumerate(gradients, 1):
        mean = optimizer.beta1 * mean + (1 - optimizer.beta1) * gradient
        square = optimizer.beta2 * square + (1 - optimizer.beta2) * gradient**2
        mean_hat = mean / (1 - optimizer.beta1**step)
        square_hat = square / (1 - optimizer.beta2**step)
        weight -= optimizer.lr * mean_hat / (math.sqrt(square_hat) + optimizer.eps)
        yield weight


def by_hand(optimizer: Optimizer, weight: float, gradients: list[float]) -> list[float]:
    match optimizer:
        case Sgd():
            return list(sgd(optimizer, weight, gradients))
        case Momentum():
            return list(momentum(optimizer, weight, gradients))
        case Adam():
            return list(adam(optimizer, weight, gradients))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(
    "optimizer",
    [
        *(kind() for kind in OPTIMIZERS),
        Sgd(lr=1.5),
        Momentum(lr=0.3, momentum=0.0),
        Momentum(lr=0.3, momentum=0.5),
        Adam(lr=0.1, beta1=0.5, beta2=0.9, eps=0.1),
        Adam(lr=0.1, beta1=0.0, beta2=0.0),
    ],
    ids=str,
)
def test_every_step_is_the_formula(optimizer: Optimizer, dtype: torch.dtype) -> None:
    chance = random.Random(1)
    starts = [chance.gauss(0, 1) for _ in range(3)]
    gradients = [[chance.gauss(0, 1) for _ in starts] for _ in range(STEPS)]
    weights = torch.nn.Parameter(torch.tensor(starts, dtype=dtype))
    built = build_optimizer(optimizer, [weights])
    found = []
    for row in gradients:
        weights.grad = torch.tensor(row, dtype=dtype)
        built.step()
        found.append(weights.tolist())
    wanted = [
        by_hand(optimizer, start, list(column))
        for start, column in zip(starts, zip(*gradients, strict=True), strict=True)
    ]
    tolerance = 1e-12 if dtype == torch.float64 else 2e-5
    for step in range(STEPS):
        assert found[step] == pytest.approx([column[step] for column in wanted], rel=tolerance, abs=tolerance)


@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_a_changed_learning_rate_counts_from_the_next_step(kind: type[Optimizer]) -> None:
    weight = torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))
    built = build_optimizer(kind(lr=0.1), [weight])
    weight.grad = torch.ones(1, dtype=torch.float64)
    built.step()
    first = -weight.item()
    assert first == pytest.approx(0.1, rel=1e-6)
    for group in built.param_groups:
        group["lr"] = 0.0
    built.step()
    assert -weight.item() == first
