"""Several runs as one table, a row each: who it is, the settings that differ, and what came of it."""

from collections.abc import Sequence
from typing import Any

from dlcore.export.together import MOST_EDITS, Member, best, differing, untold
from dlcore.oneline import print_setting

_FIGURES = ("loss", "accuracy", "r2", "top5", "mae", "rmse")
_SPLITS = ("train", "validation", "test")


def run_columns(members: Sequence[Member]) -> dict[str, list[Any]]:
    """Return the table of runs, one row a run, by column: its name, settings that differ, what came of it.

    Settings are those that live edits have left.
    """
    columns: dict[str, list[Any]] = {
        "run": [one.row.run.id for one in members],
        "name": [one.name for one in members],
        "state": [one.state for one in members],
        "created": [one.created.isoformat() if one.created is not None else None for one in members],
    }
    found = differing(members)
    columns |= {key: [_cell(value) for value in one.values] for key, one in found.items()}
    columns["edits"] = [_in_one_cell(one) for one in members]
    for name in ("epochs", "steps", "seconds", "samples_per_second"):
        columns[name] = [one.summary[name] for one in members]
    for split in _SPLITS:
        for figure in _FIGURES:
            values = [(one.summary.get(split) or {}).get(figure) for one in members]
            if any(value is not None for value in values):
                columns[f"{split}_{figure}"] = values
    columns["best"] = [best(one) for one in members]
    columns["best_step"] = [one.summary["best"]["step"] if one.summary["best"] else None for one in members]
    columns["findings"] = [" ".join(found["code"] for found in one.summary["findings"]) for one in members]
    origins = [one.row.origin for one in members]
    columns["parent"] = [one.run if one is not None else None for one in origins]
    columns["parent_step"] = [one.step if one is not None else None for one in origins]
    columns["group"] = [one.row.group.id if one.row.group is not None else None for one in members]
    return columns


def _cell(value: Any) -> Any:
    """Return a value of the file as one cell: lists and tables as a person would type them."""
    return print_setting("", value)[1:] if isinstance(value, list | dict) else value


def _in_one_cell(one: Member) -> str | None:
    told = [f"step {edit.step}: {edit.text}" for edit in one.edits[:MOST_EDITS]]
    return "; ".join([*told, *filter(None, [untold(one)])]) or None
