"""When a watched run ends: its summary is in a file and on the clipboard; notices come if they are wanted."""

import re
from pathlib import Path
from typing import Any

import pytest
from textual.widgets._toast import Toast

from dlcore import rundir
from tests.tui.fakes import FakeRun, opened
from tui.feed import RunFeed
from tui.terminal.ringing import notice
from tui.watching.watchman import (
    LEAST_STALL_SECONDS,
    MOST_COPIED,
    Watchman,
    for_clipboard,
    switch_notices,
    wants_notices,
)

pytestmark = pytest.mark.usefixtures("home", "inspector")


class Told:
    """An app without a screen, and a clock: all that a watchman needs."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        self.rung: list[str] = []
        self.said: list[str] = []
        self.work: list[Any] = []
        monkeypatch.setattr("tui.watching.watchman.ring", lambda app, words: self.rung.append(words))

    def set_interval(self, seconds: float, callback: Any) -> None:
        """Nothing is looked at by itself."""

    def run_worker(self, work: Any, **options: Any) -> None:
        work.close()
        self.work.append(options["group"])

    def notify(self, message: str, **options: Any) -> None:
        self.said.append(message)


def watching(told: Told, run: FakeRun) -> tuple[Watchman, RunFeed]:
    feed = RunFeed(run.dir)
    app: Any = told
    return Watchman(app, lambda: feed, lambda: told.now), feed


def look(watchman: Watchman, feed: RunFeed) -> None:
    feed.read(10.0)
    feed._asked = 0.0
    feed.read(10.0)
    watchman.look()


@pytest.mark.parametrize("wanted", [True, False])
def test_the_end_of_a_run_is_noticed_once(
    make_run: Any, home: Path, monkeypatch: pytest.MonkeyPatch, wanted: bool
) -> None:
    told = Told(monkeypatch)
    app: Any = told
    if wanted:
        switch_notices(app)
    assert wants_notices(home) is wanted
    run = make_run("digits", name="\x1b]9;evil\x07").hold().start().prepare().steps(30)
    watchman, feed = watching(told, run)
    look(watchman, feed)
    assert told.work == told.rung == []
    run.end()
    look(watchman, feed)
    look(watchman, feed)
    assert told.rung == (["dltui: the run has finished (step 30)"] if wanted else [])
    assert told.work == ["summaries"]


def test_a_run_that_had_ended_before_is_no_news(make_run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    told = Told(monkeypatch)
    watchman, feed = watching(told, make_run("digits").start().prepare().steps(30).end())
    watchman.look()  # before anything was read it is taken for one that starts
    look(watchman, feed)
    look(watchman, feed)
    assert told.work == []


def test_a_silence_much_longer_than_any_before_is_a_stall(
    make_run: Any, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = Told(monkeypatch)
    app: Any = told
    switch_notices(app)
    run = make_run("digits").hold().start().prepare().steps(30)
    watchman, feed = watching(told, run)
    look(watchman, feed)
    told.now = 50.0
    run.steps(30)
    look(watchman, feed)
    told.now = 50.0 + LEAST_STALL_SECONDS + 1
    look(watchman, feed)
    assert told.rung == []  # 50 seconds of silence were no stall: 91 are none
    told.now = 50.0 + 4 * 50.0 + 1
    look(watchman, feed)
    look(watchman, feed)
    assert told.rung == ["dltui: no step for 3:21 (step 60)"]


def test_a_loss_that_diverges_is_noticed_once(make_run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    told = Told(monkeypatch)
    app: Any = told
    switch_notices(app)
    run = make_run("digits").hold().start().prepare().steps(30)
    watchman, feed = watching(told, run)
    look(watchman, feed)
    for code in ("plateau", "diverged"):
        found = type("Found", (), {"code": code})
        monkeypatch.setattr("tui.watching.judging.Judge.look_briefly", lambda self: True)
        assert watchman._judge is not None
        watchman._judge.findings = (found,)  # type: ignore[assignment]
        look(watchman, feed)
        look(watchman, feed)
    assert told.rung == ["dltui: the loss diverges (step 30)"]


def test_a_notice_is_of_our_own_words_and_passes_through_tmux() -> None:
    assert notice("dltui: done", {}) == "\x07\x1b]9;dltui: done\x07"
    assert notice("a\x1b\x07b\x9cé", {}) == "\x07\x1b]9;ab\x07"
    inside = notice("done", {"TMUX": "/tmp/tmux-0/default,1,0"})
    assert inside == "\x07\x1bPtmux;\x1b\x1b]9;done\x07\x1b\\"
    assert len(notice("a" * 1000, {})) < 150


def test_a_clipboard_takes_so_much_and_the_rest_is_named(tmp_path: Path) -> None:
    path = tmp_path / "summary.md"
    path.write_text("short\n")
    assert for_clipboard(path) == "short\n"
    path.write_text("paragraph ü\n\n" * MOST_COPIED)
    text = for_clipboard(path)
    assert len(text.encode()) <= MOST_COPIED
    assert text.endswith(f"paragraph ü\n\n… the rest is in {path}\n")
    assert for_clipboard(tmp_path / "none") == str(tmp_path / "none")


async def test_the_summary_is_copied_and_its_path_is_shown(
    make_run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.watching.watchman.LOOK_SECONDS", 0.05)
    run = make_run("digits").hold().start().prepare().steps(30)
    async with opened(run, notifications=True) as stage:
        await stage.until(lambda: stage.app._watchman._was_live)
        run.end()
        await stage.until(lambda: stage.notices())
        path = rundir.home() / "exports" / run.dir.id / f"{run.dir.id}.md"
        said = re.sub(r"\s+", " ", stage.notices()[0])
        assert said.startswith("Summary copied, and written: ")
        assert said.endswith(f"{path.parent.name}/{path.name}")
        assert stage.app.clipboard == path.read_text()
        assert "**Finished** after" in stage.app.clipboard
        await stage.until(lambda: stage.app.screen.query(Toast))
        await stage.pilot.pause()
        (toast,), message = stage.app.screen.query(Toast), stage.train.query_one("#train-message")
        assert toast.region.bottom <= message.region.y, "how it ended can be read"
