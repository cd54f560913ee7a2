"""A run whose batch or length changes on the way: the epochs that have begun stay as they are."""

import pytest

from dlcore.config import Plan, Stage, plan
from dlcore.oneline import parse
from dlcore.stages import begun, begun_by, continued, epoch_at, stages_of


def of(*stages: tuple[int, int, int]) -> Plan:
    return Plan(100, 10, 20, tuple(Stage(*one) for one in stages))


@pytest.mark.parametrize(
    ("step", "number", "stages"),
    [
        (0, 0, ()),
        (1, 1, ((1, 10, 10),)),
        (10, 1, ((1, 10, 10),)),
        (11, 2, ((2, 10, 10),)),
        (20, 2, ((2, 10, 10),)),
        (21, 3, ((2, 10, 10), (1, 20, 5))),
        (35, 5, ((2, 10, 10), (3, 20, 5))),
    ],
)
def test_an_epoch_has_begun_with_its_first_step(
    step: int, number: int, stages: tuple[tuple[int, int, int], ...]
) -> None:
    length = of((2, 10, 10), (3, 20, 5))
    assert begun_by(length, step) == number
    assert begun(length, step) == stages


def test_a_plan_goes_on_behind_the_epochs_that_have_begun() -> None:
    found = continued(((2, 10, 10),), of((5, 50, 2)))
    assert stages_of(found) == ((2, 10, 10), (3, 50, 2))
    assert found.steps == 26
    assert found.batch_size_in(2) == 10
    assert found.batch_size_in(3) == 50
    assert continued(((2, 10, 10),), of((5, 10, 10))) == of((5, 10, 10)), "neighbours of one size are one"
    assert continued((), of((5, 50, 2))) == of((5, 50, 2))
    assert stages_of(continued(((5, 10, 10),), of((5, 50, 2)))) == ((5, 10, 10),)


def test_a_growing_batch_keeps_its_epochs() -> None:
    grown = plan(parse("digits batch_growth schedule.every=2 b=16 e=6"))
    later = plan(parse("digits batch_growth schedule.every=2 b=64 e=8"))
    found = continued(begun(grown, grown.steps_after(3)), later)
    sizes = [found.batch_size_in(epoch) for epoch in range(1, 9)]
    assert sizes == [16, 16, 32, 128, 256, 256, 512, 512]


@pytest.mark.parametrize(("step", "epoch"), [(0, 0.0), (5, 0.5), (20, 2.0), (25, 3.0), (40, 6.0)])
def test_epochs_are_counted_by_stages(step: int, epoch: float) -> None:
    assert epoch_at(((2, 10, 10), (3, 20, 5)), step) == epoch
