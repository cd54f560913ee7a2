"""Panes that show the network at a checkpoint: what they ask for, when, and what they show."""

import asyncio
from collections.abc import Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from textual.app import App, ComposeResult

from dlcore.checkpoints import saved
from dlcore.events import CheckpointSaved, decode
from dlcore.files.journal import Tail
from dlcore.history import RunHistory
from dlcore.rundir import RunDir
from tests.tui import looking
from tests.tui.fakes import MOMENT, FakeRun
from tui.widgets.panes import checkpoint_pane
from tui.widgets.panes.boundary import Boundary
from tui.widgets.panes.checkpoint_pane import CheckpointPane
from tui.widgets.panes.features import Features
from tui.widgets.panes.pane import Moment
from tui.widgets.panes.predictions import Predictions
from tui.widgets.panes.surface import Surface
from tui.widgets.panes.weights import Weights
from tui.widgets.pictures.picture import Picture

PANES: tuple[type[CheckpointPane], ...] = (Weights, Features, Boundary, Predictions, Surface)
MakeRun = Callable[..., FakeRun]


class Oracle:
    """An inspector that knows every network, or says why it does not."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.error = ""
        self.unfinished = 0
        """So many answers say that there is more to measure."""

    async def ask(self, what: str, **fields: Any) -> dict[str, Any]:
        self.asked.append((what, fields))
        if self.unfinished:
            self.unfinished -= 1
            return {"step": fields["step"], "complete": False, "done": 0.5}
        return {"error": self.error} if self.error else looking.answer(what, fields)


class Stage(App[None]):
    """One pane and nothing else."""

    def __init__(self, kind: type[CheckpointPane], ascii_only: bool = False) -> None:
        super().__init__()
        self.oracle = Oracle()
        self.pane = kind(self.oracle, ascii_only=ascii_only)  # type: ignore[arg-type]  # it is asked alone

    def compose(self) -> ComposeResult:
        yield self.pane


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint_pane, "_PAUSE", 0.0)


@pytest.fixture
def run(make_run: MakeRun) -> FakeRun:
    """A run with three checkpoints."""
    made = make_run("moons mlp 16,8 tanh").start().prepare()
    for step in (0, 40, 80):
        save(made, step)
    return made


def save(run: FakeRun, step: int) -> None:
    run.dir.checkpoints.mkdir(exist_ok=True)
    (run.dir.checkpoints / f"{step}.pt").touch()
    run.step = step
    run.say(CheckpointSaved, file=f"checkpoints/{step}.pt", bytes=0)


def moment(run: FakeRun, step: int) -> Moment:
    history = RunHistory()
    for line in Tail(run.dir.events).read():
        event = decode(line)
        assert event is not None
        history.apply(event)
    return Moment(run.dir, run.config, history, step, follows=False)


@asynccontextmanager
async def opened(kind: type[CheckpointPane], size: tuple[int, int] = (78, 18), **options: Any) -> Any:
    app = Stage(kind, **options)
    async with app.run_test(size=size) as pilot:
        yield app, pilot


async def settled(app: Stage, pilot: Any) -> None:
    """Wait until nothing is being asked."""
    async with asyncio.timeout(10):
        while True:
            await pilot.pause()
            await app.workers.wait_for_complete()
            await pilot.pause()
            if not list(app.workers):
                return


def seen(app: Stage) -> str:
    """All that is shown."""
    return "\n".join(str(picture.render()) for picture in app.pane.query(Picture) if picture.display)


@pytest.mark.parametrize("kind", PANES)
async def test_a_checkpoint_is_asked_for_once_and_named(kind: type[CheckpointPane], run: FakeRun) -> None:
    async with opened(kind) as (app, pilot):
        for step in (40, 55, 79):
            app.pane.look(moment(run, step))
            await settled(app, pilot)
        assert [(what, fields["run"], fields["step"]) for what, fields in app.oracle.asked] == [
            (kind.QUESTION, str(run.dir.path), 40)
        ]
        assert "checkpoint of step 40" in seen(app)
        app.pane.look(moment(run, 80))
        await settled(app, pilot)
        assert "checkpoint of step 80" in seen(app)
        save(run, 120)
        app.pane.look(moment(run, 130))
        await settled(app, pilot)
        assert [fields["step"] for _, fields in app.oracle.asked] == [40, 80, 120]


@pytest.mark.parametrize("kind", [Weights, Features, Boundary])
async def test_what_cannot_be_shown_is_said(
    kind: type[CheckpointPane], run: FakeRun, make_run: MakeRun
) -> None:
    async with opened(kind) as (app, pilot):
        app.pane.look(moment(make_run("digits").start(), 7))
        await settled(app, pilot)
        assert seen(app) == "There is no checkpoint up to step 7 yet."
        assert app.oracle.asked == []
        assert app.pane.move(1, 1) is False
        app.oracle.error = "no [/x] plane \x1b[2J here"
        app.pane.look(moment(run, 40))
        await settled(app, pilot)
        assert "no [/x] plane" in seen(app)
        assert "\x1b" not in seen(app)
        app.oracle.error = ""
        app.pane.look(moment(run, 80))
        await settled(app, pilot)
        assert "checkpoint of step 80" in seen(app)


@pytest.mark.parametrize(
    ("kind", "by", "fields"),
    [
        (Features, (1, 0), {"layer": 1, "sample": 0}),
        (Features, (0, -1), {"layer": 0, "sample": 49}),
        (Predictions, (2, 0), {"split": 2, "target": 0}),
        (Boundary, (1, 0), {"layer": 1}),
    ],
)
async def test_what_is_chosen_is_asked_for(
    kind: type[CheckpointPane], by: tuple[int, int], fields: dict[str, int], run: FakeRun
) -> None:
    async with opened(kind) as (app, pilot):
        app.pane.look(moment(run, 40))
        await settled(app, pilot)
        assert app.pane.move(*by) is True
        app.pane.look(moment(run, 40))
        await settled(app, pilot)
        asked = app.oracle.asked[-1][1]
        assert {name: asked[name] for name in fields} == fields
        assert len(app.oracle.asked) == 2


async def test_what_takes_longer_is_asked_for_again_until_it_is_complete(
    run: FakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(Surface) as (app, pilot):
        said: list[str] = []
        monkeypatch.setattr(app.pane.picture, "say", said.append)
        app.oracle.unfinished = 3
        app.pane.look(moment(run, 40))
        await settled(app, pilot)
        assert said == ["one moment …", *["measuring … 50 %"] * 3]
        assert len(app.oracle.asked) == 4
        assert "checkpoint of step 40" in seen(app)
        app.oracle.unfinished = 2
        app.pane.look(moment(run, 80))
        await settled(app, pilot)
        assert len(said) == 4, "the picture before stays until there is another one"
        assert "checkpoint of step 80" in seen(app)


async def test_units_are_gone_through_page_by_page(run: FakeRun) -> None:
    async with opened(Weights) as (app, pilot):
        app.pane.look(moment(run, 40))
        await settled(app, pilot)
        starts = [0]
        while app.pane.move(0, 1):
            app.pane.look(moment(run, 40))
            await settled(app, pilot)
            starts.append(app.oracle.asked[-1][1]["start"])
        assert starts == list(range(0, 32, starts[1]))
        assert f"{32 - starts[-1]} of 32 units, from place {starts[-1] + 1}" in seen(app)
        assert app.pane.move(0, -1) is True
        assert app.pane.move(1, 0) is False


async def test_units_over_the_plane_are_paged_without_asking(run: FakeRun) -> None:
    async with opened(Boundary) as (app, pilot):
        app.pane.look(moment(run, 40))
        await settled(app, pilot)
        first = seen(app)
        assert app.pane.move(0, 1) is True
        app.pane.look(moment(run, 40))
        await settled(app, pilot)
        assert seen(app) != first
        assert len(app.oracle.asked) == 1


async def test_another_size_asks_for_another_plane(run: FakeRun) -> None:
    async with opened(Boundary) as (app, pilot):
        app.pane.look(moment(run, 40))
        await settled(app, pilot)
        await pilot.resize_terminal(118, 32)
        await settled(app, pilot)
        small, large = (fields for _, fields in app.oracle.asked)
        assert small["columns"] < large["columns"]
        assert large["rows"] == 2 * (32 - 4)


async def test_another_run_begins_anew(run: FakeRun, make_run: MakeRun) -> None:
    other = make_run("circles mlp 4, tanh", moment=MOMENT + timedelta(hours=1)).start().prepare()
    save(other, 0)
    async with opened(Features) as (app, pilot):
        app.pane.look(moment(run, 40))
        await settled(app, pilot)
        app.pane.move(1, 3)
        app.pane.look(moment(other, 5))
        await settled(app, pilot)
        _, fields = app.oracle.asked[-1]
        assert (fields["run"], fields["layer"], fields["sample"]) == (str(other.dir.path), 0, 0)


async def test_without_colour_there_are_only_letters(run: FakeRun) -> None:
    async with opened(Boundary, ascii_only=True) as (app, pilot):
        app.pane.look(moment(run, 40))
        await settled(app, pilot)
        shown = seen(app)
        assert "▀" not in shown
        assert "●" not in shown
        assert "checkpoint of step 40" in shown


def test_folders_are_read_only_after_a_save(run: FakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[RunDir] = []

    def counted(one: RunDir) -> dict[int, Path]:
        read.append(one)
        return saved(one)

    monkeypatch.setattr(checkpoint_pane, "saved", counted)
    pane = Weights(Oracle())
    found = [pane._nearest(moment(run, step)) for step in (0, 39, 40, 1000)]
    assert found == [0, 0, 40, 80]
    assert len(read) == 1
    save(run, 120)
    assert pane._nearest(moment(run, 1000)) == 120
    assert len(read) == 2
