"""The line at the cursor, and what curves are compared with, in a plot."""

import pytest

from tui.drawing.plot_frame import GUTTER, column_of
from tui.drawing.plot_line import Line
from tui.drawing.plotting import Chart, Curve, draw

WIDTH, HEIGHT = GUTTER + 40, 12
LIMITS = (0.0, 100.0)
BLANKS = {" ", "\N{BRAILLE PATTERN BLANK}"}
FLAT = Curve("loss", ((0.0, 0.5), (100.0, 0.5)))


def chart(cursor: float | None, *curves: Curve) -> Chart:
    return Chart("loss", curves, LIMITS, (0.0, 1.0), cursor=cursor)


def texts(lines: list[Line]) -> list[str]:
    return ["".join(run.text for run in line) for line in lines]


def keys(lines: list[Line]) -> list[list[str]]:
    """The style of every cell."""
    return [[run.key for run in line for _ in run.text] for line in lines]


@pytest.mark.parametrize("ascii_only", [False, True])
def test_the_cursor_stands_where_no_curve_is(ascii_only: bool) -> None:
    without = draw(chart(None, FLAT), WIDTH, HEIGHT, ascii_only=ascii_only)
    drawn = draw(chart(30.0, FLAT), WIDTH, HEIGHT, ascii_only=ascii_only)
    column = column_of(30.0, LIMITS, WIDTH, ascii_only=ascii_only)
    assert column is not None
    mark = "|" if ascii_only else "│"
    marked = 0
    for row, (before, after) in enumerate(zip(texts(without), texts(drawn), strict=True)):
        assert len(after) == WIDTH
        assert (before[:column], before[column + 1 :]) == (after[:column], after[column + 1 :])
        if row < HEIGHT - 2 and before[column] in BLANKS:
            assert after[column] == mark
            assert keys(drawn)[row][column] == "cursor"
            marked += 1
        else:
            assert after[column] == before[column], "a curve stays whole, and so does the axis"
    assert marked == HEIGHT - 3, "in all rows but that of the curve"


def test_there_is_no_cursor_outside_of_the_axis() -> None:
    for outside in (-1.0, 100.5):
        assert draw(chart(outside, FLAT), WIDTH, HEIGHT) == draw(chart(None, FLAT), WIDTH, HEIGHT)
    for edge in (0.0, 100.0):
        assert any("│" in text[GUTTER:] for text in texts(draw(chart(edge, FLAT), WIDTH, HEIGHT)))


@pytest.mark.parametrize("ascii_only", [False, True])
def test_a_reference_lies_below_every_curve(ascii_only: bool) -> None:
    reference = Curve("", ((0.0, 0.5), (100.0, 0.5)), "reference")
    half = Curve("fc1", ((0.0, 0.5), (50.0, 0.5)), "run-2", "●")
    drawn = draw(chart(None, half, reference), WIDTH, HEIGHT, ascii_only=ascii_only)
    (row,) = [row for row in keys(drawn) if "reference" in row]
    assert "reference" not in row[: GUTTER + 19]
    assert set(row[GUTTER + 22 :]) == {"reference"}
