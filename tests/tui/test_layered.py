import pytest
from textual.content import Content

from tui.widgets.panes.layered import Choice, in_sight, listed


def test_a_choice_goes_from_layer_to_layer_and_back_to_none() -> None:
    choice = Choice()
    assert choice.within(3) is None
    assert choice.move(1, 3)
    assert choice.within(3) == 0
    assert choice.move(5, 3)
    assert choice.within(3) == 2
    assert not choice.move(1, 3), "there is no further one"
    assert choice.within(2) == 1, "of a network with fewer layers, the last"
    for _ in range(3):
        assert choice.move(-1, 3)
    assert choice.within(3) is None
    assert not choice.move(-1, 3)
    assert not choice.move(1, 0)


def test_a_choice_that_must_be_made_stays_with_the_first() -> None:
    choice = Choice(0)
    assert not choice.move(-1, 3)
    assert choice.within(3) == 0
    assert choice.within(0) is None


@pytest.mark.parametrize("chosen", [None, 0, 5, 17, 29])
@pytest.mark.parametrize("room", [1, 2, 3, 7, 10, 30, 40])
def test_the_rows_fit_and_the_chosen_one_is_among_them(room: int, chosen: int | None) -> None:
    shown = [row for rows in in_sight(30, room, chosen) for row in rows]
    assert shown == sorted(set(shown))
    lines = [line.plain for line in listed(30, room, chosen, lambda row: Content(f"fc{row}"))]
    assert len(lines) <= room
    assert [line for line in lines if line.startswith("fc")] == [f"fc{row}" for row in shown]
    hidden = sum(int(line.split()[1]) for line in lines if line.startswith("⋮"))
    assert room < 3 or hidden == 30 - len(shown)
    assert chosen is None or chosen in shown
    if room >= 30:
        assert shown == list(range(30))
