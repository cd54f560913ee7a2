"""Where a run comes from, as its `run.json` says: a run before it, and the remedy that it takes, if any."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dlcore.rundir import stamped

_MOST_LETTERS = 200
"""So much of a name is kept."""


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

    def table(self) -> dict[str, Any]:
        """Return what `run.json` gets."""
        found: dict[str, Any] = {"run": self.run, "step": self.step}
        return found | ({"code": self.code, "remedy": self.remedy} if self.remedy else {})


def origin(facts: Mapping[str, Any]) -> Origin | None:
    """Return where a run comes from, by its `run.json`; None where nothing sound is said."""
    parent = facts.get("parent")
    if not isinstance(parent, dict):
        return None
    run, step = parent.get("run"), parent.get("step")
    code, remedy = (str(parent.get(key, ""))[:_MOST_LETTERS] for key in ("code", "remedy"))
    # The id becomes a path.
    is_id = isinstance(run, str) and stamped(run) is not None and os.sep not in run and "\0" not in run
    if not is_id or not isinstance(step, int) or isinstance(step, bool):
        return None
    return Origin(str(run), step, code, remedy)
