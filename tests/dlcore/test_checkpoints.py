"""Which checkpoints stay, and which one is meant by a step."""

import pytest

from dlcore.checkpoints import nearest, prune, saved
from dlcore.files.private import private_folder
from dlcore.rundir import RunDir


def put(run: RunDir, steps: list[int], size: int = 100) -> None:
    private_folder(run.checkpoints)
    for step in steps:
        (run.checkpoints / f"{step}.pt").write_bytes(b"x" * size)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (0, 0),
        (19, 0),
        (20, 0),
        (21, 40),
        (40, 40),
        (69, 40),
        (70, 40),
        (71, 100),
        (10**9, 100),
    ],
)
def test_the_checkpoint_nearest_to_a_step_is_meant_and_of_two_the_earlier(wanted: int, found: int) -> None:
    assert nearest([0, 40, 100], wanted) == found


def test_before_the_first_it_is_the_first_and_without_any_none() -> None:
    assert nearest([40, 100], 7) == 40
    assert nearest([], 7) is None


def test_the_first_the_newest_and_the_best_stay_whatever_they_take(fresh_run: RunDir) -> None:
    put(fresh_run, list(range(0, 1000, 100)))
    prune(fresh_run, 10**6, best=300)
    assert len(saved(fresh_run)) == 10
    prune(fresh_run, 500, best=300)
    assert len(saved(fresh_run)) == 5
    assert {0, 300, 800, 900} < set(saved(fresh_run))
    prune(fresh_run, 1, best=300)
    assert list(saved(fresh_run)) == [0, 300, 800, 900]
    prune(fresh_run, 1)
    assert list(saved(fresh_run)) == [0, 800, 900]


def test_a_best_one_that_is_passed_goes_once_it_is_not_among_the_newest(fresh_run: RunDir) -> None:
    put(fresh_run, [0, 100, 200, 300])
    prune(fresh_run, 10**6, best=300, passed={0, 100, 200})
    assert list(saved(fresh_run)) == [0, 200, 300]
    put(fresh_run, [400])
    prune(fresh_run, 10**6, best=300, passed={200})
    assert list(saved(fresh_run)) == [0, 300, 400]


def test_there_are_never_very_many(fresh_run: RunDir) -> None:
    put(fresh_run, list(range(100)), size=1)
    prune(fresh_run, 10**6, best=31)
    left = list(saved(fresh_run))
    assert len(left) == 60
    assert {0, 31, 98, 99} < set(left)
