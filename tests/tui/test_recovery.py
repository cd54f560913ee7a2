"""Runs that broke off, in the app: what is said of them, how they go on, and their trainer's log."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import OptionList, Static

from dlcore import launch
from dlcore.errors import RunError
from dlcore.events import AttemptStarted
from dlcore.process import crashes
from dlcore.process.crashes import unasked
from dlcore.rundir import RunDir
from dlcore.runs import RunRow
from tests.tui.fakes import MOMENT, NASTY, FakeRun, Stage, opened
from tui.messages import ResumeRequested, RunRequested
from tui.screens.dialogs import Pick
from tui.screens.log import LogScreen, LogView
from tui.screens.runs import RunsScreen
from tui.widgets.key_line import KeyLine

MakeRun = Callable[..., FakeRun]
SIZES = [(80, 24), (120, 40)]

pytestmark = pytest.mark.usefixtures("home", "inspector")


def message(stage: Stage) -> str:
    content: Any = stage.train.query_one("#train-message", Static).content
    return str(getattr(content, "plain", content))


def keys(stage: Stage) -> str:
    return stage.app.screen.query_one(KeyLine).render().plain


def asked(stage: Stage) -> bool:
    return isinstance(stage.app.screen, Pick) and bool(stage.app.screen.query(OptionList))


@pytest.fixture
def crashed(make_run: MakeRun) -> FakeRun:
    return make_run(name=NASTY).start().prepare().epochs(2).steps(3).gradients()


class Trainers:
    """Stands for the processes that a resume starts: they do nothing until they are ended."""

    def __init__(self) -> None:
        self.started: list[subprocess.Popen[bytes]] = []
        self.runs: list[RunDir] = []

    def resume(self, root: Path, run: RunDir) -> "subprocess.Popen[bytes]":
        self.runs.append(run)
        command = [sys.executable, "-c", "import sys; sys.stdin.read()"]
        self.started.append(subprocess.Popen(command, stdin=subprocess.PIPE))
        return self.started[-1]

    def end(self) -> None:
        for process in self.started:
            process.kill()
            process.communicate()


@pytest.fixture
def trainers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Trainers]:
    trainers = Trainers()
    monkeypatch.setattr(launch, "resume", trainers.resume)
    yield trainers
    trainers.end()


# -- Train ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
async def test_a_crash_is_told_in_a_sentence(crashed: FakeRun, size: tuple[int, int]) -> None:
    crashed.dir.checkpoints.mkdir()
    (crashed.dir.checkpoints / "42.pt").write_bytes(b"weights")
    async with opened(crashed, size=size) as stage:
        await stage.until(lambda: "without a word at step 45" in message(stage))
        for part in ("last checkpoint at step 42", "R goes on from there", str(crashed.dir.log)):
            assert part in message(stage)
        place = stage.train.query_one("#train-message", Static)
        assert place.virtual_size.height <= 7, "it is seen whole"
        await stage.until(lambda: "R Resume" in keys(stage))
        assert "Quit" in keys(stage)
        assert len(keys(stage)) <= size[0]


async def test_r_resumes_and_says_so_until_the_trainer_speaks(crashed: FakeRun, trainers: Trainers) -> None:
    async with opened(crashed) as stage:
        await stage.until(lambda: "R Resume" in keys(stage))
        stage.type("R")
        await stage.until(lambda: message(stage) == "resuming …")
        assert trainers.runs == [crashed.dir]
        stage.type("R")  # one is enough
        crashed.hold()
        crashed.step = 42
        crashed.say(AttemptStarted, attempt=2, time="", pid=trainers.started[0].pid, host="box")
        await stage.until(lambda: message(stage) == "")
        assert len(trainers.runs) == 1


async def test_a_trainer_that_dies_before_its_first_word_is_told(
    crashed: FakeRun, trainers: Trainers
) -> None:
    async with opened(crashed) as stage:
        await stage.until(lambda: "R Resume" in keys(stage))
        stage.type("R")
        await stage.until(lambda: message(stage) == "resuming …")
        trainers.end()
        await stage.until(lambda: message(stage).startswith("The trainer did not start"))
        await stage.until(lambda: "R Resume" in keys(stage))


async def test_a_trainer_of_ours_that_others_have_succeeded_is_forgotten(
    crashed: FakeRun, trainers: Trainers
) -> None:
    """As after a `dltui resume` in another shell: that it has ended says nothing of the next one."""
    async with opened(crashed) as stage:
        await stage.until(lambda: "R Resume" in keys(stage))
        stage.type("R")
        await stage.until(lambda: trainers.started)
        crashed.hold()
        crashed.say(AttemptStarted, attempt=2, time="", pid=trainers.started[0].pid, host="box")
        await stage.until(lambda: stage.train.feed is not None and stage.train.feed.live)
        trainers.end()
        crashed.say(AttemptStarted, attempt=3, time="", pid=os.getpid(), host="box")
        await stage.until(lambda: stage.train._trainer is None)
        crashed.die()
        await stage.until(lambda: "without a word at step 45" in message(stage))


async def test_a_trainer_of_ours_that_is_killed_is_told_with_the_signal(
    crashed: FakeRun, trainers: Trainers
) -> None:
    async with opened(crashed) as stage:
        await stage.until(lambda: "R Resume" in keys(stage))
        stage.type("R")
        await stage.until(lambda: trainers.started)
        crashed.hold()
        crashed.say(AttemptStarted, attempt=2, time="", pid=trainers.started[0].pid, host="box")
        await stage.until(lambda: stage.train.feed is not None and stage.train.feed.live)
        crashed.die()
        trainers.end()
        await stage.until(lambda: "(SIGKILL) at step 45" in message(stage))


async def test_who_only_watches_resumes_nothing(crashed: FakeRun, trainers: Trainers) -> None:
    async with opened(crashed, read_only=True) as stage:
        await stage.until(lambda: "without a word" in message(stage))
        stage.type("R")
        await stage.show("runs")
        stage.type("R")
        await stage.until(lambda: "This is only for watching." in stage.notices())
        assert trainers.runs == []


async def test_a_run_that_cannot_be_resumed_is_told(
    crashed: FakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(root: Path, run: RunDir) -> None:
        raise RunError(f"It is being trained {NASTY}", "Watch it.")

    monkeypatch.setattr(launch, "resume", refused)
    async with opened(crashed) as stage:
        await stage.until(lambda: "R Resume" in keys(stage))
        stage.type("R")
        await stage.until(stage.notices)
        assert stage.notices() == ["It is being trained [/x] \\x1b[2J 한글. Watch it."]


async def test_a_warning_is_shown_as_the_trainer_starts(
    crashed: FakeRun, trainers: Trainers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.start_warnings.start_warnings", lambda *_: ["All cores are in use"])
    async with opened(crashed) as stage:
        await stage.until(lambda: "R Resume" in keys(stage))
        stage.type("R")
        await stage.until(lambda: "All cores are in use." in stage.notices())


async def test_a_warning_is_shown_as_a_run_is_started(
    monkeypatch: pytest.MonkeyPatch, crashed: FakeRun
) -> None:
    def refused(*_: object) -> None:
        raise RunError("The disk is full", "Make room.")

    monkeypatch.setattr("tui.start_warnings.start_warnings", lambda *_: [f"All cores are in use {NASTY}"])
    monkeypatch.setattr(launch, "launch", refused)
    async with opened() as stage:
        stage.app.post_message(RunRequested(crashed.config))
        await stage.until(lambda: len(stage.notices()) == 2)
        assert stage.notices() == ["All cores are in use [/x] \\x1b[2J 한글.", "The disk is full. Make room."]
        assert stage.app.current_mode == "setup"


# -- Runs -------------------------------------------------------------------------------------------


async def test_r_resumes_the_chosen_run(make_run: MakeRun, crashed: FakeRun, trainers: Trainers) -> None:
    make_run(moment=MOMENT + timedelta(hours=1)).start().prepare().epochs(1).end()
    make_run(moment=MOMENT + timedelta(hours=2)).hold().start().prepare()
    async with opened() as stage:
        await stage.show("runs")
        stage.type("R")
        await stage.until(lambda: stage.notices() == ["It is being trained: enter opens it."])
        stage.type("down", "R")
        await stage.until(lambda: stage.notices()[1:] == ["It has finished: nothing is left."])
        stage.type("down", "R")
        await stage.until(lambda: stage.app.current_mode == "train")
        assert trainers.runs == [crashed.dir]
        assert [one.run for one in stage.sent(ResumeRequested)] == [crashed.dir]


async def test_runs_says_what_all_and_the_chosen_one_take(make_run: MakeRun, crashed: FakeRun) -> None:
    make_run(moment=MOMENT - timedelta(hours=1)).start()
    crashed.dir.checkpoints.mkdir()
    (crashed.dir.checkpoints / "42.pt").write_bytes(b"w" * 3_000_000)

    def note() -> str:
        content: Any = stage.app.screen.query_one("#runs-note", Static).content
        return str(content.plain)

    async with opened() as stage:
        await stage.show("runs")
        assert isinstance(stage.app.screen, RunsScreen)
        await stage.until(lambda: "runs · 3.0 MB, 3.0 MB of it here · " in note())
        stage.type("down")
        await stage.until(lambda: " kB of it here" in note())


# -- the offer --------------------------------------------------------------------------------------


@pytest.fixture
def offers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dlcore.process.crashes.unasked", unasked)


@pytest.mark.usefixtures("offers")
@pytest.mark.parametrize("size", SIZES)
async def test_a_crashed_run_is_offered_once(
    make_run: MakeRun, crashed: FakeRun, home: Path, size: tuple[int, int]
) -> None:
    make_run(moment=MOMENT - timedelta(hours=1)).start().prepare()
    async with opened(size=size) as stage:
        await stage.until(lambda: asked(stage))
        told = " ".join(str(one.render()) for one in stage.app.screen.query(Static))
        assert "[/x] \\x1b[2J 한글 broke off" in told
        assert "just now, at step 45, no checkpoint" in told
        assert "So did 1 other run" in told
        listed = stage.app.screen.query_one(OptionList)
        assert "Train it again from its first step." in str(listed.get_option_at_index(1).prompt)
        stage.type("down", "down", "enter")  # later
        await stage.until(lambda: not asked(stage))
        assert stage.app.current_mode == "setup"
    assert unasked(home) == []
    crashed.steps(2)  # it was resumed, and broke off again
    assert [row.run for row in unasked(home)] == [crashed.dir]


@pytest.mark.usefixtures("offers")
@pytest.mark.parametrize("answer", ["look", "resume"])
async def test_an_offer_is_taken(crashed: FakeRun, trainers: Trainers, answer: str) -> None:
    async with opened() as stage:
        await stage.until(lambda: asked(stage))
        stage.type(*(["down"] * (answer == "resume")), "enter")
        await stage.until(lambda: stage.app.current_mode == "train")
        assert trainers.runs == [crashed.dir] * (answer == "resume")
        assert stage.train.feed is not None
        assert stage.train.feed.run == crashed.dir


@pytest.mark.usefixtures("offers")
async def test_nothing_is_offered_where_a_run_is_opened(
    make_run: MakeRun, crashed: FakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[Path] = []

    def look(root: Path) -> list[RunRow]:
        looked.append(root)
        return []

    monkeypatch.setattr(crashes, "unasked", look)
    async with opened(crashed) as stage:
        await stage.until(lambda: "without a word" in message(stage))
        await stage.until(lambda: stage.app._inspector is not None)
    assert looked == []


# -- the log ----------------------------------------------------------------------------------------


def log_lines(stage: Stage) -> list[str]:
    view = stage.app.screen.query_one(LogView)
    return [view.render_line(y).text.rstrip() for y in range(view.size.height)]


@pytest.mark.parametrize("size", SIZES)
async def test_the_log_is_followed_at_its_end(crashed: FakeRun, size: tuple[int, int]) -> None:
    crashed.dir.log.write_text("".join(f"line {number}\n" for number in range(200)) + f"{NASTY}\n")
    async with opened(crashed, size=size) as stage:
        stage.type("l")
        await stage.until(lambda: isinstance(stage.app.screen, LogScreen) and stage.app.screen.query(LogView))
        await stage.until(lambda: "[/x] \\x1b[2J 한글" in log_lines(stage))
        with crashed.dir.log.open("a") as file:
            file.write("the last word\n")
        await stage.until(lambda: "the last word" in log_lines(stage))
        view = stage.app.screen.query_one(LogView)
        stage.type("home")
        await stage.until(lambda: log_lines(stage)[0] == "line 0")
        with crashed.dir.log.open("a") as file:
            file.write("more\n")
        await stage.until(lambda: view.virtual_size.height == 203)
        assert log_lines(stage)[0] == "line 0", "who reads further up stays there"
        stage.type("down", "pagedown")
        await stage.until(lambda: log_lines(stage)[0] == f"line {view.size.height}")
        stage.type("end")
        await stage.until(lambda: "more" in log_lines(stage))
        stage.type("escape")
        await stage.until(lambda: stage.app.screen is stage.train)


async def test_a_log_without_a_word_says_so(crashed: FakeRun) -> None:
    async with opened(crashed) as stage:
        stage.type("l")
        await stage.until(lambda: isinstance(stage.app.screen, LogScreen) and stage.app.screen.query(LogView))
        await stage.until(lambda: log_lines(stage)[0] == "Nothing has been printed.")
