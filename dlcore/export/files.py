"""Where exports go on the disk: each file whole or not at all, and nobody's file overwritten unasked."""

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path

from dlcore.errors import DltuiError
from dlcore.files import disk
from dlcore.files.atomic import give_name, store_beside


class NameTakenError(DltuiError):
    """A file of that name is there already."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} exists", "Overwrite it with --force, or give another folder with -o.")
        self.path = path


def check_free(paths: Iterable[Path]) -> None:
    """Raise NameTakenError where a file of one of these names is there already."""
    for path in paths:
        if os.path.lexists(path):
            raise NameTakenError(path)


def put(path: Path, content: bytes, *, force: bool) -> None:
    """Write a file with mode 0600, its folder too where that is missing; raises DltuiError.

    Without `force` its name is taken in a way that no one else's file can be overwritten.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        stored = store_beside(path, content)
        try:
            if force:
                disk.replace(stored, path)
            else:
                give_name(stored, path)
        finally:
            stored.unlink(missing_ok=True)
    except FileExistsError as error:
        if error.filename is not None and Path(error.filename) == path.parent:
            raise _unwritable(path.parent, "a part of that path is a file") from None
        raise NameTakenError(path) from None
    except OSError as error:
        raise _unwritable(path.parent, error.strerror or str(error)) from None
    except ValueError:
        raise _unwritable(path.parent, "this is no path") from None
    with contextlib.suppress(OSError):  # some network folders cannot be synced; the file is there
        disk.sync_folder(path.parent)


def _unwritable(folder: Path, reason: str) -> DltuiError:
    return DltuiError(
        f"{folder} cannot be written: {reason}", "Make the folder writable, or give another one."
    )
