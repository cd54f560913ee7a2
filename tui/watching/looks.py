"""What was measured last, up to a step."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from dlcore.curves.layerwise import LayerFigures

_SCALED = 50
"""Looks that a scale holds, so that it stands still while figures wobble."""


@dataclass(frozen=True)
class Look:
    """The figures of each layer at one step, and all those of the steps just before it."""

    step: int
    figures: dict[str, float]
    recent: list[float]


def newest(steps: Sequence[int], step: int) -> int | None:
    """Return the index of the last of the ascending steps that is not behind `step`."""
    return bisect_right(steps, step) - 1 if steps and steps[0] <= step else None


def look_at(looks: LayerFigures, step: int, *, follows: bool) -> Look | None:
    """Return the newest look up to a step; `follows` gives the newest of all, which is always exact."""
    if follows and looks.steps:
        return Look(looks.last_step, looks.latest(), looks.recent(_SCALED))
    index = newest(looks.steps, step)
    if index is None:
        return None
    first = max(0, index + 1 - _SCALED)
    recent = [figure for kept in looks.figures.values() for figure in kept[first : index + 1]]
    return Look(looks.steps[index], looks.at(index), recent)
