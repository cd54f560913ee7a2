"""A long run on the Train screen: its curves at once, and keys answered while all of it is read."""

from collections.abc import Callable

import pytest
from textual.widgets import Static

from dlcore.commands import Set
from dlcore.curves import preview
from tests.tui.fakes import FakeRun, opened
from tui.feed import RunFeed
from tui.widgets.plot import Plot
from tui.widgets.status_line import StatusLine

MakeRun = Callable[..., FakeRun]
STEPS = 24_000

pytestmark = pytest.mark.usefixtures("home", "inspector")


@pytest.fixture
def allowed() -> set[str]:
    """How far reading may be to go on."""
    return {"reading 0 %"}


@pytest.fixture
def long_run(make_run: MakeRun, allowed: set[str], monkeypatch: pytest.MonkeyPatch) -> FakeRun:
    """A live run whose file counts as long; one event is read at a time, as far as is allowed."""
    monkeypatch.setattr("tui.feed.LONG", 100_000)
    for name, value in {"_HEAD": 4096, "_TAIL": 8192, "_PIECES": 20, "_PIECE": 16384}.items():
        monkeypatch.setattr(preview, name, value)
    read = RunFeed.read

    def read_slowly(feed: RunFeed) -> bool:
        return read(feed, -1.0) if feed.reading in ("", *allowed) else False

    monkeypatch.setattr(RunFeed, "read", read_slowly)
    run = make_run("mnist e=20").hold().start().prepare()
    return run.steps(STEPS).gradients()


async def test_it_is_shown_at_once_and_steered_when_it_is_read(long_run: FakeRun, allowed: set[str]) -> None:
    async with opened(long_run) as stage:
        line = stage.train.query_one(StatusLine)
        await stage.until(lambda: "reading" in line.render().plain)
        feed = stage.train.feed
        assert feed is not None
        assert f"step {STEPS:,}/" in line.render().plain
        plot = stage.train.query_one("#loss", Plot)
        await stage.until(lambda: plot._chart is not None)
        await stage.press("y")
        await stage.until(lambda: plot._chart is not None and plot._chart.log_y)
        await stage.press("right_square_bracket")
        assert feed.reading, "keys are heard before all of it is read"
        assert long_run.told() == [], "nobody knows the present rate yet"
        assert "still being read" in str(stage.train.query_one("#train-message", Static).content)
        allowed |= {f"reading {percent} %" for percent in range(0, 101, 5)}
        await stage.until(lambda: feed is not None and not feed.reading)
        await stage.until(lambda: "reading" not in line.render().plain)
        assert feed.history.loss.columns(1)[0].count == STEPS
        await stage.press("right_square_bracket")
        await stage.until(lambda: len(long_run.told()) == 1)
        (command,) = long_run.told()
        assert isinstance(command, Set)
