"""The last lines of a trainer's log as they come, cleaned, in bounded memory."""

import os
import stat
from collections import deque
from pathlib import Path

from dlcore.clean import clean

MOST_BYTES = 256 * 1024
"""So much of the file's end is read at first, and at most that much at once later."""
_MOST_LINES = 5000
_MOST_LETTERS = 2000
"""A line longer than this is cut."""


class LogTail:
    """Follows a file that grows; one that was cut or replaced is read anew."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.lines: deque[str] = deque(maxlen=_MOST_LINES)
        """The lines that are kept, the oldest first; the last one may still grow."""
        self.added = 0
        """Lines that have come so far, those no longer kept among them."""
        self._offset = 0
        self._inode = 0
        self._open_end = b""
        """What stands behind the last line end."""

    def read(self) -> bool:
        """Take in what is new; return whether anything changed."""
        try:
            # O_NONBLOCK: a pipe of that name would have us wait for whoever writes into it.
            descriptor = os.open(self._path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                return False
            if status.st_ino != self._inode or status.st_size < self._offset:
                self._begin(status.st_ino)
            if status.st_size == self._offset:
                return False
            start = max(self._offset, status.st_size - MOST_BYTES)
            content = os.pread(descriptor, status.st_size - start, start)
        except OSError:
            return False
        finally:
            os.close(descriptor)
        self._take(content, skipped=start > self._offset)
        self._offset = start + len(content)
        return bool(content)

    def _begin(self, inode: int) -> None:
        self._inode, self._offset, self._open_end = inode, 0, b""
        self.lines.clear()

    def _take(self, content: bytes, *, skipped: bool) -> None:
        if skipped:  # the first piece of a line without its start is no line
            self._open_end = b""
            self.lines.clear()
            content = content[content.find(b"\n") + 1 :]
        elif self._open_end:
            content = self._open_end + content
            self.lines.pop()
            self.added -= 1
        *whole, self._open_end = content.split(b"\n")
        self._open_end = self._open_end[-MOST_BYTES:]
        shown = [*whole, self._open_end] if self._open_end else whole
        self.lines.extend(map(_shown, shown))
        self.added += len(shown)


def _shown(line: bytes) -> str:
    """Return a line as a terminal would leave it: behind the last carriage return, cleaned."""
    *_, last = line.rstrip(b"\r").split(b"\r")
    text = last[: 4 * _MOST_LETTERS].decode(errors="replace").expandtabs()
    return clean(text[:_MOST_LETTERS])
