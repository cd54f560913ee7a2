"""What the trainer says: numbered events, steps in chunks, and on the disk within about a second."""

import contextlib
import threading
import time
from datetime import UTC, datetime
from typing import Any, TypeVar

from dlcore.events import Event, encode
from dlcore.journal import Appender
from dlcore.rundir import RunDir

AnyEvent = TypeVar("AnyEvent", bound=Event)

_SYNC_SECONDS = 1.0


class Record:
    """Appends events to a run; a daemon thread asks the disk to keep them once a second."""

    def __init__(self, run: RunDir, attempt: int, seq: int) -> None:
        self._appender = Appender(run.events)
        self._attempt = attempt
        self._seq = seq
        self.step = 0
        self._began = time.monotonic()
        self._dirty = threading.Event()
        self._closed = threading.Event()
        self._syncing = threading.Thread(target=self._keep_synced, daemon=True)
        self._syncing.start()

    def say(self, kind: type[AnyEvent], step: int, **fields: Any) -> AnyEvent:
        """Append one event and return it; `seq`, `attempt` and `seconds` are filled in here."""
        event = kind(
            seq=self._seq, attempt=self._attempt, step=step, seconds=time.monotonic() - self._began, **fields
        )
        self._appender.append(encode(event))
        self._seq += 1
        self.step = step
        self._dirty.set()
        return event

    def sync(self) -> None:
        """Wait until all that was said is on the disk."""
        self._appender.sync()

    def close(self) -> None:
        """Sync and close."""
        self._closed.set()
        self._dirty.set()
        self._syncing.join()
        self._appender.sync()
        self._appender.close()

    def _keep_synced(self) -> None:
        while not self._closed.wait(_SYNC_SECONDS):
            if self._dirty.is_set():
                self._dirty.clear()
                with contextlib.suppress(OSError):  # a sick disk shows at the next append
                    self._appender.sync()


def now() -> str:
    """Return the time as events label themselves with it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def readable(text: str) -> str:
    """Return a text that UTF-8 can hold: what is no text in the name of a file is written as its code."""
    return text.encode(errors="backslashreplace").decode()
