"""How much of the disk runs take."""

import os
from contextlib import suppress
from pathlib import Path


def folder_bytes(path: Path) -> int:
    """Return the size of all files in a folder and the folders in it; links are not followed.

    What cannot be read, or goes away meanwhile, counts as nothing.
    """
    total = 0
    pending = [os.fspath(path)]
    while pending:
        with suppress(OSError, ValueError), os.scandir(pending.pop()) as entries:
            for entry in entries:
                with suppress(OSError):
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(entry.path)
                    else:
                        total += entry.stat(follow_symlinks=False).st_size
    return total
