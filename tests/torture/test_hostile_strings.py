"""Strings from outside in the app: shown letter by letter, whatever a terminal or markup would make of it.

Each string goes the way it would really go: into a run's files, into the answers of the inspector, into what
a person types or pastes. What is then painted is read back from the compositor, cell by cell.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from dlcore.clean import clean
from dlcore.oneline import print_line
from tests.torture.hostile import KEPT, strings
from tests.torture.ledger import chance, times
from tests.torture.stage import (
    Losses,
    MakeRun,
    Talkative,
    fetching,
    painted,
    sayable,
    train_with,
    until_seen,
    wait,
)
from tests.tui.fakes import FakeRun, Stage, opened
from tui.messages import RunOpened
from tui.screens.dialogs import Pick
from tui.screens.log import LogScreen, LogView
from tui.widgets.gradient_bars import GradientBars
from tui.widgets.header import Header
from tui.widgets.run_table import RunTable
from tui.widgets.status_line import StatusLine

SIZE = (100, 32)
HOSTILE = list(strings(chance("strings in the app"), times(50, 1000)))


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch, home: Path, tmp_path: Path) -> None:
    """Frames that follow each other at once, a lock that somebody holds, and a folder to work in."""
    monkeypatch.setattr("tui.screens.train._POLL_SECONDS", 0.02)
    monkeypatch.setattr("tui.pace.FRAME_SECONDS", 0.0)
    monkeypatch.setattr("tui.pace.SHARED_FRAME_SECONDS", 0.0)
    monkeypatch.setattr("tui.feed.lock_holder", lambda run: 1)
    for module in ("tui.screens.setup", "tui.widgets.aside"):
        monkeypatch.setattr(f"{module}._PAUSE", 0.0)
    monkeypatch.chdir(tmp_path)
    for name in ("SSH_CONNECTION", "SSH_TTY", "TEXTUAL_THEME"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def inspector(monkeypatch: pytest.MonkeyPatch) -> Talkative:
    """The inspector that an app finds: it needs no torch."""
    fake = Talkative()
    monkeypatch.setattr("tui.inspector.Inspector", lambda: fake)
    return fake


@pytest.fixture
def make_run(home: Path) -> Iterator[MakeRun]:
    """Make runs in the test's home."""
    made: list[FakeRun] = []

    def make(*arguments: Any, **options: Any) -> FakeRun:
        made.append(FakeRun(home, *arguments, **options))
        return made[-1]

    yield make
    for run in made:
        run.close()


@pytest.fixture
def losses() -> Iterator[Losses]:
    """What went wrong in a test, told at its end."""
    losses = Losses()
    yield losses
    losses.tell()


async def open_run(stage: Stage, run: FakeRun) -> None:
    """Watch a run."""
    stage.app.post_message(RunOpened(run.dir))
    await wait(lambda: stage.train.feed is not None and stage.train.feed.run == run.dir)


def test_what_is_no_harm_is_left_alone() -> None:
    for text in KEPT:
        assert clean(text) == text


async def test_a_run_that_trains(make_run: MakeRun, losses: Losses) -> None:
    async with opened(size=SIZE) as stage:
        for number, text in enumerate(HOSTILE):
            run, said = fetching(make_run, text, number), sayable(text)
            await open_run(stage, run)
            screen = stage.train
            await wait(lambda: len(stage.train.query("#gradients")) > 0)
            with losses.fault("header", text):
                await until_seen(stage, screen.query_one(Header), run.dir.id, 40)
            with losses.fault("run line", text):
                await until_seen(stage, screen.query_one("#run-line"), print_line(run.config.folded()), 96)
            with losses.fault("status line", text):
                shown = f"   downloading {said}" if cell_len(clean(said)) < 50 else ""  # all of it or nothing
                await until_seen(stage, screen.query_one(StatusLine), f"starting{shown}", 96)
            train_with(run, text)
            with losses.fault("gradient bars", text):
                await until_seen(stage, screen.query_one(GradientBars), said, 6)
            with losses.fault("curve names", text):
                shown = f"   ● {said}" if cell_len(clean(said)) < 15 else ""  # else the names go
                await until_seen(stage, screen.query_one("#gradients"), f"over time{shown}", 30)
            with losses.fault("refusal", text):
                await until_seen(stage, screen.query_one("#train-message"), f"refused: {said}", 200)
            run.end("failed", said, said)
            with losses.fault("last word", text):
                await until_seen(stage, screen.query_one("#train-message"), said, 200)
            run.close()


async def test_the_list_of_runs(make_run: MakeRun, losses: Losses) -> None:
    runs = [fetching(make_run, text, number).end() for number, text in enumerate(HOSTILE)]
    for run in runs:
        run.close()
    async with opened(size=(160, 70)) as stage:
        await stage.show("runs")
        table = stage.app.screen.query_one(RunTable)
        await wait(lambda: table.count == len(runs))
        for row, (text, run) in enumerate(zip(HOSTILE, runs, strict=True)):
            if row % 60 == 0:
                table.cursor = min(row + 60, len(runs)) - 1
                table.cursor = row
            with losses.fault("row", text):
                await until_seen(stage, table, run.config.name, 12)
                await until_seen(stage, table, run.dir.id, 26)
        await stage.press("d")
        await wait(lambda: isinstance(stage.app.screen, Pick))
        painted(stage)


async def test_the_log(make_run: MakeRun, losses: Losses) -> None:
    run = make_run("digits").start()
    async with opened(run, size=(100, 150)) as stage:
        for start in range(0, len(HOSTILE), 50):
            texts = [" ".join(text.splitlines()) for text in HOSTILE[start : start + 50]]
            run.dir.log.write_bytes("\n".join(texts).encode(errors="surrogateescape") + b"\n")
            await stage.app.push_screen(LogScreen(run.dir.log))
            for text in texts:
                with losses.fault("log", text):
                    await until_seen(stage, stage.app.screen.query_one(LogView), text, 60)
            await stage.press("escape")
