"""What of a curve is drawn: the part inside the axes, and an end of the axis that a spike does not decide."""

import math

import pytest

from tui.drawing.traces import Trace, ceiling, cut, inside, placed


def falling(number: int = 200, start: float = 2.3) -> Trace:
    """A loss that comes down, with some noise."""
    return [(float(x), 0.1 + (start - 0.1) / (1 + x / 10) + 0.05 * (x % 3)) for x in range(number)]


def test_a_curve_ends_where_it_leaves_the_axis() -> None:
    line = [(0.0, 0.0), (10.0, 10.0), (20.0, 0.0)]
    assert cut(line, (5.0, 12.0)) == [(5.0, 5.0), (10.0, 10.0), (12.0, 8.0)]
    assert cut(line, (2.0, 4.0)) == [(2.0, 2.0), (4.0, 4.0)], "a line that only passes is drawn"
    assert cut(line[::-1], (2.0, 4.0)) == [(4.0, 4.0), (2.0, 2.0)]
    assert cut(line, (0.0, 20.0)) is line
    assert inside(line, (5.0, 12.0)) == [(10.0, 10.0)], "marks stand on points alone"


def test_gaps_are_not_crossed() -> None:
    line = [(0.0, 0.0), (10.0, math.nan), (20.0, 4.0), (30.0, 5.0)]
    assert cut(line, (15.0, 25.0)) == [(20.0, 4.0), (25.0, 4.5)]


def test_logarithms_know_no_zero() -> None:
    found = placed([(0, 1.0), (10, 100.0), (100, -1.0), (1000, None)], log_x=True, log_y=True)
    assert [x for x, _ in found] == [1, 2, 3]
    assert found[0][1] == 2
    assert all(math.isnan(y) for _, y in found[1:])


def test_a_usual_curve_keeps_its_whole_axis() -> None:
    assert ceiling([falling()]) is None
    assert ceiling([falling(), [(0.0, 2.3), (100.0, 0.3), (200.0, 0.25)]]) is None
    assert ceiling([]) is None
    assert ceiling([[(0.0, 1.0)] * 10 + [(11.0, 99.0)]]) is None, "too few to tell what is usual"


@pytest.mark.parametrize("where", [3, 100, 195])
def test_a_spike_does_not_decide(where: int) -> None:
    trace = falling()
    trace[where] = (trace[where][0], 48.0)
    top = ceiling([trace])
    assert top is not None
    assert 2.3 <= top < 3


def test_what_came_to_stay_is_no_spike() -> None:
    trace = [*falling(), *((200.0 + x, 30.0 + x) for x in range(20))]
    assert ceiling([trace]) is None


def test_a_run_that_diverged_does_not_flatten_the_others() -> None:
    diverged = [(float(x), 2.3 * 10**x) for x in range(12)]
    top = ceiling([falling(), falling(), diverged])
    assert top is not None
    assert top < 3
