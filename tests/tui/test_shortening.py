"""Texts in few cells."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.widgets.shortening import ellipsized, in_lines


@pytest.mark.parametrize(
    ("text", "cells", "shown"),
    [
        ("momentum", 8, "momentum"),
        ("momentum", 7, "moment…"),
        ("two words", 5, "two…"),  # no blank before the ellipsis
        ("기울기", 6, "기울기"),
        ("기울기", 5, "기울…"),
        ("기울기", 4, "기…"),  # a wide letter is not cut in two
        ("momentum", 1, "…"),
        ("momentum", 0, ""),
        ("", 0, ""),
    ],
)
def test_what_is_cut_ends_in_an_ellipsis(text: str, cells: int, shown: str) -> None:
    assert ellipsized(text, cells) == shown


@pytest.mark.parametrize(
    ("cells", "most", "shown"),
    [
        (40, 2, ["relu is ahead of sigmoid by 0.4 points"]),
        (20, 2, ["relu is ahead of", "sigmoid by 0.4 poin…"]),
        (20, 3, ["relu is ahead of", "sigmoid by 0.4", "points"]),
        (24, 2, ["relu is ahead of sigmoid", "by 0.4 points"]),
        (5, 3, ["relu", "is", "ahea…"]),
    ],
)
def test_a_sentence_is_broken_at_its_blanks(cells: int, most: int, shown: list[str]) -> None:
    assert in_lines("relu is ahead of sigmoid by 0.4 points", cells, most) == shown


@given(st.text("ab 기é", max_size=60), st.integers(1, 30), st.integers(1, 4))
def test_lines_fit_and_nothing_is_dropped_unsaid(text: str, cells: int, most: int) -> None:
    lines = in_lines(text, cells, most)
    assert len(lines) <= most
    assert all(cell_len(line) <= cells for line in lines)
    if not any(line.endswith("…") for line in lines):
        assert " ".join(lines).split() == text.split()
