from tui.run_marks import LOOKS, MOST_RUNS, RunMarks


def test_looks_are_given_in_the_order_in_which_runs_come() -> None:
    marks = RunMarks()
    assert marks.assign(["a", "b", "a", "c"]) == {"a": 0, "b": 1, "c": 2}


def test_a_run_keeps_its_look_while_others_come_and_go() -> None:
    marks = RunMarks()
    marks.assign(["a", "b", "c"])
    assert marks.assign(["c", "d"]) == {"c": 2, "d": 3}
    assert marks.assign(["d", "b"]) == {"d": 3, "b": 1}


def test_when_all_are_taken_those_that_nobody_asks_for_give_way() -> None:
    marks = RunMarks()
    first = [str(number) for number in range(MOST_RUNS)]
    marks.assign(first)
    found = marks.assign(["1", "new", "other", "7"])
    assert found == {"1": 1, "new": 0, "other": 2, "7": 7}
    assert marks.assign([*first, "more"])["1"] == 1
    assert len(marks.assign([*first, "more"])) == MOST_RUNS


def test_looks_differ_with_and_without_colour() -> None:
    for part in range(5):
        assert len({look[part] for look in LOOKS}) == MOST_RUNS
