"""The pictures of Inside. After a change that is meant, look at each one, then `make snapshots`."""

from typing import Any

import pytest

from dlcore.events import CheckpointSaved
from tests.snapshots.test_inside import in_colour, looking
from tests.snapshots.test_screens import LARGE, SMALL, Before, MakeRun, home, still
from tests.tui import looking as answers
from tests.tui.fakes import FakeInspector, FakeRun, until
from tui.app import DltuiApp
from tui.screens.inside import InsideScreen
from tui.themes import LIGHT
from tui.widgets.panes import checkpoint_pane
from tui.widgets.panes.boundary import Boundary
from tui.widgets.panes.checkpoint_pane import CheckpointPane
from tui.widgets.panes.features import Features
from tui.widgets.panes.pane import Pane
from tui.widgets.panes.predictions import Predictions
from tui.widgets.panes.surface import Surface
from tui.widgets.panes.weights import Weights

__all__ = ["home", "in_colour", "still"]


@pytest.fixture(autouse=True)
def oracle(inspector: FakeInspector, monkeypatch: pytest.MonkeyPatch) -> None:
    """An inspector that knows every network, at once."""
    known = inspector.ask

    async def ask(what: str, **fields: Any) -> dict[str, Any]:
        return await known(what, **fields) if "config" in fields else answers.answer(what, fields)

    monkeypatch.setattr(inspector, "ask", ask)
    monkeypatch.setattr(checkpoint_pane, "_PAUSE", 0.0)


def seen(kind: type[Pane], *keys: str, theme: str = "") -> Before:
    """Go to a pane, and wait for its picture."""

    async def before(pilot: Any) -> None:
        await looking(kind, *keys, theme=theme)(pilot)
        screen = pilot.app.screen
        assert isinstance(screen, InsideScreen)
        pane = screen.pane
        assert isinstance(pane, CheckpointPane)
        await until(lambda: pane.answer is not None)
        await pilot.pause()

    return before


def learned(make_run: MakeRun) -> FakeRun:
    """A run with a checkpoint behind its second epoch."""
    run = make_run("moons mlp 16,8 tanh e=5").start().prepare().evaluate().epochs(2)
    run.dir.checkpoints.mkdir()
    (run.dir.checkpoints / f"{run.step}.pt").touch()
    run.say(CheckpointSaved, file=f"checkpoints/{run.step}.pt", bytes=9000)
    return run.epochs(3).end()


@pytest.mark.parametrize(
    ("kind", "size"),
    [
        (Weights, SMALL),
        (Features, LARGE),
        (Boundary, SMALL),
        (Predictions, SMALL),
        (Surface, LARGE),
    ],
    ids=["weights", "features", "boundary", "predictions", "surface"],
)
def test_pictures(snap_compare: Any, make_run: MakeRun, kind: type[Pane], size: tuple[int, int]) -> None:
    app = DltuiApp(learned(make_run).dir)
    assert snap_compare(app, terminal_size=size, run_before=seen(kind))


def test_in_plain_characters(snap_compare: Any, make_run: MakeRun) -> None:
    app = DltuiApp(learned(make_run).dir, ascii_only=True)
    assert snap_compare(app, terminal_size=SMALL, run_before=seen(Boundary))


def test_on_light_ground(snap_compare: Any, make_run: MakeRun) -> None:
    app = DltuiApp(learned(make_run).dir)
    assert snap_compare(app, terminal_size=SMALL, run_before=seen(Boundary, theme=LIGHT.name))
