"""A branch in the app: from the checkpoint at the cursor, with a form of what may change."""

import io
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from textual.content import Content
from textual.widgets import Static

from dlcore import launch
from dlcore.commands import Set
from dlcore.events import CommandApplied
from dlcore.files.atomic import read_json
from dlcore.files.private import private_folder
from dlcore.reading import read_file
from dlcore.rundir import RunDir
from tests.tui.fakes import FakeRun, Stage, opened
from tui.screens.branching import BranchScreen
from tui.screens.dialogs import Pick
from tui.widgets.field_row import FieldRow
from tui.widgets.form import Form
from tui.widgets.key_line import KeyLine
from tui.widgets.kin_line import KinLine

MakeRun = Callable[..., FakeRun]
SIZES = [(80, 24), (120, 40)]

pytestmark = pytest.mark.usefixtures("home", "inspector")


@pytest.fixture
def parent(make_run: MakeRun) -> FakeRun:
    """Ten epochs of 21 steps with three checkpoints; at the second one its rate was changed."""
    content = io.BytesIO()
    torch.save({"step": 1}, content)
    run = make_run("digits mlp 16,8 e=10").start().prepare().epochs(3)
    private_folder(run.dir.checkpoints)
    for step in (0, 63, 126):
        (run.dir.checkpoints / f"{step}.pt").write_bytes(content.getvalue())
    command = Set(key="optimizer.lr", value=0.05)
    run.say(CommandApplied, id=command.id, command=command.model_dump(), text="optimizer.lr 0.01 → 0.05")
    return run.epochs(4).end()


@pytest.fixture
def trainers(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[RunDir]]:
    """The runs that trainers were started for; the processes do nothing until they are ended."""
    started: list[RunDir] = []
    processes: list[subprocess.Popen[bytes]] = []

    def start(root: Path, run: RunDir, *arguments: str) -> "subprocess.Popen[bytes]":
        started.append(run)
        command = [sys.executable, "-c", "import sys; sys.stdin.read()"]
        processes.append(subprocess.Popen(command, stdin=subprocess.PIPE))
        return processes[-1]

    monkeypatch.setattr(launch, "start", start)
    yield started
    for process in processes:
        process.kill()
        process.communicate()


def said(stage: Stage, place: str) -> str:
    content = stage.app.screen.query_one(place, Static).content
    return content.plain if isinstance(content, Content) else str(content)


def rows(stage: Stage) -> dict[str, FieldRow]:
    return {row.row.key: row for row in stage.app.screen.query(FieldRow)}


async def ask(stage: Stage) -> BranchScreen:
    stage.type("b")
    await stage.until(lambda: isinstance(stage.app.screen, BranchScreen) and rows(stage))
    screen = stage.app.screen
    assert isinstance(screen, BranchScreen)
    return screen


@pytest.mark.parametrize("size", SIZES)
async def test_a_change_starts_a_child_beside_its_parent(
    parent: FakeRun, trainers: list[RunDir], size: tuple[int, int]
) -> None:
    async with opened(parent, size=size) as stage:
        await stage.until(lambda: stage.train.feed is not None and stage.train.feed.history.step)
        screen = await ask(stage)
        assert said(stage, ".branch--from") == "From step 126, checkpoint 3 of 3"
        assert said(stage, ".branch--said").startswith("Nothing is changed: it repeats")
        shown = rows(stage)
        assert {"optimizer.kind", "model.activation", "data.batch_size", "training.epochs"} <= set(shown)
        assert not {"model.kind", "model.hidden", "data.kind", "seed", "model.init"} & set(shown)
        assert shown["optimizer.lr"].text == "0.05", "what was changed live is in the form"
        keys = screen.query_one(KeyLine).render().plain
        assert "r Start" in keys
        assert len(keys) <= size[0] - 2
        screen.query_one(Form).put("optimizer.kind", "adam")
        await stage.until(lambda: "momentum → adam" in said(stage, ".branch--said"))
        assert "the optimizer begins without a memory" in said(stage, ".branch--said")
        screen.query_one(Form).put("training.epochs", "4")
        await stage.until(lambda: "✗ training.epochs: there are 6" in said(stage, ".branch--said"))
        assert rows(stage)["training.epochs"].problem
        await stage.press("r")
        screen.query_one(Form).put("training.epochs", "20")
        await stage.until(lambda: "✗" not in said(stage, ".branch--said"))
        assert stage.app.screen is screen, "a key that cannot do anything does nothing"
        stage.type("r")
        await stage.until(lambda: trainers and stage.app.screen is stage.train)
        [child] = trainers
        assert read_json(child.facts)["parent"]["changes"][0] == "optimizer momentum → adam"
        assert (read_file(child.config).optimizer.kind, read_file(child.config).training.epochs) == (
            "adam",
            20,
        )
        assert (child.checkpoints / "126.pt").is_file()
        await stage.until(lambda: stage.train.feed is not None and stage.train.feed.run == child)
        await stage.until(lambda: stage.train.query_one(KinLine).render().plain.startswith("Branch "))
        line = stage.train.query_one(KinLine).render().plain
        assert "at step 126" in line
        assert line.endswith("p parent")
        assert len(line) <= size[0] - 2
        stage.type("p")
        await stage.until(lambda: stage.train.feed is not None and stage.train.feed.run == parent.dir)


async def test_the_cursor_says_from_where_and_other_checkpoints_are_a_key_away(
    parent: FakeRun, trainers: list[RunDir]
) -> None:
    async with opened(parent, size=(80, 24)) as stage:
        await stage.until(lambda: stage.train.feed is not None and stage.train.feed.history.step)
        stage.train.cursor.go_to(80, stage.train.feed.history)  # type: ignore[union-attr]
        looked = stage.train.cursor.step(stage.train.feed.history)  # type: ignore[union-attr]
        await ask(stage)
        where = said(stage, ".branch--from")
        assert where.startswith(
            f"From step 63, checkpoint 2 of 3: {looked - 63} steps before the cursor at step {looked}\n"
        )
        assert where.endswith("Changed at this very step, and so in the form: optimizer.lr 0.01 → 0.05")
        stage.app.screen.query_one(Form).put("model.dropout", "0.3")
        stage.type("comma")
        await stage.until(lambda: said(stage, ".branch--from").startswith("From step 0, checkpoint 1 of 3"))
        await stage.until(lambda: said(stage, ".branch--said") == "model.dropout 0 → 0.3")
        assert rows(stage)["optimizer.lr"].text == "0.01", "as it stood there"
        stage.type("comma")  # there is none before
        stage.type("full_stop", "full_stop")
        after = f"From step 126, checkpoint 3 of 3: {126 - looked} steps after the cursor at step {looked}"
        await stage.until(lambda: said(stage, ".branch--from").startswith(after))
        stage.type("escape")
        await stage.until(lambda: stage.app.screen is stage.train)
        stage.train.cursor.go_to(105, stage.train.feed.history)  # type: ignore[union-attr]
        looked = stage.train.cursor.step(stage.train.feed.history)  # type: ignore[union-attr]
        await ask(stage)
        assert f"of 3: {126 - looked} steps after the cursor" in said(stage, ".branch--from")
        stage.type("escape")
        await stage.until(lambda: stage.app.screen is stage.train)
        assert not trainers


async def test_a_list_is_picked_from_and_what_cannot_be_is_said(
    make_run: MakeRun, parent: FakeRun, trainers: list[RunDir]
) -> None:
    bare = make_run("moons", name="[/x] bare").start().prepare().epochs(1).end()
    async with opened(bare, size=(80, 24)) as stage:
        stage.type("b")
        await stage.until(lambda: any("has no checkpoint to go on from" in one for one in stage.notices()))
    async with opened(parent, size=(80, 24)) as stage:
        await stage.until(lambda: stage.train.feed is not None and stage.train.feed.history.step)
        screen = await ask(stage)
        stage.app.screen.set_focus(rows(stage)["model.activation"])
        stage.type("enter")
        await stage.until(lambda: isinstance(stage.app.screen, Pick))
        stage.type("down", "enter")
        await stage.until(lambda: stage.app.screen is screen)
        await stage.until(lambda: said(stage, ".branch--said") == "model.activation relu → leaky_relu")
        stage.type("escape")
        await stage.until(lambda: stage.app.screen is stage.train)
