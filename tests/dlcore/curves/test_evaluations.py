"""Evaluations of a long run: few are kept, and the best and the newest are right all the same."""

import random
from typing import Any

import pytest

from dlcore.curves.evaluations import Evaluations
from dlcore.events import Evaluated

CLASSES: dict[str, Any] = {"precision": (0.5, 1.0), "recall": (1.0, 0.5), "f1": (0.75, 0.75)}


def evaluated(step: int, accuracy: float | None, split: Any = "validation", **fields: Any) -> Evaluated:
    figures = {"epoch": step / 10, "loss": 1.0, "samples": 10, "duration": 0.1, **fields}
    return Evaluated(seq=step, step=step, split=split, accuracy=accuracy, **figures)


@pytest.mark.parametrize("cut", [None, 3000, 1234, 7, 0])
def test_the_best_and_the_newest_are_those_of_all(cut: int | None) -> None:
    chance = random.Random(5)
    told = [
        evaluated(step, chance.choice([None, *[step / 50_000 + chance.gauss(0, 0.02)] * 5]))
        for step in range(4000)
    ]
    few = Evaluations(64, with_classes=False)
    for one in told:
        few.add(one, "accuracy")
    if cut is not None:
        few.cut(cut)
        told = [one for one in told if one.step <= cut]
    assert few.best("validation") == max(
        (one for one in told if one.accuracy is not None),
        key=lambda one: (one.accuracy or 0, -one.step),
        default=None,
    )
    assert len(few.of("validation")) <= 65
    assert few.of("validation")[0] == told[0]
    if cut is None:
        assert few.newest() == told[-1]


def test_splits_that_take_turns_are_thinned_each_for_itself() -> None:
    few = Evaluations(8, with_classes=False)
    for number in range(1000):
        few.add(evaluated(number, 0.5, "test" if number % 2 else "validation"), "accuracy")
    assert 4 < len(few.of("validation")) <= 9
    assert 4 < len(few.of("test")) <= 9
    assert [one.seq for one in few.all()] == sorted(one.seq for one in few.all())
    newest = few.newest()
    assert newest is not None
    assert newest.step == 999
    assert few.best("test") == evaluated(1, 0.5, "test"), "the first of equals"


@pytest.mark.parametrize("whole", [False, True])
def test_figures_per_class_are_those_of_the_newest_alone_unless_all_are_wanted(whole: bool) -> None:
    some = Evaluations(64, with_classes=whole)
    for step in range(10):
        some.add(evaluated(step, step / 10, **CLASSES), "accuracy")
    assert [bool(one.f1) for one in some.of("validation")] == [whole] * 9 + [True]


def test_weights_of_an_earlier_step_are_no_record() -> None:
    some = Evaluations(64, with_classes=False)
    some.add(evaluated(1, 0.5), "accuracy")
    some.add(evaluated(2, 0.75, weights=1), "accuracy")
    assert some.best("validation") == evaluated(1, 0.5)
    assert some.best("test") is None
    assert some.of("test") == []
    assert Evaluations(4, with_classes=True).newest() is None
