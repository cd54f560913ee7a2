"""Runs of other programs in the app: they are seen like any other, and what they lack is said."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from textual.widget import Widget
from textual.widgets import Static

from dlcore.importing import Following
from dlcore.rundir import RunDir
from tests.dlcore.importing.test_runs import event_file
from tests.tui.fakes import Stage, opened
from tui.widgets.gradient_bars import GradientBars
from tui.widgets.panes.boundary import Boundary
from tui.widgets.panes.pane import Pane
from tui.widgets.pictures.drawing import Drawing
from tui.widgets.plot import Plot
from tui.widgets.status_line import StatusLine

pytestmark = pytest.mark.usefixtures("inspector")


@pytest.fixture
def run(home: Path, tmp_path: Path) -> RunDir:
    points = [("loss", step, 2.0 / (1 + step)) for step in range(40)]
    points += [("val_loss", step, 2.5 / (1 + step)) for step in range(9, 40, 10)]
    event_file(tmp_path / "log", sorted(points, key=lambda one: one[1]))
    following = Following(home, tmp_path / "log", {}, grows=False)
    following.read()
    following.end()
    (one,) = following.imported.values()
    return one.run


def text(stage: Stage, name: str) -> str:
    content: Any = stage.app.screen.query_one(name, Static).content
    return str(content)


async def test_an_imported_run(run: RunDir) -> None:
    async with opened(SimpleNamespace(dir=run), size=(120, 40)) as stage:  # type: ignore[arg-type]
        await stage.until(lambda: "imported from" in text(stage, "#run-line"))
        line = stage.train.query_one(StatusLine)
        await stage.until(lambda: "step 40/40" in line.render().plain)
        assert "epoch" not in line.render().plain
        assert "samples/s" not in line.render().plain
        await stage.until(lambda: "does not tell" in stage.train.query_one(GradientBars).render().plain)
        assert stage.train.query_one("#loss", Plot)._chart is not None
        assert text(stage, "#train-message").startswith("finished: loss 0.06"), "there is no score"
        assert stage.train.check_action("resume", ()) is False
        await stage.show("errors")
        note = stage.app.screen.query_one(".errors--note", Drawing)
        await stage.until(lambda: "a log has no weights" in note.render().plain.replace("\n", " "))
        await stage.show("inside")
        await stage.until(lambda: "imported from" in text(stage, "#run-line"))
        await stage.until(lambda: "does not tell" in _said(stage))
        index = _panes().index(Boundary)
        await stage.inside.choose(index)
        await stage.until(lambda: "a log has no weights" in _said(stage))


def _panes() -> tuple[type[Pane], ...]:
    from tui.screens.inside import PANES

    return PANES


def _said(stage: Stage) -> str:
    found = [widget.render() for widget in stage.inside.pane.walk_children(Widget) if widget.display]
    return " ".join(str(getattr(one, "plain", one)) for one in found).replace("\n", " ")
