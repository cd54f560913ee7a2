"""The range test in-process: what it measures, that it leaves everything as it was, and how it is asked."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from dlcore.config import to_table
from dlcore.errors import DltuiError
from dlcore.lr_band import STEPS, SWEEPS, suggested
from dlcore.oneline import parse
from dlcore.training import inspect, lr_range
from dlcore.training import known as kept
from dlcore.training.lr_range import RangeTest, begun

SMALL = "digits mlp 16, n=300 b=32"
TIRED = """
from torch import nn

class Tired(nn.Module):
    def __init__(self, shape, outputs):
        super().__init__()
        self.layer = nn.Linear(64, outputs)
        self.taken = 0
    def forward(self, values):
        self.taken += 1
        if self.taken > 50:
            raise RuntimeError("enough")
        return self.layer(values.flatten(1))
"""


@pytest.fixture(autouse=True)
def _nothing_kept(home: Path) -> Iterator[None]:
    kept._sources.clear()
    yield
    kept._sources.clear()
    lr_range._leave()


def table(line: str) -> dict[str, Any]:
    return to_table(parse(line))


def state(test: RangeTest) -> list[torch.Tensor]:
    """All that a step changes: weights, buffers, and what the optimizer remembers."""
    tensors = [*test.step.network.state_dict().values(), *test.step.optimizer.tensors()]
    return [tensor.detach().clone() for tensor in tensors]


def to_the_end(ask: dict[str, Any]) -> None:
    while not inspect.answer(ask)["done"]:
        pass


def swept(line: str) -> RangeTest:
    test = begun(table(line))
    while not test.is_done:
        test.advance(10.0)
    return test


@pytest.mark.parametrize(
    "line", [f"{SMALL} adam norm=batch drop=.2", f"{SMALL} momentum", f"{SMALL} adagrad"]
)
def test_weights_and_all_that_the_optimizer_remembers_are_put_back(line: str) -> None:
    test = begun(table(line))
    before, lr = state(test), test.step.optimizer.lr
    while not test.is_done:
        test.advance(0.0)  # one step
        if len(test.courses) > 1 and len(test.courses[-1].losses) == 1:
            assert test.courses[-1].losses[0] == pytest.approx(test.courses[0].losses[0], rel=0.5)
    assert all(torch.equal(one, other) for one, other in zip(state(test), before, strict=True))
    assert test.step.optimizer.lr == lr
    assert test.step.optimizer.taken == 0
    assert len(test.courses) == SWEEPS


def test_leaving_off_in_the_middle_puts_everything_back_too() -> None:
    test = begun(table(f"{SMALL} adam"))
    before = state(test)
    for _ in range(5):
        test.advance(0.0)
    assert not all(torch.equal(one, other) for one, other in zip(state(test), before, strict=True))
    test.end()
    assert test.is_done
    assert all(torch.equal(one, other) for one, other in zip(state(test), before, strict=True))


def test_it_repeats_to_the_bit_whatever_comes_between() -> None:
    line = f"{SMALL} adam drop=.5"
    once = [course.losses for course in swept(line).courses]
    test = begun(table(line))
    torch.manual_seed(5)
    drawn = torch.rand(3)
    torch.manual_seed(5)
    while not test.is_done:
        state_before = torch.get_rng_state()
        test.advance(0.0)
        assert torch.equal(torch.get_rng_state(), state_before), "others draw on as if nothing had been"
    assert torch.equal(torch.rand(3), drawn)
    assert [course.losses for course in test.courses] == once


def test_the_sweeps_see_the_data_in_different_orders_from_the_runs_own_first_weights() -> None:
    test = swept(f"{SMALL} momentum")
    first, second, third = (course.losses for course in test.courses)
    assert first != second != third != first
    band = suggested(test.rates, [first, second, third]).band
    assert band is not None
    assert 0.001 < band.middle < 0.5


def test_the_configurations_own_step_is_taken() -> None:
    plain = swept(f"{SMALL} sgd").courses[0].losses
    clipped = swept(f"{SMALL} sgd clip=.001").courses[0].losses
    assert plain[0] == clipped[0]
    assert min(plain) < 1.0 < min(clipped), "bounded gradients hardly move the weights"


def test_a_blown_up_sweep_ends_early_and_a_short_last_batch_is_left_out() -> None:
    test = swept(f"{SMALL} sgd loss.reduction=sum")
    assert all(len(course.losses) < STEPS for course in test.courses)
    assert len(set(test.rates)) == STEPS
    sizes = {len(targets) for _, (_, targets) in zip(range(30), test._batches(0), strict=False)}
    assert sizes == {32}


def test_the_inspector_answers_in_slices_and_can_be_left() -> None:
    ask = {"ask": "lr_range", "config": table(f"{SMALL} adam")}
    first = inspect.answer({**ask, "begin": True})
    assert set(first) == {"rates", "sweeps", "done"}
    other = inspect.answer({"ask": "network", "config": table("digits mlp 5,")})
    assert other["parameters"] == 64 * 5 + 5 + 5 * 10 + 10
    answer = first
    while not answer["done"]:
        before, answer = answer, inspect.answer(ask)
        assert sum(map(len, answer["sweeps"])) >= sum(map(len, before["sweeps"]))
    assert sum(map(len, answer["sweeps"])) > 300
    assert len(answer["sweeps"]) == SWEEPS
    assert not lr_range._under_way, "nothing is kept of what is done"

    inspect.answer({**ask, "begin": True})
    assert inspect.answer({"ask": "lr_range", "end": True}) == {"done": True}
    assert not lr_range._under_way


def test_a_network_of_the_users_own_that_fails_on_the_way_is_let_go_of(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(TIRED)
    ask = {
        "ask": "lr_range",
        "config": table(f"digits n=300 b=32 model=custom model.target={tmp_path}/own.py:Tired"),
    }
    with pytest.raises(RuntimeError, match="enough"):
        to_the_end(ask)
    assert not lr_range._under_way


def test_data_that_are_not_here_are_told_and_not_fetched() -> None:
    with pytest.raises(DltuiError, match="mnist are not here yet"):
        lr_range.lr_range({"config": table("mnist mlp 8,"), "begin": True})
    assert not lr_range._under_way
