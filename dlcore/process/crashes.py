"""Runs whose trainer died and that nobody has been asked about yet; each is offered once.

What was asked is kept in `crashes.json` below the home, by the size that the run's events had: a run that is
resumed and dies again has said more by then.
"""

from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from dlcore.errors import RunError
from dlcore.files.atomic import read_json, write_json
from dlcore.files.lock import lock_holder
from dlcore.files.private import check_folder
from dlcore.foreign import foreign
from dlcore.rundir import RunDir, all_runs

if TYPE_CHECKING:
    from dlcore.runs import RunRow

_RUNS = 200
"""So many runs are looked at, the newest first."""
_FILE = "crashes.json"


def unasked(root: Path) -> "list[RunRow]":
    """Return the rows of the crashed runs that nobody was asked about, the newest first.

    What decides it without reading events comes first: most homes have none.
    """
    asked = read_json(root / _FILE)
    found = [run for run in islice(all_runs(root), _RUNS) if _may_have_crashed(run, asked)]
    if not found:
        return []
    from dlcore.runs import run_row  # only where there is something to read

    now = datetime.now(UTC)
    return [row for row in (run_row(run, now) for run in found) if row.state == "crashed"]


def remember(root: Path, runs: Iterable[RunDir]) -> None:
    """Note that somebody was asked about these; a home that cannot be written, or is not ours, asks again."""
    asked = read_json(root / _FILE)
    kept = {run.id: asked[run.id] for run in islice(all_runs(root), _RUNS) if run.id in asked}
    with suppress(OSError, RunError):
        check_folder(root)
        write_json(root / _FILE, kept | {run.id: bytes_said(run) for run in runs})


def bytes_said(run: RunDir) -> int:
    """Return how many bytes a run has said; 0 before its first word."""
    try:
        return run.events.stat().st_size
    except OSError:
        return 0


def died(run: RunDir) -> datetime | None:
    """Return when a crashed run said its last word."""
    try:
        return datetime.fromtimestamp(run.events.stat().st_mtime, UTC)
    except (OSError, ValueError, OverflowError):
        return None


def _may_have_crashed(run: RunDir, asked: dict[str, object]) -> bool:
    size = bytes_said(run)
    if not size or asked.get(run.id) == size:
        return False
    facts = read_json(run.facts)
    is_ours = foreign(facts) is None  # else there is nothing to offer
    return is_ours and lock_holder(run) is None and not isinstance(facts.get("summary"), dict)
