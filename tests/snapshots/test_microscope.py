"""The pages of the microscope as pictures; `microscope.json` holds answers of a real inspector, recorded."""

import json
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.snapshots.test_screens import LARGE, MNIST, SMALL, Before, MakeRun, home, still
from tests.tui.fakes import FakeInspector, is_ready, until
from tui.app import DltuiApp
from tui.screens.microscope import MicroscopeScreen
from tui.widgets.microscope.book import PAGES

__all__ = ["home", "still"]

RECORDED: dict[str, Any] = json.loads((Path(__file__).parent / "microscope.json").read_text())


@pytest.fixture(autouse=True)
def in_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal of many colours, wherever the tests run."""
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the inspector answers, by page; of a fully connected network, until it is told otherwise."""
    found: dict[str, Any] = dict(RECORDED["mlp"])
    ask = FakeInspector.ask

    async def answer(fake: FakeInspector, what: str, **fields: Any) -> dict[str, Any]:
        known: dict[str, Any] | None = found.get(fields.get("page", ""))
        return known if known is not None else await ask(fake, what, **fields)

    monkeypatch.setattr(FakeInspector, "ask", answer)
    return found


def turned_to(page: str) -> Before:
    """Open the microscope, and turn to a page."""

    async def before(pilot: Pilot[Any]) -> None:
        app = pilot.app
        app.animation_level = "none"
        await until(lambda: is_ready(app))
        await pilot.press("m")
        await until(lambda: isinstance(app.screen, MicroscopeScreen) and app.screen.is_mounted)
        screen = app.screen
        assert isinstance(screen, MicroscopeScreen)
        for name, _ in PAGES:
            await until(lambda name=name: screen._answer.get("page") == name)  # type: ignore[misc]
            if name == page:
                break
            await pilot.press("right")
        await pilot.pause()

    return before


@pytest.mark.parametrize("page", [name for name, _ in PAGES])
def test_pages(snap_compare: Any, make_run: MakeRun, answers: dict[str, Any], page: str) -> None:
    run = make_run(MNIST).start().prepare().epochs(1)
    assert snap_compare(DltuiApp(run.dir), terminal_size=SMALL, run_before=turned_to(page))


def test_a_convolution(snap_compare: Any, make_run: MakeRun, answers: dict[str, Any]) -> None:
    answers.update({**RECORDED["mlp"], **RECORDED["cnn"]})
    run = make_run(MNIST).start().prepare().epochs(1)
    assert snap_compare(DltuiApp(run.dir), terminal_size=LARGE, run_before=turned_to("backward"))


def test_plain_characters(snap_compare: Any, make_run: MakeRun, answers: dict[str, Any]) -> None:
    run = make_run(MNIST).start().prepare().epochs(1)
    app = DltuiApp(run.dir, ascii_only=True)
    assert snap_compare(app, terminal_size=SMALL, run_before=turned_to("backward"))
