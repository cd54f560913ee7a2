"""The lines of `dltui runs`: those runs that a filter wants, in their order, as text or as JSON."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from dlcore import figures, rundir
from dlcore.clean import clean
from dlcore.errors import DltuiError
from dlcore.export.tables import width
from dlcore.files.disk_use import folder_bytes
from dlcore.finding_runs.keys import Key
from dlcore.finding_runs.language import parse
from dlcore.finding_runs.listing import Listing, listing, ordered
from dlcore.finding_runs.lookup import key_named, nearest
from dlcore.finding_runs.matching import matcher
from dlcore.finding_runs.view import View
from dlcore.runlist import RunList
from dlcore.runs import RunRow

_MOST_CELLS = 60
_GAP = "  "


def asked_key(name: str) -> Key:
    """Return the key that somebody names; raises DltuiError where there is none."""
    key = key_named(name)
    if key is None:
        raise DltuiError(f"There is no key {name[:60]!r}, {nearest(name)}")
    return key


def run_lines(view: View, columns: Sequence[Key], limit: int | None) -> Iterator[str]:
    """Yield a line for each run that the view shows, in columns where some are given, and their number."""
    found, rows, now = _found(view, limit)
    runs = rundir.home() / "runs"
    if not found.shown and not found.hidden and not view.filter:
        yield "No runs yet. Start one: dltui, or dltui train."
        return
    if columns:
        yield from _table(rows, columns, now)
    else:
        for row in rows:
            yield clean(
                f"{row.run.id:<44} {row.state:<9} {row.best:<20} {row.steps:>9,} steps  {row.network}"
            )
    number = "1 run" if found.shown == 1 else f"{found.shown:,} runs"
    shown = f"{len(rows):,} of {number}" if len(rows) < found.shown else number
    hidden = f", {len(found.hidden):,} hidden" if found.hidden and not view.shows_hidden else ""
    matching = " that match" if view.filter else ""
    yield clean(f"{shown}{matching}{hidden}, {figures.size(folder_bytes(runs))} in {runs}")


def run_json(view: View, limit: int | None) -> str:
    """Return the same runs as a JSON list, with all that is known of each."""
    _, rows, _ = _found(view, limit)
    return json.dumps([_fields(row) for row in rows])


def _found(view: View, limit: int | None) -> tuple[Listing, list[RunRow], datetime]:
    now = datetime.now(UTC)
    node = parse(view.filter)
    runs = RunList(rundir.home())
    runs.scan()
    for entry in runs.entries:
        runs.look(entry, now)
    entries = ordered(runs.entries, view, now)
    found = listing(entries, view, matcher(node) if node is not None else None, now)
    rows = [line.entry.row for line in found.lines if line.entry is not None and line.entry.row is not None]
    return found, rows[:limit], now


def _table(rows: Sequence[RunRow], columns: Sequence[Key], now: datetime) -> Iterator[str]:
    """Yield aligned columns below their names."""
    texts = [[key.name for key in columns]]
    texts += [[clean(key.text(row, now))[:_MOST_CELLS] or "-" for key in columns] for row in rows]
    widths = [max(map(width, column)) for column in zip(*texts, strict=True)]
    for line in texts:
        cells = (
            " " * (room - width(text)) + text if key.is_numeric else text + " " * (room - width(text))
            for text, room, key in zip(line, widths, columns, strict=True)
        )
        yield _GAP.join(cells).rstrip()


def _fields(row: RunRow) -> dict[str, Any]:
    return {
        "run": row.run.id,
        "path": str(row.run.path),
        "state": row.state,
        "name": row.name,
        "network": row.network,
        "split": row.split,
        row.metric: row.score,
        "epochs": row.epochs,
        "steps": row.steps,
        **row.figures._asdict(),
        "created": row.made.isoformat() if row.made is not None else None,
        "parent": row.origin.table() if row.origin is not None else None,
        "group": row.group.table() if row.group is not None else None,
        "tags": list(row.label.tags),
        "notes": row.label.notes,
        "hidden": row.label.hidden,
        "config": row.settings.table(),
    }
