import math
from collections.abc import Iterable

import pytest
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.containers import VerticalScroll
from textual.geometry import Region
from textual.screen import ModalScreen, Screen
from textual.widgets import Static

from tui.drawing.plot_frame import GUTTER
from tui.drawing.plot_line import Line
from tui.drawing.plotting import Chart, Curve
from tui.widgets.plot import Plot, legend, value_text


class Recorder(Plot):
    """A plot that keeps what it refreshed, and counts how often it drew."""

    def __init__(self, chart: Chart | None = None, *, ascii_only: bool = False) -> None:
        super().__init__(chart, ascii_only=ascii_only)
        self.refreshed: list[tuple[Region, ...]] = []
        self.drawings = 0

    def refresh(
        self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False
    ) -> "Recorder":
        self.refreshed.append(regions)
        super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)
        return self

    def _draw(self) -> list[Line]:
        self.drawings += 1
        return super()._draw()


class Bench(App[None]):
    def __init__(self, plot: Recorder) -> None:
        super().__init__()
        self.plot = plot

    def compose(self) -> ComposeResult:
        yield self.plot


class Scrolled(Bench):
    CSS = "Recorder { height: 12; }"

    def compose(self) -> ComposeResult:
        with VerticalScroll():
            yield self.plot
            yield Static("\n" * 60)


def loss(points: int, *, total: int = 100) -> Chart:
    ys = [2.0 * math.exp(-i / 30) + 0.2 for i in range(points)]
    train = Curve("train", tuple((float(i), y) for i, y in enumerate(ys)))
    validation = Curve("validation", tuple((i, ys[i] + 0.1) for i in range(9, points, 10)), "validation", "●")
    return Chart("loss", (train, validation), (0, total), x_label="step")


def shown(plot: Plot) -> list[str]:
    return [plot.render_line(y).text for y in range(plot.size.height)]


def painted(plot: Plot) -> list[str]:
    """The lines as Textual paints them, through its cache of lines that are not dirty."""
    return [strip.text for strip in plot.render_lines(plot.size.region)]


def text_of(line: Line) -> str:
    return "".join(run.text for run in line)


def regions(refreshed: Iterable[tuple[Region, ...]]) -> list[Region]:
    return [region for call in refreshed for region in call]


async def test_it_shows_legend_canvas_and_axes() -> None:
    app = Bench(Recorder(loss(50)))
    async with app.run_test(size=(60, 16)) as pilot:
        await pilot.pause()
        lines = shown(app.plot)
        assert len(lines) == 16
        assert {cell_len(line) for line in lines} == {60}
        assert lines[0].startswith("loss   ⠒ train 0.5906   ● validation 0.6906")
        assert lines[-2][:GUTTER] == "      └"
        assert lines[-1].startswith("  step 0")


async def test_one_more_point_refreshes_only_the_lines_it_changes() -> None:
    app = Bench(Recorder(loss(50)))
    async with app.run_test(size=(60, 16)) as pilot:
        await pilot.pause()
        before = shown(app.plot)
        app.plot.refreshed.clear()
        app.plot.show(loss(51))
        after = shown(app.plot)
        changed = {y for y, (old, new) in enumerate(zip(before, after, strict=True)) if old != new}
        assert len(app.plot.refreshed) == 1
        refreshed = regions(app.plot.refreshed)
        assert {region.y for region in refreshed} == changed
        assert 0 < len(refreshed) < 6
        for region in refreshed:
            assert region.height == 1
            x, end, y = region.x, region.right, region.y
            assert before[y][:x] == after[y][:x]
            assert before[y][end:] == after[y][end:]
            assert before[y][x:end] != after[y][x:end]


async def test_nothing_changed_refreshes_nothing() -> None:
    app = Bench(Recorder(loss(50)))
    async with app.run_test(size=(60, 16)) as pilot:
        await pilot.pause()
        app.plot.refreshed.clear()
        app.plot.show(loss(50))
        app.plot.show(Chart("loss", loss(50).curves, (0, 100), x_label="step", percent=False))
        assert app.plot.refreshed == []


async def test_what_the_terminal_shows_is_the_newest_chart() -> None:
    app = Bench(Recorder())
    async with app.run_test(size=(60, 16)) as pilot:
        for points in (1, 2, 50, 51, 100, 30):
            app.plot.show(loss(points))
            await pilot.pause()
            assert painted(app.plot) == shown(app.plot)
            assert painted(app.plot)[0] == text_of(legend(loss(points), 60))


async def test_it_works_without_a_chart_and_before_it_is_mounted() -> None:
    plot = Recorder()
    plot.show(loss(10))
    plot.show(loss(20))
    app = Bench(plot)
    async with app.run_test(size=(60, 16)) as pilot:
        await pilot.pause()
        assert "train" in shown(plot)[0]
        empty = Bench(Recorder())
    async with empty.run_test(size=(60, 16)) as pilot:
        await pilot.pause()
        assert set("".join(shown(empty.plot))) == {" "}


async def test_without_a_value_there_are_no_axes() -> None:
    nothing = Curve("validation", ((3.0, None),), "validation", "●")
    plot = Recorder(Chart("accuracy", (Curve("train", ()), nothing), (0, 100), x_label="step"))
    async with Bench(plot).run_test(size=(40, 12)) as pilot:
        assert [line.rstrip() for line in shown(plot)] == ["accuracy", "no values", *[""] * 10]
        for height in (2, 1):
            await pilot.resize_terminal(40, height)
            assert len(shown(plot)) == height
        plot.show(loss(2))
        await pilot.resize_terminal(40, 12)
        assert "2.1344" in shown(plot)[0]


async def test_out_of_sight_it_does_no_work_and_then_shows_the_newest() -> None:
    app = Scrolled(Recorder(loss(10)))
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.pause()
        scroll = app.query_one(VerticalScroll)
        scroll.scroll_to(y=40, animate=False, immediate=True)
        await pilot.pause()
        drawings = app.plot.drawings
        for points in range(11, 60):
            app.plot.show(loss(points))
            await pilot.pause()
        assert app.plot.drawings == drawings
        scroll.scroll_to(y=0, animate=False, immediate=True)
        await pilot.pause()
        assert app.plot.drawings == drawings + 1
        assert painted(app.plot)[0] == text_of(legend(loss(59), app.plot.size.width))


async def test_hidden_it_does_no_work_and_then_shows_the_newest() -> None:
    app = Bench(Recorder(loss(10)))
    async with app.run_test(size=(60, 16)) as pilot:
        await pilot.pause()
        app.plot.display = False
        await pilot.pause()
        drawings = app.plot.drawings
        app.plot.show(loss(20))
        app.plot.show(loss(30))
        await pilot.pause()
        assert app.plot.drawings == drawings
        app.plot.display = True
        await pilot.pause()
        assert app.plot.drawings == drawings + 1
        assert painted(app.plot)[0] == text_of(legend(loss(30), 60))


async def test_below_a_translucent_screen_it_goes_on() -> None:
    app = Bench(Recorder(loss(10)))
    async with app.run_test(size=(60, 16)) as pilot:
        await app.push_screen(ModalScreen())
        await pilot.pause()
        drawings = app.plot.drawings
        app.plot.show(loss(20))
        await pilot.pause()
        assert app.plot.drawings == drawings + 1
        assert painted(app.plot)[0] == text_of(legend(loss(20), 60))


async def test_below_an_opaque_screen_it_does_no_work_and_then_shows_the_newest() -> None:
    app = Bench(Recorder(loss(10)))
    async with app.run_test(size=(60, 16)) as pilot:
        await app.push_screen(Screen())
        await pilot.pause()
        drawings = app.plot.drawings
        app.plot.show(loss(20))
        await pilot.pause()
        assert app.plot.drawings == drawings
        await app.pop_screen()
        await pilot.pause()
        assert app.plot.drawings == drawings + 1
        assert painted(app.plot)[0] == text_of(legend(loss(20), 60))


@pytest.mark.parametrize("theme", ["textual-light", "nord", "ansi-dark"])
async def test_it_takes_its_colours_from_the_theme(theme: str) -> None:
    app = Bench(Recorder(loss(50)))
    async with app.run_test(size=(60, 16)) as pilot:
        await pilot.pause()
        before, text = app.plot.render_line(0), shown(app.plot)
        app.theme = theme
        await pilot.pause()
        assert shown(app.plot) == text
        assert app.plot.render_line(0) != before
        assert painted(app.plot) == text


async def test_every_role_has_a_colour_of_its_own() -> None:
    app = Bench(Recorder())
    async with app.run_test(size=(60, 16)) as pilot:
        for theme in ("textual-dark", "textual-light"):
            app.theme = theme
            await pilot.pause()
            roles = ("train", "validation", "raw", "run-3", "run-4", "run-5")
            styles = {app.plot.get_visual_style(f"plot--curve-{role}").rich_style.color for role in roles}
            assert len(styles) == len(roles)


async def test_it_redraws_at_every_size() -> None:
    app = Bench(Recorder(loss(50)))
    async with app.run_test(size=(60, 16)) as pilot:
        for width, height in ((100, 30), (46, 9), (12, 3), (1, 1), (80, 24)):
            await pilot.resize_terminal(width, height)
            await pilot.pause()
            lines = shown(app.plot)
            assert [cell_len(line) for line in lines] == [width] * height
            app.plot.show(loss(51 + width))
            await pilot.pause()
        assert "train" in shown(app.plot)[0]


async def test_ascii_only_shows_only_ascii() -> None:
    app = Bench(Recorder(loss(50), ascii_only=True))
    async with app.run_test(size=(60, 16)) as pilot:
        await pilot.pause()
        assert "".join(shown(app.plot)).isascii()


@pytest.mark.parametrize("title", ["loss", "손실", "a\x1b[31m\n[/x]", ""])
def test_the_legend_fits_every_width(title: str) -> None:
    curves = (Curve("학습 1", ((0, math.nan),)), Curve("b\tc", ((1, 2.5), (2, math.nan)), "run-2", "×"))
    for width in range(-1, 70):
        line = text_of(legend(Chart(title, curves, (0, 1)), width))
        assert cell_len(line) == max(width, 0)
        assert line.isprintable()


def test_the_legend_gives_up_gaps_then_names_then_its_end() -> None:
    chart = loss(50)
    full = "loss   ⠒ train 0.5906   ● validation 0.6906"
    assert text_of(legend(chart, 60)).rstrip() == full
    assert text_of(legend(chart, 42)).rstrip() == "loss  ⠒ train 0.5906  ● validation 0.6906"
    assert text_of(legend(chart, 30)).rstrip() == "loss  ⠒ 0.5906  ● 0.6906"
    assert text_of(legend(chart, 12)) == "loss  ⠒ 0.5…"
    assert text_of(legend(chart, 12, ascii_only=True)) == "loss  * 0.5~"


def test_curves_without_a_name_are_not_in_the_legend() -> None:
    chart = Chart("loss", (Curve("", ((0, 1),), "raw"), Curve("train", ((0, 2),))), (0, 9))
    assert text_of(legend(chart, 40)).rstrip() == "loss   ⠒ train 2.0000"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.08214, "0.0821"),
        (2.302585, "2.3026"),
        (12.3456, "12.346"),
        (123.456, "123.46"),
        (12345.6, "12346 "),
        (0, "0.0000"),
        (0.00012, "1.2e-4"),
        (4.2e7, "4.2e7 "),
        (-0.5, "-0.500"),
        (math.nan, "nan   "),
        (math.inf, "inf   "),
        (None, "-     "),
    ],
)
def test_values_keep_their_width(value: float | None, text: str) -> None:
    assert value_text(value) == text


def test_percent_values() -> None:
    assert [value_text(value, percent=True) for value in (0.09, 0.9725, 1)] == ["9.0%  ", "97.2% ", "100.0%"]
