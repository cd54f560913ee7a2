"""Where a run comes from, as its `run.json` says: a run before it, or a group that it was made in."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from dlcore.rundir import stamped

_MOST_LETTERS = 200
"""So much of a name is kept."""
_MOST_CHANGES = 50
_MOST_THREADS = 1024

GroupKind = Literal["twins", "seeds"]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a run comes from: the run before it, and the remedy that it takes, if it takes one."""

    run: str
    """The parent's id."""
    step: int
    """The parent's step that it goes on from; 0 for a remedy, which is trained from its first step."""
    code: str = ""
    """What was found at the parent."""
    remedy: str = ""
    """The remedy's name."""
    changes: tuple[str, ...] = ()
    """What a branch has otherwise than its parent, as in `optimizer.lr 0.01 → 0.05`."""
    is_fresh: bool = False
    """Whether the optimizer of a branch begins without what the parent's remembered."""
    threads: int = 0
    """Threads that the parent computes with, and so does a branch: else its sums come in another order."""

    def table(self) -> dict[str, Any]:
        """Return what `run.json` gets."""
        found: dict[str, Any] = {"run": self.run, "step": self.step}
        if self.remedy:
            found |= {"code": self.code, "remedy": self.remedy}
        if self.changes:
            found["changes"] = list(self.changes)
        if self.is_fresh:
            found["is_fresh"] = True
        return found | ({"threads": self.threads} if self.threads else {})


@dataclass(frozen=True, slots=True)
class Group:
    """Runs that were made together, to be compared: twins differ in a setting, repeats in their seed."""

    id: str
    kind: GroupKind
    differs: tuple[str, ...] = ()
    """Dotted keys in which its runs differ."""
    order: str = ""
    """The first 16 hex digits of the SHA-256 of the run's order of batches; '' until it has been drawn."""
    of: str = ""
    """The run that they were made from, if it was one."""

    def table(self) -> dict[str, Any]:
        """Return what `run.json` gets."""
        found = {"id": self.id, "kind": self.kind, "differs": list(self.differs), "order": self.order}
        return found | ({"of": self.of} if self.of else {})


def origin(facts: Mapping[str, Any]) -> Origin | None:
    """Return where a run comes from, by its `run.json`; None where nothing sound is said."""
    parent = facts.get("parent")
    if not isinstance(parent, dict):
        return None
    run, step = parent.get("run"), parent.get("step")
    if not _is_id(run) or not isinstance(step, int) or isinstance(step, bool):
        return None
    code, remedy = (str(parent.get(key, ""))[:_MOST_LETTERS] for key in ("code", "remedy"))
    threads = parent.get("threads")
    return Origin(
        str(run),
        step,
        code,
        remedy,
        changes=_words(parent.get("changes")),
        is_fresh=parent.get("is_fresh") is True,
        threads=threads if type(threads) is int and 0 < threads <= _MOST_THREADS else 0,
    )


def group(facts: Mapping[str, Any]) -> Group | None:
    """Return the group that a run was made in, by its `run.json`; None where nothing sound is said."""
    table = facts.get("group")
    if not isinstance(table, dict):
        return None
    name, kind, order, of = (table.get(key, "") for key in ("id", "kind", "order", "of"))
    if not isinstance(name, str) or not 0 < len(name) <= _MOST_LETTERS or kind not in ("twins", "seeds"):
        return None
    return Group(
        name,
        kind,
        _words(table.get("differs")),
        order if isinstance(order, str) and len(order) <= _MOST_LETTERS else "",
        of if _is_id(of) else "",
    )


def _is_id(run: object) -> bool:
    """Whether it can be the id of a run, which becomes a path."""
    return isinstance(run, str) and stamped(run) is not None and os.sep not in run and "\0" not in run


def _words(found: object) -> tuple[str, ...]:
    """Return the words of a list that may be anything."""
    some = found[:_MOST_CHANGES] if isinstance(found, list) else []
    return tuple(word[:_MOST_LETTERS] for word in some if isinstance(word, str))
