"""The folders of runs and data: can they be written, by us alone, is there room, and whose disk is it."""

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from dlcore import figures
from dlcore.errors import RunError
from dlcore.files import mounts
from dlcore.files.private import check_folder
from tui.checkup.check import Check

_LITTLE, _TOO_LITTLE = 1_000_000_000, 20_000_000
_CURE = "Make it writable, or set DLTUI_HOME to a folder that is."
_ROOM = "Delete old runs with dltui runs --delete, or set DLTUI_HOME to a larger disk."


def folder_checks(home: Path) -> Iterator[Check]:
    """Yield a check of the home folder, of those of runs and data in it, and of the disk that it lies on."""
    for name, folder in (("home", home), ("runs", home / "runs"), ("data", home / "data")):
        yield folder_check(name, folder)
    yield disk_check(home, mounts.known_mounts())


def folder_check(name: str, folder: Path) -> Check:
    """Return whether files can be made in a folder; of a missing one, whether it could be made itself."""
    there = folder
    while not os.path.lexists(there) and there != there.parent:
        there = there.parent
    try:
        if there == folder and name != "data":
            check_folder(folder)
        with tempfile.NamedTemporaryFile(dir=there, prefix=".dltui-", suffix=".tmp") as file:
            file.write(b"dltui")
            file.flush()
        free = shutil.disk_usage(there).free
    except OSError as error:
        reason = error.strerror or str(error)
        return Check(name, "fault", f"{folder} cannot be written: {reason} ({there})", _CURE)
    except RunError as error:
        return Check(name, "fault", error.message, error.hint)
    missing = "" if there == folder else ", not made yet"
    found = f"{folder}: {figures.size(free)} free{missing}"
    if free < _TOO_LITTLE:
        return Check(name, "fault", found, _ROOM)
    return Check(name, "note", found, _ROOM) if free < _LITTLE else Check(name, "ok", found)


def disk_check(home: Path, known: Sequence[mounts.Mount]) -> Check:
    """Return which file system the home lies on, and what follows where that is on the network."""
    mount = mounts.mount_of(home, known)
    if mount is None:
        return Check("disk", "ok", "not known which")
    caution = mounts.caution(home, known)
    return Check("disk", "note" if caution else "ok", caution or f"{mount.kind}, of this machine")
