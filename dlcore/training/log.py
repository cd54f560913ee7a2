"""`trainer.log`: whatever the trainer, libraries and the user's own code print, without filling the disk.

It is the process's standard output and error itself, not a pipe: native code and forked children write to it
too, and what was printed last before a crash is there. A thread keeps it small.
"""

import contextlib
import faulthandler
import os
import stat
import sys
import threading
import time
from pathlib import Path
from typing import NoReturn

MOST = 10_000_000
"""The log is begun anew beyond so many bytes; the last of those before are kept beside it."""
OLDER = ".1"
"""What is put behind the log's name for what came before."""
_LOOK_SECONDS = 0.2
_LAST_SECONDS = 5.0
"""So long the user's code may still do something after the run has ended."""
_PIECE = 1 << 20

_words = 2
"""Where our own words go; the user's code may do what it likes with the standard ones."""
_guarded: Path | None = None
"""The log that is kept small."""


def say(text: str) -> None:
    """Write a line; where even that cannot be written, nobody hears it."""
    with contextlib.suppress(OSError):
        os.write(_words, f"{text.rstrip()}\n".encode(errors="backslashreplace"))


def guard(path: Path) -> None:
    """Keep the log at `path` small, open, and informed of crashes, if it is where this process prints."""
    global _words, _guarded
    with contextlib.suppress(OSError):
        if not os.path.samestat(os.fstat(2), path.lstat()) or not stat.S_ISREG(os.fstat(2).st_mode):
            return
        _words, _guarded = os.dup(2), path
        faulthandler.enable(_words)
        threading.Thread(target=_keep, args=(_words, path), daemon=True).start()


def _keep(log: int, path: Path) -> None:
    while True:
        time.sleep(_LOOK_SECONDS)
        look_after(log, path)


def look_after(log: int, path: Path) -> None:
    """Begin a log anew that has grown too long, and open standard output and error again if closed."""
    for number in (1, 2):
        try:
            os.fstat(number)
        except OSError:  # else the next file opened would get this number, and what is printed with it
            os.dup2(log, number)
    with contextlib.suppress(OSError):
        if os.fstat(log).st_size > MOST:
            with contextlib.suppress(OSError):
                _keep_last(path)
            os.ftruncate(log, 0)  # all that write to it append


def _keep_last(path: Path) -> None:
    source = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    with open(source, "rb") as old, open(os.open(f"{path}{OLDER}", flags, 0o600), "wb") as new:
        old.seek(max(0, os.fstat(source).st_size - MOST))
        left = MOST
        while left > 0 and (piece := old.read(min(_PIECE, left))):
            new.write(piece)
            left -= len(piece)


class _Words:
    """A stream for the very end, which never fails."""

    def write(self, text: str) -> None:
        with contextlib.suppress(OSError):
            os.write(_words, text.encode(errors="backslashreplace"))

    def flush(self) -> None:
        """Do nothing: nothing is held back."""


def leave(status: int) -> NoReturn:
    """End the process with this status, whatever the user's code has left behind.

    Its threads and children have some seconds; output that it closed or replaced is no fault of the run.
    """
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):  # it may be anything by now
            stream.flush()
    if _guarded is not None:
        look_after(_words, _guarded)
    sys.stdout = sys.stderr = _Words()  # for what the user's code says at exit
    threading.Thread(target=_end, args=(status,), daemon=True).start()
    sys.exit(status)


def _end(status: int) -> None:
    time.sleep(_LAST_SECONDS)
    os._exit(status)
