"""Plateau and best: when the rate is reduced, which weights are kept, when it is time to stop."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from dlcore.training.progress import Best, Plateau


def reductions(losses: list[float], patience: int) -> list[int]:
    plateau = Plateau(patience)
    found = []
    for loss in losses:
        plateau.see(loss)
        found.append(plateau.reductions)
    return found


# -- the plateau --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("patience", "losses", "wanted"),
    [
        (1, [3.0, 2.0, 1.0], [0, 0, 0]),
        (1, [3.0, 3.0, 3.0, 2.0, 2.5], [0, 1, 2, 2, 3]),  # as low as before is no better
        (2, [3.0, 4.0, 2.9, 4.0, 4.0, 3.0, 4.0], [0, 0, 0, 0, 1, 1, 2]),  # better than the best, not the last
        (3, [1.0, 2.0, 2.0, 2.0, 0.5, 1.0, 1.0, 1.0], [0, 0, 0, 1, 1, 1, 1, 2]),
        (2, [math.nan, math.inf, 1.0, math.nan, math.nan], [0, 1, 1, 1, 2]),
    ],
)
def test_the_rate_is_reduced_once_per_patience(patience: int, losses: list[float], wanted: list[int]) -> None:
    assert reductions(losses, patience) == wanted


@given(st.lists(st.integers(0, 5), min_size=1), st.integers(1, 4))
def test_reductions_are_the_patiences_that_fit_between_two_bests(losses: list[int], patience: int) -> None:
    bests = [index for index, loss in enumerate(losses) if loss < min(losses[:index], default=9)]
    ends = [*bests[1:], len(losses)]
    wanted = sum((end - start - 1) // patience for start, end in zip(bests, ends, strict=True))
    assert reductions([float(loss) for loss in losses], patience)[-1] == wanted


# -- the best -----------------------------------------------------------------------------------------


def model_of(value: float) -> nn.Linear:
    model = nn.Linear(1, 1)
    set_to(model, value)
    return model


def set_to(model: nn.Linear, value: float) -> None:
    with torch.no_grad():
        model.weight.fill_(value)
        model.bias.fill_(-value)


def test_the_best_weights_are_copied_and_given_back() -> None:
    best, model = Best(2), model_of(0.0)
    for epoch, loss in enumerate([3.0, 1.0, 1.0, 2.0], 1):
        set_to(model, float(epoch))
        best.see(loss, 10 * epoch, float(epoch), model)
    assert model.weight.item() == 4.0
    assert best.taken_back(model, 40) == 20  # the first of two that are alike
    assert (model.weight.item(), model.bias.item()) == (2.0, -2.0)


def test_weights_that_are_the_best_are_not_taken_back() -> None:
    best, model = Best(2), model_of(1.0)
    assert best.taken_back(model, 0) is None  # nothing was seen
    best.see(math.nan, 10, 1.0, model)
    assert best.taken_back(model, 20) is None
    best.see(5.0, 30, 3.0, model)
    assert best.taken_back(model, 30) is None
    assert model.weight.item() == 1.0


@pytest.mark.parametrize(
    ("patience", "losses", "stop"),
    [
        (1, [3.0, 2.0, 1.0, 1.0, 0.5], 4),
        (2, [3.0, 2.0, 2.5, 1.9, 2.0, 2.0, 1.0], 6),
        (3, [1.0, 2.0, 2.0, 2.0], 4),
        (5, [1.0, 2.0, 2.0, 2.0], None),
        (1, [math.nan, math.nan], None),  # there is nothing to go back to
    ],
)
def test_it_is_time_to_stop_when_patience_epochs_brought_none_better(
    patience: int, losses: list[float], stop: int | None
) -> None:
    best, model = Best(patience), model_of(0.0)
    stops = []
    for epoch, loss in enumerate(losses, 1):
        best.see(loss, epoch, float(epoch), model)
        if best.has_waited_enough(epoch):
            stops.append(epoch)
    assert stops[:1] == ([stop] if stop else [])


def test_a_best_in_the_middle_of_an_epoch_waits_whole_epochs() -> None:
    best, model = Best(1), model_of(0.0)
    best.see(1.0, 15, 1.5, model)
    assert not best.has_waited_enough(2)
    assert best.has_waited_enough(3)


def test_what_it_says() -> None:
    best, model = Best(2), model_of(0.0)
    best.see(1.0, 30, 3.0, model)
    kept = "The weights of epoch 3 are kept, which had the lowest validation loss"
    assert best.message("validation") == kept
    assert best.has_waited_enough(5)
    assert best.message("validation") == f"Stopped early after epoch 5. {kept}"
