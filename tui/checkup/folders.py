"""The folders of runs and data: can they be written, and is there room."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from dlcore import figures
from tui.checkup.check import Check

_LITTLE, _TOO_LITTLE = 1_000_000_000, 20_000_000
_CURE = "Make it writable, or set DLTUI_HOME to a folder that is."
_ROOM = "Delete old runs with dltui runs --delete, or set DLTUI_HOME to a larger disk."


def folder_checks(home: Path) -> Iterator[Check]:
    """Yield a check of the home folder, and of those of runs and data in it."""
    for name, folder in (("home", home), ("runs", home / "runs"), ("data", home / "data")):
        yield folder_check(name, folder)


def folder_check(name: str, folder: Path) -> Check:
    """Return whether files can be made in a folder; of a missing one, whether it could be made itself."""
    there = folder
    while not os.path.lexists(there) and there != there.parent:
        there = there.parent
    try:
        with tempfile.NamedTemporaryFile(dir=there, prefix=".dltui-", suffix=".tmp") as file:
            file.write(b"dltui")
            file.flush()
        free = shutil.disk_usage(there).free
    except OSError as error:
        reason = error.strerror or str(error)
        return Check(name, "fault", f"{folder} cannot be written: {reason} ({there})", _CURE)
    missing = "" if there == folder else ", not made yet"
    found = f"{folder}: {figures.size(free)} free{missing}"
    if free < _TOO_LITTLE:
        return Check(name, "fault", found, _ROOM)
    return Check(name, "note", found, _ROOM) if free < _LITTLE else Check(name, "ok", found)
