"""The panes of Inside as pictures. After a change that is meant, look at each one, then `make snapshots`."""

import math
from typing import Any

import pytest
from textual.pilot import Pilot

from dlcore.events import GradientsMeasured
from tests.snapshots.test_screens import DEEP, LARGE, MNIST, SMALL, Before, MakeRun, home, still
from tests.tui.fakes import VANISHING, FakeRun, is_ready, until
from tui.app import DltuiApp
from tui.screens.inside import PANES, InsideScreen
from tui.themes import LIGHT
from tui.widgets.panes.activations import Activations
from tui.widgets.panes.gradients import Gradients
from tui.widgets.panes.pane import Pane
from tui.widgets.panes.updates import Updates
from tui.widgets.panes.waterfall import Waterfall

__all__ = ["home", "still"]


@pytest.fixture(autouse=True)
def in_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal of many colours, wherever the tests run."""
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)


def looking(kind: type[Pane], *keys: str, theme: str = "") -> Before:
    """Go to a pane of Inside, press keys, and wait until all of it is drawn."""

    async def before(pilot: Pilot[Any]) -> None:
        app = pilot.app
        app.animation_level = "none"
        await until(lambda: is_ready(app))
        if theme:
            app.theme = theme
        await pilot.press("3")
        screen = app.screen
        assert isinstance(screen, InsideScreen)
        await until(lambda: screen.is_mounted)
        for key in (*["tab"] * PANES.index(kind), *keys):
            await pilot.press(key)
        await pilot.pause()
        feed = screen.watched()
        assert feed is not None
        screen.show_moment()
        await until(lambda: not screen._parts and feed.history.seq in screen._drawn)
        await pilot.pause()

    return before


def look(run: FakeRun, norms: dict[str, float], updates: float) -> FakeRun:
    """The gradients at the steps since the last look, which grow into their last norms."""
    at = [step for step in range(run._looked + 1, run.step + 1) if step % 20 == 0 or step <= 10]
    run._looked = run.step
    swing = [math.exp(0.5 * math.sin(step / 37) - 2 * run.course.left(step)) for step in at]
    named = {layer: tuple(norm * one for one in swing) for layer, norm in norms.items()}
    shares = {
        layer: tuple(updates * one / norm**0.1 for one in kept)
        for (layer, kept), norm in zip(named.items(), norms.values(), strict=True)
    }
    run.say(GradientsMeasured, steps=tuple(at), norms=named, updates=shares, every=20, cost=0.01)
    return run


def vanishing(make_run: MakeRun) -> FakeRun:
    """Eight hidden sigmoid layers, whose first ones learn nothing, halfway through."""
    run = make_run(DEEP, course=VANISHING).hold().start().prepare().activations().evaluate()
    run.steps(800).activations()
    look(run, {f"fc{number}": norm for number, norm in enumerate(VANISHING.norms, 1)}, 1e-4)
    return run.evaluate()


def healthy(make_run: MakeRun) -> FakeRun:
    """Three layers that all learn, to the end."""
    run = make_run(MNIST).start().prepare().activations().evaluate().evaluate("test")
    for _ in range(5):
        run.epochs(1).activations()
    return run.end()


@pytest.mark.parametrize(
    "kind", [Gradients, Waterfall, Updates, Activations], ids=lambda kind: kind.TITLE.lower()
)
def test_a_network_that_vanishes(snap_compare: Any, make_run: MakeRun, kind: type[Pane]) -> None:
    run = vanishing(make_run)
    assert snap_compare(DltuiApp(run.dir), terminal_size=SMALL, run_before=looking(kind))


@pytest.mark.parametrize("kind", [Waterfall, Activations], ids=lambda kind: kind.TITLE.lower())
def test_more_room(snap_compare: Any, make_run: MakeRun, kind: type[Pane]) -> None:
    run = vanishing(make_run)
    assert snap_compare(DltuiApp(run.dir), terminal_size=LARGE, run_before=looking(kind))


@pytest.mark.parametrize("kind", [Waterfall, Updates], ids=lambda kind: kind.TITLE.lower())
def test_a_healthy_network_in_the_past(snap_compare: Any, make_run: MakeRun, kind: type[Pane]) -> None:
    run = healthy(make_run)
    keys = ("less_than_sign",) * 8
    assert snap_compare(DltuiApp(run.dir), terminal_size=SMALL, run_before=looking(kind, *keys))


def test_the_waterfall_on_light_ground(snap_compare: Any, make_run: MakeRun) -> None:
    run = vanishing(make_run)
    before = looking(Waterfall, "less_than_sign", theme=LIGHT.name)
    assert snap_compare(DltuiApp(run.dir), terminal_size=SMALL, run_before=before)


def test_the_waterfall_in_plain_characters(snap_compare: Any, make_run: MakeRun) -> None:
    run = vanishing(make_run)
    app = DltuiApp(run.dir, ascii_only=True)
    assert snap_compare(app, terminal_size=SMALL, run_before=looking(Waterfall, "less_than_sign"))


def test_the_waterfall_without_colour(
    snap_compare: Any, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    run = vanishing(make_run)
    assert snap_compare(DltuiApp(run.dir), terminal_size=SMALL, run_before=looking(Waterfall))


def test_a_run_before_its_first_step(snap_compare: Any, make_run: MakeRun) -> None:
    run = make_run(MNIST).hold().start().prepare()
    assert snap_compare(DltuiApp(run.dir), terminal_size=SMALL, run_before=looking(Waterfall))


def test_train_in_the_past(snap_compare: Any, make_run: MakeRun) -> None:
    run = healthy(make_run)

    async def before(pilot: Pilot[Any]) -> None:
        await looking(Gradients, *("less_than_sign",) * 8)(pilot)
        await pilot.press("2")
        await pilot.pause()
        train = pilot.app.screen_stack[0]
        train._redraw()  # type: ignore[attr-defined]
        await until(lambda: not train._parts)  # type: ignore[attr-defined]
        await pilot.pause()

    assert snap_compare(DltuiApp(run.dir), terminal_size=SMALL, run_before=before)
