"""A colour and a mark for each run that is compared, by the order in which runs came; a run keeps its own."""

from collections.abc import Container, Iterable, Sequence
from typing import NamedTuple

from tui.drawing.plot_line import Role


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
COLORS: tuple[Look, ...] = (
    Look("run-1", "band-1", "●", "#56B4E9", "#0072B2"),
    Look("run-2", "band-2", "×", "#E69F00", "#B85C00"),
    Look("run-3", "band-3", "◆", "#20B88C", "#007A5A"),
    Look("run-4", "band-4", "▲", "#CC79A7", "#A34A7B"),
    Look("run-5", "band-5", "○", "#F0E442", "#7A7000"),
    Look("run-6", "band-6", "■", "#E8703A", "#9C2A00"),
    Look("run-7", "band-7", "+", "#8E9BFF", "#3F3FBF"),
    Look("run-8", "band-8", "◇", "$foreground", "$foreground"),
)
"""Looks that differ in colour and mark."""
_LETTERS = "ABCDEFGHIJKLMNPQRSTUVWYZ"
"""Marks beyond: O and X are too much like ○ and ×."""
LOOKS: tuple[Look, ...] = (
    *COLORS,
    *(COLORS[number % len(COLORS)]._replace(mark=letter) for number, letter in enumerate(_LETTERS)),
)
"""All looks: behind the first ones, colours come again with a letter for a mark."""
MOST_RUNS = len(LOOKS)
"""So many runs can be told apart."""


class RunMarks:
    """Remembers which run has which look: it keeps it while others are added, hidden or left out."""

    def __init__(self) -> None:
        self._held: dict[str, int] = {}

    def assign(self, names: Sequence[str]) -> dict[str, int]:
        """Return the number of the look of each name; at most `MOST_RUNS` names have one.

        A new name takes a look that nobody has, or that of a name that is not asked for: one of the first
        eight, whose colours differ, as long as there is one. A look with a letter gives way to such a one.
        """
        wanted = list(dict.fromkeys(names))[:MOST_RUNS]
        taken = {self._held[name] for name in wanted if name in self._held}
        for name in wanted:
            own = self._held.get(name)
            if own is not None and own < len(COLORS):
                continue
            number = self._free(range(len(COLORS)), taken)
            if number is None and own is None:
                number = self._free(range(len(COLORS), MOST_RUNS), taken)
            if number is not None:
                taken.discard(own if own is not None else number)
                taken.add(number)
                self._held = {one: held for one, held in self._held.items() if held != number} | {
                    name: number
                }
        return {name: self._held[name] for name in wanted}

    def _free(self, numbers: Iterable[int], taken: Container[int]) -> int | None:
        """Return a look that nobody has; else one whose name is not asked for; None where there is none."""
        free = [number for number in numbers if number not in taken]
        held = set(self._held.values())
        return next((number for number in free if number not in held), free[0] if free else None)
