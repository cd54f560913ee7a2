"""The runs that a run belongs with: those that it goes on from, those that go on from it, and its twins.

All of it stands in small files of the runs themselves, which may be damaged or gone. So that a home of many
thousand runs costs little, only runs made near to this one are looked through: a branch comes soon after its
parent, twins come together.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from dlcore.family.origin import Group, group, origin
from dlcore.rundir import RunDir, run_ids
from dlcore.runs import RunRow, read_facts, run_row

_MOST_ANCESTORS = 32
_MOST_TOLD = 24
"""So many children, and so many of a group, are told of."""
_MOST_LATER, _MOST_EARLIER = 1000, 200
"""So many runs are looked through that were made after this one, and before it."""


@dataclass(frozen=True)
class Family:
    """All that a run belongs with."""

    line: tuple[RunRow, ...] = ()
    """From the oldest run that it descends from to the run itself; empty where it descends from none."""
    children: tuple[RunRow, ...] = ()
    """Runs that go on from it, the first first; remedies, which train from nothing, are not among them."""
    group: Group | None = None
    mates: tuple[RunRow, ...] = ()
    """All runs of its group, itself among them, the first first."""


def family(run: RunDir) -> Family:
    """Return what a run belongs with; reads small files of other runs."""
    now = datetime.now(UTC)
    facts, _ = read_facts(run)
    own = group(facts)
    children: list[RunRow] = []
    mates = [run] if own is not None else []
    for other, said in _near(run):
        before, others = origin(said), group(said)
        if before is not None and before.run == run.id and not before.remedy and len(children) < _MOST_TOLD:
            children.append(run_row(other, now))
        if own is not None and others is not None and others.id == own.id and len(mates) < _MOST_TOLD:
            mates.append(other)
    line = [run_row(one, now) for one in _ancestors(run)]
    return Family(
        line=(*reversed(line), run_row(run, now)) if line or origin(facts) is not None else (),
        children=tuple(children),
        group=own,
        mates=tuple(run_row(one, now) for one in sorted(mates, key=lambda one: one.id)),
    )


def lineage(run: RunDir) -> list[RunDir]:
    """Return the runs that a run descends from, itself, and all that descend from it, by their ids."""
    found = {one.id: one for one in (run, *_ancestors(run))}
    descends = {run.id}
    for name in sorted(run_ids(run.path.parent.parent)):
        if name > run.id:
            other = RunDir(run.path.parent / name)
            before = origin(read_facts(other)[0])
            if before is not None and before.run in descends:
                descends.add(name)
                found[name] = other
    return [found[name] for name in sorted(found)]


def _near(run: RunDir) -> Iterator[tuple[RunDir, dict[str, Any]]]:
    """Yield runs that were made around the same time, the first first, with their facts."""
    names = sorted(run_ids(run.path.parent.parent))
    earlier = [name for name in names if name < run.id][-_MOST_EARLIER:]
    later = [name for name in names if name > run.id][:_MOST_LATER]
    for name in (*earlier, *later):
        other = RunDir(run.path.parent / name)
        facts, _ = read_facts(other)
        if facts:
            yield other, facts


def _ancestors(run: RunDir) -> Iterator[RunDir]:
    """Yield the run that a run comes from, the one before that, and so on, as far as they are here."""
    seen = {run.id}
    while len(seen) <= _MOST_ANCESTORS:
        before = origin(read_facts(run)[0])
        if before is None or before.run in seen:
            return
        seen.add(before.run)
        run = RunDir(run.path.parent / before.run)
        if not read_facts(run)[0]:
            return
        yield run
