"""Programs measured in turn, round after round, on a machine that does nothing else meanwhile.

There and back again: what slows the machine down in between hits the first and the last alike. A turn during
which other programs computed is taken once more, as often as patience lasts, and the page says how often.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from benchmarks.report import Company

Figures = TypeVar("Figures")

_QUIET_CORES = 0.15
"""Others may use so much of a core during a turn."""
_WAIT_SECONDS = 60.0
"""So long is a quiet moment waited for, at first."""
_LOOK_SECONDS = 2.0


@dataclass(frozen=True)
class Rounds(Generic[Figures]):
    """What each program gave, round by round, and how quiet it was."""

    by_program: dict[str, list[Figures]]
    repeated: int
    """Turns that were taken again because others computed meanwhile."""
    disturbed: int
    """Turns that count although others computed meanwhile."""

    def text(self) -> str:
        """Return a sentence on how quiet the machine was."""
        turns = sum(len(figures) for figures in self.by_program.values())
        said = f"{turns} turns, {self.repeated} of them taken again because other programs were computing"
        return f"{said}; {self.disturbed} were disturbed all the same." if self.disturbed else f"{said}."


def in_turn(
    programs: Mapping[str, Callable[[], Figures]], rounds: int, *, patience: int | None = None
) -> Rounds[Figures]:
    """Run every program once a round; `patience` turns in all are repeated when disturbed, one a program."""
    wait_until_quiet()
    left = len(programs) if patience is None else patience
    found: dict[str, list[Figures]] = {name: [] for name in programs}
    repeated = disturbed = 0
    for number in range(rounds):
        for name in list(programs)[:: -1 if number % 2 else 1]:
            company = Company()
            figures = programs[name]()
            while company.cores() > _QUIET_CORES and left:
                left, repeated = left - 1, repeated + 1
                company = Company()
                figures = programs[name]()
            disturbed += company.cores() > _QUIET_CORES
            found[name].append(figures)
    return Rounds(found, repeated, disturbed)


def wait_until_quiet() -> bool:
    """Wait until other programs rest, for a minute at most; return whether they do."""
    deadline = time.perf_counter() + _WAIT_SECONDS
    while time.perf_counter() < deadline:
        company = Company()
        time.sleep(_LOOK_SECONDS)
        if company.cores() <= _QUIET_CORES:
            return True
    return False
