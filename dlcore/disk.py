"""The one way to a disk: every write, sync and rename of what must last goes through here.

That makes each of them one that a test can let fail, in turn.
"""

import errno
import os
from pathlib import Path


def write(descriptor: int, content: bytes | memoryview) -> None:
    """Write at the end of what was written before; raises OSError when not all of it went out.

    One `write(2)`, so that a line is there whole or, on a full disk, in part.
    """
    written = os.write(descriptor, content)
    if written != len(content):
        raise OSError(errno.ENOSPC, "the disk took only a part of what was written")


def sync(descriptor: int) -> None:
    """Wait until the file's content is on the disk."""
    getattr(os, "fdatasync", os.fsync)(descriptor)


def replace(source: Path, target: Path) -> None:
    """Give a file the name of another, which is gone at that moment."""
    source.replace(target)


def sync_folder(path: Path) -> None:
    """Wait until the folder's list of names is on the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def store(descriptor: int, content: bytes) -> None:
    """Write all of a file that has no name yet which anybody looks for, wait for the disk, and close it."""
    try:
        view = memoryview(content)
        while view:  # Linux writes at most 2 GB at once
            piece = view[: 1 << 30]
            write(descriptor, piece)
            view = view[len(piece) :]
        sync(descriptor)
    finally:
        os.close(descriptor)
