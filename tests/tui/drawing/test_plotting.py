import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.drawing.plot_frame import AXIS_ROWS, GUTTER
from tui.drawing.plot_line import Line
from tui.drawing.plotting import Chart, Curve, draw, shown_mark
from tui.drawing.ticks import Tick, decade_ticks, round_ticks
from tui.drawing.traces import decimated

NAN, INF = math.nan, math.inf
BLANKS = {" ", "⠀"}


def text_of(line: Line) -> str:
    return "".join(run.text for run in line)


def canvas_of(lines: list[Line]) -> list[str]:
    return [text_of(line)[GUTTER:] for line in lines[:-AXIS_ROWS]]


def filled(canvas: list[str], start: int, end: int) -> set[str]:
    return {character for row in canvas for character in row[start:end]} - BLANKS


def one_curve(*ys: float | None, **changes: Any) -> Chart:
    points = tuple(enumerate(ys))
    return replace(Chart("loss", (Curve("train", points),), (0, max(1, len(ys) - 1))), **changes)


NASTY = {
    "no curves": Chart("loss", (), (0, 10)),
    "no points": Chart("loss", (Curve("train", ()), Curve("validation", (), "validation", "●")), (0, 10)),
    "one point": one_curve(2.3),
    "equal": one_curve(0.5, 0.5, 0.5),
    "zeros": one_curve(0, 0, 0),
    "only gaps": one_curve(NAN, None, INF),
    "nan and inf": one_curve(1, NAN, 2, INF, -INF, 0.5, None),
    "huge": one_curve(1e300, -1e300, 1.7e308, 1e-300),
    "far outside": one_curve(0.5, 1e300, -1e300, 0.5, y_limits=(0, 1)),
    "negative": one_curve(-3, -1, -2),
    "almost equal": one_curve(1.0, 1.0 + 2**-52),
    "large and close": one_curve(123456789.0, 123456789.5),
    "tiny": one_curve(5e-324, 1e-310),
    "same x": Chart("loss", (Curve("train", ((5, 1), (5, 2), (5, 0.5))),), (0, 10)),
    "backwards": Chart("loss", (Curve("train", ((9, 1), (5, 2), (1, 0.5))),), (0, 10)),
    "outside x": Chart("loss", (Curve("train", ((-4, 1), (50, 2), (NAN, 3))),), (0, 10)),
    "limits equal": one_curve(1, 2, x_limits=(3, 3), y_limits=(1, 1)),
    "limits reversed": one_curve(1, 2, x_limits=(1, 0), y_limits=(2, 1)),
    "limits not finite": one_curve(1, 2, x_limits=(NAN, INF), y_limits=(-INF, NAN)),
    "wide label": one_curve(1, 2, x_label="에포크 번호"),
    "long mark": Chart("loss", (Curve("train", ((1, 1), (2, 2)), "train", "◆◆"),), (0, 3)),
    "wide mark": Chart("loss", (Curve("train", ((1, 1), (2, 2)), "train", "가"),), (0, 3)),
    "control mark": Chart("loss", (Curve("train", ((1, 1), (2, 2)), "train", "\x1b"),), (0, 3)),
}


@pytest.mark.parametrize("log_y", [False, True])
@pytest.mark.parametrize("ascii_only", [False, True])
@pytest.mark.parametrize("name", NASTY)
def test_every_picture_has_exactly_the_size_asked_for(name: str, ascii_only: bool, log_y: bool) -> None:
    chart = replace(NASTY[name], log_y=log_y)
    for width in (-1, 0, 1, 7, 14, 15, 46, 100):
        for height in (-1, 0, 1, 3, 4, 9, 30):
            lines = draw(chart, width, height, ascii_only=ascii_only)
            assert len(lines) == max(height, 0)
            assert {cell_len(text_of(line)) for line in lines} <= {max(width, 0)}


numbers = st.none() | st.floats(allow_nan=True, allow_infinity=True)


@settings(max_examples=60, deadline=None)
@given(
    ys=st.lists(numbers, max_size=30),
    limits=st.none() | st.tuples(st.floats(), st.floats()),
    log_y=st.booleans(),
    percent=st.booleans(),
)
def test_no_numbers_break_it(
    ys: list[float | None], limits: tuple[float, float] | None, log_y: bool, percent: bool
) -> None:
    lines = draw(one_curve(*ys, y_limits=limits, log_y=log_y, percent=percent), 30, 7)
    assert [cell_len(text_of(line)) for line in lines] == [30] * 7


def test_a_space_too_small_is_blank() -> None:
    assert all(text_of(line).isspace() for line in draw(one_curve(1, 2, 3), 14, 9))
    assert all(text_of(line).isspace() for line in draw(one_curve(1, 2, 3), 40, 3))


def test_gaps_are_not_bridged() -> None:
    for gap in (NAN, INF, None):
        canvas = canvas_of(draw(one_curve(1, 1, *[gap] * 6, 1, 1, y_limits=(0, 2)), GUTTER + 40, 9))
        assert filled(canvas, 0, 5)
        assert filled(canvas, 35, 40)
        assert not filled(canvas, 6, 34)


def test_a_gap_between_many_points_is_not_bridged() -> None:
    ys = [1.0 + (i % 2) / 10 for i in range(4000)] + [NAN] + [1.0 + (i % 2) / 10 for i in range(4000)]
    points = tuple((i if i < 4000 else i + 2000, y) for i, y in enumerate(ys))
    canvas = canvas_of(draw(Chart("loss", (Curve("train", points),), (0, 10000)), GUTTER + 50, 9))
    assert filled(canvas, 0, 20)
    assert filled(canvas, 30, 50)
    assert not filled(canvas, 21, 29)


def test_log_scale_shows_values_up_to_zero_as_gaps() -> None:
    canvas = canvas_of(draw(one_curve(1, 1, 0, -1, -2, 0, 0, 0, 1, 1, log_y=True), GUTTER + 40, 9))
    assert canvas.pop(0).strip() == "6 values ≤ 0 not shown"
    assert filled(canvas, 0, 5)
    assert not filled(canvas, 6, 34)


def test_ascii_only_emits_only_ascii() -> None:
    curves = tuple(
        Curve(f"run {mark}", ((0, index), (5, 2), (9, index)), "run-1", mark)
        for index, mark in enumerate(["", "●", "×", "◆", "▲", "☃"])
    )
    lines = draw(Chart("loss", curves, (0, 9), x_label="step"), 60, 20, ascii_only=True)
    assert "".join(map(text_of, lines)).isascii()
    assert len({shown_mark(curve, True) for curve in curves}) == len(curves)


def test_a_peak_among_ten_thousand_points_is_drawn() -> None:
    ys = [0.1] * 10_000
    ys[5_432] = 9.9
    canvas = canvas_of(draw(one_curve(*ys, y_limits=(0, 10)), GUTTER + 60, 12))
    assert [column for column, character in enumerate(canvas[0]) if character not in BLANKS] == [32]


def test_decimation_keeps_extremes_in_their_order_and_gaps() -> None:
    points = [(0.0, 5.0), (0.1, 1.0), (0.2, 9.0), (0.3, 5.0), (1.0, NAN), (1.1, NAN), (2.0, 3.0), (2.1, NAN)]
    kept = decimated(points, (0, 3), 4)
    assert [(x, None if math.isnan(y) else y) for x, y in kept] == [
        (0.1, 1.0),
        (0.2, 9.0),
        (1.0, None),
        (2.0, 3.0),
        (2.0, None),
        (2.0, 3.0),
        (2.0, None),
    ]


def test_decimation_of_alternating_gaps_stays_small() -> None:
    points = [(float(i), NAN if i % 2 else float(i % 7)) for i in range(10_000)]
    assert len(decimated(points, (0, 9_999), 50)) <= 5 * 50


@pytest.mark.parametrize(
    ("low", "high", "most", "labels"),
    [
        (0, 1, 3, "0.0 0.5 1.0"),
        (0, 1, 6, "0.0 0.2 0.4 0.6 0.8 1.0"),
        (0, 2.5, 6, "0.0 0.5 1.0 1.5 2.0 2.5"),
        (0, 2.4, 3, "0 1 2"),
        (0, 6400, 7, "0 1k 2k 3k 4k 5k 6k"),
        (0, 6400, 4, "0 2k 4k 6k"),
        (0, 900, 5, "0 200 400 600 800"),
        (0, 3e6, 4, "0 1M 2M 3M"),
        (-1, 1, 3, "-1 0 1"),
        (0.0801, 0.0806, 4, "0.0802 0.0804 0.0806"),
        (0, 3e-6, 4, "0 1e-6 2e-6 3e-6"),
        (0, 3e300, 4, "0 1e300 2e300 3e300"),
    ],
)
def test_round_ticks(low: float, high: float, most: int, labels: str) -> None:
    assert [tick.label for tick in round_ticks(low, high, most)] == labels.split()


def test_round_ticks_carry_their_values() -> None:
    assert round_ticks(0, 0.3, 4) == [Tick(0, "0.0"), Tick(0.1, "0.1"), Tick(0.2, "0.2"), Tick(0.3, "0.3")]


def test_percent_labels() -> None:
    assert [tick.label for tick in round_ticks(0, 1, 3, percent=True)] == ["0%", "50%", "100%"]
    assert [tick.label for tick in round_ticks(0.97, 0.98, 3, percent=True)] == ["97.0%", "97.5%", "98.0%"]


@pytest.mark.parametrize(
    ("low", "high", "most", "labels"),
    [
        (-1.25, 0.5, 4, "0.1 1"),
        (-2, 3, 6, "0.01 0.1 1 10 100 1000"),
        (-4, -1, 4, "1e-4 1e-3 1e-2 1e-1"),
        (-7.5, 1, 4, "1e-6 1e-3 1e0"),
    ],
)
def test_decade_ticks(low: float, high: float, most: int, labels: str) -> None:
    assert [tick.label for tick in decade_ticks(low, high, most)] == labels.split()


def test_axes_are_labelled_where_the_values_are() -> None:
    lines = [
        text_of(line) for line in draw(one_curve(1, 0, 1, y_limits=(0, 1), x_label="step"), GUTTER + 41, 7)
    ]
    assert [line[:GUTTER] for line in lines] == [
        "   1.0┤",
        "      │",
        "   0.5┤",
        "      │",
        "   0.0┤",
        "      └",
        "  step ",
    ]
    assert lines[-2][GUTTER:] == "─" * 20 + "┬" + "─" * 19 + "┬"
    assert lines[-1] == "  step 0" + " " * 19 + "1" + " " * 19 + "2"


def test_the_canvas_stays_where_it_is_when_labels_change() -> None:
    for chart in (one_curve(0, 1), one_curve(0, 1e-7), one_curve(0, 12_000), one_curve(1e-5, 9, log_y=True)):
        lines = [text_of(line) for line in draw(chart, 40, 9)]
        assert all(line[GUTTER - 1] in "┤│" for line in lines[:-AXIS_ROWS])


def test_marks_tell_curves_apart_and_stay_when_points_follow() -> None:
    points = tuple((float(i), 1.0) for i in range(40))
    columns = []
    for end in (20, 30, 40):
        curve = Curve("validation", points[:end], "validation", "●")
        canvas = canvas_of(draw(Chart("loss", (curve,), (0, 39), (0, 2)), GUTTER + 40, 9))
        columns.append([column for column, character in enumerate("".join(canvas)) if character == "●"])
    assert columns[0] == columns[1][: len(columns[0])]
    assert columns[1] == columns[2][: len(columns[1])]
    assert len(columns[2]) == 14


def test_runs_carry_the_role_of_their_curve() -> None:
    curves = (Curve("a", ((0, 2), (9, 2)), "run-1"), Curve("b", ((0, 1), (9, 1)), "run-2", "×"))
    lines = draw(Chart("loss", curves, (0, 9), (0, 3)), 40, 9)
    assert {run.key for line in lines for run in line} == {"axis", "run-1", "run-2"}
    assert all(run.key == "run-2" for line in lines for run in line if "×" in run.text)


def test_a_curve_without_marks_is_not_hidden_by_one_with_marks() -> None:
    train = Curve("train", ((0, 1), (39, 1)))
    validation = Curve("validation", ((0, 1), (39, 1)), "validation", "●")
    lines = draw(Chart("loss", (train, validation), (0, 39), (0, 2)), GUTTER + 40, 9)
    shown = "".join(run.text for line in lines for run in line if run.key == "validation")
    assert set(shown) <= {"●", " "}
