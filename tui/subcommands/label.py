"""`dltui label`: what people say of runs: a name, tags, notes, and whether lists leave them out."""

import json
from dataclasses import asdict
from typing import Any

import click

from dlcore import rundir
from dlcore.clean import clean
from dlcore.labels import Label, checked_tags, read_label, relabel


@click.command("label")
@click.argument("runs", nargs=-1, required=True, metavar="RUN...")
@click.option("--name", help="Call it so; '' gives it its own name back.")
@click.option("--tag", "tags", multiple=True, help="Add a tag, one word; may be given again.")
@click.option("--untag", "untags", multiple=True, help="Take a tag away; may be given again.")
@click.option("--note", help="The notes, in place of those before; '' for none.")
@click.option("--hide/--show", "hidden", default=None, help="Leave it out of lists, or no longer.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list of the labels.")
def label_command(
    runs: tuple[str, ...],
    name: str | None,
    tags: tuple[str, ...],
    untags: tuple[str, ...],
    note: str | None,
    hidden: bool | None,
    as_json: bool,
) -> None:
    """Name, tag, hide or comment runs; without an option, print what is said of them.

    Example: dltui label latest --tag baseline --note "lr too high"
    """
    found = list(dict.fromkeys(rundir.find(rundir.home(), run) for run in runs))
    checked_tags(tags)
    given = {"name": name, "notes": note, "hidden": hidden}
    changes: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
    labels = []
    for run in found:
        label = read_label(run)
        if tags or untags:
            kept = [tag for tag in label.tags if tag not in untags]
            changes["tags"] = tuple(dict.fromkeys((*kept, *tags)))
        labels.append(relabel(run, **changes) if changes else label)
    if as_json:
        told = [{"run": run.id, **asdict(label)} for run, label in zip(found, labels, strict=True)]
        click.echo(json.dumps(told))
        return
    for run, label in zip(found, labels, strict=True):
        click.echo(clean(f"{run.id}: {_told(label)}"))


def _told(label: Label) -> str:
    """Return what is said of a run in one line."""
    parts = [
        f"name {label.name!r}" if label.name else "",
        f"tags {' '.join(label.tags)}" if label.tags else "",
        "hidden" if label.hidden else "",
        f"notes {label.notes!r}" if label.notes else "",
    ]
    return ", ".join(part for part in parts if part) or "nothing is said of it"
