"""Every screen as a picture. After a change that is meant, look at each picture, then `make snapshots`."""

import math
import re
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta, tzinfo
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from textual.pilot import Pilot

from dlcore.commands import Pause, Set
from dlcore.events import GradientsMeasured, StepsEnded
from tests.tui.fakes import MOMENT, VANISHING, FakeInspector, FakeRun, is_ready, until
from tui.app import DltuiApp
from tui.screens.runs import RunsScreen
from tui.screens.train import TrainScreen
from tui.themes import COLORBLIND, LIGHT

SMALL, LARGE = (80, 24), (120, 40)
SIZES = pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "120x40"])
MNIST = "mnist mlp 128,64 relu he momentum lr=.01 e=5"
DEEP = "mnist mlp 64,64,64,64,64,64,64,64 sigmoid momentum lr=.01 e=2"
MakeRun = Callable[..., FakeRun]
Before = Callable[[Pilot[Any]], Awaitable[None]]
ROOT = Path(__file__).parents[2]
TEXT = re.compile(r'x="([\d.]+)"([^>]*?) textLength="([\d.]+)"([^>]*)>([^<]*)<')
NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"


def placed(text: re.Match[str]) -> str:
    """Give each character its own place where a font may have other widths for some of them."""
    start, rest, length, more, content = text.groups()
    letters = unescape(content)
    if letters.replace(NO_BREAK_SPACE, " ").isascii():
        return text[0]
    cell = float(length) / cell_len(letters)
    places = [float(start) + cell * cell_len(letters[:index]) for index in range(len(letters))]
    return f'x="{" ".join(f"{round(place, 1):g}" for place in places)}"{rest}{more}>{content}<'


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home whose path looks the same everywhere."""
    path = tmp_path / ".local" / "share" / "dltui"
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("DLTUI_HOME", str(path))
    return path


@pytest.fixture(autouse=True)
def still(inspector: FakeInspector, monkeypatch: pytest.MonkeyPatch) -> None:
    """No torch, and a clock that stands still."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> "Clock":
            return cls.fromtimestamp((MOMENT + timedelta(hours=2)).timestamp(), tz)

    screenshot = DltuiApp.export_screenshot

    def portable(app: DltuiApp, *, title: str | None = None, simplify: bool = False) -> str:
        """Return a picture that looks the same in every browser, and fetches nothing."""
        svg = screenshot(app, title=title, simplify=simplify)
        svg = re.sub(r"\s*@font-face \{.*?\}", "", svg, flags=re.DOTALL)
        svg = svg.replace("Fira Code", "ui-monospace, Menlo, Consolas, DejaVu Sans Mono")
        return TEXT.sub(placed, svg)

    monkeypatch.setattr("tui.screens.runs.datetime", Clock)
    # A lock holds a process id, which is not always as long.
    monkeypatch.setattr(
        "tui.screens.runs.folder_bytes", lambda path: 48_100_000 if path.name == "runs" else 2_300_000
    )
    monkeypatch.setattr(DltuiApp, "export_screenshot", portable)


def opened(*keys: str, focus: str = "", theme: str = "") -> Before:
    """Wait until the app can be used and all there is to read is shown; then press keys."""

    async def before(pilot: Pilot[Any]) -> None:
        app = pilot.app
        app.animation_level = "none"
        await until(lambda: is_ready(app))
        if theme:
            app.theme = theme
        for key in keys:
            await pilot.press(key)
        await pilot.pause()
        if isinstance(screen := app.screen_stack[0], TrainScreen) and screen.feed is not None:
            screen._redraw()
            await pilot.pause()
            await until(lambda: not screen._stale)
        if isinstance(runs := app.screen, RunsScreen):
            await until(lambda: len(runs._sizes) == 2)
        await pilot.pause()

    return before


def running(make_run: MakeRun) -> FakeRun:
    """A healthy run in its third epoch."""
    run = make_run(MNIST).hold().start().prepare().evaluate().evaluate("test").epochs(2)
    return run.steps(500).gradients()


def finished(make_run: MakeRun) -> FakeRun:
    """A healthy run to its end."""
    run = make_run(MNIST).start().prepare().evaluate().evaluate("test").epochs(5)
    return run.end()


def vanishing(make_run: MakeRun) -> FakeRun:
    """Eight hidden sigmoid layers, whose first ones learn nothing."""
    run = make_run(DEEP, course=VANISHING).hold().start().prepare().evaluate().evaluate("test").epochs(1)
    return run.steps(200).gradients()


def failed(make_run: MakeRun) -> FakeRun:
    """A learning rate so large that the loss leaves the numbers."""
    run = make_run("digits mlp 128,64 relu momentum lr=5 e=3").start().prepare().evaluate().evaluate("test")
    losses = (2.33, 2.35, 2.70, 6.69, 48.2, 2.1e3, 9.9e4, 1.0e6, 4.4e8, 3.1e15, math.nan)
    run.step = len(losses)
    run.say(
        StepsEnded,
        loss=losses,
        accuracy=(0.05, 0.2, 0.125, 0.125, 0.09, 0.11, 0.06, 0.11, 0.09, 0.11, 0.08),
        lr=(5.0,) * len(losses),
        samples=64 * len(losses),
        training_seconds=0.008,
    )
    norms = (0.21, 0.54, 1.4, 5.8, 3.3e2, 7.0e3, 7.7e5, 1.1e7, 6.0e9, 2.1e16, math.nan)
    named = {
        name: tuple(share * norm for norm in norms) for name, share in (("fc1", 1), ("fc2", 3), ("fc3", 2))
    }
    run.say(GradientsMeasured, steps=tuple(range(1, 12)), norms=named, every=10, cost=0.0)
    return run.end(
        "failed",
        "The loss is not finite since step 11 (it is nan)",
        "Take a learning rate below 5, or another initialization or optimizer.",
    )


@SIZES
def test_setup(snap_compare: Any, size: tuple[int, int]) -> None:
    assert snap_compare(DltuiApp(), terminal_size=size, run_before=opened())


def test_setup_with_a_fault(snap_compare: Any) -> None:
    keys = ("down", *"0", "enter", "down", *"1.5", "enter")
    assert snap_compare(DltuiApp(), terminal_size=SMALL, run_before=opened(*keys))


def test_the_menu_of_a_kind(snap_compare: Any) -> None:
    assert snap_compare(DltuiApp(), terminal_size=SMALL, run_before=opened("enter", "down"))


@SIZES
def test_train_running(snap_compare: Any, make_run: MakeRun, size: tuple[int, int]) -> None:
    run = running(make_run)
    assert snap_compare(DltuiApp(run.dir), terminal_size=size, run_before=opened())


@SIZES
def test_train_finished(snap_compare: Any, make_run: MakeRun, size: tuple[int, int]) -> None:
    run = finished(make_run)
    assert snap_compare(DltuiApp(run.dir), terminal_size=size, run_before=opened())


@SIZES
def test_train_failed(snap_compare: Any, make_run: MakeRun, size: tuple[int, int]) -> None:
    run = failed(make_run)
    assert snap_compare(DltuiApp(run.dir), terminal_size=size, run_before=opened())


@SIZES
def test_train_vanishing(snap_compare: Any, make_run: MakeRun, size: tuple[int, int]) -> None:
    run = vanishing(make_run)
    assert snap_compare(DltuiApp(run.dir), terminal_size=size, run_before=opened())


def test_train_light(snap_compare: Any, make_run: MakeRun) -> None:
    run = running(make_run)
    assert snap_compare(DltuiApp(run.dir), terminal_size=LARGE, run_before=opened(theme=LIGHT.name))


def test_train_colorblind(snap_compare: Any, make_run: MakeRun) -> None:
    run = vanishing(make_run)
    assert snap_compare(DltuiApp(run.dir), terminal_size=SMALL, run_before=opened(theme=COLORBLIND.name))


def test_train_ascii(snap_compare: Any, make_run: MakeRun) -> None:
    run = running(make_run)
    assert snap_compare(DltuiApp(run.dir, ascii_only=True), terminal_size=SMALL, run_before=opened())


def test_train_paused(snap_compare: Any, make_run: MakeRun) -> None:
    run = running(make_run).apply(Pause(), "paused")
    run.refuse(Set(key="data.batch_size", value=32), "only optimizer.lr can change while the run goes on")
    assert snap_compare(DltuiApp(run.dir), terminal_size=SMALL, run_before=opened())


def test_train_small(snap_compare: Any, make_run: MakeRun) -> None:
    run = running(make_run)
    assert snap_compare(DltuiApp(run.dir), terminal_size=(50, 12), run_before=opened())


@SIZES
def test_runs(snap_compare: Any, make_run: MakeRun, size: tuple[int, int]) -> None:
    make_run(MNIST, moment=MOMENT - timedelta(days=3)).start().prepare().epochs(5).end()
    make_run(DEEP, moment=MOMENT - timedelta(days=1), course=VANISHING).start().prepare().epochs(2).end()
    make_run("digits cnn", moment=MOMENT - timedelta(hours=5)).start()
    make_run("moons mlp 16, tanh e=20", moment=MOMENT, name="두 반달").start().prepare().epochs(7).end(
        "stopped"
    )
    running(make_run)
    assert snap_compare(DltuiApp(), terminal_size=size, run_before=opened("5"))


def test_help(snap_compare: Any) -> None:
    assert snap_compare(DltuiApp(), terminal_size=SMALL, run_before=opened("question_mark"))


def test_quit_dialog(snap_compare: Any, make_run: MakeRun) -> None:
    run = running(make_run)
    assert snap_compare(DltuiApp(run.dir), terminal_size=SMALL, run_before=opened("q"))


def test_the_picture_in_the_readme_is_the_screen_as_it_is() -> None:
    snapshot = Path(__file__).parent / "__snapshots__" / "test_screens" / "test_train_vanishing[120x40].svg"
    picture = ROOT / "docs" / "train.svg"
    assert picture.read_text() == snapshot.read_text(), f"copy {snapshot.name} to docs/train.svg"
