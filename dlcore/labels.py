"""What people say of a run, in its `label.json`: a name of their own, tags, notes, and whether it is hidden.

Any viewer may write it, each time as a whole; the last one wins, field by field. The trainer never looks.
"""

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from dlcore.errors import DltuiError, RunError
from dlcore.files.atomic import read_json, write_json
from dlcore.files.private import check_run
from dlcore.rundir import RunDir

MOST_NAME, MOST_TAG, MOST_TAGS, MOST_NOTES = 200, 50, 30, 5000
"""Letters of a name, letters of a tag, tags of a run, letters of its notes."""
_PARTING = re.compile(r"[\s,]+")


@dataclass(frozen=True, slots=True)
class Label:
    """What people say of a run."""

    name: str = ""
    """Instead of the name in its configuration; '' where nobody has renamed it."""
    tags: tuple[str, ...] = ()
    notes: str = ""
    hidden: bool = False


NO_LABEL = Label()


def read_label(run: RunDir) -> Label:
    """Return a run's label; what is absent, damaged or too long counts as nothing said."""
    return judged(read_json(run.label))


def called(run: RunDir) -> str:
    """Return how people find a run: its id, behind the name that somebody gave it, if anybody did."""
    name = read_label(run).name
    return f"{name} · {run.id}" if name else run.id


def judged(table: dict[str, Any]) -> Label:
    """Return the label that a table from outside stands for, as far as it makes sense."""
    name, notes, tags = table.get("name"), table.get("notes"), table.get("tags")
    sound = [tag for tag in tags if isinstance(tag, str) and _is_tag(tag)] if isinstance(tags, list) else []
    return Label(
        name=name[:MOST_NAME] if isinstance(name, str) else "",
        tags=tuple(dict.fromkeys(sound[:MOST_TAGS])),
        notes=notes[:MOST_NOTES] if isinstance(notes, str) else "",
        hidden=table.get("hidden") is True,
    )


def tags_in(text: str) -> tuple[str, ...]:
    """Return the tags that a person has typed, parted by commas or blanks; raises DltuiError."""
    return checked_tags(part for part in _PARTING.split(text) if part)


def checked_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Return tags, each of them once; raises DltuiError where one cannot be a tag."""
    found = tuple(dict.fromkeys(tags))
    for tag in found:
        if not _is_tag(tag):
            raise DltuiError(
                f"{tag[:MOST_TAG]!r} is no tag", f"A tag is one word of at most {MOST_TAG} letters."
            )
    if len(found) > MOST_TAGS:
        raise DltuiError(f"{len(found)} tags are too many", f"A run has at most {MOST_TAGS}.")
    return found


def _is_tag(tag: str) -> bool:
    return 0 < len(tag) <= MOST_TAG and not _PARTING.search(tag)


def relabel(run: RunDir, **changes: Any) -> Label:
    """Change what is given of a run's label, and leave the rest as it stands on the disk by now.

    Raises DltuiError where a value does not do, or the run is not ours to write to.
    """
    assert changes.keys() <= {field.name for field in fields(Label)}
    return _written(run, replace(read_label(run), **changes))


def add_tags(run: RunDir, tags: Iterable[str]) -> Label:
    """Give a run tags beside those that it has by now; raises DltuiError as `relabel` does."""
    label = read_label(run)
    return _written(run, replace(label, tags=tuple(dict.fromkeys((*label.tags, *tags)))))


def _written(run: RunDir, label: Label) -> Label:
    """Check a label and write it."""
    checked_tags(label.tags)
    for what, said, most in (("name", label.name, MOST_NAME), ("notes", label.notes, MOST_NOTES)):
        if len(said) > most:
            raise DltuiError(f"The {what} has {len(said):,} letters", f"At most {most:,} are kept.")
    check_run(run.path)
    try:
        write_json(run.label, asdict(label))
    except OSError as error:
        raise RunError(f"{run.label} cannot be written: {error.strerror}", "Check who owns it.") from None
    return label
