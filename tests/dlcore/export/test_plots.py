"""Curves in text and as pictures: where points stand, what axes say, gaps, edits, marks without colour."""

import math
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

from dlcore.config import RunConfig
from dlcore.events import EpochEnded, Event
from dlcore.export import axes, svg
from dlcore.export.chart import Chart, Curve, Limits, Scale
from dlcore.export.textplot import plot
from tests.dlcore.export.said import block, epoch, make, markdown, prepared, steps


def chart(
    title: str, curves: Sequence[Curve], limits: Limits, x_name: str = "epoch", *, scale: Scale = "auto"
) -> Chart:
    return Chart(title, curves, limits, x_name, scale)


def drawn(*points: tuple[float, float], percent: bool = False) -> list[str]:
    scale: Scale = "percent" if percent else "auto"
    return plot(chart("loss", [Curve("train", "*", points)], (0.0, 2.0), scale=scale))


def test_points_stand_at_their_labels() -> None:
    lines = drawn((0, 1.0), (1, 0.6), (2, 0.0))
    assert lines[0].split() == ["loss", "*", "train"]
    marked = [line for line in lines[1:] if "*" in line]
    assert [line[:7].strip() for line in marked] == ["1.0", "0.6", "0.0"]
    assert marked[0] == "    1.0┤*"
    assert marked[2].index("*") == max(map(len, lines)) - 1


def test_shares_are_percent() -> None:
    lines = drawn((0, 0.0), (1, 1.0), percent=True)
    assert lines[1].startswith("  100 %┤")
    assert not any("log" in line for line in lines)


def test_many_decades_make_a_log_axis() -> None:
    lines = drawn((0, 2.0), (1, 3e27), (2, 400.0))
    assert lines[0].startswith("loss (log scale)")
    assert any(line.startswith("   1e25┤") for line in lines)
    lines = drawn((0, 2.0), (1, 0.2), (2, 0.002))
    assert [line[:7].strip() for line in lines if "┤" in line] == ["1", "0.1", "0.01"]


def test_a_linear_axis_stays_linear() -> None:
    points = [(0, 0.001), (1, 0.5), (2, 1.0)]
    lines = plot(chart("R²", [Curve("train", "*", points)], (0.0, 2.0), scale="linear"))
    assert lines[0].split() == ["R²", "*", "train"]
    assert [line[:7].strip() for line in lines if "┤" in line][:2] == ["1.0", "0.8"]


def test_epochs_of_different_lengths_lie_where_they_were(home: Path) -> None:
    def ended(number: int, step: int) -> EpochEnded:
        return epoch(number, 1.0).model_copy(update={"step": step})

    said: list[Event] = [prepared(), steps(4, (4.0,) * 4), ended(1, 4), steps(6, (1.0,) * 2), ended(2, 6)]
    lines = block(markdown(make(home, RunConfig(), said)), "text").splitlines()
    columns = {index for line in lines[1:] for index, mark in enumerate(line) if mark == "*"}
    last = max(map(len, lines)) - 1
    assert max(columns) == last, "step 6 is the end of epoch 2, though an epoch began with four steps"


def test_without_a_finite_point_there_is_no_plot() -> None:
    assert drawn((0, math.nan), (1, math.inf)) == []
    assert drawn((3, 1.0)) == []
    assert plot(chart("loss", [Curve("train", "*", [(0, 1.0)])], (0.0, 0.0))) == []


def test_later_curves_lie_above() -> None:
    curves = [Curve("a", "*", [(0, 1), (1, 1)]), Curve("b", "o", [(1, 1)])]
    text = "\n".join(plot(chart("", curves, (0, 1), ""))[1:])
    assert text.count("*") == text.count("o") == 1


@given(
    st.lists(st.tuples(st.floats(0, 2), st.floats()), min_size=1),
    st.booleans(),
)
def test_any_figures_can_be_drawn(points: list[tuple[float, float]], percent: bool) -> None:
    if percent:
        points = [(x, min(max(y, 0.0), 1.0)) for x, y in points]
    lines = drawn(*points, percent=percent)
    assert all(len(line) <= 78 for line in lines)
    assert len(lines) <= 24
    assert bool(lines) == any(abs(y) < 1e300 for _, y in points)


def test_edits_are_ticks_below_the_axis() -> None:
    curves = [Curve("train", "*", [(0, 1.0), (4, 0.5)])]
    lines = plot(Chart("loss", curves, (0.0, 4.0), "epoch", ticks=((0.0, "1"), (4.0, "2"), (9.0, "3"))))
    assert lines[-1].startswith(" edits  ^")
    assert len(lines[-1]) == 7 + 1 + 64
    assert lines[-1].count("^") == 2


def test_a_long_legend_has_lines_of_its_own() -> None:
    curves = [
        Curve(f"layer {number} of many", str(number), [(0, 1.0), (1, number)]) for number in range(1, 8)
    ]
    lines = plot(chart("gradient norm", curves, (0.0, 1.0)))
    assert lines[0] == "gradient norm"
    assert all(len(line) <= 78 for line in lines)
    assert sum(line.count("of many") for line in lines) == 7


# -- pictures ---------------------------------------------------------------------------------------


def drawing(picture: str) -> ElementTree.Element:
    return ElementTree.fromstring(picture)


def test_a_picture_is_well_formed_and_says_what_its_axes_are() -> None:
    curves = [
        Curve("train <&>", "*", [(0, 3.0), (1, 2.0), (2, 1.0)], [(0, 2.0, 4.0), (2, 0.5, 1.5)]),
        Curve("validation", "o", [(0, 2.5), (2, 1.25)], has_marks=True),
    ]
    root = drawing(svg.draw(Chart("loss", curves, (0.0, 2.0), "epoch", ticks=((1.0, "1"),))))
    texts = [one.text for one in root.iter("text")]
    assert texts[0] == "loss"
    assert {"train <&>", "validation", "epoch", "1", "0.5"} <= set(texts)
    kinds = [one.get("class", "") for one in root.iter("path")]
    assert (kinds.count("band s1"), kinds.count("mark s2"), kinds.count("edit")) == (1, 3, 1)
    assert kinds.count("line fine s1") == kinds.count("line s1") == 1  # the legend's is no finer
    assert kinds.count("line s2") == 2


def test_series_differ_by_dash_and_mark_not_by_colour_alone() -> None:
    curves = [Curve(str(number), "x", [(0, 1.0), (1, number)], has_marks=True) for number in range(1, 17)]
    root = drawing(svg.draw(chart("loss", curves, (0.0, 1.0))))
    looks = {}
    for number, group in enumerate(root.iter("g")):
        line, mark, *_ = group.iter("path")
        looks[number] = (line.get("class"), line.get("stroke-dasharray"), mark.get("d"))
    assert len(looks) == len(set(looks.values())) == 16
    assert len({(dash, shape) for _, dash, shape in looks.values()}) == 16


def test_a_figure_that_is_not_finite_is_a_gap() -> None:
    points = [(0.0, 1.0), (0.5, 2.0), (1.0, math.nan), (1.5, 2.0), (2.0, 1.0)]
    root = drawing(svg.draw(chart("loss", [Curve("train", "*", points)], (0.0, 2.0))))
    (line,) = [one for group in root.iter("g") for one in group.iter("path")]
    assert line.get("d", "").count("M") == 2


def test_nothing_finite_is_no_picture() -> None:
    assert svg.draw(chart("loss", [Curve("train", "*", [(0, math.nan)])], (0.0, 2.0))) == ""
    assert svg.draw(chart("loss", [], (0.0, 2.0))) == ""


@given(st.lists(st.tuples(st.floats(0, 2), st.floats()), min_size=1))
def test_any_figures_can_be_pictured(points: list[tuple[float, float]]) -> None:
    bands = [(x, y, y) for x, y in points]
    picture = svg.draw(chart("loss", [Curve("train", "*", points, bands, has_marks=True)], (0.0, 2.0)))
    assert bool(picture) == any(abs(y) < 1e300 for _, y in points)
    if picture:
        numbers = re.findall(
            r"-?[0-9.]+", " ".join(one.get("d", "") for one in drawing(picture).iter("path"))
        )
        assert all(-10 <= float(number) <= 800 for number in numbers)


@given(st.floats(-1e12, 1e12), st.floats(0, 1e12), st.booleans())
@example(0.0, 5e-324, False)
@example(1.75, 0.0, True)
def test_axes_enclose_what_they_are_for(low: float, reach: float, percent: bool) -> None:
    marks = axes.linear(low, low + reach, percent=percent, most=5)
    slack = 1e-6 * max(abs(low), abs(low + reach))
    assert marks[0][0] <= low + slack
    assert marks[-1][0] >= low + reach - slack
    assert 2 <= len(marks) <= 9


@given(st.floats(1e-200, 1e200), st.floats(100, 1e50))
def test_decades_enclose_what_they_are_for(low: float, ratio: float) -> None:
    marks = axes.decades(low, low * ratio, 6)
    assert marks[0][0] <= low * (1 + 1e-9)
    assert marks[-1][0] >= low * ratio * (1 - 1e-9)
    assert 2 <= len(marks) <= 8
