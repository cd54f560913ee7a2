"""Which run comes from which, as a tree: branches, remedies and twins, from the rows of a list alone."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Literal, NamedTuple

from dlcore.runs import RunRow

Relation = Literal["", "branch", "remedy", "twin", "repeat"]
"""What a run is to the one above it; '' for one that comes from none."""

DEEPEST = 20
"""Runs further down stand as far to the right as this."""


class Place(NamedTuple):
    """Where a run stands in the tree."""

    depth: int
    """0 for a run that comes from none that is there."""
    row: RunRow
    relation: Relation
    """Also said where what it comes from is gone: then it stands at depth 0."""


def tree(rows: Iterable[RunRow]) -> list[Place]:
    """Return every row once, each below what it comes from.

    The newest family comes first; within one, children follow their parent in the order in which they were
    made. Twins and repeats stand below the run that they were made from, else below the first of them. Files
    may say anything: of runs that are each other's parents, the oldest is the root.
    """
    by_id = {row.run.id: row for row in rows}
    oldest_first = sorted(by_id)
    parents = _parents(by_id, oldest_first)
    children: defaultdict[str, list[str]] = defaultdict(list)
    for name in oldest_first:
        if parents[name]:
            children[parents[name]].append(name)
    found: list[Place] = []
    seen: set[str] = set()
    families = [_family(name, children, by_id, seen) for name in oldest_first if not parents[name]]
    families += [_family(name, children, by_id, seen) for name in oldest_first if name not in seen]
    for family in sorted(families, key=lambda family: max(one.row.run.id for one in family), reverse=True):
        found += family
    return found


def _parents(by_id: dict[str, RunRow], oldest_first: list[str]) -> dict[str, str]:
    """Return the run that each one stands below; '' for none."""
    heads: dict[str, str] = {}
    parents: dict[str, str] = {}
    for name in oldest_first:
        row = by_id[name]
        above = row.origin.run if row.origin is not None else ""
        if not above and row.group is not None:
            head = heads.setdefault(row.group.id, name)
            above = row.group.of if row.group.of in by_id else head
        parents[name] = above if above in by_id and above != name else ""
    return parents


def _family(
    root: str, children: dict[str, list[str]], by_id: dict[str, RunRow], seen: set[str]
) -> list[Place]:
    """Return a run and all that come from it; none twice."""
    found: list[Place] = []
    waiting = [(0, root)]
    while waiting:
        depth, name = waiting.pop()
        if name not in seen:
            seen.add(name)
            found.append(Place(depth, by_id[name], relation(by_id[name])))
            below = min(depth + 1, DEEPEST)
            waiting += [(below, child) for child in reversed(children.get(name, []))]
    return found


def relation(row: RunRow) -> Relation:
    """Return what a run is to the one that it comes from."""
    if row.origin is not None:
        return "remedy" if row.origin.remedy else "branch"
    if row.group is not None:
        return "twin" if row.group.kind == "twins" else "repeat"
    return ""


def told(row: RunRow) -> str:
    """Return the same in words, as in `branch at step 640: optimizer.lr 0.01 → 0.05`; '' for no relation."""
    match relation(row):
        case "branch":
            assert row.origin is not None
            changes = f": {', '.join(row.origin.changes)}" if row.origin.changes else ""
            return f"branch at step {row.origin.step:,}{changes}"
        case "remedy":
            assert row.origin is not None
            return f"remedy: {row.origin.remedy}"
        case ("twin" | "repeat") as word:
            assert row.group is not None
            differs = f": {', '.join(row.group.differs)}" if row.group.differs else ""
            return f"{word}{differs}"
        case _:
            return ""
