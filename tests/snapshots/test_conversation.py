"""Steering, branching and comparing as pictures: a dialog or pane each, at both sizes."""

import io
from datetime import timedelta
from typing import Any

import pytest
import torch
from textual.pilot import Pilot

from dlcore.commands import Set
from dlcore.events import CommandApplied
from dlcore.files.private import private_folder
from tests.snapshots.test_screens import SIZES, Before, MakeRun, opened, running, still
from tests.tui.fakes import MOMENT, VANISHING, FakeRun, until
from tui.app import DltuiApp
from tui.messages import CompareRequested
from tui.screens.compare import CompareScreen
from tui.widgets.compare.legend import RunLegend

__all__ = ["still"]
DIALOGS = [("t", "tuning"), ("b", "branch"), ("T", "twins"), ("e", "export")]
PANES = ("curves", "gradients", "differences", "parameters")


def steered(make_run: MakeRun) -> FakeRun:
    """A run with three checkpoints whose rate was changed at the second one."""
    content = io.BytesIO()
    torch.save({"step": 1}, content)
    run = make_run("digits mlp 16,8 relu e=10").hold().start().prepare().evaluate().epochs(3)
    private_folder(run.dir.checkpoints)
    for step in (0, 63, 126):
        (run.dir.checkpoints / f"{step}.pt").write_bytes(content.getvalue())
    command = Set(key="optimizer.lr", value=0.05)
    run.say(
        CommandApplied,
        id=command.id,
        command=command.model_dump(),
        text="optimizer.lr 0.01 → 0.05",
        before=0.01,
    )
    return run.epochs(4).gradients()


def twins(make_run: MakeRun) -> tuple[FakeRun, FakeRun]:
    """Two runs that differ in their activation alone: one learns, and one does not."""
    line = "digits mlp 32,32,32,32 {} e=5"
    good = make_run(line.format("relu"), moment=MOMENT).start().prepare().evaluate().epochs(5)
    bad = make_run(line.format("sigmoid"), moment=MOMENT + timedelta(hours=1), course=VANISHING)
    return good.gradients().end(), bad.start().prepare().evaluate().epochs(5).gradients().end()


def comparing(runs: tuple[FakeRun, FakeRun], turns: int) -> Before:
    """Lay runs over each other, and turn to a pane."""

    async def before(pilot: Pilot[Any]) -> None:
        await opened()(pilot)
        pilot.app.post_message(CompareRequested(tuple(run.dir for run in runs)))
        await until(lambda: isinstance(pilot.app.screen, CompareScreen))
        screen = pilot.app.screen
        assert isinstance(screen, CompareScreen)
        for _ in range(turns):
            await pilot.press("tab")

        def is_drawn() -> bool:
            feeds = [member.feed for member in screen.comparison.members]
            is_read = all(feed.history.seq == run.seq for feed, run in zip(feeds, runs, strict=True))
            return (
                is_read and not screen._stale and not screen._parts and screen.query_one(RunLegend).count > 0
            )

        await until(is_drawn)
        await pilot.pause()

    return before


@SIZES
@pytest.mark.parametrize(("key", "dialog"), DIALOGS)
def test_a_dialog_over_train(
    snap_compare: Any,
    make_run: MakeRun,
    monkeypatch: pytest.MonkeyPatch,
    size: tuple[int, int],
    key: str,
    dialog: str,
) -> None:
    run = steered(make_run)
    monkeypatch.setattr("tui.screens.export_dialog.figures.path", lambda path: f"~/exports/{path.name}")
    assert snap_compare(DltuiApp(run.dir), terminal_size=size, run_before=opened(key))


@SIZES
def test_train_with_an_edit(snap_compare: Any, make_run: MakeRun, size: tuple[int, int]) -> None:
    run = steered(make_run)
    assert snap_compare(DltuiApp(run.dir), terminal_size=size, run_before=opened())


@SIZES
@pytest.mark.parametrize("pane", PANES)
def test_compare(snap_compare: Any, make_run: MakeRun, size: tuple[int, int], pane: str) -> None:
    runs = twins(make_run)
    before = comparing(runs, PANES.index(pane))
    assert snap_compare(DltuiApp(), terminal_size=size, run_before=before)


@SIZES
def test_runs_by_a_filter(snap_compare: Any, make_run: MakeRun, size: tuple[int, int]) -> None:
    twins(make_run)
    running(make_run)
    keys = ("5", "slash", *"acc>50%", "enter", "space")
    assert snap_compare(DltuiApp(), terminal_size=size, run_before=opened(*keys))
