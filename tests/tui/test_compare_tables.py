"""Tables with a column a run, and of one key against one result."""

import pytest
from rich.cells import cell_len

from tests.tui.fakes import NASTY
from tui.widgets.compare.tables import Heading, Line, Pair, columns_of, pairs_of

HEADINGS = [Heading(mark, f"run {mark}", "red") for mark in "abcdefgh"]
LINES = [
    Line("What differs"),
    Line("optimizer.lr", tuple(f"0.{number}" for number in range(8))),
    Line("model.activation", ("relu",) * 8),
]


@pytest.mark.parametrize("width", [30, 76, 116, 300])
@pytest.mark.parametrize("chosen", [0, 3, 7])
def test_the_chosen_run_is_always_in_sight(width: int, chosen: int) -> None:
    table = columns_of(HEADINGS, LINES, chosen, width).plain.splitlines()
    assert f"0.{chosen}" in table[2]
    assert HEADINGS[chosen].name in table[0]
    assert all(cell_len(line.rstrip()) <= width for line in table)
    shown = sum(heading.name in table[0] for heading in HEADINGS)
    assert ("more" in table[0]) == (shown < 8)
    if shown < 8:
        assert f"{8 - shown} more" in table[0]


def test_names_from_outside_are_cut_by_their_cells() -> None:
    headings = [Heading("●", NASTY * 9, "red"), Heading("×", "b", "red")]
    table = columns_of(headings, [Line(NASTY, (NASTY * 9, "x"))], 1, 60).plain
    assert "\x1b" not in table
    assert all(cell_len(line.rstrip()) <= 60 for line in table.splitlines())


@pytest.mark.parametrize("width", [20, 34, 80])
def test_a_key_against_a_result(width: int) -> None:
    pairs = [Pair("●", "relu", "red", "0.01", "97.22 %", True), Pair("×", NASTY, "red", NASTY, "–", False)]
    lines = pairs_of(("optimizer.lr", "best score"), pairs, width, 9).plain.splitlines()
    assert len(lines) == 3
    assert lines[1].startswith("● 0.01")
    assert "97.22 %" in lines[1]
    assert all("\x1b" not in line for line in lines)
    if width >= 34:
        assert all(cell_len(line) <= width for line in lines)


@pytest.mark.parametrize("chosen", [0, 15, 29])
def test_of_many_runs_those_around_the_chosen_one_are_in_sight(chosen: int) -> None:
    pairs = [Pair("●", f"run {n}", "red", f"{n}", "–", n == chosen) for n in range(30)]
    lines = pairs_of(("optimizer.lr", "best score"), pairs, 60, 8).plain.splitlines()
    assert len(lines) == 8
    assert sum(line.split()[-1] == str(chosen) for line in lines[1:-1]) == 1
    assert lines[-1].strip() == "24 more: ↑ ↓"
    assert len(pairs_of(("optimizer.lr", "best score"), pairs, 60, 31).plain.splitlines()) == 31
