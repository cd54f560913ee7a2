"""What the trainer says: numbered events, steps in chunks, and on the disk within about a second.

A disk that takes nothing ends no training: what is said then waits in memory, and is written in its order
as soon as there is room.
"""

import errno
import os
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

from dlcore.errors import RunError
from dlcore.events import AttemptStarted, Event, Warned, encode
from dlcore.rundir import RunDir
from dlcore.training import log
from dlcore.training.outbox import Outbox

AnyEvent = TypeVar("AnyEvent", bound=Event)

_SYNC_SECONDS = 0.5
"""So often are events synced: with what a busy disk takes, a power cut then costs less than 2 s."""
_MOST_KEPT = 64_000_000
"""When so many bytes wait for the disk, training waits too."""
_WAIT_SECONDS = 0.1
_FULL = (errno.ENOSPC, errno.EDQUOT)


class Record:
    """Appends events to a run; a daemon thread asks the disk to keep them twice a second."""

    def __init__(
        self,
        run: RunDir,
        attempt: int,
        seq: int,
        *,
        resumed: tuple[tuple[int, int], ...] = (),
        is_stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        """Open the record; while training waits for the disk, `is_stopping` lets it go on to its end.

        `resumed` is what the events of the attempt before say under this name.

        Raises RunError where the run's folder cannot be written, or its disk is full.
        """
        try:
            self._outbox = Outbox(run.events, run.path / "reserve")
        except OSError as error:
            raise RunError(
                f"Nothing can be written in {run.path}: {_reason(error)}",
                "Make room there or make it writable, or set DLTUI_HOME to another folder.",
            ) from None
        self._process = os.getpid()
        self.attempt = attempt
        self._seq = seq
        self._resumed = resumed
        self._is_stopping = is_stopping
        self.step = 0
        self._began = time.monotonic()
        self._has_warned_of_sync = False
        self._lock = threading.Lock()
        self._dirty = threading.Event()
        self._closed = threading.Event()
        self._syncing = threading.Thread(target=self._keep_synced, daemon=True)
        self._syncing.start()

    def say(self, kind: type[AnyEvent], step: int, **fields: Any) -> AnyEvent:
        """Tell one event and return it; `seq`, `attempt` and `seconds` are filled in here.

        What cannot be written waits in memory. A copy of this process, which the user's code made by
        forking and let come back, ends here: a run has one trainer.
        """
        if os.getpid() != self._process:
            os._exit(1)
        with self._lock:
            event = self._say(kind, step, fields)
            self.step = step
        self._dirty.set()
        self._wait_for_room()
        return event

    def _say(self, kind: type[AnyEvent], step: int, fields: dict[str, Any]) -> AnyEvent:
        if kind is AttemptStarted and self.attempt > 1:
            self._resumed += ((step, fields["kept"]),)
        event = kind(
            seq=self._seq,
            attempt=self.attempt,
            step=step,
            seconds=time.monotonic() - self._began,
            resumed=self._resumed,
            **fields,
        )
        self._seq += 1
        if self._outbox.send(encode(event)):
            self._warn_of_disk()
        return event

    def _warn_of_disk(self) -> None:
        """Say that the disk takes nothing, where viewers see it if the reserve makes room for that."""
        error = self._outbox.error
        what = "The disk is full" if error is None or error.errno in _FULL else _reason(error)
        text = f"{what}: figures after step {self.step:,} are kept in memory and not saved; training goes on"
        self._say(Warned, self.step, {"message": text})
        self._outbox.flush()
        log.say(f"{now()} {text}")

    @property
    def waiting(self) -> int:
        """Bytes that wait in memory for the disk."""
        return self._outbox.kept_bytes

    def sync(self) -> None:
        """Wait until all that was said is on the disk; raises OSError where it is not."""
        self._outbox.sync()

    def close(self) -> bool:
        """Write what can still be written, and close; return whether all that was said is saved."""
        self._closed.set()
        self._dirty.set()
        self._syncing.join()
        self._outbox.close()
        lost = self._outbox.kept
        if lost and self._outbox.error is not None:
            log.say(f"The last {lost:,} events could not be saved: {_reason(self._outbox.error)}")
        return not lost

    def _wait_for_room(self) -> None:
        if self._outbox.kept_bytes <= _MOST_KEPT:
            return
        log.say(f"{now()} {_MOST_KEPT // 1_000_000} MB wait for the disk: training waits until there is room")
        while self._outbox.kept_bytes > _MOST_KEPT and not self._is_stopping():
            time.sleep(_WAIT_SECONDS)

    def _keep_synced(self) -> None:
        while not self._closed.wait(_SYNC_SECONDS):
            if self._outbox.error is not None:
                self._try_again()
            elif self._dirty.is_set():
                self._dirty.clear()
                self._sync()

    def _try_again(self) -> None:
        with self._lock:
            if self._outbox.try_again():
                text = "The disk takes what is written again: all figures are saved"
                self._say(Warned, self.step, {"message": text})
                log.say(f"{now()} {text}")

    def _sync(self) -> None:
        try:
            self._outbox.sync()
        except OSError as error:
            if not self._has_warned_of_sync:
                self._has_warned_of_sync = True
                text = f"The disk does not keep what is written ({_reason(error)}): a power cut would cost it"
                with self._lock:
                    self._say(Warned, self.step, {"message": text})


def _reason(error: OSError) -> str:
    return readable(error.strerror or str(error))


def now() -> str:
    """Return the time as events label themselves with it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def readable(text: str) -> str:
    """Return a text that UTF-8 can hold: what is no text in the name of a file is written as its code."""
    return text.encode(errors="backslashreplace").decode()
