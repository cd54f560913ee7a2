"""How a person wants to see curves: axis, scales, smoothing, which part; and what is remembered of it.

What was chosen last is kept in `view.json` below the home, and judged when it is read: a damaged or foreign
file chooses nothing. Which part is seen is forgotten, since of other runs it would be another part.
"""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from dlcore.errors import RunError
from dlcore.files.atomic import read_json, write_whole
from dlcore.files.private import private_folder
from dlcore.history import RunHistory
from tui.drawing.axis import AXES, Axis, rulers, share, whole
from tui.drawing.charts import SMOOTHING, View

MOST_ZOOM = 10
"""How often the part that is seen can be halved."""
_FILE = "view.json"
_MARGIN = 0.02
"""So near to the edge of what is seen the cursor is brought back to its middle."""


@dataclass(frozen=True)
class Wish:
    """What a person has chosen, for all curves."""

    axis: Axis = "step"
    log_x: bool = False
    log_y: bool = False
    smoothing: int = 1
    everything: bool = False
    """Whether spikes are shown in full."""


def remembered(root: Path) -> Wish:
    """Return what was chosen last, as far as it can be understood."""
    kept = read_json(root / _FILE)
    axis, smoothing = kept.get("axis"), kept.get("smoothing")
    levels = [name for name, _ in SMOOTHING]
    return Wish(
        axis=next((one for one in AXES if one == axis), "step"),
        log_x=kept.get("log_x") is True,
        log_y=kept.get("log_y") is True,
        smoothing=levels.index(smoothing) if smoothing in levels else Wish.smoothing,
        everything=kept.get("everything") is True,
    )


def remember(root: Path, wish: Wish) -> None:
    """Keep what was chosen; where the home cannot be written, it is forgotten with the app."""
    kept = asdict(wish) | {"smoothing": SMOOTHING[wish.smoothing][0]}
    with suppress(OSError, RunError):
        private_folder(root)
        write_whole(root / _FILE, json.dumps(kept, indent=2).encode() + b"\n")


class Viewing:
    """What was chosen, and which part of the axis is seen: it goes along with the cursor."""

    def __init__(self, root: Path, beside: "Viewing | None" = None) -> None:
        """`root` is the home, in which it is remembered; `beside` is another one with the same wish."""
        self._root = root
        self._first: Viewing = self if beside is None else beside._first
        if beside is None:
            self._wish = self._kept = remembered(root)
        self.zoom = 0
        """How often the part that is seen was halved."""
        self._start = 0.0
        """Where the part begins, as a share of the axis."""
        self._where = 0.0
        """Where the cursor is, or the newest step."""
        self._cursor: int | None = None
        self._moved_apart = False
        """Whether the part was moved by itself, and the cursor has stood still since."""
        self._axis = self.wish.axis, self.wish.log_x

    @property
    def wish(self) -> Wish:
        """What was chosen, here or beside."""
        return self._first._wish

    def beside(self) -> "Viewing":
        """Return how other curves are seen: as was chosen and will be, but the whole axis."""
        return Viewing(self._root, self)

    def view(self, histories: Sequence[RunHistory], step: int, cursor: int | None, columns: int) -> View:
        """Return how runs are seen: `step` of the first is looked at; `cursor` is the same, if it is past."""
        made, _ = rulers(histories, self.wish.axis)
        place = made[0].place(step) if made else 0.0
        self._where = share(place, whole(made, log=self.wish.log_x), log=self.wish.log_x)
        if cursor != self._cursor:
            self._cursor, self._moved_apart = cursor, False
        wish = self.wish
        if (axis := (wish.axis, wish.log_x)) != self._axis:
            self._axis = axis
            self._start, self._moved_apart = self._where - self._width / 2, False
        return View(
            wish.smoothing,
            wish.log_y,
            columns,
            cursor,
            wish.axis,
            wish.log_x,
            self._window(),
            wish.everything,
        )

    def _window(self) -> tuple[float, float]:
        if not self.zoom:
            return 0.0, 1.0
        inside = (
            self._start + _MARGIN * self._width <= self._where <= self._start + (1 - _MARGIN) * self._width
        )
        if not inside and not self._moved_apart:
            self._start = self._where - self._width / 2
        self._start = max(0.0, min(self._start, 1 - self._width))
        return self._start, self._start + self._width

    @property
    def _width(self) -> float:
        return 0.5**self.zoom

    def choose(self, **changes: Any) -> None:
        """Choose otherwise. Of another axis the part around the cursor is seen."""
        self._first._wish = replace(self.wish, **changes)

    def remember(self) -> None:
        """Keep what was chosen for the next time."""
        if self._first._kept != self.wish:
            self._first._kept = self.wish
            remember(self._root, self.wish)

    def look_closer(self, zoom: int) -> None:
        """See a part that was halved so often, around the cursor."""
        if zoom != self.zoom:
            self.zoom = zoom
            self._start, self._moved_apart = self._where - self._width / 2, False

    def pan(self, quarters: int) -> None:
        """Look at a part of the axis before, or after, so many quarters of what is seen away."""
        self._start = max(0.0, min(self._start + quarters * self._width / 4, 1 - self._width))
        self._moved_apart = True

    def modes(self) -> list[str]:
        """Return in words what is not as it usually is."""
        wish = self.wish
        return [
            *([f"smoothing {SMOOTHING[wish.smoothing][0]}"] if wish.smoothing != Wish.smoothing else []),
            *([f"by {wish.axis}"] if wish.axis != "step" else []),
            *(["log x"] if wish.log_x else []),
            *(["log y"] if wish.log_y else []),
            *([f"zoom {1 << self.zoom}×"] if self.zoom else []),
            *(["spikes in full"] if wish.everything else []),
        ]
