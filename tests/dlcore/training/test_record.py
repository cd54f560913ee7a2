"""The record: events are numbered without gaps, are on the disk at once, and figures are weighted means."""

from datetime import datetime, timedelta

from dlcore.events import Warned
from dlcore.rundir import RunDir
from dlcore.training.record import Record, now
from tests.dlcore.trained import read_events


def test_what_is_said_can_be_read_at_once(fresh_run: RunDir) -> None:
    record = Record(fresh_run, attempt=2, seq=5)
    for step in (0, 3, 3):
        said = record.say(Warned, step, message=f"at {step}")
        assert read_events(fresh_run)[-1].model_dump(exclude={"seconds"}) == said.model_dump(
            exclude={"seconds"}
        )
        assert record.step == step
    record.sync()
    record.close()
    events = read_events(fresh_run)
    assert [event.seq for event in events] == [5, 6, 7]
    assert [event.attempt for event in events] == [2, 2, 2]
    seconds = [event.seconds for event in events]
    assert seconds == sorted(seconds)


def test_a_moment_is_utc_in_milliseconds() -> None:
    moment = datetime.fromisoformat(now())
    assert moment.utcoffset() == timedelta(0)
    assert moment.microsecond % 1000 == 0
