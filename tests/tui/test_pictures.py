"""The drawings beside the form, as functions of what they are given and of their room."""

import math
import re
from typing import Any

import pytest
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.content import Content

from dlcore.choices.activations import ACTIVATIONS, ELU, ReLU, Step, Tanh
from dlcore.choices.losses import LOSSES
from dlcore.config import RunConfig
from dlcore.errors import ConfigError
from dlcore.oneline import parse
from tests.tui.fakes import NASTY
from tui.drawing.plotting import draw
from tui.watching.latest import Measured
from tui.widgets.pictures.comparison import comparison, endings
from tui.widgets.pictures.course import course
from tui.widgets.pictures.drawing import Canvas, Drawing
from tui.widgets.pictures.fitting import fitting, flowing
from tui.widgets.pictures.function import band, function_chart
from tui.widgets.pictures.histogram import Spread, histograms, rebinned, spreads_of
from tui.widgets.pictures.images import Image, images_of, thumbnails
from tui.widgets.pictures.scatter import ASCII_MARKS, MARKS, Points, points_of, scatter

SIZES = [(1, 1), (12, 3), (34, 9), (40, 12), (62, 24), (200, 60)]


def lines(content: Content, canvas: Canvas) -> list[str]:
    """The lines of a drawing, which must fit its room wherever there is some."""
    found = content.plain.split("\n")
    if canvas.width >= 34 and canvas.height >= 6:
        assert max(map(cell_len, found)) <= canvas.width
        assert len(found) <= canvas.height
    return found


# -- points -----------------------------------------------------------------------------------------


def points(number: int, classes: int = 3) -> Points:
    rows = tuple((math.cos(n), 10 * math.sin(n), n % classes) for n in range(number))
    return Points(rows, ("x1", "x2"), tuple(f"class {label}" for label in range(classes)))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("number", [0, 1, 2, 400])
def test_points_fit_any_room(size: tuple[int, int], number: int) -> None:
    canvas = Canvas(*size)
    assert lines(scatter(points(number), canvas), canvas)


def test_points_are_marked_by_class_inside_named_axes() -> None:
    canvas = Canvas(40, 12)
    drawn = lines(scatter(points(400), canvas), canvas)
    assert drawn[0].split() == ["x2", "●", "class", "0", "×", "class", "1", "◆", "class", "2"]
    assert drawn[-1].split() == ["-1", "x1", "1"]
    assert [drawn[1].split("┤")[0].strip(), drawn[-3].split("┤")[0].strip()] == ["10", "-10"]
    assert set("●×◆") <= set("".join(drawn[1:]))


def test_the_most_points_of_a_cell_say_whose_it_is() -> None:
    rows = ((0.0, 0.0, 0), (0.0, 0.0, 1), (0.0, 0.0, 1), (1.0, 1.0, 0), (1.0, 1.0, 2), (1.0, 1.0, 2))
    drawn = scatter(Points(rows, ("x", "y")), Canvas(40, 12)).plain
    assert [letter for letter in drawn if letter in MARKS] == ["◆", "×"]


def test_marks_differ_without_colour_and_come_again_after_ten() -> None:
    assert len(set(MARKS)) == len(set(ASCII_MARKS)) == len(MARKS) == len(ASCII_MARKS) == 10
    assert all(cell_len(mark) == 1 for mark in MARKS)
    canvas = Canvas(200, 40, ascii_only=True)
    drawn = lines(scatter(points(400, classes=25), canvas), canvas)
    assert "\n".join(drawn[1:]).isascii()
    assert set(ASCII_MARKS) <= set("".join(drawn[1:]))


def test_what_is_not_finite_is_left_out() -> None:
    given = [[math.nan, 0, 0], [0, math.inf, 0], [0, 1e300, 0], [None, 0, 0], [1, 2, 0]]
    found = points_of({"sort": "points", "points": given, "axes": ["x", NASTY]}, [NASTY])
    assert found.points == ((1, 2, 0),)
    assert "\x1b" not in scatter(found, Canvas(60, 12)).plain


@pytest.mark.parametrize("value", [0.0, 3.0, -1e-30, 1e90, 2024.0])
def test_points_all_alike_are_one_mark(value: float) -> None:
    rows = ((value, value, 0),) * 5
    canvas = Canvas(40, 12)
    assert "".join(lines(scatter(Points(rows, ("x", "y")), canvas), canvas)).count("●") == 1


# -- images -----------------------------------------------------------------------------------------


def image(width: int, height: int, label: str = "7") -> Image:
    return Image(
        label, tuple(tuple((8 * x % 256, 8 * y % 256, 99) for x in range(width)) for y in range(height))
    )


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("sides", [(8, 8), (28, 28), (32, 32), (32, 5), (1, 1), (9, 31)])
@pytest.mark.parametrize("plain", [False, True])
def test_images_fit_any_room(size: tuple[int, int], sides: tuple[int, int], plain: bool) -> None:
    canvas = Canvas(*size, ascii_only=plain)
    drawn = lines(thumbnails([image(*sides)] * 12, canvas), canvas)
    assert plain == "\n".join(drawn).isascii() or "no room" in drawn[0]


@pytest.mark.parametrize(
    ("side", "room", "across"),
    [(8, (34, 9), 3), (28, (34, 9), 2), (28, (62, 24), 4), (32, (62, 24), 3), (8, (62, 24), 7)],
)
def test_images_keep_a_size_at_which_they_are_read(side: int, room: tuple[int, int], across: int) -> None:
    canvas = Canvas(*room)
    drawn = lines(thumbnails([image(side, side, "x")] * 12, canvas), canvas)
    labels = [line for line in drawn if "x" in line]
    assert labels[0].count("x") == across
    assert min(cell_len(label.strip()) for label in labels) >= 1


def test_a_cell_is_two_pixels() -> None:
    black, white = (0, 0, 0), (255, 255, 255)
    drawn = thumbnails([Image("", ((black, white), (white, white)))], Canvas(2, 2))
    assert drawn.plain.split("\n")[0] == "▀▀"
    left = drawn.get_style_at_offset(0)
    assert left.foreground is not None
    assert left.background is not None
    assert (left.foreground.rgb, left.background.rgb) == (black, white)


def test_letters_are_denser_where_an_image_stands_out() -> None:
    black, white = (0, 0, 0), (255, 255, 255)
    for dark, wanted in ((True, " @"), (False, "@ ")):
        canvas = Canvas(2, 2, dark=dark, colorless=True)
        assert (
            thumbnails([Image("", ((black, white), (black, white)))], canvas).plain.split("\n")[0] == wanted
        )


def test_images_of_an_answer_are_grey_or_coloured() -> None:
    given: dict[str, Any] = {
        "images": [{"label": NASTY, "pixels": [[7]]}, {"label": "1.5", "pixels": [[[1, 2, 3]]]}]
    }
    found = images_of(given)
    assert [one.pixels for one in found] == [(((7, 7, 7),),), (((1, 2, 3),),)]
    assert "\x1b" not in found[0].label
    assert "no images" in thumbnails([], Canvas(40, 12)).plain
    assert "no images" in thumbnails([Image("", ())], Canvas(40, 12)).plain


# -- spreads ----------------------------------------------------------------------------------------


def spread(name: str = "fc1", low: float = -1.0, high: float = 1.0) -> Spread:
    return Spread(name, 0.3, low, high, tuple(float(n % 7) for n in range(31)))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("layers", [0, 1, 3, 60])
@pytest.mark.parametrize("plain", [False, True])
def test_spreads_fit_any_room(size: tuple[int, int], layers: int, plain: bool) -> None:
    canvas = Canvas(*size, ascii_only=plain)
    given = [spread(f"block{n}.conv1", -n, n) for n in range(layers)]
    lines(histograms(given, canvas, "a note"), canvas)


def test_all_layers_share_a_range() -> None:
    canvas = Canvas(40, 12)
    drawn = lines(histograms([spread(high=3.0), spread("fc2", -5.0, 1.0)], canvas), canvas)
    assert drawn[-1].split() == ["-5", "3"]
    rows = [line for line in drawn if line.startswith("fc")]
    first, second = (re.search("[▁-█]", row) for row in rows)
    assert first is not None
    assert second is not None
    assert first.start() > second.start()
    assert cell_len(rows[0]) == 40, "up to the end of the range"


def test_no_count_is_lost_in_a_wider_range() -> None:
    for cells in (8, 31, 50):
        shares = rebinned(spread(), -2.0, 6.0, cells)
        assert math.fsum(shares) == pytest.approx(math.fsum(spread().counts))
        assert shares[0] == shares[-1] == 0


def test_one_value_and_none_are_drawn_too() -> None:
    canvas = Canvas(40, 12)
    dead = Spread("fc1", 0.0, 0.0, 0.0, (128.0, *[0.0] * 30))
    assert "".join(lines(histograms([dead], canvas), canvas)).count("█") == 1
    lost = Spread("fc2", math.nan, math.nan, math.nan, (0.0,) * 31)
    drawn = lines(histograms([dead, lost], canvas), canvas)
    assert any("not finite" in one for one in drawn)
    answer: dict[str, Any] = {
        "layers": [{"name": NASTY, "deviation": None, "range": [None, 1], "counts": [None] * 31}]
    }
    (found,) = spreads_of(answer)
    assert not found.is_finite
    assert "\x1b" not in histograms([found], canvas).plain


# -- functions --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ACTIVATIONS)
def test_every_function_and_its_slope_can_be_drawn(kind: type[Any]) -> None:
    chart = function_chart((kind.model_validate({}),) * 2)
    assert [curve.name for curve in chart.curves] == ["f", "f'"]
    assert draw(chart, 40, 12) != draw(chart, 40, 12, ascii_only=True)
    for curve in chart.curves:
        assert [x for x, _ in curve.points] == sorted(x for x, _ in curve.points)
        assert sum(y is None for _, y in curve.points) <= 1


def test_a_step_has_a_gap_and_several_functions_no_slopes() -> None:
    assert (0.0, None) in function_chart((Step(),)).curves[0].points
    assert (0.0, None) not in function_chart((ReLU(),)).curves[0].points
    chart = function_chart((ReLU(), Tanh(), ReLU(), ELU()))
    assert [curve.name for curve in chart.curves] == ["relu", "tanh", "elu"]
    assert len({curve.role for curve in chart.curves}) == 3


@pytest.mark.parametrize(
    ("low", "high"), [(-1.0, 2.0), (0.0, 0.0), (-99.0, 99.0), (7.0, 9.0), (-9.0, -7.0), (-5.0, 5.0)]
)
@pytest.mark.parametrize("width", [5, 20, 40, 100])
def test_a_band_stays_below_its_axis(low: float, high: float, width: int) -> None:
    drawn = band(Measured(NASTY, low, high), Canvas(width, 3)).plain
    assert "\x1b" not in drawn
    assert cell_len(drawn.split("\n")[0]) <= max(width, 40)
    if width == 100:
        assert ("<" in drawn) == (low < -5 <= high)
        assert (">" in drawn) == (low <= 5 < high)


# -- the course -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "start", "end"),
    [
        ("digits", 0.01, 0.01),
        ("digits warmup=10", 0.001, 0.01),
        ("digits performance", 0.01, 0.01),
        ("digits one_cycle", 0.0004, 4e-8),
        ("digits piecewise schedule.boundaries=50,100 schedule.factors=.1,.01", 0.01, 0.0001),
        ("digits exponential", 0.01, 0.0062),
    ],
)
def test_the_learning_rate_is_that_of_the_steps(line: str, start: float, end: float) -> None:
    chart, note = course(parse(line), None)
    assert chart is not None
    steps, rates = zip(*chart.curves[0].points, strict=True)
    assert (steps[0], steps[-1]) == (0, 209)
    assert (rates[0], rates[-1]) == pytest.approx((start, end), rel=0.01)
    assert bool(note) == ("performance" in line)
    assert len(steps) <= 210


def test_a_corner_is_sharp() -> None:
    chart, _ = course(parse("digits e=100 piecewise schedule.boundaries=777 schedule.factors=.1"), None)
    assert chart is not None
    rates = dict(chart.curves[0].points)
    assert rates[776] == 0.01
    assert rates[777] == pytest.approx(0.001)


def test_a_growing_batch_is_drawn_over_the_epochs() -> None:
    chart, note = course(parse("digits batch_growth e=4 warmup=7"), None)
    assert chart is not None
    assert chart.curves[0].points == ((0, 64), (3, 64), (3, 128), (4, 128))
    assert "7 steps" in note


def test_the_length_of_some_runs_is_not_known_yet() -> None:
    chart, note = course(parse("data=custom data.target=mine:make"), None)
    assert chart is None
    assert note


# -- the loss ---------------------------------------------------------------------------------------


def configurations() -> list[RunConfig]:
    found = []
    for data in ("digits", "moons", "diabetes"):
        for loss in LOSSES:
            for reduction in ("mean", "sum"):
                try:
                    found.append(parse(f"{data} loss={loss.word()} red={reduction}"))
                except ConfigError:
                    continue
    return found


@pytest.mark.parametrize("config", configurations(), ids=lambda one: f"{one.data.kind} {one.loss.kind}")
def test_every_loss_has_its_words(config: RunConfig) -> None:
    for width, height in ((24, 12), (34, 30), (62, 20)):
        canvas = Canvas(width, height)
        lines(comparison(config, None, canvas), canvas)
    told = comparison(config, None, Canvas(70, 30)).plain
    assert all(word in told for word in ("outputs", "targets", "formula", "batch"))
    long, *short = endings(config, None)
    assert config.resolved().loss.kind in long
    assert all(len(one) < len(long) for one in short)


def test_the_outputs_are_counted_as_the_loss_wants_them() -> None:
    assert endings(parse("moons bce"), None)[-1] == "1 output → bce"
    assert endings(parse("moons ce"), None)[-1] == "2 outputs → cross_entropy"
    assert endings(parse("digits loss=mse"), None)[-1] == "10 outputs → softmax → mse"
    unknown = parse("data=custom data.target=mine:make")
    assert endings(unknown, None) == ()
    assert comparison(unknown, None, Canvas(40, 9)).plain


# -- room -------------------------------------------------------------------------------------------


def test_lines_flow_between_their_parts() -> None:
    assert flowing(["one", "two", "three"], 9).plain == "one · two\nthree"
    assert flowing([], 9).plain == ""
    many = [Content(str(number)) for number in range(20)]
    assert [one.plain.strip() for one in fitting(many, 5)] == ["0", "1", "⋮ 16 more", "18", "19"]


async def test_a_drawing_is_drawn_anew_for_every_size_and_is_as_high_as_it_must() -> None:
    class Bench(App[None]):
        def compose(self) -> ComposeResult:
            drawing = Drawing()
            drawing.styles.height = "auto"
            yield drawing

    app = Bench()
    async with app.run_test(size=(30, 12)) as pilot:
        drawing = app.query_one(Drawing)
        drawing.show(lambda canvas: flowing(["some words"] * 4, canvas.width))
        await pilot.pause()
        assert drawing.size.height == 2
        await pilot.resize_terminal(14, 12)
        await pilot.pause()
        assert drawing.size.height == 4
        drawing.say(NASTY)
        await pilot.pause()
        assert drawing.render().plain == "[/x] \\x1b[2J 한글"
