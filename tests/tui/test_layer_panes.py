"""Gradients, waterfall, updates and activations: what each shows of a history, now and in the past."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from textual.app import App, ComposeResult

from dlcore.config import RunConfig
from dlcore.events import Layer
from dlcore.history import RunHistory
from dlcore.oneline import parse
from dlcore.rundir import RunDir
from tests.tui.fakes import NASTY, FakeInspector, count_refreshes
from tests.tui.histories import activations, history, looks, prepared, steps
from tui.terminal.plain import plain
from tui.widgets.gradient_bars import GradientBars
from tui.widgets.panes.activations import Activations
from tui.widgets.panes.band_bars import BandBars
from tui.widgets.panes.gradients import Gradients
from tui.widgets.panes.heat import Heat
from tui.widgets.panes.heat_map import HeatMap
from tui.widgets.panes.layered import Layered
from tui.widgets.panes.pane import Moment
from tui.widgets.panes.shades import color
from tui.widgets.panes.spread_table import SpreadTable
from tui.widgets.panes.updates import Updates
from tui.widgets.panes.waterfall import Waterfall
from tui.widgets.plot import Plot

PANES = (Gradients, Waterfall, Updates, Activations)
TENS = range(10, 501, 10)


@pytest.fixture(autouse=True)
def in_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal of many colours, wherever the tests run."""
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)


class Bench(App[None]):
    """One pane, as the screen would show it."""

    def __init__(self, kind: type[Layered], ascii_only: bool = False) -> None:
        super().__init__()
        inspector: Any = FakeInspector()
        self.pane = kind(inspector, ascii_only=ascii_only)

    def compose(self) -> ComposeResult:
        yield self.pane

    def lines(self) -> list[str]:
        """What the upper part of the pane shows."""
        upper: Any = self.pane.query("HeatMap, GradientBars, BandBars, SpreadTable").first()
        lines = upper.text if isinstance(upper, HeatMap) else upper.render().plain.split("\n")
        return [line.rstrip() for line in lines]

    @property
    def heat(self) -> Heat:
        """The picture of the waterfall."""
        heat, _ = self.pane.query_one(HeatMap)._shown
        assert isinstance(heat, Heat)
        return heat

    @property
    def plots(self) -> list[Plot]:
        """The plots that are seen."""
        return [plot for plot in self.pane.query(Plot) if plot.display]


def moment(run: RunHistory, past: int | None = None, line: str = "digits") -> Moment:
    config: RunConfig = parse(line).resolved()
    return Moment(RunDir(Path("nowhere")), config, run, run.step if past is None else past, past is None)


def layer(name: str, activation: str) -> Layer:
    return Layer(name=name, text="", shape=(8,), activation=activation, parameters=1)


def norms(layers: int, at: Iterable[int] = TENS) -> dict[str, list[float | None]]:
    """Each layer's gradient is ten times that of the one before; all of them halve on the way."""
    many = list(at)
    return {
        f"fc{number}": [10.0 ** (number - layers) * (2.0 if step < 250 else 1.0) for step in many]
        for number in range(1, layers + 1)
    }


def deep(layers: int = 5) -> RunHistory:
    """Half of a run of 1,000 steps through so many layers."""
    named = [layer(f"fc{number}", "relu" if number < layers else "") for number in range(1, layers + 1)]
    figures = looks(TENS, norms(layers), updates=True)
    means = {one.name: float(number) for number, one in enumerate(named)}
    seen = [activations(step, **means) for step in (0, 240, 480)]
    idle = [one.model_copy(update={"dead": {"fc1": one.step / 480, "fc2": 0.1}}) for one in seen]
    return history(prepared(1000, named), idle[0], steps(500), figures, *idle[1:])


# -- all of them --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", PANES)
async def test_what_was_not_measured_is_said_in_a_sentence(kind: type[Layered]) -> None:
    app = Bench(kind)
    async with app.run_test(size=(80, 18)) as pilot:
        nothing = history(prepared(), steps(30))
        app.pane.look(moment(nothing))
        await pilot.pause()
        assert app.lines()[1].strip() == "This is measured from the first step on."
        app.pane.look(moment(nothing, line="digits training.probe_budget=0"))
        await pilot.pause()
        assert app.lines()[1].strip() == "Not measured: training.probe_budget is 0."
        assert app.plots == []
        assert not app.pane.move(0, 1), "there is nothing to choose"


@pytest.mark.parametrize("kind", PANES)
async def test_no_line_is_longer_than_there_is_room(kind: type[Layered]) -> None:
    app = Bench(kind, ascii_only=True)
    runs = [deep(layers) for layers in (1, 5, 40)]
    async with app.run_test(size=(80, 18)) as pilot:
        upper: Any = app.pane.query("HeatMap, GradientBars, BandBars, SpreadTable").first()
        for size in ((80, 18), (120, 34), (58, 34), (40, 9), (20, 4), (3, 2)):
            await pilot.resize_terminal(*size)
            for run in runs:
                app.pane.look(moment(run, past=240))
                await pilot.pause()
                if size[0] > 30:
                    assert max(map(cell_len, app.lines())) <= upper.size.width
                    assert len(app.lines()) <= upper.size.height
                    assert all("?" not in plain(line) for line in app.lines())


@pytest.mark.parametrize("kind", PANES)
async def test_nothing_is_drawn_where_nothing_changes(
    kind: type[Layered], monkeypatch: pytest.MonkeyPatch
) -> None:
    app = Bench(kind)
    async with app.run_test(size=(80, 18)) as pilot:
        run = deep()
        for past in (None, 240):
            app.pane.look(moment(run, past))
            await pilot.pause()
            with monkeypatch.context() as patch:
                refreshed = count_refreshes(patch)
                app.pane.look(moment(run, past))
                assert refreshed == []


@pytest.mark.parametrize("kind", PANES)
async def test_names_of_layers_are_no_markup(kind: type[Layered]) -> None:
    app = Bench(kind)
    async with app.run_test(size=(80, 24)) as pilot:
        figures = looks((10, 20), {NASTY: (0.1, 0.2), "[b]x": (0.1, 0.2)}, updates=True)
        run = history(prepared(1000), steps(30), activations(0, **{NASTY: 1.0, "[b]x": 2.0}), figures)
        app.pane.look(moment(run))
        await pilot.pause()
        text = "\n".join(app.lines())
        assert "[/x]" in text
        assert "[b]x" in text
        assert "\x1b" not in text


# -- each one -----------------------------------------------------------------------------------------


async def test_gradients_are_those_of_the_step_under_the_cursor() -> None:
    app = Bench(Gradients)
    async with app.run_test(size=(80, 18)) as pilot:
        app.pane.look(moment(deep()))
        await pilot.pause()
        bars = app.pane.query_one(GradientBars)
        assert "step 500" in bars.render().plain
        assert bars._norms["fc1"] == pytest.approx(1e-4)
        assert len(app.plots) == 1
        app.pane.look(moment(deep(), past=137))
        await pilot.pause()
        assert "step 130" in bars.render().plain
        assert bars._norms["fc1"] == pytest.approx(2e-4)
        assert app.plots[0]._chart is not None
        assert app.plots[0]._chart.cursor == 137
        app.pane.look(moment(deep(), past=3))
        await pilot.pause()
        assert "Nothing was measured before step 10." in app.lines()[1]


async def test_the_waterfall_has_a_row_a_layer_and_the_ratio_below() -> None:
    app = Bench(Waterfall)
    async with app.run_test(size=(80, 18)) as pilot:
        app.pane.look(moment(deep()))
        await pilot.pause()
        heat = app.heat
        assert heat.labels == ("fc1", "fc2", "fc3", "fc4", "fc5")
        assert heat.note == "first/last 1.0e-04"
        assert (heat.scale.low, heat.scale.high) == (-4, 1)
        assert [number.strip() for number in heat.numbers][::4] == ["1.0e-04", "1.0e+00"]
        lines = app.lines()
        assert "step 500" in lines[0]
        assert lines[0].split()[-1] == "1e1"
        names = [line.split("│")[0].strip() for line in lines[1:]]
        assert [name for name in names if name] == list(heat.labels)
        (plot,) = app.plots
        assert plot._chart is not None
        assert plot._chart.title == "first/last 1.0e-04"
        ratios = [y for _, y in plot._chart.curves[0].points if y is not None]
        assert ratios == pytest.approx([1e-4] * len(ratios))
        strip = app.pane.query_one(HeatMap).render_line(1)
        assert strip.cell_length == 78
        colors = {segment.style.bgcolor.name for segment in strip if segment.style and segment.style.bgcolor}
        assert {color(level, heat.scale.levels) for level in (0, 1)} <= colors


async def test_the_waterfall_marks_the_column_of_the_cursor() -> None:
    app = Bench(Waterfall, ascii_only=True)
    async with app.run_test(size=(80, 18)) as pilot:
        app.pane.look(moment(deep()))
        await pilot.pause()
        live = app.lines()
        app.pane.look(moment(deep(), past=240))
        await pilot.pause()
        past = app.lines()
        assert "step 240" in past[0]
        different = {
            column
            for row in range(1, 6)
            for column, (one, other) in enumerate(zip(live[row], past[row], strict=False))
            if one != other and column < 70
        }
        assert len(different) == 1
        assert all(past[row][different.copy().pop()] == "|" for row in range(1, 6))
        assert past[1].endswith("2.0e-04")
        assert live[1].count(".") > 20, "the smallest is the least dense"
        assert live[5].count("%") > 10


async def test_the_scale_of_the_waterfall_holds_all_of_the_run() -> None:
    app = Bench(Waterfall)
    async with app.run_test(size=(80, 18)) as pilot:
        scales = set()
        for past in (None, 10, 240, 490):
            app.pane.look(moment(deep(), past))
            await pilot.pause()
            scales.add(app.heat.scale)
        assert len(scales) == 1


async def test_layers_that_do_not_fit_share_rows_in_the_waterfall() -> None:
    app = Bench(Waterfall)
    async with app.run_test(size=(80, 18)) as pilot:
        app.pane.look(moment(deep(40)))
        await pilot.pause()
        lines = app.lines()
        assert app.plots == []
        assert lines[1].startswith("fc1–3 ")
        assert any(line.startswith("fc38–40") for line in lines)
        assert lines[-1] == "first/last 1.0e-39"
        assert "step" in lines[-2]


async def test_what_is_zero_or_no_number_is_told_apart_in_the_waterfall() -> None:
    app = Bench(Waterfall)
    async with app.run_test(size=(80, 18)) as pilot:
        count = len(TENS)
        figures = looks(TENS, {"fc1": [0.0] * count, "fc2": [None] * count, "fc3": [1.0] * count})
        app.pane.look(moment(history(prepared(), steps(500), figures)))
        await pilot.pause()
        zero, bad = (next(line for line in app.lines() if line.startswith(name)) for name in ("fc1", "fc2"))
        assert zero.count("0") > 20
        assert bad.count("×") > 20
        assert bad.endswith("nan")


async def test_updates_outside_the_band_have_a_word() -> None:
    app = Bench(Updates)
    async with app.run_test(size=(80, 20)) as pilot:
        app.pane.look(moment(deep()))
        await pilot.pause()
        lines = app.lines()
        words = {line.split()[0]: line.split()[-1] for line in lines if line.startswith("fc")}
        assert words == {"fc1": "low", "fc2": "low", "fc3": "low", "fc4": "1.0e-04", "fc5": "1.0e-03"}
        assert "├" in lines[1]
        assert "usual" in lines[1]
        band = [line for line in lines if "░" in line]
        assert ["┊" in line for line in band] == [True] * 4 + [False], "fc5 reaches to the middle of the band"
        chart = app.plots[0]._chart
        assert chart is not None
        assert [curve.points[0][1] for curve in chart.curves if curve.role == "reference"] == [
            1e-4,
            1e-3,
            1e-2,
        ]
        assert [curve.name for curve in chart.curves if curve.name] == ["fc1", "fc2", "fc3", "fc4", "fc5"]


async def test_a_chosen_layer_is_drawn_alone_over_time() -> None:
    app = Bench(Updates)
    async with app.run_test(size=(80, 20)) as pilot:
        app.pane.look(moment(deep()))
        assert app.pane.move(0, 1)
        assert app.pane.move(0, 1)
        app.pane.look(moment(deep()))
        await pilot.pause()
        assert any(line.startswith("fc2") and "›" in line for line in app.lines())
        chart = app.plots[0]._chart
        assert chart is not None
        assert [curve.name for curve in chart.curves if curve.name] == ["fc2"]


async def test_a_run_that_knew_no_updates_says_so() -> None:
    app = Bench(Updates)
    async with app.run_test(size=(80, 20)) as pilot:
        app.pane.look(moment(history(prepared(), steps(500), looks(TENS, norms(3)))))
        await pilot.pause()
        assert app.pane.query_one(BandBars)._shown == "This run has not measured it."


async def test_activations_show_mean_spread_and_what_is_idle() -> None:
    app = Bench(Activations)
    async with app.run_test(size=(80, 34)) as pilot:
        app.pane.look(moment(deep()))
        await pilot.pause()
        lines = app.lines()
        assert "step 480" in lines[0]
        rows = {line.split()[0].rstrip("›"): line for line in lines if line.startswith("fc")}
        assert rows["fc1"].endswith("dead 100 %")
        assert rows["fc2"].endswith("dead  10 %")
        assert "none" in rows["fc5"]
        places = [line.index("●") for line in rows.values()]
        assert places == sorted(set(places)), "the means grow from layer to layer"
        assert all(line.index("├") < line.index("●") < line.index("┤") for line in rows.values())
        titles = [plot._chart.title for plot in app.plots if plot._chart is not None]
        assert titles == ["fc1 over time", "dead units"]
        app.pane.look(moment(deep(), past=250))
        await pilot.pause()
        assert any("dead  50 %" in line for line in app.lines())
        for _ in range(4):
            assert app.pane.move(0, 1)
        app.pane.look(moment(deep(), past=250))
        await pilot.pause()
        titles = [plot._chart.title for plot in app.plots if plot._chart is not None]
        assert titles == ["fc5 over time"], "behind fc5 nothing can be idle"


async def test_the_axis_of_the_activations_stands_still() -> None:
    app = Bench(Activations)
    async with app.run_test(size=(80, 20)) as pilot:
        run = history(prepared(), activations(0, fc1=0.0), steps(300), activations(200, fc1=40.0))
        limits = set()
        for past in (None, 0, 250):
            app.pane.look(moment(run, past))
            await pilot.pause()
            shown = app.pane.query_one(SpreadTable)._shown
            assert not isinstance(shown, str)
            limits.add(shown.limits)
        assert len(limits) == 1
        assert limits.pop()[1] >= 41
