"""Findings in the app: the line on Train, the screen behind it, and the runs that remedies start."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from dlcore import launch
from dlcore.commands import Stop
from dlcore.diagnose import Finding
from dlcore.diagnose.silenced import silenced
from dlcore.family.origin import Origin
from dlcore.files.atomic import read_json, write_json
from dlcore.rundir import RunDir
from tests.dlcore.diagnose.findings import NAN
from tests.dlcore.diagnose.findings import VANISHING as FOUND
from tests.tui.fakes import MOMENT, VANISHING, FakeRun, Stage, count_refreshes, opened
from tui.messages import RunRequested
from tui.screens.dialogs import Pick
from tui.screens.findings import FindingsScreen, Row
from tui.widgets.finding_line import FindingLine, said
from tui.widgets.key_line import KeyLine
from tui.widgets.kin_line import KinLine

DEEP = "digits mlp 16,16,16,16,16,16,16,16 sigmoid"
SIZES = [(80, 24), (120, 40)]
RELU = "relu with he initialization"
MakeRun = Callable[..., FakeRun]

pytestmark = pytest.mark.usefixtures("home", "inspector")


def line(stage: Stage) -> str:
    return stage.train.query_one(FindingLine).render().plain


def kin(stage: Stage) -> list[str]:
    widget = stage.train.query_one(KinLine)
    shown = widget.render().plain
    return shown.split("\n") if shown and widget.size.width == stage.train.size.width - 2 else []


def told(stage: Stage) -> str:
    """All that the findings screen says, as one line."""
    return words(stage.app.screen)


def words(widget: Widget) -> str:
    contents: list[Any] = [one.content for one in widget.query(Static)]
    return " ".join(" ".join(str(getattr(one, "plain", one)) for one in contents).split())


def chosen(stage: Stage) -> str:
    row = stage.app.screen.focused
    return words(row) if isinstance(row, Row) else ""


def is_seen(row: Row) -> bool:
    """Whether all of a row is within what scrolls."""
    scroll = row.screen.query_one(VerticalScroll)
    return scroll.region.contains_region(row.region)


async def open_findings(stage: Stage) -> None:
    await stage.until(lambda: line(stage))
    stage.type("d")
    await stage.until(lambda: isinstance(stage.app.screen, FindingsScreen) and "›" in chosen(stage))


@pytest.fixture
def stuck(make_run: MakeRun) -> FakeRun:
    return make_run(DEEP, course=VANISHING).start().prepare().evaluate().epochs(10).end()


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


# -- the line ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
async def test_the_gravest_finding_is_one_line(stuck: FakeRun, size: tuple[int, int]) -> None:
    async with opened(stuck, size=size) as stage:
        await stage.until(lambda: line(stage))
        assert line(stage).startswith("✗ ")
        assert "The gradient of fc1 is 1." in line(stage)
        assert "e-06 of that of fc9 · since step " in line(stage)
        assert line(stage).endswith("   d why")
        assert ("vanishing gradient" in line(stage)) == (size[0] > 80)
        assert len(line(stage)) <= size[0] - 2
        keys = stage.train.query_one(KeyLine).render().plain
        assert "Quit" in keys
        assert len(keys) <= size[0] - 2
        stage.type("comma")  # the row is that of the figures at the cursor now
        await stage.until(lambda: not stage.train.query_one(FindingLine).display)
        assert stage.train.query_one("#train-step").display
        stage.type("end")
        await stage.until(lambda: stage.train.query_one(FindingLine).display)


async def test_a_healthy_run_shows_nothing_and_nothing_is_drawn(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run().hold().start().prepare().evaluate().epochs(3)
    async with opened(run) as stage:
        await stage.until(lambda: stage.train.feed is not None and stage.train.feed.history.step == 63)
        drawn = count_refreshes(monkeypatch, stage.train)
        run.epochs(2)
        await stage.until(lambda: stage.train.feed is not None and stage.train.feed.history.step == 105)
        await stage.until(lambda: not stage.train._stale and not stage.train._parts)
        assert line(stage) == ""
        assert not [one for one in drawn if isinstance(one, FindingLine | KinLine)]
        stage.type("d")
        await stage.until(lambda: isinstance(stage.app.screen, FindingsScreen))
        assert told(stage).startswith("Nothing is found wrong so far at step 105")


async def test_a_finding_appears_while_the_run_is_watched(make_run: MakeRun) -> None:
    run = make_run(DEEP, course=VANISHING).hold().start().prepare().evaluate()
    async with opened(run) as stage:
        await stage.until(lambda: stage.train.feed is not None and stage.train.feed.state == "running")
        assert line(stage) == ""
        body = stage.train.query_one("#train-body").region
        run.epochs(5)
        await stage.until(lambda: line(stage))
        assert stage.train.query_one("#train-body").region == body, "nothing moves"


@pytest.mark.parametrize(
    ("width", "findings", "text"),
    [
        (200, (FOUND,), f"✗ vanishing gradient · {FOUND.message} · since step 1,200   d why"),
        (110, (FOUND,), f"✗ vanishing gradient · {FOUND.message[:45]} · since step 1,200   d why"),
        (80, (FOUND,), f"✗ {FOUND.message[:45]} · since step 1,200   d why"),
        (80, (FOUND, NAN), f"✗ {FOUND.message[:45]} · since ste…   d why, and 1 more"),
        (80, (NAN, FOUND), "! loss not a number · The loss is not a number since step 7   d why, and 1 more"),
        (40, (NAN,), "! The loss is not a number sinc…   d why"),
        (80, (), ""),
    ],
)
def test_what_fits_is_said(width: int, findings: tuple[Finding, ...], text: str) -> None:
    assert said(findings, width).plain == text
    assert said(findings, width).cell_length <= width


# -- the screen -------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(60, 16), *SIZES])
async def test_the_findings_in_full(stuck: FakeRun, size: tuple[int, int]) -> None:
    async with opened(stuck, size=size) as stage:
        await open_findings(stage)
        for part in (
            "One finding at step 210",
            "✗ vanishing gradient since step",
            "Likely cause: 8 sigmoids in a row",
            "Evidence: ratio 1.",
            f"1 {RELU} model.activation=relu model.init=he",
        ):
            assert part in told(stage)
        assert chosen(stage).startswith(f"› 1 {RELU}")
        rows = list(stage.app.screen.query(Row))
        for number, row in enumerate(rows[1:], 2):
            stage.type("down")
            await stage.until(partial(getattr, row, "has_focus"))
            assert chosen(stage).startswith(f"› {number} ")
            await stage.until(partial(is_seen, row))
        stage.type("escape")
        await stage.until(lambda: stage.app.screen is stage.train)


async def test_a_finding_appears_while_one_looks_for_it(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.screens.findings._SECONDS", 0.02)
    run = make_run(DEEP, course=VANISHING).hold().start().prepare().evaluate()
    async with opened(run) as stage:
        stage.type("d")
        await stage.until(lambda: isinstance(stage.app.screen, FindingsScreen))
        assert told(stage).startswith("Nothing is found wrong so far before the first step")
        run.epochs(5)
        await stage.until(lambda: f"› 1 {RELU}" in chosen(stage))
        await stage.pilot.pause()  # what appears is painted first
        drawn = count_refreshes(monkeypatch, stage.app.screen)
        run.epochs(1)
        await stage.until(lambda: stage.train.feed is not None and stage.train.feed.history.step == 126)
        assert not [one for one in drawn if isinstance(one, Row)]


async def test_a_rule_is_switched_off_and_on_again(home: Path, stuck: FakeRun) -> None:
    async with opened(stuck) as stage:
        await open_findings(stage)
        stage.type("s")
        await stage.until(lambda: "Switched off" in told(stage))
        assert silenced(home) == {"vanishing_gradient"}
        assert "✗ vanishing gradient" not in told(stage)
        while "vanishing gradient" not in chosen(stage):  # its symptoms may come first
            await stage.press("down")
        stage.type("s")
        await stage.until(lambda: "✗ vanishing gradient" in told(stage))
        assert silenced(home) == frozenset()
        assert "Switched off" not in told(stage)


# -- remedies ---------------------------------------------------------------------------------------


async def test_one_key_starts_a_remedy_and_leads_back_and_forth(
    home: Path, stuck: FakeRun, trainers: list[RunDir], make_run: MakeRun
) -> None:
    async with opened(stuck) as stage:
        await open_findings(stage)
        stage.type("1")
        await stage.until(lambda: trainers)
        (child,) = trainers
        facts = read_json(child.facts)
        assert facts["parent"] == {
            "run": stuck.dir.id,
            "step": 0,
            "code": "vanishing_gradient",
            "remedy": RELU,
        }
        (wanted,) = stage.sent(RunRequested)
        assert (wanted.config.seed, wanted.config.model.init.word()) == (stuck.config.seed, "he")  # type: ignore[union-attr]
        assert wanted.stops is None
        await stage.until(lambda: stage.train.feed is not None and stage.train.feed.run.id == child.id)
        await stage.until(lambda: kin(stage))
        (shown,) = kin(stage)
        assert shown.startswith(f"Remedy of {stuck.dir.id}")
        assert shown.endswith("   p parent")
        assert len(shown) <= 78
        stage.type("p")
        await stage.until(lambda: stage.train.feed is not None and stage.train.feed.run.id == stuck.dir.id)
        await stage.until(lambda: kin(stage))
        assert kin(stage) == [f"{RELU} is being tried   P shows it"]
        stage.type("P")
        await stage.until(lambda: stage.train.feed is not None and stage.train.feed.run.id == child.id)
        assert stage.train._trainer is not None, "its process is still known"


async def test_a_live_parent_goes_on_or_is_stopped(
    make_run: MakeRun, trainers: list[RunDir], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run(DEEP, course=VANISHING).hold().start().prepare().evaluate().epochs(5)
    async with opened(run) as stage:
        for answer, is_stopped in (("escape", None), ("enter", False), ("down", True)):
            await open_findings(stage)
            stage.type("enter")
            await stage.until(lambda: isinstance(stage.app.screen, Pick) and stage.app.screen.focused)
            stage.type(*([answer, "enter"] if answer == "down" else [answer]))
            await stage.until(lambda: stage.app.screen is stage.train)
            if is_stopped is None:
                assert not trainers
                continue
            await stage.until(lambda: stage.train.feed is not None and stage.train.feed.run != run.dir)
            assert ([type(one) for one in run.told()] == [Stop]) == is_stopped
            await stage.until(lambda: kin(stage))
            stage.type("p")
            await stage.until(lambda: stage.train.feed is not None and stage.train.feed.run.id == run.dir.id)
        await stage.until(lambda: kin(stage))
        assert kin(stage)[0].endswith(", the latest of 2")


async def test_who_only_watches_takes_no_remedy(stuck: FakeRun, trainers: list[RunDir]) -> None:
    async with opened(stuck, read_only=True) as stage:
        await open_findings(stage)
        stage.type("enter")
        await stage.until(lambda: "This is only for watching." in stage.notices())
        assert isinstance(stage.app.screen, FindingsScreen)
        assert not trainers


async def test_what_came_of_it_is_said_on_both_screens(
    stuck: FakeRun, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.widgets.kin_line._SECONDS", 0.05)
    child = make_run("digits mlp 16,16 relu he", moment=MOMENT + timedelta(minutes=1)).hold()
    origin = Origin(stuck.dir.id, 0, "vanishing_gradient", RELU)
    write_json(child.dir.facts, read_json(child.dir.facts) | {"parent": origin.table()})
    child.start().prepare().evaluate().epochs(3)
    async with opened(stuck, size=(120, 40)) as stage:
        await stage.until(lambda: kin(stage))
        assert kin(stage)[0].startswith(f"{RELU} is being tried: ")
        child.epochs(7).end()
        came_of_it = f"{RELU}: 87.32 % validation where"
        await stage.until(lambda: kin(stage) == [f"{came_of_it} this run had 10.45 %   P shows it"])
        await open_findings(stage)
        assert "tried: 87.32 % validation where this run had 10.45 %" in told(stage)
        stage.type("escape", "P")
        await stage.until(lambda: stage.train.feed is not None and stage.train.feed.run == child.dir)
        await stage.until(lambda: kin(stage) and "is being" not in kin(stage)[0])
        assert kin(stage)[0].startswith(f"{came_of_it} the parent had 10.45 %")
        assert line(stage) == ""
