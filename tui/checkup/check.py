"""What one look at the surroundings found."""

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "note", "fault"]
"""Fine; works, but worth knowing; keeps dltui or a part of it from working."""


@dataclass(frozen=True)
class Check:
    """One thing that was looked at. Texts may come from outside: clean them before they are shown."""

    name: str
    state: State
    finding: str
    cure: str = ""
    """What to do, as a sentence; empty where there is nothing to do."""
