"""Strings from outside in the app: shown letter by letter, whatever a terminal or markup would make of it.

Each string goes the way it would really go: into a run's files, into what a person types or pastes, into the
names of files. What is then painted is read back from the compositor, cell by cell. One app shows them all,
one after the other. What the widgets do by themselves is tried in `test_hostile_widgets.py`.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.command import CommandPalette
from textual.events import Paste
from textual.widgets import Input, Static

from dlcore.clean import clean
from dlcore.oneline import print_line
from tests.torture.hostile import KEPT, SURROGATES, squeezed, strings
from tests.torture.ledger import chance, times
from tests.torture.stage import (
    Losses,
    MakeRun,
    Talkative,
    begins,
    fetching,
    laid_out,
    lines_of,
    sayable,
    train_with,
    until_seen,
    wait,
)
from tests.tui.fakes import FakeRun, Stage, is_ready, opened
from tui.app import DltuiApp
from tui.screens.dialogs import Pick
from tui.screens.export_dialog import ExportDialog, Order
from tui.screens.export_progress import ExportProgress
from tui.screens.exporting import export_run
from tui.screens.log import LogScreen, LogView
from tui.widgets.field_row import FieldRow
from tui.widgets.form import Form
from tui.widgets.gradient_bars import GradientBars
from tui.widgets.header import Header
from tui.widgets.run_table import RunTable
from tui.widgets.status_line import StatusLine

SIZE = (100, 32)
HOSTILE = list(strings(chance("strings in the app"), times(50, 1000)))
RUNS = HOSTILE[: times(20, 250)]
"""For what needs a run's files for each of them."""


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch, home: Path, tmp_path: Path) -> None:
    """Frames that follow each other at once, a lock that somebody holds, and a folder to work in."""
    monkeypatch.setattr("tui.screens.train._POLL_SECONDS", 0.02)
    monkeypatch.setattr("tui.terminal.pace.FRAME_SECONDS", 0.0)
    monkeypatch.setattr("tui.terminal.pace.SHARED_FRAME_SECONDS", 0.0)
    monkeypatch.setattr("tui.feed.lock_holder", lambda run: 1)
    monkeypatch.setattr("tui.asking.inspector.Inspector", Talkative)
    monkeypatch.setattr("dlcore.process.crashes.unasked", lambda root: [])
    for module in ("tui.screens.setup", "tui.widgets.aside"):
        monkeypatch.setattr(f"{module}._PAUSE", 0.0)
    monkeypatch.chdir(tmp_path)
    for name in ("SSH_CONNECTION", "SSH_TTY", "TEXTUAL_THEME"):
        monkeypatch.delenv(name, raising=False)


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


def test_what_is_no_harm_is_left_alone() -> None:
    for text in KEPT:
        assert clean(text) == text


async def test_a_run_that_trains(make_run: MakeRun, losses: Losses) -> None:
    async with opened(make_run("digits").start(), size=SIZE) as stage:
        for number, text in enumerate(RUNS):
            run, said = fetching(make_run, text, number), sayable(text)
            with losses.fault("train", text):
                await watch(stage, run, said)
            run.close()


async def watch(stage: Stage, run: FakeRun, text: str) -> None:
    """Watch a run from its start to its end, while all that it says is a text."""
    app, screen = stage.app, stage.train
    screen.open(run.dir)
    message = screen.query_one("#train-message")
    await until_seen(app, screen.query_one(Header), run.dir.id, 38)
    await until_seen(app, screen.query_one("#run-line"), print_line(run.config.folded()), 96)
    line = screen.query_one(StatusLine)
    await until_seen(app, line, text, 36, before="1 B of 2 B", is_cut=False)
    train_with(run, text)
    await until_seen(app, screen.query_one(GradientBars), text, 6)
    await until_seen(app, screen.query_one("#gradients"), text, 14, before="over time●", is_cut=False)
    await until_seen(app, message, text, 200, before="refused:")
    run.end("failed", text, text)
    await until_seen(app, message, text, 200)


def is_unread(line: str) -> bool:
    """Whether a line of the list is that of a run of which only the name of its folder is known yet."""
    return squeezed(line).startswith("…")


async def test_the_list_of_runs(make_run: MakeRun, losses: Losses) -> None:
    runs = [fetching(make_run, text, number).end() for number, text in enumerate(RUNS)]
    for run in runs:
        run.close()
    async with opened(size=(160, 70)) as stage:
        await stage.show("runs")
        table = stage.app.screen.query_one(RunTable)
        await wait(lambda: table.count == len(runs))
        for start in range(0, len(runs), 60):
            table.cursor = min(start + 60, len(runs)) - 1
            table.cursor = start
            top = table.in_sight.start
            await until_seen(stage.app, table, runs[min(start + 60, len(runs)) - 1].config.name, 12)
            await wait(lambda: not any(is_unread(line) for line in lines_of(stage.app, table)))
            lines = lines_of(stage.app, table)
            for row, run in enumerate(runs[start : start + 60], start):
                with losses.fault("row", run.config.name):
                    line = squeezed(lines[row - top + 1])
                    assert begins(run.config.name, 12) in line
                    assert begins(run.dir.id, 26) in line
        await stage.press("d")
        await wait(lambda: isinstance(stage.app.screen, Pick))
        await laid_out(stage.app)
        lines_of(stage.app)


async def test_the_log(make_run: MakeRun, losses: Losses) -> None:
    run = make_run("digits").start()
    async with opened(run, size=(100, 40)) as stage:
        for start in range(0, len(HOSTILE), 25):
            texts = [" ".join(text.expandtabs().splitlines()) for text in HOSTILE[start : start + 25]]
            run.dir.log.write_bytes("\n".join([*texts, "END"]).encode(errors="surrogateescape") + b"\n")
            await stage.app.push_screen(LogScreen(run.dir.log))
            view = stage.app.screen.query_one(LogView)
            await until_seen(stage.app, view, "END", 3)
            lines = lines_of(stage.app, view)
            for line, text in zip(lines, texts, strict=False):
                with losses.fault("log", text):
                    assert squeezed(line).startswith(begins(text, 60)), (line, text)
            await stage.app.pop_screen()


async def test_setup(losses: Losses) -> None:
    async with opened(size=SIZE) as stage:
        form = stage.setup.query_one(Form)
        row = await stage.focus("name")
        for text in HOSTILE:
            said = sayable(text).strip()[:200]
            with losses.fault("name", text):
                form.put("name", said)
                await until_seen(stage.app, row, said, 20, before="name")
                config = form.draft.read().config
                line = print_line(config) if config is not None else "not ready to train"
                await until_seen(stage.app, stage.setup.query_one("#setup-line"), line, 96)


async def test_what_is_wrong_in_setup(losses: Losses) -> None:
    async with opened(size=SIZE) as stage:
        form = stage.setup.query_one(Form)
        form.put("data.kind", "csv")
        await wait(lambda: any(row.row.key == "data.file" for row in form.query(FieldRow)))
        row = await stage.focus("data.file")
        for text in [*HOSTILE, *SURROGATES]:
            with losses.fault("file", text):
                form.put("data.file", text)
                await until_seen(stage.app, row, text, 16)
                await until_seen(stage.app, stage.setup.query_one("#setup-problems", Static), "✗", 2)


async def test_what_is_pasted(losses: Losses) -> None:
    async with opened(size=SIZE) as stage:
        await stage.focus("name")
        await stage.press("enter")
        await paste_all(stage, losses, "form")
        await stage.press("escape")
        stage.app.action_command_palette()
        await wait(lambda: isinstance(stage.app.screen, CommandPalette))
        await laid_out(stage.app)
        await paste_all(stage, losses, "palette")


async def paste_all(stage: Stage, losses: Losses, place: str) -> None:
    """Paste every text into the line that has the focus."""
    await wait(lambda: isinstance(stage.app.focused, Input))
    field = stage.app.focused
    assert isinstance(field, Input)
    for text in RUNS:
        line = clean((text.splitlines() or [""])[0])
        field.value = ""
        stage.app.post_message(Paste(text))
        with losses.fault(place, text):
            await wait(lambda line=line: field.value == line)  # type: ignore[misc]
            lines_of(stage.app)


async def test_paths_of_exports(make_run: MakeRun, losses: Losses) -> None:
    run = make_run("digits").start().prepare().steps(3).end()
    app = DltuiApp(run.dir)
    async with app.run_test(size=SIZE, notifications=True):
        await wait(lambda: is_ready(app))
        for text in [text for text in RUNS if "\u200d" not in clean(text)][: times(4, 25)]:
            folder = str(Path(f"x{text[:60]}".replace("\0", "").strip()))
            app.run_worker(export_run(app, run.dir))
            await wait(lambda: isinstance(app.screen, ExportDialog) and app.screen.is_mounted)
            app.screen.dismiss(Order(("csv",), Path(folder), True))
            with losses.fault("path of an export", text):
                await wait(lambda: isinstance(app.screen, ExportProgress) and app.screen.is_done)
                await laid_out(app)
                await until_seen(app, app.screen.query_one(".dialog--text"), folder, 20, before="to ")
            app.screen.dismiss()
            await wait(lambda: not isinstance(app.screen, ExportProgress))
