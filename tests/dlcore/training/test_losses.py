"""Losses against their formulas, written out by hand."""

import math

import pytest
import torch

from dlcore.choices.losses import LOSSES, AutoLoss, CrossEntropy, Loss, MeanSquaredError
from dlcore.training.losses import build_loss, one_hot, terms

OUTPUTS = [[1.0, -2.0, 0.5], [0.0, 0.0, 0.0], [80.0, -80.0, 3.0]]
TARGETS = [2, 0, 0]


def cross_entropy() -> float:
    return sum(
        math.log(sum(math.exp(other) for other in row)) - row[target]
        for row, target in zip(OUTPUTS, TARGETS, strict=True)
    ) / len(OUTPUTS)


def mse() -> float:
    wanted = [[float(column == target) for column in range(3)] for target in TARGETS]
    squares = [
        (a - b) ** 2 for row, hot in zip(OUTPUTS, wanted, strict=True) for a, b in zip(row, hot, strict=True)
    ]
    return sum(squares) / len(squares)


@pytest.mark.parametrize(
    ("loss", "value"),
    [(AutoLoss(), cross_entropy()), (CrossEntropy(), cross_entropy()), (MeanSquaredError(), mse())],
)
def test_a_loss_is_its_formula(loss: Loss, value: float) -> None:
    found = build_loss(loss)(torch.tensor(OUTPUTS), torch.tensor(TARGETS))
    assert found.shape == ()
    assert float(found) == pytest.approx(value, rel=1e-6)


@pytest.mark.parametrize("kind", LOSSES)
def test_mean_times_terms_is_the_sum(kind: type[Loss]) -> None:
    loss = kind()
    outputs, targets = torch.tensor(OUTPUTS), torch.tensor(TARGETS)
    mean = build_loss(loss)
    total = sum(
        float(mean(outputs[i : i + 1], targets[i : i + 1])) * terms(loss, outputs[i : i + 1])
        for i in range(3)
    )
    assert float(mean(outputs, targets)) * terms(loss, outputs) == pytest.approx(total, rel=1e-6)


@pytest.mark.parametrize("kind", LOSSES)
def test_the_recorded_loss_does_not_depend_on_the_reduction(kind: type[Loss]) -> None:
    outputs, targets = torch.tensor(OUTPUTS), torch.tensor(TARGETS)
    found = [float(build_loss(kind(reduction=word))(outputs, targets)) for word in ("mean", "sum")]
    assert found[0] == found[1]


def test_the_gradient_of_cross_entropy_is_softmax_minus_one_hot() -> None:
    outputs = torch.tensor(OUTPUTS, requires_grad=True)
    build_loss(CrossEntropy())(outputs, torch.tensor(TARGETS)).backward()
    wanted = (outputs.detach().softmax(1) - one_hot(torch.tensor(TARGETS), 3)) / 3
    torch.testing.assert_close(outputs.grad, wanted)


def test_one_hot() -> None:
    assert one_hot(torch.tensor([1, 0]), 3).tolist() == [[0, 1, 0], [1, 0, 0]]
