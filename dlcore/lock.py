"""The trainer's claim on a run: a POSIX record lock, which the kernel drops however the process ends."""

import errno
import fcntl
import os
import socket
import struct
import sys

from dlcore.errors import RunError
from dlcore.rundir import RunDir

_FLOCK = "qqihh" if sys.platform == "darwin" else "hhqqi4x"


class Lock:
    """The trainer's claim on a run; the kernel drops it when the process ends, however it ends."""

    def __init__(self, run: RunDir) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        self._descriptor = os.open(run.lock, flags, 0o600)
        try:
            fcntl.lockf(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            content = os.pread(self._descriptor, 300, 0).decode(errors="replace").split("\n")
            os.close(self._descriptor)
            if error.errno not in (errno.EACCES, errno.EAGAIN):
                raise
            who = f"process {content[0]} on {content[1]}" if len(content) > 1 else "another process"
            raise RunError(
                f"{run.id} is being trained by {who}", f"Watch it: dltui attach {run.id}."
            ) from None
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{os.getpid()}\n{socket.gethostname()}\n".encode(), 0)

    def release(self) -> None:
        """Give the run back."""
        os.close(self._descriptor)


def lock_holder(run: RunDir) -> int | None:
    """Return the process that holds the run's lock, or None; asking takes nothing.

    Not for the holder itself: closing the file would drop its own lock.
    """
    try:
        descriptor = os.open(run.lock, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        if sys.platform == "darwin":
            asked = struct.pack(_FLOCK, 0, 0, 0, fcntl.F_WRLCK, os.SEEK_SET)
            _, _, pid, kind, _ = struct.unpack(_FLOCK, fcntl.fcntl(descriptor, fcntl.F_GETLK, asked))
        else:
            asked = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
            kind, _, _, _, pid = struct.unpack(_FLOCK, fcntl.fcntl(descriptor, fcntl.F_GETLK, asked))
    finally:
        os.close(descriptor)
    return None if kind == fcntl.F_UNLCK else int(pid)


def delete(run: RunDir) -> None:
    """Remove a run and everything in it; refused while a trainer holds it."""
    if lock_holder(run) is not None:
        raise RunError(f"{run.id} is being trained", f"Stop it first: dltui stop {run.id}.")
    run.remove()
