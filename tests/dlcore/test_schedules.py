"""Schedules against their closed forms."""

import itertools

import pytest

from dlcore.choices.schedules import Constant, Exponential, lr_at


@pytest.mark.parametrize("step", [0, 1, 999, 10**9])
def test_constant(step: int) -> None:
    assert lr_at(Constant(), 0.3, step) == 0.3


@pytest.mark.parametrize(
    ("schedule", "step", "lr"),
    [
        (Exponential(gamma=0.1, steps=1000), 0, 0.5),
        (Exponential(gamma=0.1, steps=1000), 1000, 0.05),
        (Exponential(gamma=0.1, steps=1000), 3000, 0.0005),
        (Exponential(gamma=0.25, steps=100), 50, 0.25),
        (Exponential(gamma=0.5, steps=1), 3, 0.0625),
        (Exponential(gamma=1.0, steps=7), 100, 0.5),
        (Exponential(gamma=0.1, steps=1), 10**6, 0.0),
    ],
)
def test_exponential_by_hand(schedule: Exponential, step: int, lr: float) -> None:
    assert lr_at(schedule, 0.5, step) == pytest.approx(lr, rel=1e-12)


def test_exponential_falls_by_the_same_factor_at_every_step() -> None:
    schedule = Exponential(gamma=0.2, steps=10)
    rates = [lr_at(schedule, 1.0, step) for step in range(30)]
    factors = [after / before for before, after in itertools.pairwise(rates)]
    assert factors == pytest.approx([0.2**0.1] * 29)
