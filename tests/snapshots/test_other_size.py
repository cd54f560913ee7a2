"""Panes and pages that other files picture at one size alone, at the other one."""

from typing import Any

import pytest

from tests.snapshots import test_microscope as of_microscope
from tests.snapshots.test_errors import ended, errors, quick
from tests.snapshots.test_inside import in_colour
from tests.snapshots.test_pictures import learned, seen
from tests.snapshots.test_screens import LARGE, MNIST, SMALL, MakeRun, home, still
from tests.tui import looking as answers_of_pictures
from tests.tui.erring import Examiner, class_errors
from tests.tui.fakes import FakeInspector
from tui.app import DltuiApp
from tui.widgets.microscope.book import PAGES
from tui.widgets.panes import checkpoint_pane
from tui.widgets.panes.boundary import Boundary
from tui.widgets.panes.features import Features
from tui.widgets.panes.pane import Pane
from tui.widgets.panes.predictions import Predictions
from tui.widgets.panes.surface import Surface
from tui.widgets.panes.weights import Weights

__all__ = ["home", "in_colour", "quick", "still"]
Sized = tuple[int, int]


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """An inspector that knows every page of the microscope, and every picture, at once."""
    ask = FakeInspector.ask

    async def answer(fake: FakeInspector, what: str, **fields: Any) -> dict[str, Any]:
        page = of_microscope.RECORDED["mlp"].get(fields.get("page", ""))
        if page is not None:
            return dict(page)
        return (
            await ask(fake, what, **fields)
            if "config" in fields
            else answers_of_pictures.answer(what, fields)
        )

    monkeypatch.setattr(FakeInspector, "ask", answer)
    monkeypatch.setattr(checkpoint_pane, "_PAUSE", 0.0)


@pytest.mark.parametrize(
    "keys",
    [("enter", "right"), ("tab",), ("tab", "tab")],
    ids=["samples", "confusions", "classes"],
)
def test_errors(
    snap_compare: Any, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch, keys: tuple[str, ...]
) -> None:
    run = ended(make_run, MNIST, 900)
    before = errors(monkeypatch, Examiner(class_errors()), *keys)
    assert snap_compare(DltuiApp(run.dir), terminal_size=LARGE, run_before=before)


@pytest.mark.usefixtures("answers")
@pytest.mark.parametrize("page", [name for name, _ in PAGES if name != "backward"])
def test_the_microscope(snap_compare: Any, make_run: MakeRun, page: str) -> None:
    run = make_run(MNIST).start().prepare().epochs(1)
    before = of_microscope.turned_to(page)
    assert snap_compare(DltuiApp(run.dir), terminal_size=LARGE, run_before=before)


@pytest.mark.usefixtures("answers")
@pytest.mark.parametrize(
    ("kind", "size"),
    [(Weights, LARGE), (Features, SMALL), (Boundary, LARGE), (Predictions, LARGE), (Surface, SMALL)],
    ids=["weights", "features", "boundary", "predictions", "surface"],
)
def test_pictures(snap_compare: Any, make_run: MakeRun, kind: type[Pane], size: Sized) -> None:
    app = DltuiApp(learned(make_run).dir)
    assert snap_compare(app, terminal_size=size, run_before=seen(kind))
