"""The Errors screen as pictures: look at each after a change that is meant, then `make snapshots`."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.snapshots.test_screens import MNIST, SIZES, SMALL, home, still
from tests.tui.erring import Examiner, checkpoint, class_errors, number_errors
from tests.tui.fakes import MOMENT, FakeRun, is_ready, until
from tui.app import DltuiApp
from tui.screens.errors import ErrorsScreen
from tui.themes import LIGHT
from tui.widgets.error_samples import ErrorSamples

__all__ = ["home", "still"]
MakeRun = Callable[..., FakeRun]
IRIS = ("setosa", "versicolor", "virginica")
COLUMNS = ("sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.screens.errors._LOOK_SECONDS", 0.02)
    monkeypatch.setattr("tui.screens.errors._PAUSE", 0.0)


def errors(
    monkeypatch: pytest.MonkeyPatch, examiner: Examiner, *keys: str, theme: str = ""
) -> Callable[[Pilot[Any]], Awaitable[None]]:
    """Open the Errors screen, wait for its report, press keys, and wait for what they ask for."""

    async def before(pilot: Pilot[Any]) -> None:
        app = pilot.app
        app.animation_level = "none"
        await until(lambda: is_ready(app))
        if theme:
            app.theme = theme
        await pilot.press("4")
        await until(lambda: isinstance(app.screen, ErrorsScreen) and app.screen.report is not None)
        for key in keys:
            await pilot.press(key)
        samples = app.screen.query_one(ErrorSamples)
        await until(lambda: not samples.display or samples.is_known)
        await pilot.pause()

    monkeypatch.setattr("tui.asking.inspector.Inspector", lambda: examiner)
    return before


def ended(make_run: MakeRun, line: str, *steps: int) -> FakeRun:
    run = make_run(line, moment=MOMENT - timedelta(hours=1)).start().prepare().epochs(1).end()
    return checkpoint(run, *steps)


@SIZES
def test_confusion(
    snap_compare: Any, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    run = ended(make_run, MNIST, 900)
    before = errors(monkeypatch, Examiner(class_errors()))
    assert snap_compare(DltuiApp(run.dir), terminal_size=size, run_before=before)


def test_samples(snap_compare: Any, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    run = ended(make_run, MNIST, 900)
    before = errors(monkeypatch, Examiner(class_errors()), "enter", "right")
    assert snap_compare(DltuiApp(run.dir), terminal_size=SMALL, run_before=before)


def test_classes(snap_compare: Any, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    run = ended(make_run, MNIST, 900)
    before = errors(monkeypatch, Examiner(class_errors()), "tab", "tab")
    assert snap_compare(DltuiApp(run.dir), terminal_size=SMALL, run_before=before)


def test_confusion_ascii(snap_compare: Any, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    run = ended(make_run, MNIST, 900)
    before = errors(monkeypatch, Examiner(class_errors()))
    assert snap_compare(DltuiApp(run.dir, ascii_only=True), terminal_size=SMALL, run_before=before)


def test_a_hundred_classes(snap_compare: Any, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    run = ended(make_run, MNIST, 900)
    names = [f"class {label}" for label in range(100)]
    before = errors(monkeypatch, Examiner(class_errors(names, 60)), theme=LIGHT.name)
    assert snap_compare(DltuiApp(run.dir), terminal_size=SMALL, run_before=before)


def test_rows_of_a_table(snap_compare: Any, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    run = ended(make_run, "iris", 40)
    margins = {"start": -1.0, "width": 0.5, "counts": [2, 5, 12, 23, 9], "below": True, "above": False}
    raw = class_errors(IRIS, 50, 40, loss="hinge", scores="margin", calibration=None, margins=margins)
    before = errors(monkeypatch, Examiner(raw, columns=COLUMNS), "enter")
    assert snap_compare(DltuiApp(run.dir), terminal_size=SMALL, run_before=before)


@SIZES
def test_regression(
    snap_compare: Any, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    run = ended(make_run, "diabetes", 60)
    before = errors(monkeypatch, Examiner(number_errors()))
    assert snap_compare(DltuiApp(run.dir), terminal_size=size, run_before=before)
