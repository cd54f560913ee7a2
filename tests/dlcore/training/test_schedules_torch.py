"""Schedules against torch's own, where torch has the same."""

from collections.abc import Callable

import pytest
import torch
from torch.optim import SGD
from torch.optim.lr_scheduler import (
    ConstantLR,
    CosineAnnealingLR,
    ExponentialLR,
    LinearLR,
    LRScheduler,
    MultiStepLR,
    OneCycleLR,
    SequentialLR,
)

from dlcore.choices.schedules import Constant, Cosine, Exponential, OneCycle, Piecewise, Schedule, lr_at

LR = 0.3


def torchs(make: Callable[[SGD], LRScheduler], steps: int) -> list[float]:
    """The learning rates of all steps of a run with a scheduler of torch."""
    optimizer = SGD([torch.zeros(1, requires_grad=True)], lr=LR)
    scheduler = make(optimizer)
    found: list[float] = []
    for step in range(steps):
        found.append(float(optimizer.param_groups[0]["lr"]))
        optimizer.step()
        if step + 1 < steps:
            scheduler.step()
    return found


def ours(schedule: Schedule, steps: int) -> list[float]:
    return [lr_at(schedule, LR, step, steps) for step in range(steps)]


@pytest.mark.parametrize(("gamma", "steps"), [(0.1, 100), (0.5, 1), (1.0, 7), (0.9, 3)])
def test_exponential(gamma: float, steps: int) -> None:
    expected = torchs(lambda optimizer: ExponentialLR(optimizer, gamma ** (1 / steps)), 200)
    assert ours(Exponential(gamma=gamma, steps=steps), 200) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("boundaries", [(50, 120), (1, 2), (199, 300), (80,)])
def test_piecewise(boundaries: tuple[int, ...]) -> None:
    expected = torchs(lambda optimizer: MultiStepLR(optimizer, list(boundaries), gamma=0.1), 200)
    schedule = Piecewise(boundaries=boundaries, factors=(0.1, 0.01)[: len(boundaries)])
    assert ours(schedule, 200) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("steps", [1, 2, 3, 4, 5, 7, 10, 99, 100, 1000])
@pytest.mark.parametrize("rise", [0.1, 0.25, 0.3, 0.45, 0.9])
@pytest.mark.parametrize(("start", "end"), [(25.0, 1e4), (1.0, 1.0), (10.0, 3.0)])
def test_one_cycle(steps: int, rise: float, start: float, end: float) -> None:
    if rise * steps == 1:  # its top is the first step, where torch divides by zero
        assert ours(OneCycle(rise=rise, start=start, end=end), steps)[0] == LR
        return
    expected = torchs(
        lambda optimizer: OneCycleLR(
            optimizer,
            max_lr=LR,
            total_steps=steps,
            pct_start=rise,
            anneal_strategy="cos",
            cycle_momentum=False,
            div_factor=start,
            final_div_factor=end,
        ),
        steps,
    )
    assert ours(OneCycle(rise=rise, start=start, end=end), steps) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("steps", [1, 2, 3, 10, 200])
@pytest.mark.parametrize("final", [0.0, 0.1, 1.0])
def test_cosine(steps: int, final: float) -> None:
    expected = torchs(lambda optimizer: CosineAnnealingLR(optimizer, steps, eta_min=final * LR), steps)
    assert ours(Cosine(final=final), steps) == pytest.approx(expected, rel=1e-9)


def _warmed(optimizer: SGD, after: LRScheduler, warmup: int) -> LRScheduler:
    line = LinearLR(optimizer, start_factor=1 / warmup, end_factor=1.0, total_iters=warmup - 1)
    return SequentialLR(optimizer, [line, after], [warmup])


@pytest.mark.parametrize("warmup", [2, 5, 50])
def test_a_warm_up_in_front_of_a_constant_rate(warmup: int) -> None:
    expected = torchs(
        lambda optimizer: _warmed(optimizer, ConstantLR(optimizer, factor=1.0, total_iters=1), warmup), 100
    )
    assert ours(Constant(warmup_steps=warmup), 100) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("warmup", [2, 5, 50])
def test_a_warm_up_in_front_of_a_falling_rate(warmup: int) -> None:
    expected = torchs(
        lambda optimizer: _warmed(optimizer, ExponentialLR(optimizer, 0.1 ** (1 / 20)), warmup), 100
    )
    assert ours(Exponential(gamma=0.1, steps=20, warmup_steps=warmup), 100) == pytest.approx(
        expected, rel=1e-9
    )
