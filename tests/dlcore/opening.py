"""Which files this process opens, as the interpreter itself reports it."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_lists: list[list[Path]] = []


def _heard(event: str, arguments: tuple[object, ...]) -> None:
    if _lists and event == "open" and isinstance(arguments[0], str | bytes):
        for opened in _lists:
            opened.append(Path(os.fsdecode(arguments[0])))


sys.addaudithook(_heard)


@contextmanager
def files_opened(below: Path) -> Iterator[list[Path]]:
    """Collect the files below a folder that are opened meanwhile."""
    heard: list[Path] = []
    found: list[Path] = []
    _lists.append(heard)
    try:
        yield found
    finally:
        _lists.remove(heard)
        found += [path for path in heard if path.is_relative_to(below)]
