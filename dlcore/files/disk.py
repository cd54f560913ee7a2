"""The one way to a disk: every write, sync and rename of what must last goes through here.

That makes each of them one that a test can let fail, in turn.
"""

import contextlib
import errno
import fcntl
import os
import sys
from pathlib import Path

_NO_SYNC = (errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EBADF, errno.EACCES)
"""What a file system says whose folders cannot be synced, or that does not let us try."""


def write(descriptor: int, content: bytes | memoryview) -> None:
    """Write at the end of what was written before; raises OSError when not all of it went out.

    A line goes out with one `write(2)`. Where that takes only a part, the rest is tried as well: either it
    goes out too, or the system says why not.
    """
    rest = memoryview(content)
    while rest:  # Linux also takes at most 2 GB at once
        written = os.write(descriptor, rest)
        if not written:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        rest = rest[written:]


def sync(descriptor: int) -> None:
    """Wait until the file's content is on the disk."""
    if sys.platform == "darwin":  # there, fsync is content with the drive's own memory
        with contextlib.suppress(OSError):  # not every file system knows the other way
            fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
            return
        os.fsync(descriptor)
    else:
        os.fdatasync(descriptor)


def replace(source: Path, target: Path) -> None:
    """Give a file the name of another, which is gone at that moment."""
    source.replace(target)


def link(source: Path, target: Path) -> None:
    """Give a file a second name; raises FileExistsError when the name is taken."""
    os.link(source, target)


def sync_folder(path: Path) -> None:
    """Wait until the folder's list of names is on the disk; where no folder can be synced, do nothing."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        if error.errno not in _NO_SYNC:
            raise


def store(descriptor: int, content: bytes | memoryview, *, lasting: bool = True) -> None:
    """Write all of a file that has no name yet which anybody looks for, wait for the disk, and close it.

    For one that is not `lasting` nobody waits.
    """
    try:
        write(descriptor, content)
        if lasting:
            sync(descriptor)
    finally:
        os.close(descriptor)
