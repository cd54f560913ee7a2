"""Writers that tests kill, freeze and cut off: what the event number n says follows from n alone."""

import os
import random
import string
import time
from datetime import UTC, datetime
from pathlib import Path

from dlcore import past
from dlcore.events import AttemptStarted, Event, StepsEnded, Warned
from dlcore.rundir import RunDir
from dlcore.training.record import Record, now
from tests.torture.forked import say

STEPS = 2
"""Steps that an event tells."""
LONG = 150_000
"""Letters of a text at most: it takes the system some time to write so much, in which it can be killed."""
SHORT = 100
MOMENT = datetime(2026, 3, 4, tzinfo=UTC)
_FILLED_IN = {"seq", "attempt", "kind", "step", "seconds", "nonfinite", "resumed"}
_LIFE_SECONDS = 60.0
"""A writer that nobody kills ends by itself."""


def told(seq: int, seed: int, longest: int = LONG) -> Event:
    """Return what the event number `seq` says: two steps, or now and then a text that is long to write."""
    chance = random.Random(f"{seed} {seq}")
    if seq % 9 == 4:
        return Warned(message=chance.choice(string.ascii_letters) * chance.randrange(longest))
    figures = [tuple(round(chance.random(), 6) for _ in range(STEPS)) for _ in range(2)]
    return StepsEnded(
        step=STEPS * (seq + 1),
        loss=figures[0],
        lr=figures[1],
        samples=STEPS * (seq + 1),
        training_seconds=float(seq),
    )


def open_record(path: str) -> tuple[Record, int]:
    """Begin an attempt where the last one was killed; return its record and the number of its next event."""
    run = RunDir(Path(path))
    before = past.read(run)
    seq = before.seq + 1
    record = Record(run, before.attempt + 1, seq, resumed=before.resumed)
    record.say(AttemptStarted, STEPS * seq, time=now(), pid=os.getpid(), host="here", kept=seq)
    return record, seq + 1


def body(event: Event) -> dict[str, object]:
    """Return all of an event that follows from its number."""
    return event.model_dump(exclude={"seq", "attempt", "seconds", "step", "resumed"})


def tell(record: Record, seq: int, seed: int, longest: int = LONG) -> Event:
    """Say the event number `seq`, and return it."""
    event = told(seq, seed, longest)
    return record.say(type(event), event.step, **event.model_dump(exclude=_FILLED_IN))


def write(path: str, seed: int) -> None:
    """Write as fast as can be, and acknowledge each event once it is written."""
    record, seq = open_record(path)
    say(seq - 1)
    until = time.monotonic() + _LIFE_SECONDS
    while time.monotonic() < until:
        tell(record, seq, seed)
        say(seq)
        seq += 1
