"""Small choices that a person makes once: they stand in files of their own in the home folder."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dlcore.errors import RunError
from dlcore.files.atomic import read_json, write_json
from dlcore.files.private import private_folder


def recall(home: Path, file: str) -> dict[str, Any]:
    """Return what was kept in a file of the home; an absent, damaged or foreign one counts as empty."""
    return read_json(home / file)


def keep(home: Path, file: str, choices: Mapping[str, Any]) -> None:
    """Keep choices in a file of the home; raises RunError where it is not ours to write to."""
    try:
        private_folder(home)
        write_json(home / file, choices)
    except OSError as error:
        raise RunError(
            f"{home / file} cannot be written: {error.strerror}",
            "Make the folder writable, or set DLTUI_HOME to one that is.",
        ) from None
