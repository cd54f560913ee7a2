"""Histograms on an axis: what lies where, and nothing is lost."""

from array import array

import pytest

from dlcore.frames import Histogram
from tui.widgets.panes.binned import Axis, Binned, axis_for, bars, binned, ridge, shared_out


def histogram(edges: list[float], counts: list[int]) -> Histogram:
    return Histogram(array("f", edges), array("I", counts), 0.0, 1.0, 0)


def test_gradients_are_drawn_by_their_powers_of_ten() -> None:
    found = histogram([0.0, 1e-4, 1e-3, 1e-2], [5, 2, 3])
    assert found.total == 10
    one = binned("gradients", found)
    assert one.edges == pytest.approx([-4, -3, -2])
    assert (list(one.counts), one.zeros) == ([2, 3], 5)
    assert binned("weights", found) == Binned(found.edges, found.counts)
    odd = histogram([-1.0, 1.0], [7])  # of somebody else's making
    assert binned("gradients", odd) == Binned(odd.edges, odd.counts)


def test_few_values_are_drawn_in_few_bins() -> None:
    edges = [float(edge) for edge in range(65)]
    counts = [1 + place % 2 for place in range(64)]
    one = binned("weights", histogram(edges, counts))
    assert list(one.edges) == [0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44, 48, 52, 56, 60, 64]
    assert list(one.counts) == [6] * 16
    uneven = binned("weights", histogram(edges, [1] * 50 + [0] * 14))
    assert (uneven.edges[-2:], sum(uneven.counts)) == ([60.0, 64.0], 50)
    many = binned("weights", histogram(edges, [100 * count for count in counts]))
    assert len(many.counts) == 64


@pytest.mark.parametrize(
    ("reach", "limit"),
    [
        (0.013, 0.02),
        (0.2, 0.2),
        (0.21, 0.5),
        (0.9, 1.0),
        (4.0, 5.0),
        (70.0, 100.0),
        (3e-9, 5e-9),
        (2e30, 2e30),
    ],
)
def test_an_axis_of_values_is_round_and_has_zero_in_its_middle(reach: float, limit: float) -> None:
    for edges in ([-reach, 0.0], [0.0, reach], [-reach, reach]):
        axis = axis_for("weights", [Binned(edges, [100])])
        assert [axis.low, axis.high] == pytest.approx([-limit, limit])


def test_a_few_values_far_out_do_not_squeeze_the_rest() -> None:
    one = Binned([-1.0, 0.0, 1.0, 99.0, 100.0], [5000, 5000, 0, 3])
    axis = axis_for("weights", [one])
    assert axis == Axis(-1.0, 1.0)
    assert shared_out(one, axis, 4) == pytest.approx([2500, 2500, 2500, 2503])


def test_an_axis_of_gradients_has_whole_decades() -> None:
    axis = axis_for("gradients", [Binned([-7.5, -4.25], [10]), Binned([-3.9, -2.2], [10])])
    assert axis == Axis(-8, -2, is_log=True)
    assert axis_for("gradients", [Binned([-4.4, -4.2], [10])]) == Axis(-7, -4, is_log=True)
    assert axis_for("gradients", []) == Axis(-3, 0, is_log=True)
    assert axis_for("weights", []) == axis_for("weights", [Binned([0.0, 0.0], [0])]) == Axis(-1, 1)


def test_counts_are_shared_out_and_none_is_lost() -> None:
    one = Binned([-1.0, -0.4, 0.3, 1.0], [6, 7, 14])
    assert shared_out(one, Axis(-1, 1), 2) == pytest.approx([6 + 4, 3 + 14])
    for cells in (1, 2, 3, 7, 30, 61):
        for axis in (Axis(-1, 1), Axis(-0.2, 0.2), Axis(-50, 50), Axis(2, 3)):
            shares = shared_out(one, axis, cells)
            assert len(shares) == cells
            assert sum(shares) == pytest.approx(27)
    assert shared_out(one, Axis(2, 3), 3) == pytest.approx([27, 0, 0])
    assert sum(shared_out(Binned([0.0, 1e-30], [4]), Axis(-1, 1), 10)) == pytest.approx(4)


def test_bars_are_high_where_there_is_much_and_seen_where_there_is_little() -> None:
    assert bars([0, 1, 50, 100], 2) == ["   █", " ▁██"]
    assert bars([100, 25], 1) == ["█▂"]
    assert bars([0, 0], 2) == ["  ", "  "]
    assert bars([], 1) == [""]
    plain = bars([0, 1, 50, 100, 75], 2, ascii_only=True)
    assert plain == ["   #:", " .###"]
    assert ridge([0, 1, 50, 100]) == " ▁▅█"
    assert ridge([0, 1, 100], ascii_only=True).isascii()
    assert ridge([0.0]) == " "


def test_labels_fill_their_cells() -> None:
    assert Axis(-0.5, 0.5).labels(20) == "-0.5      0      0.5"
    assert Axis(-8, -2, is_log=True).labels(24) == "1e-8      1e-5      1e-2"
    assert Axis(-7, -2, is_log=True).labels(25) == "1e-7    1e-5         1e-2"
    assert Axis(-0.5, 0.5).labels(9) == "-0.5  0.5"
    for cells in range(1, 40):
        assert len(Axis(-0.00125, 0.00125).labels(cells)) == cells
