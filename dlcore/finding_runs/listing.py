"""The lines of a list of runs: those that match, in their order, below headings or below their parents.

Ten thousand rows are gone through at each key of a filter, so each is asked as little as possible.
"""

import statistics
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from dlcore import figures
from dlcore.family.lineage_tree import told, tree
from dlcore.finding_runs.keys import Key
from dlcore.finding_runs.lookup import key_named, setting_name
from dlcore.finding_runs.matching import Matches
from dlcore.finding_runs.view import View
from dlcore.flat_config import Settings
from dlcore.runlist import Entry


@dataclass(frozen=True, slots=True)
class Heading:
    """What stands above a group of runs."""

    name: str
    """What all of them say to the key, with the key."""
    entries: tuple[Entry, ...]
    result: str
    """Mean and deviation of their best scores; '' where these are not of one kind."""
    is_folded: bool

    @property
    def text(self) -> str:
        """The whole line, with a mark that says whether the runs below are folded away. It is not cleaned."""
        number = len(self.entries)
        parts = [self.name, f"{number:,} run{'s' * (number != 1)}", self.result]
        return f"{'+' if self.is_folded else '-'} {' · '.join(part for part in parts if part)}"


class Line(NamedTuple):
    """One line of the list: a run, or a heading."""

    entry: Entry | None
    heading: Heading | None = None
    guide: str = ""
    """In a tree, what leads to the run from its parent, as in `│  └─ `."""
    relation: str = ""
    """In a tree, what the run is to its parent."""

    @property
    def name(self) -> str:
        """What no other line of the list is called: the run's id, or that of the group."""
        if self.entry is not None:
            return self.entry.id
        return f"/{self.heading.name}" if self.heading is not None else ""  # no folder is called so


@dataclass(frozen=True)
class Listing:
    """What a list shows."""

    lines: tuple[Line, ...] = ()
    shown: int = 0
    """Runs that match and are not hidden away, also those that are folded."""
    hidden: frozenset[str] = frozenset()
    """The ids of runs that match and are hidden, whether they are shown or not."""

    def place(self, name: str) -> int | None:
        """Return the number of the line that is called so; None where there is none."""
        return next((at for at, line in enumerate(self.lines) if line.name == name), None)


def ordered(entries: Sequence[Entry], view: View, now: datetime) -> Sequence[Entry]:
    """Return runs, which come the newest first, in the order of a view; a tree makes its own of that."""
    if view.is_tree:
        return entries
    if (key := key_named(view.sort)) is not None:
        return in_order(entries, key, now, is_reversed=view.is_reversed)
    return entries[::-1] if view.is_reversed else entries


def listing(
    entries: Sequence[Entry],
    view: View,
    matches: Matches | None,
    now: datetime,
    folded: Collection[str] = (),
) -> Listing:
    """Return what is shown of runs, which come in the view's order; `folded` holds names of groups.

    Runs that have not been read are shown where nothing is asked of them. A tree has no groups.
    """
    kept, hidden = _kept(entries, view, matches, now)
    shown = len(kept)
    if view.is_tree:
        return Listing(tuple(_in_tree(kept)), shown, hidden)
    if (key := key_named(view.group)) is not None:
        return Listing(tuple(_grouped(kept, key, now, folded)), shown, hidden)
    return Listing(tuple(map(Line, kept)), shown, hidden)


def _kept(
    entries: Sequence[Entry], view: View, matches: Matches | None, now: datetime
) -> tuple[list[Entry], frozenset[str]]:
    """Return the runs that are shown, and the ids of those that match and are hidden."""
    needs_row = matches is not None or bool(view.group) or view.is_tree
    kept: list[Entry] = []
    hidden: set[str] = set()
    for entry in entries:
        row = entry.row
        if row is None:
            if not needs_row:
                kept.append(entry)
        elif matches is None or matches(row, now):
            if row.label.hidden:
                hidden.add(entry.id)
            if view.shows_hidden or not row.label.hidden:
                kept.append(entry)
    return kept, frozenset(hidden)


def in_order(entries: Sequence[Entry], key: Key, now: datetime, *, is_reversed: bool) -> list[Entry]:
    """Return runs sorted by a key; those that say nothing to it come last, either way."""
    said: list[tuple[Any, Entry]] = []
    silent: list[Entry] = []
    for entry in entries:
        value = key.get(entry.row, now) if entry.row is not None else None
        if value is None or value == "" or value == ():
            silent.append(entry)
        else:
            said.append((_rank(value), entry))
    said.sort(key=lambda pair: pair[0], reverse=key.high_first != is_reversed)
    return [entry for _, entry in said] + silent


def _rank(value: Any) -> tuple[int, Any]:
    """Return what values of several sorts are sorted by: numbers, then words."""
    if isinstance(value, str):
        return (1, value.casefold())
    return (1, " ".join(value).casefold()) if isinstance(value, tuple) else (0, value)


def _grouped(entries: Sequence[Entry], key: Key, now: datetime, folded: Collection[str]) -> Iterable[Line]:
    """Yield headings by value, and below each its runs unless they are folded away."""
    groups: dict[str, list[Entry]] = {}
    values: dict[str, tuple[int, Any]] = {}
    for entry in entries:
        row = entry.row
        assert row is not None, "only what was read is grouped"
        text = key.text(row, now)
        if text not in groups:
            groups[text] = []
            values[text] = _rank(key.get(row, now)) if text else (2, "")
        groups[text].append(entry)
    for text in sorted(groups, key=lambda one: values[one]):
        members = groups[text]
        name = f"{key.name} {text}" if text else f"no {key.name}"
        heading = Heading(name, tuple(members), result(members), name in folded)
        yield Line(None, heading)
        if not heading.is_folded:
            yield from map(Line, members)


def result(entries: Iterable[Entry]) -> str:
    """Return the mean of the best scores, and their standard deviation (n - 1) where there are several.

    Accuracies and R² are not averaged together, nor is one split with another.
    """
    rows = [entry.row for entry in entries if entry.row is not None and entry.row.score is not None]
    if len({(row.metric, row.split) for row in rows}) != 1:
        return ""
    scores = [row.score for row in rows if row.score is not None]
    mean, metric = statistics.fmean(scores), rows[0].metric
    spread = statistics.stdev(scores) if len(scores) > 1 else None
    if metric == "accuracy":
        said = figures.share(mean) if spread is None else f"{100 * mean:.2f} ± {100 * spread:.2f} %"
    else:
        said = f"{figures.SCORES[metric]} {mean:.3f}" + ("" if spread is None else f" ± {spread:.3f}")
    return f"{said} {rows[0].split}".rstrip()


def _in_tree(entries: Sequence[Entry]) -> Iterable[Line]:
    """Yield runs below those that they come from."""
    by_id = {entry.id: entry for entry in entries}
    places = tree(entry.row for entry in entries if entry.row is not None)
    for place, guide in zip(places, guides([place.depth for place in places]), strict=True):
        yield Line(by_id[place.row.run.id], None, guide, told(place.row))


def guides(depths: Sequence[int]) -> list[str]:
    """Return what leads to each line of a tree, of which the depths are known from top to bottom."""
    found: list[str] = []
    goes_on: set[int] = set()
    for depth in reversed(depths):
        above = "".join("│  " if level in goes_on else "   " for level in range(1, depth))
        found.append(above + (("├─ " if depth in goes_on else "└─ ") if depth else ""))
        goes_on = {level for level in goes_on if level <= depth} | {depth}
    return found[::-1]


def varying(entries: Iterable[Entry]) -> list[str]:
    """Return the keys of the configuration that some runs have otherwise than others, the most varied first.

    A key that only some runs have differs, too.
    """
    found = [entry.row.settings for entry in entries if entry.row is not None]
    alike: dict[int, list[Settings]] = {}  # those with the same keys
    for one in found:
        alike.setdefault(id(one.index), []).append(one)
    values: dict[str, set[Any]] = {}
    counts: Counter[str] = Counter()
    for some in alike.values():
        columns = zip(*(one.values for one in some), strict=True)
        for key, column in zip(some[0].index, columns, strict=True):
            values.setdefault(key, set()).update(column)
            counts[key] += len(some)
    numbers = {key: len(each) + (counts[key] < len(found)) for key, each in values.items()}
    return [setting_name(key) for key in sorted(numbers, key=lambda key: -numbers[key]) if numbers[key] > 1]
