from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from tests.tui.fakes import VANISHING, FakeRun, Stage, count_refreshes, opened
from tui.drawing.plot_frame import GUTTER, column_of
from tui.screens import inside
from tui.widgets.gradient_bars import GradientBars
from tui.widgets.header import Header
from tui.widgets.pane_tabs import PaneTabs
from tui.widgets.panes.activations import Activations
from tui.widgets.panes.gradients import Gradients
from tui.widgets.panes.heat import NUMBER
from tui.widgets.panes.heat_map import HeatMap
from tui.widgets.panes.pane import Pane
from tui.widgets.panes.updates import Updates
from tui.widgets.panes.waterfall import Waterfall
from tui.widgets.plot import Plot

MakeRun = Callable[..., FakeRun]
PANES = (Gradients, Waterfall, Updates, Activations)

pytestmark = pytest.mark.usefixtures("home", "inspector")


def text_of(stage: Stage, name: str) -> str:
    content: Any = stage.inside.query_one(f"#{name}", Static).content
    return str(getattr(content, "plain", content))


def shown(stage: Stage) -> list[type[Pane]]:
    """The panes that are seen, from left to right."""
    return [type(pane) for pane in stage.inside.query_one("#inside-body").children if pane.display]  # type: ignore[misc]


def bars_step(stage: Stage) -> int:
    """The step whose gradients are shown."""
    return stage.inside.query_one(GradientBars)._step


async def drawn(stage: Stage, run: FakeRun) -> None:
    """Wait until all that the run has said is on the screen."""

    def is_drawn() -> bool:
        feed = stage.inside.watched()
        is_read = feed is not None and feed.history.seq == run.seq and run.seq in stage.inside._drawn
        return is_read and not stage.inside._parts

    await stage.until(is_drawn)


@pytest.fixture(autouse=True)
def four_panes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that come from the history alone, and need no inspector."""
    monkeypatch.setattr(inside, "PANES", PANES)


@pytest.fixture
def run(make_run: MakeRun) -> FakeRun:
    """A run that goes on, with gradients, updates and two looks at its activations."""
    made = make_run("digits mlp 32,32 relu e=9").hold().start().prepare().activations().evaluate()
    return made.epochs(2).activations().steps(5).gradients()


async def test_without_a_run_it_says_how_to_get_one() -> None:
    async with opened() as stage:
        await stage.show("inside")
        assert text_of(stage, "inside-message").startswith("No run is open.")
        await stage.press("comma", "end", "tab", "down")
        assert text_of(stage, "inside-message").startswith("No run is open.")


async def test_panes_come_one_after_the_other_and_are_built_when_they_are_seen(run: FakeRun) -> None:
    async with opened(run) as stage:
        await stage.show("inside")
        await drawn(stage, run)
        assert shown(stage) == [Gradients]
        assert len(stage.inside._panes) == 1
        assert stage.inside.query_one(Header).aside == run.dir.id
        await stage.press("tab")
        assert shown(stage) == [Waterfall]
        await stage.press("shift+tab", "shift+tab")
        assert shown(stage) == [Activations]
        await stage.press("tab")
        assert shown(stage) == [Gradients]
        line = stage.inside.query_one(PaneTabs)
        await stage.pilot.click(PaneTabs, offset=(1 + line.render().plain.index("Updates"), 0))
        await stage.until(lambda: shown(stage) == [Updates])
        assert stage.inside.pane.TITLE == "Updates"
        await stage.press("down", "down")
        await drawn(stage, run)
        chart = stage.inside.pane.query_one(Plot)._chart
        assert chart is not None
        assert [curve.name for curve in chart.curves if curve.name] == ["fc2"], "arrows go to the active pane"
        assert text_of(stage, "inside-step").endswith("↑ ↓ layer")


async def test_where_there_is_room_two_panes_stand_side_by_side(run: FakeRun) -> None:
    async with opened(run, size=(120, 40)) as stage:
        await stage.show("inside")
        await drawn(stage, run)
        assert shown(stage) == [Gradients, Waterfall]
        await stage.press("tab")
        assert shown(stage) == [Gradients, Waterfall]
        assert isinstance(stage.inside.pane, Waterfall)
        await stage.pilot.resize_terminal(80, 24)
        await stage.until(lambda: shown(stage) == [Waterfall])
        await stage.pilot.resize_terminal(120, 40)
        await stage.until(lambda: shown(stage) == [Gradients, Waterfall])


async def test_it_shows_what_comes_and_only_then_draws(run: FakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened(run) as stage:
        await stage.show("inside")
        await drawn(stage, run)
        assert text_of(stage, "inside-step").startswith("live   step 47/")
        before = bars_step(stage)
        run.steps(20).gradients()
        await drawn(stage, run)
        assert bars_step(stage) > before
        assert text_of(stage, "inside-step").startswith("live   step 67/")
        refreshed = count_refreshes(monkeypatch, stage.inside)
        for _ in range(20):
            await stage.pilot.pause(0.01)
        assert refreshed == []


async def test_nothing_is_drawn_while_another_screen_is_seen(
    run: FakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(run) as stage:
        await stage.show("inside")
        await drawn(stage, run)
        await stage.show("train")
        refreshed = count_refreshes(monkeypatch, stage.inside)
        run.steps(20).gradients()
        await stage.until(lambda: stage.train.feed is not None and stage.train.feed.history.seq == run.seq)
        await stage.pilot.pause()
        assert refreshed == []
        await stage.show("inside")
        await drawn(stage, run)
        assert text_of(stage, "inside-step").startswith("live   step 67/")


async def test_the_cursor_moves_both_screens_through_time(run: FakeRun) -> None:
    async with opened(run) as stage:
        await stage.show("inside")
        await drawn(stage, run)
        assert not stage.inside.active_bindings["end"].enabled
        await stage.press("comma")
        assert text_of(stage, "inside-step").startswith("‹ step 42/")
        assert stage.inside.active_bindings["end"].enabled
        await stage.press("comma")
        await drawn(stage, run)
        assert text_of(stage, "inside-step").startswith("‹ step 40/")
        assert bars_step(stage) == 40
        run.steps(20).gradients()
        await drawn(stage, run)
        assert bars_step(stage) == 40, "it stands still while the run goes on"

        await stage.show("train")
        await stage.until(lambda: not stage.train._parts and not stage.train._stale)
        step = stage.train.query_one("#train-step", Static)
        assert str(getattr(step.content, "plain", "")).startswith("‹ step 40/")
        assert stage.train.query_one(GradientBars)._step == 40
        for name in ("loss", "score"):
            found = stage.train.query_one(f"#{name}", Plot)._chart
            assert found is not None
            assert found.cursor == 40
        await stage.press("less_than_sign")
        await stage.until(lambda: stage.train.query_one(GradientBars)._step < 40)
        await stage.press("end")
        await stage.until(lambda: stage.train.query_one(GradientBars)._step == 60)
        assert not step.display or not step.render_line(0).text.strip()

        await stage.show("inside")
        await drawn(stage, run)
        assert text_of(stage, "inside-step").startswith("live")
        assert not stage.inside.active_bindings["end"].enabled
        await stage.press("home")
        await drawn(stage, run)
        assert text_of(stage, "inside-step").startswith("‹ step 0/")
        assert "Nothing was measured before step 1." in stage.inside.query_one(GradientBars).render().plain
        await stage.press("greater_than_sign", "full_stop")
        await drawn(stage, run)
        assert bars_step(stage) == 4


async def test_a_click_on_a_plot_goes_to_the_step_under_it(run: FakeRun) -> None:
    async with opened(run, size=(120, 40)) as stage:
        await stage.until(lambda: not stage.train._parts and not stage.train._stale)
        total = stage.train.query_one("#loss", Plot)._chart.x_limits[1]  # type: ignore[union-attr]
        plot = stage.train.query_one("#loss", Plot)
        column = column_of(20, (0.0, total), plot.size.width)
        assert column is not None
        await stage.pilot.click("#loss", offset=(column, 4))
        await stage.until(lambda: stage.train.query_one(GradientBars)._step == 20)
        await stage.show("inside")
        await drawn(stage, run)
        assert bars_step(stage) == 20
        heat = stage.inside.query_one(HeatMap)
        await stage.pilot.click(HeatMap, offset=(GUTTER + 1, 3))
        await stage.until(lambda: bars_step(stage) < 10)
        await stage.pilot.click(HeatMap, offset=(heat.size.width - NUMBER - 1, 3))
        await stage.until(lambda: stage.inside.cursor.follows)
        await stage.pilot.click(HeatMap, offset=(2, 3))
        await stage.pilot.click(HeatMap, offset=(heat.size.width - 2, 3))
        assert stage.inside.cursor.follows, "names and figures are no steps"


async def test_another_run_is_looked_at_where_it_stands(run: FakeRun, make_run: MakeRun) -> None:
    other = make_run("digits mlp 8,8,8 sigmoid e=2", course=VANISHING).start().prepare().epochs(2).end()
    async with opened(run) as stage:
        await stage.show("inside")
        await drawn(stage, run)
        await stage.press("comma")
        stage.train.open(other.dir)
        await stage.until(lambda: stage.train.feed is not None and stage.train.feed.history.seq == other.seq)
        await drawn(stage, other)
        assert text_of(stage, "inside-step").startswith("the end   step 42/42")
        assert len(stage.inside.query_one(GradientBars)._norms) == 4


async def test_a_window_too_small_for_panes_still_says_where_the_run_is(run: FakeRun) -> None:
    async with opened(run, size=(50, 12)) as stage:
        await stage.show("inside")
        await stage.until(lambda: "step 47/" in text_of(stage, "inside-step"))
        await stage.press("comma")
        assert "‹ step 42/" in text_of(stage, "inside-step")
        assert not stage.inside.query_one("#inside-body").display
        assert not stage.inside.query_one("#inside-message").display
        pilot: Pilot[Any] = stage.pilot
        await pilot.resize_terminal(80, 24)
        await drawn(stage, run)
        assert stage.inside.query_one(GradientBars).size.height > 5
