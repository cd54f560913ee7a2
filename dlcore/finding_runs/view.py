"""How a person looks at the list of runs: filter, order, groups, columns; kept in the home.

The file may have been written by anybody: each part that makes no sense counts as absent.
"""

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dlcore.errors import RunError
from dlcore.files.atomic import read_json, write_whole
from dlcore.files.private import check_folder
from dlcore.finding_runs.keys import DEFAULT_COLUMNS
from dlcore.finding_runs.language import parse
from dlcore.finding_runs.lookup import key_named
from dlcore.finding_runs.tokens import FilterFault

MOST_COLUMNS = 20
_FILE = "runs-view.json"


@dataclass(frozen=True)
class View:
    """How a person looks at the list of runs."""

    filter: str = ""
    """In the language of filters; '' is all runs."""
    sort: str = ""
    """The key that it is sorted by; '' is the newest first."""
    is_reversed: bool = False
    group: str = ""
    """The key that it is grouped by; '' is none."""
    columns: tuple[str, ...] = DEFAULT_COLUMNS
    shows_hidden: bool = False
    is_tree: bool = False
    """Whether runs stand below the runs that they come from."""


def read_view(root: Path) -> View:
    """Return the view that was kept below a home, as far as it makes sense."""
    return judged(read_json(root / _FILE))


def keep_view(root: Path, view: View) -> None:
    """Keep a view; a home that is not there, not ours or cannot be written keeps none."""
    with suppress(OSError, RunError):
        check_folder(root)
        write_whole(root / _FILE, json.dumps(asdict(view)).encode())


def judged(table: dict[str, Any]) -> View:
    """Return the view that a table from outside stands for."""
    columns = table.get("columns")
    names = [_key(name) for name in columns[:MOST_COLUMNS]] if isinstance(columns, list) else []
    kept = tuple(dict.fromkeys(name for name in names if name))
    return View(
        filter=_filter(table.get("filter")),
        sort=_key(table.get("sort")),
        is_reversed=table.get("is_reversed") is True,
        group=_key(table.get("group")),
        columns=kept or DEFAULT_COLUMNS,
        shows_hidden=table.get("shows_hidden") is True,
        is_tree=table.get("is_tree") is True,
    )


def _key(name: object) -> str:
    """Return the name of a key; '' for what is none."""
    key = key_named(name) if isinstance(name, str) else None
    return key.name if key is not None else ""


def _filter(text: object) -> str:
    try:
        return text if isinstance(text, str) and parse(text) is not None else ""
    except FilterFault:
        return ""
