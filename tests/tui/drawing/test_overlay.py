"""Several runs in one chart."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from dlcore.files.atomic import read_json, write_json
from tests.tui.fakes import MOMENT, FakeRun
from tui.comparison import Comparison, compared
from tui.drawing.charts import View
from tui.drawing.overlay import chart, mean_and_range, overlay, value_at
from tui.drawing.run_marks import LOOKS, MOST_RUNS, RunMarks
from tui.drawing.scatter import Dot, scatter_chart

MakeRun = Callable[..., FakeRun]


@pytest.fixture
def compare(make_run: MakeRun) -> Callable[..., Comparison]:
    """Compare runs that have ended after some epochs, one a line."""

    def made(*lines: str, epochs: int = 2, group: str = "") -> Comparison:
        runs = []
        for number, line in enumerate(lines):
            run = make_run(line, moment=MOMENT + timedelta(seconds=number))
            runs.append(run.start().prepare().epochs(epochs + number).end().dir)
            if group:
                facts = read_json(runs[-1].facts) | {
                    "group": {"id": group, "kind": "seeds", "differs": ["seed"]}
                }
                write_json(runs[-1].facts, facts)
        comparison = compared(runs, RunMarks())
        while comparison.read():
            pass
        return comparison

    return made


def test_each_run_has_a_curve_in_its_own_look(compare: Callable[..., Comparison]) -> None:
    comparison = compare("digits lr=.1", "digits lr=.01", "digits lr=.001")
    made = chart(overlay(comparison, View()), "loss", trained=True)
    assert made.title == "training loss"
    looks = [(curve.role, curve.mark) for curve in made.curves]
    assert sorted(looks) == sorted((look.role, look.mark) for look in LOOKS[:3])
    assert looks[-1] == ("run-1", "●"), "the chosen one lies above the others"
    assert len({curve.shift for curve in made.curves}) == 3
    comparison.members[1].hidden = True
    hidden = chart(overlay(comparison, View()), "loss", trained=True)
    assert [curve.role for curve in hidden.curves] == ["run-3", "run-1"]
    assert hidden.x_limits == made.x_limits, "the axis stays"


def test_held_out_scores_are_those_of_the_evaluations(compare: Callable[..., Comparison]) -> None:
    comparison = compare("digits lr=.1", "digits lr=.01")
    made = chart(overlay(comparison, View()), "score", trained=False)
    assert made.title == "validation accuracy"
    assert made.percent
    assert made.y_limits == (0, 1)
    assert sorted(len(curve.points) for curve in made.curves) == [2, 3]


def test_runs_of_different_sorts_are_said_to_be(compare: Callable[..., Comparison]) -> None:
    made = chart(overlay(compare("digits", "diabetes"), View()), "score", trained=False)
    assert made.title == "validation score"
    assert not made.percent


@pytest.mark.parametrize("axis", ["step", "epoch", "time", "sample"])
def test_the_cursor_is_at_one_place_for_all(compare: Callable[..., Comparison], axis: Any) -> None:
    comparison = compare("digits b=64", "digits b=32")
    seen = overlay(comparison, View(axis=axis, cursor=21))
    one, other = comparison.members
    assert seen.step(one) == 21
    assert seen.step(other) == {"epoch": 41, "sample": 42}.get(axis, 21)
    assert overlay(comparison, View(axis=axis)).step(other) == other.history.step


def test_seeds_are_one_curve_with_the_range_that_they_span(compare: Callable[..., Comparison]) -> None:
    comparison = compare("digits seed=1", "digits seed=2", "digits seed=3", group="g")
    assert {member.number for member in comparison.members} == {0}
    made = chart(overlay(comparison, View()), "score", trained=False)
    assert [(curve.role, curve.mark) for curve in made.curves] == [("band-1", ""), ("run-1", "●")]
    assert len(made.curves[0].points) == 2 * len(made.curves[1].points)


def test_a_group_that_is_none_counts_as_a_run(compare: Callable[..., Comparison]) -> None:
    comparison = compare("digits seed=1", "digits seed=2")
    for member, group in zip(comparison.members, ([], {"kind": "seeds", "id": 7}), strict=True):
        write_json(member.feed.run.facts, read_json(member.feed.run.facts) | {"group": group})
    again = compared([member.feed.run for member in comparison.members], RunMarks())
    assert [member.number for member in again.members] == [0, 1]


def test_mean_and_range_are_at_the_same_places() -> None:
    lines = (((0.0, 0.0), (2.0, 2.0), (4.0, 4.0)), ((1.0, 3.0), (3.0, 3.0)), ((9.0, 9.0),), ((5.0, None),))
    mean, span = mean_and_range(lines, 100)
    assert mean == ((1.0, 2.0), (2.0, 2.5), (3.0, 3.0))
    assert span == ((1.0, 1.0), (1.0, 3.0), (2.0, 2.0), (2.0, 3.0), (3.0, 3.0), (3.0, 3.0))
    assert mean_and_range((), 10) == ((), ())
    long = tuple((float(x), 1.0) for x in range(1000))
    assert len(mean_and_range((long, long), 100)[0]) <= 100


def test_a_curve_at_a_place() -> None:
    points = ((1.0, 5.0), (2.0, None), (3.0, 7.0))
    assert [value_at(points, place) for place in (0.5, 1.0, 2.5, 3.0, None)] == [None, 5, 5, 7, 7]
    assert value_at((), None) is None


def test_as_many_runs_as_can_be_told_apart_and_each_once(make_run: MakeRun) -> None:
    runs = [make_run(moment=MOMENT + timedelta(seconds=number)).dir for number in range(MOST_RUNS + 2)]
    comparison = compared([runs[0], *runs], RunMarks())
    assert [member.feed.run for member in comparison.members] == runs[:MOST_RUNS]
    assert len({member.look.mark for member in comparison.members}) == MOST_RUNS
    assert comparison.left_out == 2


def test_the_runs_of_a_group_come_behind_each_other(make_run: MakeRun) -> None:
    runs = [make_run(f"digits seed={n}", moment=MOMENT + timedelta(seconds=n)).dir for n in range(4)]
    for run, name in zip(runs, "abab", strict=True):
        write_json(run.facts, read_json(run.facts) | {"group": {"id": name, "kind": "seeds"}})
    comparison = compared(runs, RunMarks())
    assert [runs.index(member.feed.run) for member in comparison.members] == [0, 2, 1, 3]
    assert [member.number for member in comparison.members] == [0, 0, 1, 1]


def dots(*values: Any) -> list[Dot]:
    return [Dot(value, str(value), 0.5 + index, LOOKS[index]) for index, value in enumerate(values)]


def test_numbers_are_scattered_on_an_axis_that_fits_them() -> None:
    made = scatter_chart("best score by optimizer.lr", dots(0.1, 0.01, 0.001), percent=False)
    assert made.log_x
    assert [curve.points for curve in made.curves] == [((0.1, 0.5),), ((0.01, 1.5),), ((0.001, 2.5),)]
    assert made.x_limits[0] < 0.001 < 0.1 < made.x_limits[1]
    assert not scatter_chart("", dots(1, 2, 3), percent=False).log_x
    assert scatter_chart("", [], percent=False).curves == ()


def test_words_are_scattered_side_by_side() -> None:
    made = scatter_chart("", dots("sgd", "adam", "sgd", "한글"), percent=False)
    assert [curve.points[0][0] for curve in made.curves] == [0, 1, 0, 2]
    assert [tick.label for tick in made.x_ticks] == ["sgd", "adam", "#3"]
    assert made.x_limits == (-0.5, 2.5)
