"""Lines on their way to the disk: while it takes none, they wait in memory, in the order they were said.

A small file stands beside them from the start. Giving it up makes room on a full disk for the one line that
says that the disk is full.
"""

import contextlib
import os
from collections import deque
from pathlib import Path

from dlcore.files import disk
from dlcore.files.journal import Appender

_RESERVED = 65_536


class Reserve:
    """Room on the disk that is ours already."""

    def __init__(self, path: Path) -> None:
        """Take the room; raises OSError where there is none."""
        self._path = path
        self.is_held = False
        self.take()

    def take(self) -> None:
        """Fill the file, unless it stands; raises OSError, with nothing left behind, where that cannot be."""
        if self.is_held:
            return
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(self._path, flags, 0o600)
        try:
            disk.write(descriptor, os.urandom(_RESERVED))  # no file system can make that smaller
        except OSError:
            self._remove()
            raise
        finally:
            os.close(descriptor)
        self.is_held = True

    def give_up(self) -> None:
        """Make room for others."""
        self.is_held = False
        self._remove()

    def _remove(self) -> None:
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)


class Outbox:
    """Writes lines, or keeps those that cannot be written. Not for two threads at once."""

    def __init__(self, path: Path, reserve: Path) -> None:
        """Open the file; raises OSError where it cannot be written, or where there is no room beside it."""
        self._appender = Appender(path)
        try:
            self._reserve = Reserve(reserve)
        except OSError:
            self._appender.close()
            raise
        self._kept: deque[bytes] = deque()
        self.kept_bytes = 0
        self.error: OSError | None = None
        """Why nothing is written at this moment; None when all is well."""

    @property
    def kept(self) -> int:
        """How many lines wait."""
        return len(self._kept)

    def send(self, line: bytes) -> bool:
        """Write a line, or keep it behind those that wait; return whether this is the first to wait."""
        if self.error is None:
            try:
                self._appender.append(line)
            except OSError as error:
                self.error = error
            else:
                return False
        is_first = not self._kept and self._reserve.is_held
        self._kept.append(line)
        self.kept_bytes += len(line)
        return is_first

    def flush(self) -> bool:
        """Write what waits, at the price of the reserve if need be; return whether nothing waits any more."""
        self._reserve.give_up()
        return self._write()

    def try_again(self) -> bool:
        """Write what waits if there is room for it and the reserve; return whether all is well again."""
        try:
            self._reserve.take()
        except OSError as error:
            self.error = error
            return False
        if not self._write():
            self._reserve.give_up()
            return False
        self.error = None
        return True

    def _write(self) -> bool:
        try:
            while self._kept:
                self._appender.append(self._kept[0])
                self.kept_bytes -= len(self._kept.popleft())
        except OSError as error:
            self.error = error
            return False
        return True

    def sync(self) -> None:
        """Wait until all is on the disk; raises OSError where it is not."""
        if self.error is not None:
            raise self.error
        self._appender.sync()

    def close(self) -> None:
        """Write what can be written, and close; what waits then is lost."""
        self.flush()
        with contextlib.suppress(OSError):
            self._appender.sync()
        self._appender.close()
