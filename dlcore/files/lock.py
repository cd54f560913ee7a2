"""The trainer's claim on a run: a POSIX record lock, which the kernel drops however the process ends.

The lock is the run's liveness as well: no heartbeat, nothing to go stale. So a file system without locks is
refused; and where locks count on one machine only, a run stays with the machine that its lock names.
"""

import errno
import fcntl
import os
import socket
import struct
import sys
from contextlib import suppress

from dlcore.errors import RunError
from dlcore.files import disk
from dlcore.files.mounts import mount_of
from dlcore.files.private import check_run
from dlcore.rundir import RunDir

_FLOCK = "qqihh" if sys.platform == "darwin" else "hhqqi4x"
_BUSY = (errno.EACCES, errno.EAGAIN)
_FLAGS = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
"""Neither a link nor a pipe of that name is waited for."""


class Lock:
    """The trainer's claim on a run; the kernel drops it when the process ends, however it ends."""

    def __init__(self, run: RunDir) -> None:
        """Take the run; raises RunError where it is busy, not ours, or where it cannot be locked."""
        check_run(run.path)
        try:
            self._descriptor = os.open(run.lock, os.O_RDWR | os.O_CREAT | _FLAGS, 0o600)
        except OSError as error:
            reason = "it is a link" if error.errno == errno.ELOOP else error.strerror
            raise RunError(
                f"{run.lock} cannot be opened: {reason}", "See who owns it, and remove it if it is not yours."
            ) from None
        try:
            self._claim(run)
        except BaseException:
            os.close(self._descriptor)
            raise

    def _claim(self, run: RunDir) -> None:
        try:
            fcntl.lockf(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise _busy(run, self._names()) if error.errno in _BUSY else _without_locks(run, error) from None
        host = socket.gethostname()
        _, before = self._names()
        if before not in ("", host) and (mount := mount_of(run.path)) is not None and mount.has_local_locks:
            raise RunError(
                f"{run.id} was trained on {before} and may still be: {mount} keeps locks from other machines",
                f"Go on with it there, or delete {run.lock} when nothing trains it any more.",
            )
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{os.getpid()}\n{host}\n".encode(), 0)

    def _names(self) -> tuple[str, str]:
        """Return process and machine that the file names: whoever had the lock last, or has it."""
        try:
            content = os.pread(self._descriptor, 300, 0).decode(errors="replace").split("\n")
        except OSError:
            content = []
        return (content[0], content[1]) if len(content) > 1 else ("", "")

    def release(self) -> None:
        """Give the run back."""
        os.close(self._descriptor)


def _busy(run: RunDir, names: tuple[str, str]) -> RunError:
    who = f"process {names[0]} on {names[1]}" if all(names) else "another process"
    return RunError(f"{run.id} is being trained by {who}", f"Watch it: dltui attach {run.id}.")


def _without_locks(run: RunDir, error: OSError) -> RunError:
    mount = mount_of(run.path)
    where = f" on {mount}" if mount is not None else ""
    return RunError(
        f"{run.path} cannot be locked{where}: {error.strerror}",
        "Two trainers could not be kept apart there; set DLTUI_HOME to a disk of this machine.",
    )


def lock_holder(run: RunDir) -> int | None:
    """Return the process that holds the run's lock, or None; asking takes nothing.

    Not for the holder itself: closing the file would drop its own lock. A holder on another machine, or in
    another container, has the number 0 or none that means anything here.
    """
    try:
        descriptor = os.open(run.lock, os.O_RDONLY | _FLAGS)
    except OSError:
        return None
    try:
        if sys.platform == "darwin":
            asked = struct.pack(_FLOCK, 0, 0, 0, fcntl.F_WRLCK, os.SEEK_SET)
            _, _, pid, kind, _ = struct.unpack(_FLOCK, fcntl.fcntl(descriptor, fcntl.F_GETLK, asked))
        else:
            asked = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
            kind, _, _, _, pid = struct.unpack(_FLOCK, fcntl.fcntl(descriptor, fcntl.F_GETLK, asked))
    except OSError:  # no locks here: then nobody can hold one, since no trainer starts without
        return None
    finally:
        os.close(descriptor)
    return None if kind == fcntl.F_UNLCK else int(pid)


def delete(run: RunDir) -> None:
    """Remove a run and everything in it; refused while a trainer holds it."""
    if lock_holder(run) is not None:
        raise RunError(f"{run.id} is being trained", f"Stop it first: dltui stop {run.id}.")
    hidden = RunDir(run.path.with_name(f".{run.id}"))
    claim = Lock(run)  # no trainer can take it up meanwhile
    try:
        disk.replace(run.path, hidden.path)
    except OSError as error:
        raise RunError(f"{run.path} cannot be deleted: {error.strerror}", "Check who owns it.") from None
    finally:
        claim.release()  # before its file goes: a network file system keeps what is open
    try:
        hidden.remove()
    except RunError:
        with suppress(OSError):
            disk.replace(hidden.path, run.path)
        raise
