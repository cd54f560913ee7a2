"""Losses and their gradients against formulas written out in plain Python, in double precision."""

import math
import random
from collections.abc import Callable, Sequence

import pytest
import torch

from dlcore.choices.losses import (
    LOSSES,
    AutoLoss,
    BinaryCrossEntropy,
    CrossEntropy,
    Hinge,
    Huber,
    Loss,
    MeanAbsoluteError,
    MeanSquaredError,
)
from dlcore.errors import DltuiError
from dlcore.training.losses import build_loss, encoded, terms

Rows = list[list[float]]
Formula = Callable[[Rows, Rows], tuple[list[float], Rows]]
"""Outputs and targets, one row a sample, to the terms of the sum and the gradient of the sum."""
BUILT = [kind for kind in LOSSES if kind is not AutoLoss]


# -- the formulas -------------------------------------------------------------------------------------


def softmax(row: Sequence[float]) -> list[float]:
    top = max(row)
    powers = [math.exp(value - top) for value in row]
    return [power / sum(powers) for power in powers]


def cross_entropy(smoothing: float) -> Formula:
    """−Σ t log p with t = (1 − s) · one-hot + s / classes; its gradient is p − t."""

    def formula(outputs: Rows, targets: Rows) -> tuple[list[float], Rows]:
        losses, slopes = [], []
        for row, hot in zip(outputs, targets, strict=True):
            top = max(row)
            log_sum = top + math.log(sum(math.exp(value - top) for value in row))
            wanted = [(1 - smoothing) * one + smoothing / len(row) for one in hot]
            losses.append(sum(t * (log_sum - value) for t, value in zip(wanted, row, strict=True)))
            slopes.append([p - t for p, t in zip(softmax(row), wanted, strict=True)])
        return losses, slopes

    return formula


def each(loss: Callable[[float, float], float], slope: Callable[[float, float], float]) -> Formula:
    """A loss that looks at every output by itself."""

    def formula(outputs: Rows, targets: Rows) -> tuple[list[float], Rows]:
        pairs = [list(zip(row, wanted, strict=True)) for row, wanted in zip(outputs, targets, strict=True)]
        return (
            [loss(value, wanted) for row in pairs for value, wanted in row],
            [[slope(value, wanted) for value, wanted in row] for row in pairs],
        )

    return formula


def sigmoid(value: float) -> float:
    return 1 / (1 + math.exp(-value)) if value > 0 else math.exp(value) / (1 + math.exp(value))


def binary(value: float, wanted: float) -> float:
    """−t log σ(z) − (1 − t) log(1 − σ(z)), with −log σ(z) = log(1 + e^−z)."""
    unsure = math.log1p(math.exp(-abs(value)))
    return unsure + max(0.0, -value) if wanted else unsure + max(0.0, value)


def hinge_of_two(outputs: Rows, targets: Rows) -> tuple[list[float], Rows]:
    """Vapnik's max(0, 1 − y f), y = ±1."""
    losses, slopes = [], []
    for (value,), (wanted,) in zip(outputs, targets, strict=True):
        sign = 1 if wanted else -1
        losses.append(max(0.0, 1 - sign * value))
        slopes.append([-float(sign) if sign * value < 1 else 0.0])
    return losses, slopes


def hinge_of_many(outputs: Rows, targets: Rows) -> tuple[list[float], Rows]:
    """Weston and Watkins' Σ max(0, 1 − f_true + f_other) over the others, by the number of classes."""
    losses, slopes = [], []
    for row, hot in zip(outputs, targets, strict=True):
        true = hot.index(1.0)
        short = {
            other: 1 - row[true] + value
            for other, value in enumerate(row)
            if other != true and 1 - row[true] + value > 0
        }
        losses.append(sum(short.values()) / len(row))
        slopes.append([float(index in short) / len(row) for index in range(len(row))])
        slopes[-1][true] = -len(short) / len(row)
    return losses, slopes


def sign(value: float) -> float:
    return float((value > 0) - (value < 0))


def huber(delta: float) -> Formula:
    def loss(value: float, wanted: float) -> float:
        gap = abs(value - wanted)
        return gap**2 / 2 if gap <= delta else delta * (gap - delta / 2)

    return each(loss, lambda value, wanted: max(-delta, min(delta, value - wanted)))


SQUARED = each(lambda value, wanted: (value - wanted) ** 2, lambda value, wanted: 2 * (value - wanted))
ABSOLUTE = each(lambda value, wanted: abs(value - wanted), lambda value, wanted: sign(value - wanted))
BINARY = each(binary, lambda value, wanted: sigmoid(value) - wanted)

CASES: list[tuple[Loss, Formula, str, int]] = [
    (CrossEntropy(), cross_entropy(0.0), "classes", 4),
    (CrossEntropy(label_smoothing=0.1), cross_entropy(0.1), "classes", 4),
    (CrossEntropy(label_smoothing=0.9), cross_entropy(0.9), "classes", 2),
    (BinaryCrossEntropy(), BINARY, "classes", 1),
    (BinaryCrossEntropy(), BINARY, "classes", 5),
    (Hinge(), hinge_of_two, "classes", 1),
    (Hinge(), hinge_of_many, "classes", 5),
    (Hinge(), hinge_of_many, "classes", 2),
    (MeanSquaredError(), SQUARED, "classes", 3),
    (MeanSquaredError(), SQUARED, "numbers", 1),
    (MeanSquaredError(), SQUARED, "numbers", 3),
    (MeanAbsoluteError(), ABSOLUTE, "numbers", 1),
    (MeanAbsoluteError(), ABSOLUTE, "numbers", 3),
    (Huber(), huber(1.0), "numbers", 3),
    (Huber(delta=0.3), huber(0.3), "numbers", 1),
    (Huber(delta=4.0), huber(4.0), "numbers", 2),
]
IDS = [f"{loss.kind}-{sort}-{units}-{index}" for index, (loss, _, sort, units) in enumerate(CASES)]


def drawn(sort: str, units: int, batch: int, seed: int, scale: float = 2.0) -> tuple[torch.Tensor, ...]:
    """Outputs (batch, units), targets as the loop has them, and targets as rows."""
    chance = random.Random(seed)
    outputs = torch.tensor([[chance.gauss(0, scale) for _ in range(units)] for _ in range(batch)])
    if sort == "numbers":
        numbers = torch.tensor([[chance.gauss(0, scale) for _ in range(units)] for _ in range(batch)])
        return outputs, numbers, numbers
    labels = [chance.randrange(max(units, 2)) for _ in range(batch)]
    hot = [[float(label)] if units == 1 else [float(label == k) for k in range(units)] for label in labels]
    return outputs, torch.tensor(labels), torch.tensor(hot)


@pytest.mark.parametrize("batch", [1, 3, 17])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize(("loss", "formula", "sort", "units"), CASES, ids=IDS)
def test_value_and_gradient_are_the_formula(
    loss: Loss, formula: Formula, sort: str, units: int, reduction: str, batch: int
) -> None:
    outputs, targets, wanted = drawn(sort, units, batch, seed=7 * batch + units)
    parts, slopes = formula(outputs.double().tolist(), wanted.double().tolist())
    share = 1 if reduction == "sum" else 1 / len(parts)

    outputs.requires_grad_()
    found = build_loss(loss)(outputs, targets)
    assert terms(loss, outputs) == len(parts)
    if reduction == "sum":
        found = found * terms(loss, outputs)
    found.backward()
    assert found.shape == ()
    assert found.item() == pytest.approx(sum(parts) * share, rel=1e-5)
    assert outputs.grad is not None
    gradient = torch.tensor(slopes, dtype=torch.float64) * share
    torch.testing.assert_close(outputs.grad.double(), gradient, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(("loss", "formula", "sort", "units"), CASES, ids=IDS)
def test_the_mean_of_batches_weighted_by_their_terms_is_the_mean_of_all(
    loss: Loss, formula: Formula, sort: str, units: int
) -> None:
    outputs, targets, _ = drawn(sort, units, 10, seed=3)
    mean = build_loss(loss)
    total = sum(
        float(mean(outputs[part], targets[part])) * terms(loss, outputs[part])
        for part in (slice(0, 4), slice(4, 9), slice(9, 10))
    )
    assert float(mean(outputs, targets)) * terms(loss, outputs) == pytest.approx(total, rel=1e-5)


# -- the edges ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("loss", "formula", "sort", "units"), CASES, ids=IDS)
def test_outputs_of_ten_thousand_stay_finite(loss: Loss, formula: Formula, sort: str, units: int) -> None:
    outputs, targets, wanted = drawn(sort, units, 8, seed=11)
    outputs = 1e4 * outputs.sign()
    parts, slopes = formula(outputs.double().tolist(), wanted.double().tolist())
    outputs.requires_grad_()
    found = build_loss(loss)(outputs, targets)
    found.backward()
    assert found.item() == pytest.approx(sum(parts) / len(parts), rel=1e-5)
    assert outputs.grad is not None
    gradient = torch.tensor(slopes, dtype=torch.float64) / len(parts)
    torch.testing.assert_close(outputs.grad.double(), gradient, rtol=1e-5, atol=1e-7)


def test_a_prediction_that_is_sure_and_right_costs_nothing() -> None:
    outputs, targets = torch.tensor([[1e4, -1e4], [-1e4, 1e4]]), torch.tensor([0, 1])
    for loss in (CrossEntropy(), BinaryCrossEntropy(), Hinge()):
        assert build_loss(loss)(outputs, targets).item() == 0.0


def test_where_two_classes_have_one_output_the_loss_is_that_of_two() -> None:
    outputs, targets, _ = drawn("classes", 1, 20, seed=5)
    both = torch.cat((torch.zeros_like(outputs), outputs), 1)
    one = build_loss(BinaryCrossEntropy())(outputs, targets)
    assert one.item() == pytest.approx(build_loss(CrossEntropy())(both, targets).item(), rel=1e-6)


def test_huber_meets_its_straight_line_and_lies_between_its_neighbours() -> None:
    loss = build_loss(Huber(delta=1.0))
    zero = torch.zeros(1, 1)
    assert loss(torch.ones(1, 1), zero).item() == 0.5
    assert loss(torch.full((1, 1), 1 + 1e-4), zero).item() == pytest.approx(0.5 + 1e-4, rel=1e-6)
    assert loss(torch.full((1, 1), 3.0), zero).item() == 2.5


def test_the_absolute_error_pulls_nowhere_where_it_is_met() -> None:
    outputs = torch.tensor([[1.0], [2.0]], requires_grad=True)
    build_loss(MeanAbsoluteError())(outputs, torch.tensor([[1.0], [0.0]])).backward()
    assert outputs.grad is not None
    assert outputs.grad.tolist() == [[0.0], [0.5]]


# -- shapes -------------------------------------------------------------------------------------------

SHAPES: list[tuple[Loss, torch.Tensor, torch.Tensor]] = [
    *((kind(), torch.zeros(4, 3), torch.tensor([0, 1])) for kind in BUILT),
    *((kind(), torch.zeros(4, 3), torch.tensor([2])) for kind in BUILT),
    *((kind(), torch.zeros(1, 3), torch.tensor([0, 1, 2, 0])) for kind in BUILT),
    (BinaryCrossEntropy(), torch.zeros(4, 1), torch.tensor([1])),
    (Hinge(), torch.zeros(4, 1), torch.tensor([1])),
    (Hinge(), torch.zeros(1, 1), torch.tensor([1, 0])),
    *(
        (kind(), torch.zeros(4, 3), torch.zeros(shape))
        for kind in (MeanSquaredError, MeanAbsoluteError, Huber)
        for shape in [(4, 1), (1, 3), (3,), (4,), (), (4, 3, 1)]
    ),
    *((kind(), torch.zeros(4, 1), torch.zeros(4)) for kind in (MeanSquaredError, MeanAbsoluteError, Huber)),
]


@pytest.mark.parametrize(("loss", "outputs", "targets"), SHAPES)
def test_targets_of_another_shape_raise(loss: Loss, outputs: torch.Tensor, targets: torch.Tensor) -> None:
    with pytest.raises((DltuiError, ValueError, RuntimeError)):
        build_loss(loss)(outputs, targets)


def test_what_does_not_fit_is_named() -> None:
    with pytest.raises(DltuiError) as caught:
        encoded(torch.zeros(4), torch.zeros(4, 1))
    assert caught.value.message == "the network gives 4×1 outputs for a batch whose targets are 4"
    assert caught.value.hint


def test_how_targets_are_encoded() -> None:
    assert encoded(torch.tensor([1, 0]), torch.zeros(2, 3)).tolist() == [[0, 1, 0], [1, 0, 0]]
    assert encoded(torch.tensor([1, 0]), torch.zeros(2, 2)).tolist() == [[0, 1], [1, 0]]
    assert encoded(torch.tensor([1, 0]), torch.zeros(2, 1)).tolist() == [[1], [0]]
    numbers = torch.tensor([[1.5, 2.5]])
    assert encoded(numbers, torch.zeros(1, 2)) is numbers


# -- what is recorded ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", BUILT)
def test_the_recorded_loss_does_not_depend_on_the_reduction(kind: type[Loss]) -> None:
    outputs, targets, _ = drawn("classes", 3, 6, seed=2)
    found = [float(build_loss(kind(reduction=word))(outputs, targets)) for word in ("mean", "sum")]
    assert found[0] == found[1]
