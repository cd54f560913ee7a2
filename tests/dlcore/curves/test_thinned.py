"""Lists that stay short: spread evenly over the run, and never without the first and the newest."""

from dataclasses import dataclass
from itertools import pairwise

import pytest

from dlcore.curves.thinned import Newest, Thinned


@dataclass(frozen=True)
class Item:
    step: int

    @property
    def seq(self) -> int:
        return self.step


def thinned(number: int, most: int = 8) -> Thinned[Item]:
    kept: Thinned[Item] = Thinned(most)
    for step in range(number):
        kept.add(Item(step))
    return kept


@pytest.mark.parametrize("number", range(200))
def test_the_first_and_the_newest_stay_and_the_rest_is_even(number: int) -> None:
    steps = [item.step for item in thinned(number)]
    assert len(steps) <= 9
    assert steps[:1] == list(range(number))[:1]
    assert steps[-1:] == list(range(number))[-1:]
    distances = [after - before for before, after in pairwise(steps)]
    assert len(set(distances[:-1])) <= 1
    assert not distances or distances[-1] <= distances[0]


def test_few_are_all_there() -> None:
    assert thinned(8) == [Item(step) for step in range(8)]


@pytest.mark.parametrize("step", range(-1, 101, 7))
def test_after_a_cut_it_goes_on_as_before(step: int) -> None:
    kept = thinned(100)
    every = kept[1].step
    kept.cut(step)
    assert [item.step for item in kept] == [one for one in range(0, 100, every) if one <= step] or step >= 99
    for later in range(step + 1, 400):
        kept.add(Item(later))
    assert len(kept) <= 9
    assert kept[-1] == Item(399)


def test_the_newest_alone() -> None:
    kept: Newest[Item] = Newest(10)
    for step in range(1000):
        kept.add(Item(step))
        assert kept[-1] == Item(step)
        assert len(kept) <= 10
    assert kept.added == 1000
    assert [item.step for item in kept] == list(range(1000))[-len(kept) :]
