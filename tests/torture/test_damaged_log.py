"""A damaged log neither crashes a reader nor yields a wrong value; damaged commands are not carried out."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from dlcore import events
from dlcore.events import Event
from dlcore.history import RunHistory
from tests.process.laboratory import environment
from tests.torture.damage import Truth, tell_run
from tests.torture.forked import ForkServer, fork_server
from tests.torture.ledger import SEED, Promise, fault, note, times

_SERVERS = 2
_SECONDS = 1200.0


@pytest.fixture(scope="module")
def readers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[ForkServer]]:
    place = environment(tmp_path_factory.mktemp("readers"))
    with ExitStack() as stack:
        servers = [fork_server("tests.torture.damage", environment=place) for _ in range(_SERVERS)]
        yield [stack.enter_context(server) for server in servers]


def try_all(readers: list[ForkServer], function: str, folder: Path, count: int) -> None:
    """Try so many damages, each reader its share of them."""
    share = count // len(readers)
    for number, reader in enumerate(readers):
        place = str(folder / str(number))
        reader.call(f"tests.torture.damage:{function}", place, SEED, number * share, share)
    for reader in readers:
        with fault(Promise.DAMAGED_LOG, share):
            said = reader.wait(_SECONDS)
            assert (said, reader.status) == ([], 0)


def test_a_damaged_log_is_read_without_a_wrong_value(readers: list[ForkServer], tmp_path: Path) -> None:
    try_all(readers, "try_logs", tmp_path, times(2000, 100_000))
    kinds = len({type(event) for event in tell_run()})
    note(Promise.DAMAGED_LOG, f"a log of {kinds} kinds of events and three attempts, six readers")


def test_damaged_commands_are_neither_made_up_nor_taken_twice(
    readers: list[ForkServer], tmp_path: Path
) -> None:
    try_all(readers, "try_commands", tmp_path, times(500, 10_000))


def history_of(said: list[Event]) -> RunHistory:
    history = RunHistory(whole=True)
    for event in said:
        history.apply(event)
    return history


def test_the_judge_knows_a_wrong_value() -> None:
    said = [event for one in tell_run() if (event := events.decode(events.encode(one)))]
    truth = Truth(said)
    truth.check(history_of(said))
    steps = next(index for index, event in enumerate(said) if isinstance(event, events.StepsEnded))
    wrong = said[steps].model_copy(update={"loss": (0.5, 0.5, 0.5)})
    with pytest.raises(AssertionError, match="step 1 is"):
        truth.check(history_of([*said[:steps], wrong]))


def test_what_an_earlier_attempt_said_does_not_stand_in_for_what_was_lost_of_a_later_one() -> None:
    said = [event for one in tell_run() if (event := events.decode(events.encode(one)))]
    last = said[-1].seq
    third = [event for event in said if event.attempt == 3 and event.step > 30]
    history = history_of([event for event in said if event.attempt == 1] + third)
    assert (history.seq, history.attempt) == (last, 3)
    Truth(said).check(history)
    known = [step for step in range(1, 49) if history.loss.value_at(step) == history.loss.value_at(step)]
    assert known == [*range(1, 13), *range(31, 49)]
