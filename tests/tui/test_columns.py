from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tui.widgets.columns import GAP, Column, fit
from tui.widgets.run_table import RunTable

COLUMNS = (
    Column("first", 0, 5),
    Column("second", 2, 6, most=20),
    Column("third", 1, 8, most=40),
    Column("last", 3, 10, most=30, spare=True),
)
LONGEST = (5, 20, 40, 30)


def widths(room: int, longest: tuple[int, ...] = LONGEST) -> dict[int, int]:
    return {place.column: place.width for place in fit(COLUMNS, longest, room)}


def test_with_room_for_all_every_column_is_as_wide_as_it_wants() -> None:
    assert widths(200) == {0: 5, 1: 20, 2: 40, 3: 30}


def test_a_column_is_never_wider_than_its_contents_want() -> None:
    assert widths(200, (5, 3, 9, 12)) == {0: 5, 1: 6, 2: 9, 3: 12}


def test_what_room_is_left_is_shared_by_those_that_are_cut() -> None:
    found = widths(5 + GAP + 15 + GAP + 30)
    assert found == {0: 5, 1: 15, 2: 30}, "both show three quarters of what they have"


def test_a_spare_column_takes_nothing_from_others() -> None:
    full = 5 + GAP + 20 + GAP + 40
    assert 3 not in widths(full + GAP + 9)
    assert widths(full + GAP + 12)[3] == 12


def test_the_highest_rank_goes_first() -> None:
    assert set(widths(5 + GAP + 6 + GAP + 8)) == {0, 1, 2}
    assert set(widths(5 + GAP + 6 + GAP + 7)) == {0, 2}
    assert set(widths(5 + GAP + 7)) == {0}
    assert widths(3) == {0: 3}
    assert widths(0) == {0: 0}


@given(st.integers(0, 300), st.tuples(*[st.integers(0, 100)] * len(RunTable.columns)))
def test_columns_never_overlap_and_never_leave_the_room(room: int, longest: tuple[int, ...]) -> None:
    places = fit(RunTable.columns, longest, room)
    assert places[0].x == 0
    for before, after in pairwise(places):
        assert after.x == before.x + before.width + GAP
    assert places[-1].x + places[-1].width <= room


def test_a_terminal_of_eighty_columns_shows_what_matters() -> None:
    shown = [RunTable.columns[place.column].title.strip() for place in fit(RunTable.columns, [40] * 8, 76)]
    assert shown == ["state", "best", "name", "age", "network"]
    wide = [RunTable.columns[place.column].title.strip() for place in fit(RunTable.columns, [40] * 8, 116)]
    assert wide == [*shown, "epochs", "steps"]
