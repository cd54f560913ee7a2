"""Twins in the app: one setting, its values, what the runs have in common; and more seeds."""

import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from textual.content import Content
from textual.widgets import Input, OptionList, Static

from dlcore import launch
from dlcore.files.atomic import read_json
from dlcore.reading import read_file
from dlcore.rundir import RunDir, run_ids
from tests.tui.fakes import MOMENT, FakeRun, Stage, opened
from tui.messages import TwinsRequested
from tui.screens.dialogs import Pick
from tui.screens.twins import TwinsScreen
from tui.widgets.key_line import KeyLine
from tui.widgets.kin_line import KinLine

MakeRun = Callable[..., FakeRun]
SIZES = [(80, 24), (120, 40)]
Queued = list[tuple[list[RunDir], int]]

pytestmark = pytest.mark.usefixtures("home", "inspector")


@pytest.fixture
def queued(monkeypatch: pytest.MonkeyPatch) -> Iterator[Queued]:
    """The queues that were started; their keepers do nothing until they are ended."""
    started: Queued = []
    processes: list[subprocess.Popen[bytes]] = []

    def start_queue(root: Path, runs: Sequence[RunDir], at_once: int) -> "subprocess.Popen[bytes]":
        started.append((list(runs), at_once))
        command = [sys.executable, "-c", "import sys; sys.stdin.read()"]
        processes.append(subprocess.Popen(command, stdin=subprocess.PIPE))
        return processes[-1]

    monkeypatch.setattr(launch, "start_queue", start_queue)
    monkeypatch.setattr("dlcore.family.twins.available", lambda: 2)
    yield started
    for process in processes:
        process.kill()
        process.communicate()


def said(stage: Stage) -> str:
    content = stage.app.screen.query_one(".twins--said", Static).content
    return content.plain if isinstance(content, Content) else str(content)


async def ask(stage: Stage, key: str) -> TwinsScreen:
    stage.type(key)
    await stage.until(
        lambda: isinstance(stage.app.screen, TwinsScreen) and stage.app.screen.query(OptionList)
    )
    screen = stage.app.screen
    assert isinstance(screen, TwinsScreen)
    await stage.until(lambda: screen.query_one(Input).value)
    return screen


@pytest.mark.parametrize("size", SIZES)
async def test_from_setup_with_the_keyboard_alone(queued: Queued, home: Path, size: tuple[int, int]) -> None:
    async with opened(size=size) as stage:
        screen = await ask(stage, "t")
        assert screen.query_one(Input).value == "relu | tanh | sigmoid"
        assert said(stage).startswith(
            "3 runs, 2 at a time: seed 0, the same first weights, one order of batches"
        )
        assert "model.activation: " in said(stage)
        keys = screen.query_one(KeyLine).render().plain
        assert "Back" in keys
        assert len(keys) <= size[0] - 2
        stage.type("enter")
        await stage.until(lambda: isinstance(screen.focused, Input))
        stage.type(*["backspace"] * len(" | sigmoid"))
        await stage.until(lambda: said(stage).startswith("2 runs, side by side: "))
        stage.type("u")
        await stage.until(lambda: said(stage).startswith("✗ model.activation"))
        stage.type("enter")
        stage.type("backspace")
        await stage.until(lambda: said(stage).startswith("2 runs"))
        assert not queued, "what is wrong starts nothing"
        stage.type("enter")
        await stage.until(lambda: queued and stage.app.screen is not screen)
        [(runs, at_once)] = queued
        assert at_once == 2
        assert [read_file(run.config).model.activation.kind for run in runs] == ["relu", "tanh"]  # type: ignore[union-attr]
        assert len({read_json(run.facts)["group"]["id"] for run in runs}) == 1
        assert sorted(run_ids(home)) == [run.id for run in runs]


async def test_of_a_run_with_another_setting(make_run: MakeRun, queued: Queued) -> None:
    run = make_run("digits mlp 16,8 e=3").start().prepare().epochs(3).end()
    async with opened(run, size=(80, 24)) as stage:
        await stage.until(lambda: stage.train.feed is not None and stage.train.feed.history.step)
        screen = await ask(stage, "T")
        options = screen.query_one(OptionList)
        keys = [row.key for row in screen._rows]
        assert not {"name", "seed"} & set(keys)
        options.highlighted = keys.index("optimizer.lr")
        await stage.until(lambda: screen.query_one(Input).value == "0.0033 | 0.01 | 0.03")
        stage.type("tab")
        await stage.until(lambda: isinstance(screen.focused, Input))
        stage.type("tab")
        await stage.until(lambda: isinstance(screen.focused, OptionList))
        stage.type("ctrl+r")
        await stage.until(lambda: queued and stage.app.screen is not screen)
        [(runs, _)] = queued
        assert [read_file(one.config).optimizer.lr for one in runs] == [0.0033, 0.01, 0.03]
        assert read_json(runs[0].facts)["group"]["of"] == run.dir.id


async def test_escape_makes_none_and_a_watcher_may_make_none(make_run: MakeRun, queued: Queued) -> None:
    run = make_run().start().prepare().epochs(1).end()
    async with opened(run) as stage:
        await ask(stage, "T")
        stage.type("escape")
        await stage.until(lambda: stage.app.screen is stage.train)
    async with opened(run, read_only=True) as stage:
        stage.app.post_message(TwinsRequested(run.dir))
        await stage.until(lambda: "This is only for watching." in stage.notices())
        assert stage.train.check_action("twins", ()) is None
    assert not queued


async def test_a_pair_of_twins_is_repeated_with_more_seeds(
    make_run: MakeRun, queued: Queued, home: Path
) -> None:
    from dlcore.family import twins
    from dlcore.oneline import parse

    configs = twins.varied(parse("digits mlp 8, e=2 device=cpu"), "model.activation", ["relu", "tanh"])
    made = twins.make(home, configs, MOMENT, "twins")
    make_run("moons", moment=MOMENT + timedelta(minutes=1))
    async with opened() as stage:
        stage.app._watch(made.runs[1])
        await stage.until(lambda: stage.app.screen is stage.train)
        await stage.until(lambda: "Twin" in stage.train.query_one(KinLine).render().plain)
        line = stage.train.query_one(KinLine).render().plain
        assert line == "Twin: differs in model.activation   n more seeds"
        stage.type("n")
        await stage.until(lambda: isinstance(stage.app.screen, Pick))
        prompts = [str(one.prompt) for one in stage.app.screen.query_one(OptionList).options]
        assert prompts[0].split() == ["3", "seeds", "6", "runs:", "relu,", "tanh"]
        stage.type("enter")
        await stage.until(lambda: queued and not isinstance(stage.app.screen, Pick))
        [(runs, _)] = queued
        found = [(read_file(one.config).seed, read_file(one.config).model.activation.kind) for one in runs]  # type: ignore[union-attr]
        assert found == [(seed, word) for seed in (0, 1, 2) for word in ("relu", "tanh")]
        assert read_json(runs[0].facts)["group"]["kind"] == "seeds"
