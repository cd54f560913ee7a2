"""Commands as they come: each is taken once, in order, and damage is passed over."""

from dlcore.commands import Command, Pause, Stop, encode
from dlcore.events import CommandApplied
from dlcore.files.journal import Appender
from dlcore.rundir import RunDir
from dlcore.training.control import Control
from dlcore.training.record import Record
from tests.dlcore.trained import read_events


def tell(run: RunDir, *commands: Command) -> None:
    appender = Appender(run.control)
    for command in commands:
        appender.append(encode(command))
    appender.close()


def taken(control: Control) -> list[Command]:
    return list(iter(control.next, None))


def test_commands_are_taken_in_order_and_once(fresh_run: RunDir) -> None:
    control = Control(fresh_run, set())
    assert taken(control) == []
    first, second, third = Pause(), Pause(), Stop()
    tell(fresh_run, first, second)
    assert control.next() == first
    tell(fresh_run, third, first)
    assert taken(control) == [second, third]
    assert taken(control) == []
    assert taken(Control(fresh_run, set())) == [first, second, third]


def test_commands_of_an_earlier_attempt_are_not_taken_again(fresh_run: RunDir) -> None:
    first, second = Pause(), Stop()
    tell(fresh_run, first, second)
    assert taken(Control(fresh_run, {first.id})) == [second]


def test_what_is_no_command_is_passed_over(fresh_run: RunDir) -> None:
    command = Stop()
    with fresh_run.control.open("wb") as file:
        file.write(b"junk\n00000000 torn")
    appender = Appender(fresh_run.control)
    appender.append(b'{"kind":"Dance"}')
    appender.append(encode(command))
    appender.close()
    assert taken(Control(fresh_run, set())) == [command]


def test_a_stop_before_the_first_step_is_answered(fresh_run: RunDir) -> None:
    control, record = Control(fresh_run, set()), Record(fresh_run, attempt=1, seq=0)
    tell(fresh_run, Pause())
    assert not control.stop(record)
    stop = Stop()
    tell(fresh_run, stop)
    assert control.stop(record)
    (event,) = read_events(fresh_run)
    assert isinstance(event, CommandApplied)
    assert (event.id, event.text) == (stop.id, "stopping")
    record.close()
