"""Pictures of pixels as functions of what they are given and of their room: in colours and in letters."""

import math
from collections.abc import Callable
from typing import Any

import pytest
from rich.cells import cell_len
from textual.color import Color
from textual.content import Content
from textual.style import Style

from tests.tui import looking
from tui.widgets.panes import boundary, features, predictions, surface, weights
from tui.widgets.pictures import packed
from tui.widgets.pictures.curve import Plot
from tui.widgets.pictures.drawing import Canvas
from tui.widgets.pictures.errors import error_bars
from tui.widgets.pictures.packed import Pixel
from tui.widgets.pictures.pixels import half_blocks, resized, signed_letters
from tui.widgets.pictures.regions import class_legend, drawn, regions_of
from tui.widgets.pictures.relief import Relief, interpolated, relief_of, shares
from tui.widgets.pictures.shades import diverging, height, mixed, neutral, parsed, signed_letter
from tui.widgets.pictures.table import Weights, heat_table, rows_that_fit
from tui.widgets.pictures.tiles import grid_of

SIZES = [(1, 1), (12, 3), (34, 9), (78, 17), (118, 33)]
Draw = Callable[[Canvas], Content]


def _weights(**options: Any) -> Draw:
    answer = looking.images(**options)
    return lambda canvas: weights._images(answer, weights.tiles_of(answer), canvas)


def _table(**options: Any) -> Draw:
    answer = looking.table(**options)
    return lambda canvas: weights._table(answer, weights.table_of(answer), canvas)


def _maps(**options: Any) -> Draw:
    answer = looking.features(**options)
    return lambda canvas: features._maps(answer, features.maps_of(answer), canvas)


def _sample(canvas: Canvas) -> Content:
    answer = looking.features()
    return features._sample(answer, features.sample_of(answer), canvas)


def _plane(canvas: Canvas) -> Content:
    answer = looking.regions(columns=max(2, canvas.width - 7), rows=max(2, 2 * (canvas.height - 4)))
    return boundary._plane(answer, regions_of(answer), canvas)


def _curve(canvas: Canvas) -> Content:
    return boundary._curve(looking.curve(), canvas)


def _responses(answer: dict[str, Any]) -> Draw:
    tiles = boundary.responses_of(answer["units"])
    return lambda canvas: boundary._responses(answer, tiles, lambda: 0, canvas)


def _predictions(canvas: Canvas) -> Content:
    return predictions._drawn(looking.predictions(), canvas)


def _surface(canvas: Canvas) -> Content:
    answer = looking.surface()
    return surface._surface(answer, relief_of(answer), canvas)


DRAWN: dict[str, Draw] = {
    "weights": _weights(),
    "colored weights": _weights(channels=3, side=8),
    "kernels": _weights(side=3, total=16),
    "table": _table(),
    "wide table": _table(units=90, inputs=30),
    "maps": _maps(),
    "small maps": _maps(maps=32, side=7),
    "sample": _sample,
    "plane": _plane,
    "curve": _curve,
    "responses": _responses(looking.regions()),
    "strips": _responses(looking.curve()),
    "predictions": _predictions,
    "surface": _surface,
}


@pytest.mark.parametrize("name", DRAWN)
def test_pictures_fit_any_room_in_colours_and_in_letters(name: str) -> None:
    for width, tall in SIZES:
        for options in ({}, {"ascii_only": True}, {"colorless": True}):
            canvas = Canvas(width, tall, **options)
            lines = DRAWN[name](canvas).plain.split("\n")
            if width >= 34 and tall >= 9:
                assert max(map(cell_len, lines)) <= width, (name, width, tall, options)
                assert len(lines) <= tall, (name, width, tall, options)
            if options in ({"ascii_only": True}, {"colorless": True}):
                assert "▀" not in "".join(lines)


def _colors(line: Content) -> list[tuple[Pixel, Pixel]]:
    """The colours of the upper and the lower pixel of each cell."""
    found: list[tuple[Pixel, Pixel]] = []
    for start, end, style in line.spans:
        assert isinstance(style, Style)
        assert style.foreground is not None
        assert style.background is not None
        found += [(style.foreground.rgb, style.background.rgb)] * (end - start)
    return found


def test_half_blocks_hold_two_rows_of_pixels_and_marks() -> None:
    red, blue = (255, 0, 0), (0, 0, 255)
    (line,) = half_blocks([[red, red, red], [red, blue, blue]])
    assert line.plain == "▀▀▀"
    assert _colors(line) == [(red, red), (red, blue), (red, blue)]
    (line,) = half_blocks([[red, red], [blue, blue]], {(0, 1): ("×", (9, 9, 9))})
    assert line.plain == "▀×"
    assert _colors(line)[1] == ((9, 9, 9), mixed(red, blue, 0.5))


def test_an_odd_row_is_half_a_line() -> None:
    lines = half_blocks([[(255, 0, 0)], [(0, 255, 0)], [(0, 0, 255)]])
    assert [line.plain for line in lines] == ["▀", "▀"]
    style = lines[1].spans[0].style
    assert isinstance(style, Style)
    assert (style.foreground, style.background) == (Color(0, 0, 255), None)


def test_figures_are_unpacked_as_they_were() -> None:
    assert packed.signed(looking.signed([-1, 0, 1, 64 / 127]), 2) == ((-1, 0), (1, 64 / 127))
    assert packed.numbers(looking.plain([0, 255, 3, 7]), 2) == ((0, 255), (3, 7))
    assert packed.colored(looking.plain([0, 9]), 2, 1) == (((0, 0, 0), (9, 9, 9)),)
    assert packed.colored(looking.plain(range(6)), 1, 3) == (((0, 1, 2),), ((3, 4, 5),))
    assert packed.colored(looking.signed([-1, 0, 1]), 1, 3, is_signed=True) == (((1, 128, 255),),)


def test_a_smaller_picture_is_the_mean_of_what_it_covers() -> None:
    assert resized(((1, 3), (5, 7)), 1, 1) == ((4,),)
    assert resized(((1, 3), (5, 7)), 2, 1) == ((3, 5),)
    assert resized(((1, 3),), 4, 2) == ((1, 1, 3, 3), (1, 1, 3, 3))


@pytest.mark.parametrize("dark", [True, False])
def test_signs_have_colours_of_their_own_and_grow_from_zero(dark: bool) -> None:
    assert diverging(0, dark) == neutral(dark)
    red, _, blue = diverging(0.6, dark)
    assert blue > red
    red, _, blue = diverging(-0.6, dark)
    assert red > blue

    def light(pixel: Pixel) -> float:
        return 0.299 * pixel[0] + 0.587 * pixel[1] + 0.114 * pixel[2]

    for sign in (1, -1):
        grows = [light(diverging(sign * share / 10, dark)) for share in range(11)]
        assert grows == sorted(grows, reverse=not dark)
    assert [light(height(share / 10)) for share in range(11)] == sorted(
        light(height(share / 10)) for share in range(11)
    )


def test_signs_have_letters_of_their_own() -> None:
    positive = [signed_letter(share / 10) for share in range(11)]
    negative = [signed_letter(-share / 10) for share in range(11)]
    assert positive[0] == negative[0] == " "
    assert not set(positive[1:]) & set(negative[1:])
    assert [line.plain for line in signed_letters(((1, -1), (1, -1)))] == ["#%"]


def test_the_plane_shows_who_decides_where_and_which_points_are_wrong() -> None:
    canvas = Canvas(46, 17)
    regions = regions_of(looking.regions(columns=36, rows=24))
    body = drawn(regions, canvas)[:12]
    left, right = parsed(canvas.color(0)), parsed(canvas.color(1))
    cells = _colors(body[5][7:])
    assert cells[0] == (mixed(neutral(True), left, 0.62),) * 2
    assert cells[-1] == (mixed(neutral(True), right, 0.62),) * 2
    assert cells[18] == (neutral(True),) * 2, "where it is not sure, it has no colour"
    assert "×" in body[5].plain
    assert sum(line.plain.count("×") for line in body) == 1
    top = _colors(body[0][7:])
    assert top[1][0] == mixed(left, (255, 255, 255), 0.45), "the point in the upper corner"


def test_without_colour_classes_are_letters_and_points_marks() -> None:
    regions = regions_of(looking.regions(columns=36, rows=24))
    lines = [line.plain for line in drawn(regions, Canvas(46, 17, ascii_only=True))]
    assert lines[0][7:] == ".o" + "." * 7 + " " * 18 + ":" * 9
    assert "!" in lines[5]
    assert lines[11][7:][-2] == "x"
    assert "\n".join(lines).isascii()
    assert [part.plain for part in class_legend(regions, Canvas(46, 17, ascii_only=True))] == [
        ".o left",
        ":x right",
    ]


def test_the_surface_goes_through_its_grid() -> None:
    grid = [[math.sin(x + 2 * y) ** 2 for x in range(5)] for y in range(4)]
    found = interpolated(grid, 13, 10)
    for y in range(4):
        for x in range(5):
            assert found[9 - 3 * y][3 * x] == pytest.approx(grid[y][x])


def test_heights_are_logarithms_and_what_is_not_finite_is_at_the_top() -> None:
    relief = Relief((0, 1), (0, 1), ((0.01, 0.1), (1.0, None)), ((0, 0),), None)
    assert shares(relief) == [[0, pytest.approx(0.5)], [pytest.approx(1), 1]]
    flat = Relief((0, 1), (0, 1), ((0.0, 0.0), (0.0, 0.0)), ((0, 0),), None)
    assert {value for row in shares(flat) for value in row} == {0}
    hinge = Relief((0, 1), (0, 1), ((0.0, 1.0), (2.0, 3.0)), ((0, 0),), None)
    assert shares(hinge)[0][0] == 0
    assert shares(hinge)[1][1] == pytest.approx(1)


def test_start_end_and_lowest_place_are_marked() -> None:
    for options, marks in (({}, "○●✚"), ({"ascii_only": True}, "SEL")):
        canvas = Canvas(78, 17, **options)
        answer = looking.surface()
        lines = surface._surface(answer, relief_of(answer), canvas).plain.split("\n")
        body = "\n".join(line[7:] for line in lines[1:13])
        assert all(mark in body for mark in marks), options
    # The start is at the upper left, as its coordinates say; the end in the middle.
    assert [line[7:].index("S") for line in lines if "S" in line[7:] and "start" not in line] == [5]


@pytest.mark.parametrize("values", [(0.5, 0.5), (-1.0, 2.0), (math.nan, 1e300)])
def test_points_and_lines_stay_inside(values: tuple[float, float]) -> None:
    plot = Plot(20, 10, (0.0, 1.0), (0.0, 1.0))
    plot.points([values, (0.0, 0.0), (1.0, 1.0)])
    plot.line([values[0]] * 5 + [values[1]] * 15)
    lines = plot.lines(Canvas(20, 5, ascii_only=True))
    assert [len(line.plain) for line in lines] == [20] * 5


def test_the_diagonal_is_where_both_are_equal() -> None:
    plot = Plot(10, 10, (0.0, 1.0), (0.0, 1.0))
    plot.diagonal()
    text = [line.plain for line in plot.lines(Canvas(10, 5, ascii_only=True))]
    assert text == ["        //", "      //  ", "    //    ", "  //      ", "//        "]


def test_a_steep_curve_is_joined() -> None:
    plot = Plot(4, 10, (0.0, 1.0), (0.0, 1.0))
    plot.line([0.05, 0.05, 0.95, 0.95])
    assert ["#" in line.plain for line in plot.lines(Canvas(4, 5, ascii_only=True))] == [True] * 5


def test_small_tables_show_their_numbers_and_large_ones_a_picture() -> None:
    values = ((0.5, -1.0), (0.25, 0.0))
    table = Weights(values, 4.0, 7, ("age", "bmi"))
    lines = [line.plain for line in heat_table(table, Canvas(60, 9))]
    assert lines[0].split() == ["age", "bmi"]
    assert lines[1].split() == ["7", "2.00", "-4.00"]
    assert lines[2].split() == ["8", "1.00", "0.00"]
    wide = Weights(((0.5,) * 40,) * 30, 4.0, 0, ())
    assert rows_that_fit(wide, Canvas(60, 9)) == 16
    drawn_ = heat_table(wide, Canvas(60, 9))
    assert len(drawn_) == 9
    assert drawn_[1].plain.endswith("▀" * 40)
    assert _colors(drawn_[1][5:])[0][0] == diverging(0.5, True)


def test_pictures_are_as_large_as_enough_of_them_allow() -> None:
    room = Canvas(78, 15)
    found = grid_of((28, 28), 128, room)
    assert found is not None
    assert (found.width, found.number) == (12, 12)
    large = grid_of((28, 28), 128, Canvas(118, 36))
    assert large is not None
    assert (large.width, large.number) == (22, 15)
    few = grid_of((3, 3), 6, room)
    assert few is not None
    assert few.width == 3 * 4
    assert few.number >= 6
    assert grid_of((28, 28), 5, Canvas(3, 1)) is None


def test_errors_are_counted_around_zero() -> None:
    lines = error_bars([-1.0, -0.9, 0.0, 0.1, 1.0, math.nan], Canvas(40, 12), 0)
    counts = [int(line.plain.split()[-1]) for line in lines[1:]]
    assert len(counts) % 2 == 1
    assert sum(counts) == 5
    assert counts[len(counts) // 2] == 1 + (len(counts) < 10)
    assert error_bars([], Canvas(40, 12), 0) == []
