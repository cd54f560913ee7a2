"""Ending a trainer that does not end when it is asked to: a signal that asks, then one that does not."""

import os
import signal
import socket
import time
from contextlib import suppress

from dlcore.errors import RunError
from dlcore.files.lock import lock_holder
from dlcore.files.plainfile import open_plain
from dlcore.foreign import refuse
from dlcore.rundir import RunDir

PATIENCE_SECONDS = 5.0
"""After a signal the trainer has so long to end."""
_LOOK_SECONDS = 0.05
_NAMES_BYTES = 300


def end(run: RunDir, patience: float = PATIENCE_SECONDS) -> str:
    """End the trainer of a run on this machine: SIGTERM, and SIGKILL to one that is still there later.

    Returns how it ended. What was not saved by then is lost. Raises RunError where there is none here, or it
    is not ours.
    """
    refuse(run, "be ended from here", "End its process yourself, which may have more to do.")
    pid = trainer_here(run)
    _send(run, pid, signal.SIGTERM)
    if _has_ended(run, pid, patience):
        return "the trainer has ended after a last request"
    _send(run, pid, signal.SIGKILL)
    if _has_ended(run, pid, patience):
        return "the trainer was killed"
    raise RunError(
        f"Process {pid}, which trains {run.id}, does not end",
        "It waits for a disk or a device; the machine's administrator may know more.",
    )


def trainer_here(run: RunDir) -> int:
    """Return the process that trains a run; raises RunError where none does, or not on this machine."""
    pid = lock_holder(run)
    if pid is None:
        raise RunError(f"{run.id} is not being trained", f"See its state: dltui show {run.id}.")
    named, host = _names(run)
    if host != socket.gethostname() or named != str(pid):
        raise RunError(
            f"{run.id} is being trained on {host or 'another machine'}, not here", "End its process there."
        )
    return pid


def _names(run: RunDir) -> tuple[str, str]:
    """Return process and machine that the run's lock names."""
    try:
        with open_plain(run.lock, follow=False) as file:
            lines = file.read(_NAMES_BYTES).decode(errors="replace").split("\n")
    except OSError:
        return "", ""
    return (lines[0], lines[1]) if len(lines) > 1 else ("", "")


def _send(run: RunDir, pid: int, number: signal.Signals) -> None:
    if lock_holder(run) != pid:  # it has ended, and its number may be another's by now
        return
    try:
        with suppress(ProcessLookupError):
            os.kill(pid, number)
    except PermissionError:
        raise RunError(f"Process {pid} belongs to somebody else", "Ask whoever started it.") from None


def _has_ended(run: RunDir, pid: int, patience: float) -> bool:
    until = time.monotonic() + patience
    while lock_holder(run) == pid:
        if time.monotonic() > until:
            return False
        time.sleep(_LOOK_SECONDS)
    return True
