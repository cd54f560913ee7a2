"""Opening a file that somebody else may have put there: a plain one or none, and never a wait for it."""

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO


def open_plain(path: Path | str, *, follow: bool = True) -> BinaryIO:
    """Return a plain file, open for reading; without `follow` a link of that name is refused.

    A pipe or a device of that name would have us wait for whoever writes into it, or never end. Raises
    OSError whose `strerror` says what is there.
    """
    link = 0 if follow else os.O_NOFOLLOW
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | link)
    except ValueError:
        raise OSError(errno.EINVAL, "this is no path", str(path)) from None
    kind = os.fstat(descriptor).st_mode
    if stat.S_ISREG(kind):
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    if stat.S_ISDIR(kind):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    raise OSError(errno.EINVAL, "it is not a plain file", str(path))
