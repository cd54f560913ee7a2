from tui.drawing.plotting import ASCII_MARKS
from tui.drawing.run_marks import COLORS, LOOKS, MOST_RUNS, RunMarks


def test_looks_are_given_in_the_order_in_which_runs_come() -> None:
    marks = RunMarks()
    assert marks.assign(["a", "b", "a", "c"]) == {"a": 0, "b": 1, "c": 2}


def test_a_run_keeps_its_look_while_others_come_and_go() -> None:
    marks = RunMarks()
    marks.assign(["a", "b", "c"])
    assert marks.assign(["c", "d"]) == {"c": 2, "d": 3}
    assert marks.assign(["d", "b"]) == {"d": 3, "b": 1}


def test_when_all_colours_are_taken_those_that_nobody_asks_for_give_way() -> None:
    marks = RunMarks()
    first = [str(number) for number in range(len(COLORS))]
    marks.assign(first)
    found = marks.assign(["1", "new", "other", "7"])
    assert found == {"1": 1, "new": 0, "other": 2, "7": 7}
    assert marks.assign([*first, "more"])["1"] == 1


def test_behind_the_colours_come_letters_until_there_is_room() -> None:
    marks = RunMarks()
    many = [str(number) for number in range(MOST_RUNS)]
    assert marks.assign([*many, "more"]) == {name: number for number, name in enumerate(many)}
    assert marks.assign(many[4:12]) == {
        **{str(number): number for number in range(4, 8)},
        **{str(number): number - 8 for number in range(8, 12)},
    }, "eight runs have eight colours"
    again = marks.assign(many)
    assert sorted(again.values()) == list(range(MOST_RUNS))
    assert marks.assign(many) == again


def test_looks_differ_with_and_without_colour() -> None:
    assert len({look.mark for look in LOOKS}) == MOST_RUNS
    assert len({ASCII_MARKS.get(look.mark, look.mark).lower() for look in LOOKS}) == MOST_RUNS
    for part in range(5):
        assert len({look[part] for look in COLORS}) == len(COLORS)
    assert all(look[:2] + look[3:] in {one[:2] + one[3:] for one in COLORS} for look in LOOKS)
