"""A colour and a mark for each run that is compared, by the order in which runs came; a run keeps its own."""

from collections.abc import Sequence
from typing import NamedTuple

from tui.plot_line import Role


class Look(NamedTuple):
    """How a run is told from others: by colour, and without colour by its mark."""

    role: Role
    band: Role
    """The paler colour, of the range that several seeds span."""
    mark: str
    dark: str
    """The colour on a dark ground."""
    light: str


# The colours of Okabe and Ito, which the colour-blind tell apart too; in darker shades on a light ground.
LOOKS: tuple[Look, ...] = (
    Look("run-1", "band-1", "●", "#56B4E9", "#0072B2"),
    Look("run-2", "band-2", "×", "#E69F00", "#B85C00"),
    Look("run-3", "band-3", "◆", "#20B88C", "#007A5A"),
    Look("run-4", "band-4", "▲", "#CC79A7", "#A34A7B"),
    Look("run-5", "band-5", "○", "#F0E442", "#7A7000"),
    Look("run-6", "band-6", "■", "#E8703A", "#9C2A00"),
    Look("run-7", "band-7", "+", "#8E9BFF", "#3F3FBF"),
    Look("run-8", "band-8", "◇", "$foreground", "$foreground"),
)
MOST_RUNS = len(LOOKS)
"""So many runs can be told apart."""


class RunMarks:
    """Remembers which run has which look: it keeps it while others are added, hidden or left out."""

    def __init__(self) -> None:
        self._held: dict[str, int] = {}

    def assign(self, names: Sequence[str]) -> dict[str, int]:
        """Return the number of the look of each name; at most `MOST_RUNS` names have one.

        A new name takes a look that nobody has; without one, that of a name that is not asked for.
        """
        wanted = list(dict.fromkeys(names))[:MOST_RUNS]
        for name in wanted:
            if name not in self._held:
                holders = {number: holder for holder, number in self._held.items()}
                free = (number for number in range(MOST_RUNS) if number not in holders)
                number = next(free, None)
                if number is None:
                    number = next(one for one in range(MOST_RUNS) if holders[one] not in wanted)
                    del self._held[holders[number]]
                self._held[name] = number
        return {name: self._held[name] for name in wanted}
