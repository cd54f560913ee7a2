"""Append-only files of checked lines: `<8 hex digits of CRC32> <json>\\n`.

A line is written whole with one `write(2)`, so that it survives the death of its writer; a reader
takes only lines whose sum is right, waits for the newline of the last one, and skips what is damaged.
A line that was torn stays a damaged one, also where nothing but its newline is missing: nobody was told
that it is there, and whoever says it again must not find it said already.
"""

import errno
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from dlcore.files import disk
from dlcore.files.plainfile import open_plain

_MAX_LINE = 16 * 1024 * 1024
"""A line longer than this is damage, not data."""
_BLOCK = 1 << 20
_SEAL = b"#\n"
"""Ends a torn line; with it, no line has the sum that it begins with."""


def frame(content: bytes) -> bytes:
    """Return the line that holds `content`, which must not contain a newline."""
    return b"%08x %s\n" % (zlib.crc32(content), content)


def unframe(line: bytes) -> bytes | None:
    """Return the content of a line without its newline, or None when its sum is wrong."""
    try:
        expected = int(line[:8], 16)
    except ValueError:
        return None
    content = line[9:]
    return content if line[8:9] == b" " and zlib.crc32(content) == expected else None


class Appender:
    """Writes lines to the end of a file, which it creates with mode 0600."""

    def __init__(self, path: Path) -> None:
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        self._descriptor = os.open(path, flags, 0o600)
        self._folder: Path | None = path.parent
        """Where the file's name is that may not be on the disk yet."""
        self._torn = True  # for all we know

    def _seal(self) -> None:
        """End a line that an earlier writer or a full disk left torn, so that ours starts fresh."""
        size = os.fstat(self._descriptor).st_size
        if size and os.pread(self._descriptor, 1, size - 1) != b"\n":
            disk.write(self._descriptor, _SEAL)
        self._torn = False

    def append(self, content: bytes) -> None:
        """Write one line; raises OSError when it did not go out whole, and then nobody will ever read it."""
        if self._torn:
            self._seal()
        self._torn = True  # until it is known to be whole
        disk.write(self._descriptor, frame(content))
        self._torn = False

    def sync(self) -> None:
        """Wait until everything written is on the disk."""
        disk.sync(self._descriptor)
        if self._folder is not None:
            disk.sync_folder(self._folder)
            self._folder = None

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)


class Tail:
    """Reads lines as they come; `damaged` counts those whose sum was wrong."""

    def __init__(self, path: Path, offset: int = 0) -> None:
        self._path = path
        self._offset = offset
        self.damaged = 0

    @property
    def offset(self) -> int:
        """Bytes of the file that have been read."""
        return self._offset

    def read(self) -> Iterator[bytes]:
        """Yield the content of every whole line that has come since the last call.

        Stopping early loses nothing: the next call goes on behind the last line taken.
        """
        try:
            file = open_plain(self._path, follow=False)
        except FileNotFoundError:
            return
        with file:
            while True:
                file.seek(self._offset)
                block = file.read(_BLOCK)
                while len(block) < _MAX_LINE and b"\n" not in block and (more := file.read(_BLOCK)):
                    block += more
                end = block.rfind(b"\n") + 1
                if not end and len(block) < _MAX_LINE:
                    return
                if not end:  # damage without end: what stands behind it is read all the same
                    self._offset = _behind_hole(file, self._offset + len(block))
                    self.damaged += 1
                    continue
                for line in block[:end].splitlines(keepends=True):
                    self._offset += len(line)
                    content = unframe(line.rstrip(b"\n"))
                    if content is not None:
                        yield content
                    elif line != b"\n":
                        self.damaged += 1


def _behind_hole(file: BinaryIO, offset: int) -> int:
    """Return where there is content again: a file can claim terabytes of zeros that are on no disk."""
    try:
        return os.lseek(file.fileno(), offset, os.SEEK_DATA)
    except OSError as error:  # there is nothing but the hole, or the file system knows of none
        return max(offset, os.fstat(file.fileno()).st_size) if error.errno == errno.ENXIO else offset
