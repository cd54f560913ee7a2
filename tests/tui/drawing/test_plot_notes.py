"""What a plot says of what it does not show, and marks for what happened."""

import math
from dataclasses import replace

import pytest

from tui.drawing.plot_frame import AXIS_ROWS, GUTTER, column_of
from tui.drawing.plot_line import Line
from tui.drawing.plotting import Chart, Curve, Happening, draw, drawn_limits
from tui.drawing.ticks import Tick, log_ticks

WIDTH, HEIGHT = GUTTER + 60, 14
FALLING = tuple((float(x), 0.1 + 2.2 / (1 + x / 10) + 0.05 * (x % 3)) for x in range(200))


def texts(lines: list[Line]) -> list[str]:
    return ["".join(run.text for run in line) for line in lines]


def of_key(lines: list[Line], key: str) -> list[tuple[int, str]]:
    """Row and text of every piece in a style."""
    return [(row, run.text.strip()) for row, line in enumerate(lines) for run in line if run.key == key]


def spiky(*spikes: int, height: float = 48.0) -> tuple[tuple[float, float], ...]:
    return tuple((x, height if x in spikes else y) for x, y in FALLING)


def chart(points: tuple[tuple[float, float | None], ...], **changes: object) -> Chart:
    made = Chart("loss", (Curve("train", points),), (0.0, 200.0), x_label="step", cuts=True)
    return replace(made, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("ascii_only", [False, True])
def test_a_spike_leaves_the_axis_with_a_mark_and_is_said(ascii_only: bool) -> None:
    lines = draw(chart(spiky(60, 61, 120)), WIDTH, HEIGHT, ascii_only=ascii_only)
    shown = texts(lines)
    assert any("2 spikes up to 48 above" in line for line in shown)
    assert shown[0][GUTTER + 18] == ("!" if ascii_only else "↑")
    assert {len(line) for line in shown} == {WIDTH}
    whole = texts(draw(chart(spiky(60, 61, 120), cuts=False), WIDTH, HEIGHT, ascii_only=ascii_only))
    assert not any("above" in line for line in whole)
    assert "50" in whole[0][:GUTTER], "all of the axis is there again"


def test_a_curve_without_spikes_says_nothing() -> None:
    assert of_key(draw(chart(FALLING), WIDTH, HEIGHT), "note") == []


def test_what_lies_below_a_fixed_axis_is_said_too() -> None:
    points = tuple((x, -4.5 if x == 7 else 0.5) for x in range(200))
    lines = draw(chart(points, y_limits=(0.0, 1.0), percent=True), WIDTH, HEIGHT)
    assert (HEIGHT - AXIS_ROWS - 1, "↓") in of_key(lines, "note")
    assert any("1 dip down to -450% below" in line for line in texts(lines))


@pytest.mark.parametrize("ascii_only", [False, True])
def test_values_that_a_logarithm_does_not_know_are_counted(ascii_only: bool) -> None:
    points = tuple((x, 0.0 if x in (3, 50, 51) else y) for x, y in FALLING)
    lines = texts(draw(chart(points, log_y=True), WIDTH, HEIGHT, ascii_only=ascii_only))
    assert any(f"3 values {'<=' if ascii_only else '≤'} 0 not shown" in line for line in lines)
    lines = texts(draw(chart(points, log_x=True), WIDTH, HEIGHT, ascii_only=ascii_only))
    assert any("1 value at step 0 not shown" in line for line in lines)


def test_a_band_and_its_curve_count_once() -> None:
    made = chart(((1.0, 0.0), (2.0, 1.0)), log_y=True)
    band = Curve("", made.curves[0].points, "raw")
    lines = texts(draw(replace(made, curves=(band, *made.curves)), WIDTH, HEIGHT))
    assert any("1 value ≤ 0 not shown" in line for line in lines)


def test_notes_stand_below_each_other_and_are_cut_where_there_is_no_room() -> None:
    points = (*((x, y) for x, y in spiky(100) if x), (0.0, 2.0))
    lines = texts(draw(chart(points, log_x=True), GUTTER + 20, HEIGHT))
    assert any("spike" in line and line.endswith("~") for line in lines)
    assert {len(line) for line in lines} == {GUTTER + 20}


def test_a_logarithmic_x_axis_has_decades_and_puts_points_there() -> None:
    made = chart(((1.0, 1.0), (10.0, 2.0), (100.0, 3.0)), x_limits=(1.0, 100.0), log_x=True)
    curves = (replace(made.curves[0], mark="●"),)
    made = replace(made, curves=curves, cursor=10.0, y_limits=(0.0, 4.0))
    lines = texts(draw(made, WIDTH, HEIGHT))
    assert drawn_limits(made) == (0, 2)
    middle = column_of(1.0, (0.0, 2.0), WIDTH)
    assert middle is not None
    assert any(line[middle] == "●" for line in lines)
    assert any(line[middle] == "│" for line in lines[:-AXIS_ROWS])
    assert lines[-1].split() == ["step", "1", "10", "100"]


def test_ticks_of_a_logarithmic_axis() -> None:
    assert [tick.label for tick in log_ticks(0, 5, 8)] == ["1", "10", "100", "1k", "10k", "100k"]
    assert [tick.label for tick in log_ticks(-2, 1, 8)] == ["0.01", "0.1", "1", "10"]
    assert log_ticks(2.1, 2.8, 4)[0] == Tick(math.log10(200), "200"), (
        "within a decade there are round numbers"
    )
    assert len(log_ticks(0, 200, 6)) <= 7


@pytest.mark.parametrize("limits", [(0.0, 100.0), (0.0, 0.0), (-5.0, -1.0), (1.0, 1.0), (math.nan, 1.0)])
def test_a_logarithmic_axis_of_anything_has_its_size(limits: tuple[float, float]) -> None:
    lines = draw(chart(FALLING, x_limits=limits, log_x=True, cursor=-3.0), WIDTH, HEIGHT)
    assert {len(line) for line in texts(lines)} == {WIDTH}


@pytest.mark.parametrize("ascii_only", [False, True])
def test_edits_and_resumes_are_marked_on_the_axis(ascii_only: bool) -> None:
    edits = (Happening(x, "edit") for x in (50.0, 150.0, 999.0, math.nan))
    happened = (Happening(50.0, "resume"), *edits)
    lines = draw(chart(FALLING, happened=happened), WIDTH, HEIGHT, ascii_only=ascii_only)
    base = texts(lines)[-2]
    places = [column_of(x, (0.0, 200.0), WIDTH, ascii_only=ascii_only) for x in (50.0, 150.0)]
    assert [base[place] for place in places if place is not None] == list("^>"[::-1] if ascii_only else "»▲")
    assert len(of_key(lines, "mark")) == 2
    assert len(base) == WIDTH


def test_a_part_of_a_curve_goes_on_to_the_edges() -> None:
    sparse = Curve("validation", ((0.0, 1.0), (100.0, 1.0), (200.0, 1.0)), "validation", "●")
    lines = draw(Chart("loss", (sparse,), (40.0, 160.0), (0.0, 2.0)), WIDTH, HEIGHT)
    (row,) = [text for text in texts(lines)[:-AXIS_ROWS] if "●" in text]
    assert row.count("●") == 1, "there is no evaluation at the edges"
    assert not {" ", "\N{BRAILLE PATTERN BLANK}"} & set(row[GUTTER:])


def test_marks_of_several_curves_leave_room_for_each_other() -> None:
    flat = tuple((float(x), 1.0) for x in range(200))
    one = Curve("", flat, "run-1", "●", spacing=12)
    other = Curve("", flat, "run-2", "×", spacing=12, shift=3)
    lines = texts(draw(Chart("loss", (one, other), (0.0, 200.0), (0.0, 2.0)), WIDTH, HEIGHT))
    row = next(text for text in lines if "●" in text)
    assert row[GUTTER:].count("●") == row[GUTTER:].count("×") == 5
    short = replace(other, points=flat[:3], shift=30)
    lines = texts(draw(Chart("loss", (short,), (0.0, 200.0), (0.0, 2.0)), WIDTH, HEIGHT))
    assert any("×" in text for text in lines), "the shortest curve has a mark"


def test_an_axis_of_words() -> None:
    ticks = (Tick(0.0, "sgd"), Tick(1.0, "adam"))
    made = Chart("score", (Curve("", ((1.0, 0.5),), "run-1", "●"),), (-0.5, 1.5), x_ticks=ticks)
    assert texts(draw(made, WIDTH, HEIGHT))[-1].split() == ["sgd", "adam"]
