"""Verifying from the app, and exporting all runs of a comparison: what is done, and how it looks."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest
from textual.pilot import Pilot
from textual.widgets import OptionList, Static

from dlcore.summary import read_history
from tests.dlcore.export.script.scripts import trained
from tests.snapshots.test_conversation import comparing, twins
from tests.snapshots.test_screens import SIZES, Before, MakeRun, finished, opened, still
from tests.tui import fakes
from tests.tui.fakes import MOMENT, Stage, until
from tui.app import DltuiApp
from tui.messages import CompareRequested, RunOpened
from tui.screens.compare import CompareScreen
from tui.screens.dialogs import Pick
from tui.screens.export_dialog import ExportDialog
from tui.screens.export_progress import ExportProgress
from tui.screens.verifying import VerifyDialog
from tui.terminal.plain import plain

__all__ = ["still"]
STORIES: dict[str, tuple[dict[str, Any], ...]] = {
    "running": ({"steps": 0, "wanted": 4220}, {"steps": 1688, "wanted": 4220}),
    "equal": (
        {"steps": 4220, "wanted": 4220},
        {
            "equal": True,
            "said": [
                "20260304T050607089Z-mnist-mlp is proven: its script's losses of 4,220 steps, and the 4 "
                "figures of its last evaluations are equal bit for bit."
            ],
        },
        {"done": True},
    ),
    "differing": (
        {
            "equal": False,
            "said": [
                "20260304T050607089Z-mnist-mlp differs from its script from step 318 on: in 3,902 of 4,220 "
                "losses, by 0.0031 at most.",
                "The last test loss was recorded as 0.0712345687, and the script has 0.0712346211.",
                "Likely reason: it was trained on box, whose processor may be of another kind.",
                "Likely reason: it was trained with 2 threads, and with several some sums may not repeat.",
            ],
        },
        {"done": True},
    ),
}
"""What the other process may say: the figures of a real script depend on the machine."""


def dialog_of(app: Any) -> VerifyDialog:
    screen = app.screen
    assert isinstance(screen, VerifyDialog)
    return screen


def said(dialog: VerifyDialog) -> str:
    content: Any = dialog.query_one(".verify--said").render()
    return str(content)


def others() -> list[psutil.Process]:
    """Processes that verify, and the scripts that they have started."""
    found = []
    for one in psutil.Process(os.getpid()).children(recursive=True):
        with suppress(psutil.Error):
            line = " ".join(one.cmdline())
            found += [one] if "dlcore.proof.verifying" in line or "dltui-verify-" in line else []
    return found


async def begun(stage: Stage) -> VerifyDialog:
    stage.type("V")
    await stage.until(lambda: isinstance(stage.app.screen, VerifyDialog) and stage.app.screen.is_mounted)
    return dialog_of(stage.app)


async def scripted(stage: Stage) -> tuple[VerifyDialog, list[psutil.Process]]:
    """Verify, and wait until the script runs; return both processes."""
    dialog = await begun(stage)
    await stage.until(lambda: len(others()) == 2)
    return dialog, others()


def rows(dialog: Any) -> list[str]:
    options = dialog.query_one(OptionList)
    return [str(options.get_option_at_index(index).prompt) for index in range(options.option_count)]


async def test_a_run_is_proven_from_train(home: Path) -> None:
    run = trained(home, "digits mlp 4, n=100 e=2 b=32")
    async with fakes.opened() as stage:
        stage.app.post_message(RunOpened(run))
        await stage.until(lambda: stage.app.screen is stage.train and not stage.train._stale)
        dialog = await begun(stage)
        stage.type("q", "enter")  # they are for the end, which is not there yet
        await stage.until(lambda: dialog.is_done)
        assert dialog.is_equal, dialog.verdict
        steps = read_history(run).step
        assert said(dialog) == (
            f"✓ {run.id} is proven: its script's losses of {steps} steps, and the 4 figures of its last "
            "evaluations are equal bit for bit."
        )
        stage.type("enter")
        await stage.until(lambda: stage.app.screen is stage.train)
        assert not others()


async def test_escape_leaves_nothing_behind(
    make_run: MakeRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    make_run("digits mlp 8, e=2").start().prepare().evaluate().epochs(2).end()
    async with fakes.opened() as stage:
        await stage.show("runs")
        await stage.until(lambda: stage.app._runs.chosen() is not None)
        _, processes = await scripted(stage)
        assert list(tmp_path.glob("dltui-verify-*"))
        stage.type("escape")
        await stage.until(lambda: stage.app.screen is stage.app._runs)
        await stage.until(lambda: not any(one.is_running() for one in processes))
        assert not list(tmp_path.glob("dltui-verify-*"))

        dialog, (checker, script) = await scripted(stage)
        checker.kill()
        await stage.until(lambda: dialog.is_done)
        assert said(dialog).startswith("✗ The process ended before it was done; see dltui verify 2026")
        await stage.until(lambda: not script.is_running() or script.status() == psutil.STATUS_ZOMBIE)


async def test_why_a_run_cannot_be_verified(make_run: MakeRun) -> None:
    live = make_run("digits e=5").hold().start().prepare().steps(9)
    async with fakes.opened(live) as stage:
        await stage.until(lambda: stage.train.feed is not None and stage.train.feed.live)
        stage.type("V")
        await stage.until(stage.notices)
        assert stage.notices() == [f"{live.dir.id} is being trained: verify it once it has ended."]
        assert stage.app.screen is stage.train
        young = make_run("digits", moment=MOMENT + timedelta(hours=1)).start().prepare().end("stopped")
        stage.app.post_message(RunOpened(young.dir))
        await stage.until(lambda: stage.train.feed is not None and stage.train.feed.state == "stopped")
        dialog = await begun(stage)
        await stage.until(lambda: dialog.is_done)
        assert said(dialog) == f"✗ {young.dir.id} has not trained a step yet. Verify it once it has."


async def test_compare_exports_all_runs_or_the_chosen_one(make_run: MakeRun, home: Path) -> None:
    runs = twins(make_run)
    async with fakes.opened() as stage:
        stage.app.post_message(CompareRequested(tuple(run.dir for run in runs)))
        await stage.until(lambda: isinstance(stage.app.screen, CompareScreen) and stage.app.screen.is_mounted)
        compare = stage.app.screen
        stage.type("e")
        await stage.until(lambda: isinstance(stage.app.screen, Pick) and stage.app.screen.is_mounted)
        assert "2 runs, and all of them together" in rows(stage.app.screen)[0]
        stage.type("down", "enter")
        await stage.until(lambda: isinstance(stage.app.screen, ExportDialog) and stage.app.screen.is_mounted)
        text: Any = stage.app.screen.query_one(".dialog--text", Static).content
        assert str(text) == runs[0].dir.id
        stage.type("escape")
        await stage.until(lambda: stage.app.screen is compare)
        stage.type("e")
        await stage.until(lambda: isinstance(stage.app.screen, Pick) and stage.app.screen.is_mounted)
        stage.type("enter")
        await stage.until(lambda: isinstance(stage.app.screen, ExportDialog) and stage.app.screen.is_mounted)
        stage.type("down", "space", "down", "space", "down", "space", "enter")  # leaves Markdown
        await stage.until(lambda: isinstance(stage.app.screen, ExportProgress) and stage.app.screen.is_done)
        names = [*(run.dir.id for run in runs), f"2-runs-{runs[0].dir.id}"]
        folder = home / "exports" / names[-1]
        assert sorted(path.name for path in folder.iterdir()) == sorted(f"{name}.md" for name in names)


def told(monkeypatch: pytest.MonkeyPatch, story: str) -> Before:
    """Have a story told while a finished run is verified on Train."""

    async def answers(*_: object, **__: object) -> AsyncIterator[dict[str, Any]]:
        for answer in STORIES[story]:
            yield answer
        if "done" not in STORIES[story][-1]:
            await asyncio.Event().wait()

    async def before(pilot: Pilot[Any]) -> None:
        await opened("V")(pilot)
        await until(lambda: isinstance(pilot.app.screen, VerifyDialog))
        dialog = dialog_of(pilot.app)
        await until(lambda: dialog.is_done or "1,688" in dialog._present)
        await until(lambda: not dialog._is_stale)
        assert "?" not in plain(said(dialog)), "it can be had in plain characters"
        await pilot.pause()

    monkeypatch.setattr("tui.screens.verifying.answers", answers)
    return before


@SIZES
@pytest.mark.parametrize("story", STORIES)
def test_verifying(
    snap_compare: Any, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int], story: str
) -> None:
    run = finished(make_run)
    before = told(monkeypatch, story)
    assert snap_compare(DltuiApp(run.dir), terminal_size=size, run_before=before)


@SIZES
def test_exporting_a_comparison(snap_compare: Any, make_run: MakeRun, size: tuple[int, int]) -> None:
    compared = comparing(twins(make_run), 0)

    async def before(pilot: Pilot[Any]) -> None:
        await compared(pilot)
        await pilot.press("e")
        await until(lambda: isinstance(pilot.app.screen, Pick) and pilot.app.screen.is_mounted)
        await pilot.pause()

    assert snap_compare(DltuiApp(), terminal_size=size, run_before=before)
