import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dlcore.commands import Continue, Pause, Stop
from dlcore.curves import preview
from dlcore.events import Event
from dlcore.files.journal import Appender, frame
from dlcore.reading import read_file
from tests.tui.fakes import FakeRun, Reason
from tui.feed import RunFeed

MakeRun = Callable[..., FakeRun]


def until(feed: RunFeed, state: str) -> None:
    """Read until the run is in a state; the lock is asked about only now and then."""
    deadline = time.monotonic() + 10
    while feed.state != state:
        assert time.monotonic() < deadline, f"it stayed {feed.state}"
        feed.read()


def test_it_takes_in_what_is_new_and_nothing_twice(make_run: MakeRun) -> None:
    run = make_run().hold().start().prepare().steps(100)
    feed = RunFeed(run.dir)
    assert feed.read(5.0)
    assert feed.history.step == 100
    assert not feed.read(5.0)
    run.steps(5)
    assert feed.read(5.0)
    assert feed.history.step == 105
    assert feed.config == read_file(run.dir.config)
    assert feed.problem == ""


def test_it_tells_of_each_event_after_taking_it_in(make_run: MakeRun) -> None:
    run = make_run().start().prepare().epochs(1)
    told: list[tuple[str, int]] = []

    def on_event(event: Event) -> None:
        told.append((event.kind, feed.history.step))

    feed = RunFeed(run.dir, on_event)
    feed.read(5.0)
    kinds = ["AttemptStarted", "Prepared", "StepsEnded", "GradientsMeasured", "EpochEnded", "Evaluated"]
    assert told == [(kind, 21 if number > 1 else 0) for number, kind in enumerate(kinds)]


def test_it_stops_reading_when_its_time_is_up_and_goes_on_later(make_run: MakeRun) -> None:
    run = make_run("mnist e=1").start().prepare().steps(600)
    feed = RunFeed(run.dir)
    steps = []
    while feed.history.step < 600:
        feed.read(-1.0)
        steps.append(feed.history.step)
    assert len(steps) == 12, "one event a call: two of them before the steps"
    assert steps == sorted(steps)


def test_lines_of_a_later_version_and_damage_are_passed_over(make_run: MakeRun) -> None:
    run = make_run().start().prepare()
    appender = Appender(run.dir.events)
    appender.append(b'{"kind":"Sang","seq":9,"song":"la"}')
    appender.close()
    with run.dir.events.open("ab") as file:
        file.write(b"00000000 {}\n" + frame(b"[]"))
    run.steps(3)
    feed = RunFeed(run.dir)
    feed.read(5.0)
    assert feed.unknown == 2
    assert feed.history.step == 3


def test_the_states_of_a_run_from_birth_to_end(make_run: MakeRun) -> None:
    run = make_run().hold()
    feed = RunFeed(run.dir)
    seen: list[tuple[str, bool]] = []

    def look() -> None:
        feed.read(5.0)
        seen.append((feed.state, feed.live))

    look()
    run.start()
    look()
    run.prepare().steps(3)
    look()
    run.apply(Pause(), "paused")
    look()
    run.apply(Continue(), "continued")
    look()
    run.apply(Stop(), "stopping")
    look()
    run.end("stopped")
    look()
    states = ["starting", "starting", "running", "paused", "running", "stopping", "stopped"]
    assert seen == [(state, state != "stopped") for state in states]


@pytest.mark.parametrize("reason", ["finished", "failed"])
def test_how_a_run_ended(make_run: MakeRun, reason: Reason) -> None:
    feed = RunFeed(make_run().start().prepare().epochs(1).end(reason).dir)
    feed.read(5.0)
    assert (feed.state, feed.live) == (reason, False)


def test_a_trainer_that_dies_without_a_word_has_crashed(make_run: MakeRun) -> None:
    run = make_run().hold().start().prepare().steps(5)
    feed = RunFeed(run.dir)
    until(feed, "running")
    run.die()
    until(feed, "crashed")
    assert not feed.live


def test_a_newborn_run_is_starting_until_its_trainer_should_be_there(make_run: MakeRun) -> None:
    newborn = RunFeed(make_run(moment=datetime.now(UTC)).dir)
    newborn.read()
    assert newborn.state == "starting"
    orphan = RunFeed(make_run(moment=datetime(2020, 1, 1, tzinfo=UTC)).dir)
    orphan.read()
    assert orphan.state == "crashed"


def test_a_configuration_that_cannot_be_read_is_a_sentence(make_run: MakeRun) -> None:
    run = make_run().start().prepare().steps(2)
    run.dir.config.write_text("[data\n")
    feed = RunFeed(run.dir)
    feed.read(5.0)
    assert feed.config is None
    assert "is not TOML" in feed.problem
    assert feed.history.step == 2


def test_a_run_that_is_deleted_while_it_is_watched_does_no_harm(make_run: MakeRun) -> None:
    run = make_run().start().prepare().steps(2)
    feed = RunFeed(run.dir)
    feed.read(5.0)
    path: Path = run.dir.path
    run.dir.remove()
    assert not path.exists()
    feed.read(5.0)
    assert feed.history.step == 2


@pytest.fixture
def long_run(make_run: MakeRun, monkeypatch: pytest.MonkeyPatch) -> FakeRun:
    """A live run whose file counts as long, though it is quickly made."""
    monkeypatch.setattr("tui.feed.LONG", 100_000)
    for name, value in {"_HEAD": 4096, "_TAIL": 8192, "_PIECES": 20, "_PIECE": 16384}.items():
        monkeypatch.setattr(preview, name, value)
    run = make_run("mnist e=20").hold().start().prepare()
    for _ in range(40):
        run.steps(600).gradients()
    return run


def test_a_long_run_is_shown_at_once_and_read_bit_by_bit(long_run: FakeRun) -> None:
    feed = RunFeed(long_run.dir)
    assert feed.read(-1.0)
    assert feed.reading == "reading 0 %"
    first = feed.history
    assert (first.step, feed.state) == (24_000, "running")
    assert first.prepared is not None
    assert first.loss.columns(1)[0].count < 12_000, "this is a preview"
    assert all(column.count for column in first.loss.columns(10))
    said, calls = [feed.reading], 0
    while feed.reading:
        assert feed.history is first
        changed = feed.read(-1.0)
        assert changed == (feed.reading != said[-1])
        said += [feed.reading] if changed else []
        calls += 1
    assert calls > 400, "one event a call"
    assert said[:20] == [f"reading {percent} %" for percent in range(0, 100, 5)]
    assert said[-1] == ""
    assert feed.history is not first
    assert feed.history.loss.columns(1)[0].count == 24_000
    assert not feed.read()


def test_what_a_long_run_says_meanwhile_is_shown_and_told_once(long_run: FakeRun) -> None:
    feed = RunFeed(long_run.dir)
    feed.read(-1.0)
    long_run.steps(60).apply(Pause(), "paused")
    while feed.history.step < 24_060:
        assert feed.read(-1.0)
    feed.read(-1.0)
    assert feed.reading
    assert feed.state == "paused"
    while feed.reading:
        feed.read(1.0)
    assert (feed.history.step, feed.state, feed.unknown) == (24_060, "paused", 0)
    assert feed.history.loss.columns(1)[0].count == 24_060
    long_run.apply(Continue(), "continued").steps(60)
    feed.read(1.0)
    assert (feed.history.step, feed.state) == (24_120, "running")


def test_whoever_wants_every_event_gets_no_preview(long_run: FakeRun) -> None:
    told: list[int] = []
    feed = RunFeed(long_run.dir, lambda event: told.append(event.seq))
    feed.read(60.0)
    assert feed.reading == ""
    assert told == list(range(long_run.seq + 1))


def test_a_long_run_that_is_deleted_while_it_is_read_stays_as_it_was_seen(long_run: FakeRun) -> None:
    feed = RunFeed(long_run.dir)
    feed.read(-1.0)
    first = feed.history
    long_run.dir.remove()
    feed.read(1.0)
    assert feed.history is first
    assert feed.history.step == 24_000


def test_a_short_run_needs_no_preview(make_run: MakeRun) -> None:
    feed = RunFeed(make_run().start().prepare().steps(600).dir)
    feed.read(-1.0)
    assert (feed.reading, feed.history.step) == ("", 0)


def test_whether_the_trainer_takes_every_core(
    make_run: Callable[..., FakeRun], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run("mnist e=20").hold().start().prepare(threads=2)
    feed = RunFeed(run.dir)
    assert not feed.takes_every_core, "nothing is known yet"
    feed.read()
    for cores, expected in ((1, True), (2, True), (4, False)):
        monkeypatch.setattr("dlcore.process.cores.available", lambda cores=cores: cores)
        assert feed.takes_every_core == expected
    monkeypatch.setattr("dlcore.process.cores.available", lambda: 2)
    run.die()
    feed = RunFeed(run.dir)
    feed.read()
    assert not feed.takes_every_core, "there is no trainer"
