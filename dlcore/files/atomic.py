"""Small files that are replaced as a whole."""

import contextlib
import errno
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dlcore.files import disk
from dlcore.files.plainfile import open_plain

_MAX_BYTES = 1_000_000
"""A small file larger than this is not ours."""
_MOST_LETTERS = 60
"""So much of a name is in that of the file which is to take its place: names have an end."""
_ENDING = ".tmp"
_NO_LINKS = (errno.EPERM, errno.EACCES, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EMLINK)
"""What a file system says that knows no hard links."""


def write_atomic(path: Path, content: bytes | memoryview) -> None:
    """Replace the file as a whole: a reader sees the old content or the new, whatever happens."""
    temporary = store_beside(path, content)
    try:
        disk.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    disk.sync_folder(path.parent)


def write_whole(path: Path, content: bytes | memoryview) -> None:
    """Replace the file as a whole, without waiting for the disk: a power cut may leave it cut short.

    For what is judged before it is read, and can be done without.
    """
    temporary = store_beside(path, content, lasting=False)
    try:
        disk.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_new(path: Path, content: bytes) -> None:
    """Make the file, whole or not at all; raises FileExistsError when its name is taken."""
    temporary = store_beside(path, content)
    try:
        give_name(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    disk.sync_folder(path.parent)


def store_beside(path: Path, content: bytes | memoryview, *, lasting: bool = True) -> Path:
    """Write the content to a file of its own beside `path`, with mode 0600, and return that file."""
    prefix = f".{path.name[:_MOST_LETTERS]}."
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=prefix, suffix=_ENDING)
    try:
        disk.store(descriptor, content, lasting=lasting)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return Path(name)


def give_name(source: Path, path: Path) -> None:
    """Give a stored file the name `path` as well, or instead; raises FileExistsError when that is taken."""
    try:
        disk.link(source, path)
    except FileExistsError:
        raise
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # An empty file takes the name, which only one process can make, and is then replaced.
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        try:
            disk.replace(source, path)
        except BaseException:
            path.unlink(missing_ok=True)
            raise


def remove_leftovers(folder: Path) -> None:
    """Remove what writers left half written that were killed; for a folder to which nobody writes now."""
    with contextlib.suppress(OSError):
        for path in folder.glob(f".*{_ENDING}"):
            path.unlink(missing_ok=True)


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Replace a small JSON file as a whole; a lone surrogate, as in names of files, becomes its escape."""
    text = json.dumps(value, indent=2, allow_nan=False, ensure_ascii=False)
    write_atomic(path, text.encode(errors="backslashreplace") + b"\n")


def read_json(path: Path) -> dict[str, Any]:
    """Return what a small JSON file holds; an absent, foreign or damaged one counts as empty."""
    try:
        with open_plain(path) as file:
            value = json.loads(file.read(_MAX_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
