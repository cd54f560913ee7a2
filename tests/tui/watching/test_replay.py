"""A finished run told again by its own clock: in the feed, on the screen, and never a word to the run."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from textual.widgets import Static

from dlcore.events import AttemptStarted, StepsEnded
from tests.tui.fakes import MOMENT, FakeRun, Stage, opened, until
from tui import cli
from tui.app import DltuiApp
from tui.feed import RunFeed
from tui.messages import ReplayRequested
from tui.screens.replay import ReplayScreen
from tui.watching.replay import Replay, ReplayFeed
from tui.widgets.header import Header
from tui.widgets.status_line import StatusLine

MakeRun = Callable[..., FakeRun]


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Played:
    """A replay on a clock of its own."""

    def __init__(self, run: FakeRun, speed: float = 1.0) -> None:
        self.clock = Clock()
        self.feed = ReplayFeed(run.dir, speed, self.clock)
        self.feed.read()

    def pass_(self, seconds: float) -> bool:
        """Let time pass, and look every twentieth of a second; return whether anything changed."""
        changed = False
        for _ in range(round(seconds * 20)):
            self.clock.now += 0.05
            changed |= self.feed.read(5.0)
        return changed


@pytest.fixture
def finished(make_run: MakeRun) -> FakeRun:
    return make_run().start().prepare().evaluate().epochs(10).end()


def written(run: FakeRun) -> dict[Path, tuple[int, int]]:
    """When each file of a run was changed, and its size."""
    found = {path: path.stat() for path in run.dir.path.rglob("*")}
    return {path: (one.st_mtime_ns, one.st_size) for path, one in found.items()}


def test_what_is_told_in_the_end_is_what_the_run_said(finished: FakeRun) -> None:
    before = written(finished)
    played = Played(finished)
    states = [played.feed.state]
    while not played.feed.is_over:
        played.pass_(0.05)
        states += [played.feed.state] if played.feed.state != states[-1] else []
    assert states == ["starting", "running", "finished"]
    whole = RunFeed(finished.dir)
    whole.read(5.0)
    told, known = played.feed.history, whole.history
    assert (told.seq, told.step, told.final()) == (known.seq, known.step, known.final())
    assert told.loss.columns(50) == known.loss.columns(50)
    assert not played.feed.live
    assert not played.pass_(1.0), "nothing changes any more"
    assert written(finished) == before


def test_events_come_at_their_time_and_long_pauses_are_shortened(finished: FakeRun) -> None:
    played = Played(finished)
    assert played.feed.state == "starting"
    played.pass_(0.9)
    assert played.feed.history.prepared is None
    assert played.feed.pause == "a pause of 2 s is shortened to 1 s"
    played.pass_(0.15)
    assert played.feed.history.prepared is not None
    assert played.feed.pause == ""
    taken = played.feed.history.step
    assert taken < 210
    played.pass_(0.05)
    assert taken < played.feed.history.step < 210, "some 55 steps in a twentieth of a second"


def test_faster_is_faster_and_whoever_looks_away_misses_nothing(finished: FakeRun) -> None:
    played = Played(finished, 64)
    played.pass_(0.05)
    assert played.feed.is_over, "2.4 s at 64 × are 0.04 s"
    slow = Played(finished)
    slow.clock.now += 3600.0
    slow.feed.read()
    assert slow.feed.history.prepared is None, "half a second at most has passed"
    for speed in (2, 4, 8, 16, 32, 64, 64):
        slow.feed.hasten(1)
        assert slow.feed.speed == speed
    for speed in (32, 16, 8, 4, 2, 1, 1):
        slow.feed.hasten(-1)
        assert slow.feed.speed == speed
    slow.feed.hold(True)
    assert not slow.pass_(5.0)
    slow.feed.hold(False)
    assert slow.pass_(2.0)


def test_single_steps_forward_and_back(finished: FakeRun) -> None:
    played = Played(finished)
    shown = []
    for _ in range(6):
        played.feed.step(1)
        played.feed.read()
        shown.append((played.feed.history.seq, played.feed.history.step))
    assert shown[1] == (2, 0), "the evaluation before the first step"
    assert shown[2][1] == 21
    for expected in shown[-2::-1]:
        played.feed.step(-1)
        played.feed.read(5.0)
        assert (played.feed.history.seq, played.feed.history.step) == expected
    played.feed.step(-1)
    played.feed.read()
    assert played.feed.history.seq == -1, "before the first word"
    played.feed.hurry()
    played.feed.read(5.0)
    assert (played.feed.is_over, played.feed.state) == (True, "finished")
    played.feed.begin_again()
    played.feed.read()
    assert (played.feed.held, played.feed.state) == (False, "starting")


def test_a_long_way_back_is_gone_in_slices(finished: FakeRun) -> None:
    played = Played(finished)
    played.feed.hurry()
    played.feed.read(5.0)
    played.feed.step(-1)
    assert not played.feed.is_over
    looks = 0
    while played.feed.reading:
        before = played.feed.history.seq
        played.feed.read(-1.0)
        looks += 1
        assert played.feed.history.seq == before or not played.feed.reading
    assert looks > 5
    assert played.feed.history.ended is None


def test_every_attempt_has_a_clock_of_its_own_and_a_crash_is_one_in_the_end(make_run: MakeRun) -> None:
    run = make_run().start().prepare().steps(60)
    run.say(AttemptStarted, attempt=2, time=MOMENT.isoformat(), pid=1, host="box", kept=3)
    run.say(StepsEnded, attempt=2, loss=(1.0,), accuracy=(0.5,), lr=(0.1,), samples=64, training_seconds=0.1)
    played = Played(run)
    played.pass_(1.5)
    assert played.feed.history.attempt == 2, "it began at second 0 again"
    played.pass_(1.0)
    assert played.feed.is_over
    assert played.feed.state == "crashed"


# -- on the screen ----------------------------------------------------------------------------------


def how(stage: Stage) -> str:
    """What the header says of the replay."""
    return stage.app.screen.query_one(Header).aside


@pytest.mark.usefixtures("inspector")
async def test_runs_leads_to_a_replay_that_steers_nothing(finished: FakeRun) -> None:
    before = written(finished)
    async with opened(size=(120, 40)) as stage:
        await stage.show("runs")
        await stage.press("p")
        await stage.until(lambda: stage.sent(ReplayRequested))
        await stage.until(lambda: stage.app.current_mode == "replay" and stage.app.screen.is_mounted)
        screen = stage.app.screen
        assert isinstance(screen, ReplayScreen)
        await stage.press("space")
        await stage.until(lambda: "replay held" in how(stage))
        told = screen.replay.history.seq
        await stage.press("full_stop")
        await stage.until(lambda: screen.replay.history.seq > told)
        await stage.press("]", "]")
        assert screen.replay.speed == 4
        await stage.press("[", *"xsSRtubTn")
        assert screen.replay.speed == 2
        assert "replay held" in how(stage)
        await stage.press("space")
        await stage.until(lambda: "replay 2 ×" in how(stage) or screen.replay.is_over)
        await stage.press("end")
        await stage.until(lambda: "replay over" in how(stage))
        assert "finished" in screen.query_one(StatusLine).render().plain
        message = screen.query_one("#train-message", Static)
        assert "finished: accuracy" in str(message.content)
        await stage.press("home", "y", "escape")
        await stage.until(lambda: stage.app.current_mode == "runs")
        await stage.press("p")  # once more
        await stage.until(lambda: stage.app.current_mode == "replay" and stage.app.screen is not screen)
    assert written(finished) == before


def test_what_cannot_be_replayed_is_one_sentence(make_run: MakeRun, tmp_path: Path) -> None:
    make_run().hold().start().prepare().steps(5)
    live = CliRunner().invoke(cli.dltui, ["replay", "latest"])
    assert "is being trained" in str(live.exception)
    silent = make_run("moons", moment=MOMENT + timedelta(days=1))
    assert "has said nothing yet" in str(CliRunner().invoke(cli.dltui, ["replay", silent.dir.id]).exception)
    silent.start()
    for options, said in (
        (["--size", "10x5"], "60x16"),
        (["--size", "wide"], "no size"),
        (["--cast", str(tmp_path / "none" / "a.cast")], "no folder"),
        (["--speed", "65"], "1<=x<=64"),
    ):
        arguments = ["replay", silent.dir.id, "--cast", str(tmp_path / "a.cast"), *options]
        result = CliRunner().invoke(cli.dltui, arguments)
        assert said in f"{result.exception} {result.output}"
        assert result.exit_code != 0


def test_a_recording_is_said_to_be_as_long_as_its_file(
    finished: FakeRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = "import os, time; os.write(1, b'a'); time.sleep(0.3); os.write(1, b'b\\x1b[?2004l')"
    monkeypatch.setattr("tui.subcommands.replay._COMMAND", program)
    path = tmp_path / "a.cast"
    result = CliRunner().invoke(cli.dltui, ["replay", finished.dir.id, "--cast", str(path)])
    assert result.exit_code == 0, result.output
    header, *_, last = map(json.loads, path.read_text().splitlines())
    assert header["duration"] == last[0] > 2
    assert f"{path}: {header['duration']:.1f} s, " in result.output


@pytest.mark.usefixtures("inspector")
async def test_a_replay_from_the_command_line_ends_the_app_where_that_was_asked_for(
    finished: FakeRun,
) -> None:
    app = DltuiApp(finished.dir, read_only=True, replay=Replay(finished.dir, 64, closes=True))
    async with app.run_test(size=(80, 24)):
        await until(lambda: app._exit)
    assert app.return_value is None
    assert app.return_code == 0
