"""Schedules against their closed forms and against numbers worked out by hand."""

import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlcore.choices.schedules import (
    SCHEDULES,
    BatchGrowth,
    Constant,
    Cosine,
    Exponential,
    OneCycle,
    Performance,
    Piecewise,
    Power,
    Schedule,
    batch_size_at,
    lr_at,
)

STEPS = 1000
"""Steps of a run, where it does not matter how many it has."""


def rates(schedule: Schedule, lr: float, steps: int) -> list[float]:
    """The learning rate of every step of a run."""
    return [lr_at(schedule, lr, step, steps) for step in range(steps)]


@pytest.mark.parametrize("schedule", [Constant(), BatchGrowth()])
@pytest.mark.parametrize("step", [0, 1, 999, 10**9])
def test_constant(schedule: Schedule, step: int) -> None:
    assert lr_at(schedule, 0.3, step, STEPS) == 0.3


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
    assert lr_at(schedule, 0.5, step, STEPS) == pytest.approx(lr, rel=1e-12)


def test_exponential_falls_by_the_same_factor_at_every_step() -> None:
    found = rates(Exponential(gamma=0.2, steps=10), 1.0, 30)
    factors = [after / before for before, after in itertools.pairwise(found)]
    assert factors == pytest.approx([0.2**0.1] * 29)


@pytest.mark.parametrize(
    ("schedule", "step", "lr"),
    [
        (Power(steps=100), 0, 0.6),
        (Power(steps=100), 100, 0.3),
        (Power(steps=100), 200, 0.2),
        (Power(steps=100), 300, 0.15),
        (Power(steps=100), 50, 0.4),
        (Power(steps=100, exponent=2), 100, 0.15),
        (Power(steps=100, exponent=0.5), 300, 0.3),
        (Power(steps=1, exponent=10), 10**12, 0.0),
    ],
)
def test_power_by_hand(schedule: Power, step: int, lr: float) -> None:
    assert lr_at(schedule, 0.6, step, STEPS) == pytest.approx(lr, rel=1e-12, abs=1e-100)


def test_piecewise_changes_at_its_boundaries_and_nowhere_else() -> None:
    schedule = Piecewise(boundaries=(3, 5, 6), factors=(0.5, 2.0, 0.125))
    assert rates(schedule, 0.8, 8) == [0.8, 0.8, 0.8, 0.4, 0.4, 1.6, 0.1, 0.1]


def test_factors_are_of_the_learning_rate_and_not_of_the_one_before() -> None:
    assert lr_at(Piecewise(), 1.0, 2000, STEPS) == 0.01


def test_piecewise_without_boundaries_is_constant() -> None:
    assert rates(Piecewise(boundaries=(), factors=()), 0.3, 4) == [0.3] * 4


@pytest.mark.parametrize(("reductions", "lr"), [(0, 0.8), (1, 0.4), (2, 0.2), (3, 0.1), (5000, 0.0)])
def test_performance_multiplies_once_for_each_reduction(reductions: int, lr: float) -> None:
    assert lr_at(Performance(factor=0.5), 0.8, 17, STEPS, reductions) == pytest.approx(lr)


def test_nothing_else_minds_reductions() -> None:
    for kind in SCHEDULES:
        if kind is not Performance:
            assert lr_at(kind(), 0.1, 17, STEPS, 3) == lr_at(kind(), 0.1, 17, STEPS)


def test_cosine_by_hand() -> None:
    found = rates(Cosine(), 0.8, 4)
    assert found == pytest.approx([0.8, 0.4 * (1 + math.sqrt(0.5)), 0.4, 0.4 * (1 - math.sqrt(0.5))])
    assert lr_at(Cosine(final=0.25), 0.8, 2, 4) == pytest.approx((0.8 + 0.2) / 2)
    assert lr_at(Cosine(final=0.25), 0.8, 4, 4) == pytest.approx(0.2)
    assert lr_at(Cosine(final=0.25), 0.8, 400, 4) == pytest.approx(0.2), "it does not rise again"
    assert rates(Cosine(final=1), 0.3, 5) == pytest.approx([0.3] * 5)


def test_one_cycle_by_hand() -> None:
    # The top lies at the step 0.5 · 10 − 1 = 4, the last step is 9.
    found = rates(OneCycle(rise=0.5, start=10, end=100), 1.0, 10)
    assert found[0] == pytest.approx(0.1)
    assert found[2] == pytest.approx((0.1 + 1) / 2)
    assert found[4] == 1
    assert found[9] == pytest.approx(0.001)
    assert found[:5] == sorted(found[:5])
    assert found[4:] == sorted(found[4:], reverse=True)


@pytest.mark.parametrize("rise", [5e-324, 1e-9, 0.3, 1 / 3, 0.5, 2 / 3, 0.999999, 1 - 2**-53])
@pytest.mark.parametrize("steps", [*range(1, 12), 100, 10**6])
def test_one_cycle_is_finite_and_within_its_bounds_however_short_the_run(rise: float, steps: int) -> None:
    schedule = OneCycle(rise=rise)
    few = range(steps + 2) if steps <= 100 else (0, 1, steps // 2, steps - 2, steps - 1, steps, steps + 1)
    for step in few:
        rate = lr_at(schedule, 1.0, step, steps)
        assert 1 / 25 / 1e4 * (1 - 1e-9) <= rate <= 1


@pytest.mark.parametrize(
    ("rise", "expected"),
    [
        # The top lies at rise · steps − 1, which is before the first step when it is below 0.
        (0.5, [[1e-3], [1.0, 1e-3], [0.1, None, 1e-3]]),
        (0.3, [[1e-3], [None, 1e-3], [None, None, 1e-3]]),
    ],
)
def test_runs_of_one_two_and_three_steps_end_where_a_cycle_ends(
    rise: float, expected: list[list[float | None]]
) -> None:
    for steps, wanted in enumerate(expected, 1):
        found = rates(OneCycle(rise=rise, start=10, end=100), 1.0, steps)
        for rate, known in zip(found, wanted, strict=True):
            assert known is None or rate == pytest.approx(known)


@pytest.mark.parametrize("kind", SCHEDULES, ids=[kind.word() for kind in SCHEDULES])
def test_a_warm_up_rises_in_a_straight_line_to_where_the_schedule_starts(kind: type[Schedule]) -> None:
    plain, warm = kind(), kind(warmup_steps=4)
    start = lr_at(plain, 0.8, 0, STEPS - 4)
    found = [lr_at(warm, 0.8, step, STEPS) for step in range(4)]
    assert found == pytest.approx([start / 4, start / 2, start * 3 / 4, start])


@pytest.mark.parametrize("kind", SCHEDULES, ids=[kind.word() for kind in SCHEDULES])
@pytest.mark.parametrize("step", [4, 5, 500, 999, 1003, 1004])
def test_behind_a_warm_up_the_schedule_has_the_steps_that_are_left(kind: type[Schedule], step: int) -> None:
    warm = lr_at(kind(warmup_steps=4), 0.8, step, STEPS)
    assert warm == lr_at(kind(), 0.8, step - 4, STEPS - 4)


@pytest.mark.parametrize("kind", SCHEDULES, ids=[kind.word() for kind in SCHEDULES])
def test_a_warm_up_may_be_longer_than_the_run(kind: type[Schedule]) -> None:
    found = rates(kind(warmup_steps=100), 1.0, 10)
    assert found == pytest.approx([found[0] * step for step in range(1, 11)])
    assert 0 < found[0] <= 0.01


@settings(max_examples=200, derandomize=True, deadline=None)
@given(
    lr=st.floats(0, 1e3, exclude_min=True),
    steps=st.integers(1, 10**6),
    share=st.floats(0, 1),
    warmup=st.integers(0, 10**6),
)
def test_no_schedule_goes_above_the_rate_or_below_nothing(
    lr: float, steps: int, share: float, warmup: int
) -> None:
    for kind in SCHEDULES:
        rate = lr_at(kind(warmup_steps=warmup), lr, round(share * steps), steps)
        assert 0 <= rate <= lr


@pytest.mark.parametrize(
    ("growth", "sizes"),
    [
        (BatchGrowth(factor=2, every=3), [10, 10, 10, 20, 20, 20, 40, 40, 40, 80]),
        (BatchGrowth(factor=3, every=1), [10, 30, 90, 270, 810, 1000, 1000]),
        (BatchGrowth(factor=3, every=1, most=100), [10, 30, 90, 100, 100]),
        (BatchGrowth(factor=3, every=2, most=5), [10, 10, 10, 10, 10]),
        (BatchGrowth(every=100), [10] * 20),
    ],
)
def test_a_batch_grows_by_hand(growth: BatchGrowth, sizes: list[int]) -> None:
    found = [batch_size_at(growth, 10, epoch, 1000) for epoch in range(1, len(sizes) + 1)]
    assert found == sizes


def test_a_batch_is_never_larger_than_the_training_split() -> None:
    assert batch_size_at(BatchGrowth(most=10**9), 64, 10**6, 999) == 999
    assert batch_size_at(BatchGrowth(most=10**9, factor=100, every=1), 64, 10**6, 10**9) == 10**9
    for schedule in (Constant(), BatchGrowth()):
        assert batch_size_at(schedule, 64, 1, 50) == 50
        assert batch_size_at(schedule, 50, 99, 50) == 50


def test_no_other_schedule_lets_the_batch_grow() -> None:
    for kind in SCHEDULES:
        if kind is not BatchGrowth:
            assert batch_size_at(kind(), 64, 100, 1000) == 64
