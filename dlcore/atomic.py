"""Small files that are replaced as a whole, and folders that are private from the start."""

import contextlib
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dlcore import disk

_MAX_BYTES = 10_000_000
"""A small file larger than this is not ours."""


def private_folder(path: Path) -> None:
    """Make sure that the folder exists; one that we make has mode 0700."""
    if not path.is_dir():
        path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            path.mkdir(mode=0o700)


def write_atomic(path: Path, content: bytes) -> None:
    """Replace the file as a whole: a reader sees the old content or the new, whatever happens."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        disk.store(descriptor, content)  # mkstemp made it with mode 0600
        disk.replace(Path(temporary), path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    disk.sync_folder(path.parent)


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Replace a small JSON file as a whole."""
    write_atomic(path, json.dumps(value, indent=2, allow_nan=False, ensure_ascii=False).encode() + b"\n")


def read_json(path: Path) -> dict[str, Any]:
    """Return what a small JSON file holds; an absent, foreign or damaged one counts as empty."""
    try:
        with path.open("rb") as file:
            value = json.loads(file.read(_MAX_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
