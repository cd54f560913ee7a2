"""The state of a run in one line: what it does, how far it is, how fast, how long still, at which rate."""

import math

from textual.content import Content
from textual.widget import Widget

from dlcore import figures
from dlcore.clean import clean
from dlcore.history import RunHistory, State

_SIGNS: dict[State, tuple[str, str]] = {
    "starting": ("◌", "$secondary"),
    "running": ("▶", "$text-success"),
    "paused": ("Ⅱ", "$text-warning"),
    "stopping": ("◼", "$text-warning"),
    "finished": ("✓", "$text-success"),
    "stopped": ("◼", "$text-warning"),
    "failed": ("✗", "$text-error"),
    "crashed": ("✗", "$text-error"),
}

_GAP = "   "
_BEFORE = 2
"""Parts that matter more than how a person has chosen to see the curves."""


def sign(state: State) -> tuple[str, str]:
    """Return the mark of a state and its style; the mark differs too, for those who see no colour."""
    return _SIGNS[state]


class StatusLine(Widget):
    """One line; parts that do not fit are left out from the right.

    In a window that is too small for anything else it may take all lines, with what matters most.
    """

    DEFAULT_CSS = """
    StatusLine { height: 1; padding: 0 1; }
    """

    def __init__(self, classes: str | None = None) -> None:
        super().__init__(classes=classes)
        self._line: list[Content] = []
        self._alone: list[Content] = []

    def show(self, history: RunHistory, state: State, extra: str = "", reading: str = "") -> None:
        """Show a run as it stands, and whether it is still being read."""
        mark, style = sign(state)
        first = Content.assemble((f"{mark} {state}", f"bold {style}"))
        found = parts(history, state)
        line = [first, *_said(reading, *found[:_BEFORE], extra, *found[_BEFORE:])]
        alone = [first, *_said(reading, *essential_parts(history, state))]
        if (line, alone) != (self._line, self._alone):
            self._line, self._alone = line, alone
            self.refresh()

    def render(self) -> Content:
        """Return what fits."""
        shown = self._alone if self.screen.has_class("-tiny") else self._line
        lines = packed(shown, *self.size)
        return lines[0] if len(lines) == 1 else Content("\n").join(lines)


def _said(*parts: str) -> list[Content]:
    return [Content(part) for part in parts if part]


def packed(parts: list[Content], width: int, height: int) -> list[Content]:
    """Return lines of whole parts, at most `height` of them: the first part, and all others that fit."""
    lines: list[list[Content | str]] = []
    room = 0
    for part in parts:
        taken = len(_GAP) + part.cell_length
        if lines and taken <= room:
            lines[-1] += [_GAP, part]
            room -= taken
        elif not lines or (len(lines) < height and part.cell_length <= width):
            lines.append([part])
            room = width - part.cell_length
    return [Content.assemble(*line) for line in lines]


def parts(history: RunHistory, state: State) -> list[str]:
    """Return the parts of the line, the most important first."""
    prepared = history.prepared
    if prepared is None:
        fetched = history.fetched
        if fetched is None:
            return ["preparing data and network …"] if state == "starting" else []
        return [f"downloading  {figures.downloaded(fetched.bytes, fetched.total)}", clean(fetched.file)]
    if history.compiling:
        return ["making the whole step one graph: the first time takes a minute …"]
    epoch, step = far(history)
    fast = history.recent_samples_per_second()
    speed = f"{figures.rate(fast)} samples/s" if history.step and fast else ""
    rate = f"lr {history.lr.last():.3g}" if math.isfinite(history.lr.last()) else ""
    if state in ("running", "paused"):
        is_known = "length" not in prepared.unknown
        return [
            epoch,
            step,
            rate,
            f"{figures.duration(history.seconds_left())} left" if is_known else "",
            speed,
        ]
    took = f"took {figures.duration(history.seconds)}" if history.seconds else ""  # a log may not know
    return [epoch, step, rate, took, speed]


def far(history: RunHistory) -> tuple[str, str]:
    """Return epochs and steps as far as they have come, of how many where that is known."""
    prepared = history.prepared
    assert prepared is not None
    epoch, total = history.epoch(), prepared.total_steps
    shown = f"epoch {min(epoch, prepared.epochs):.1f}/{prepared.epochs}" if prepared.epochs else ""
    if not prepared.epochs and epoch:
        shown = f"epoch {epoch:.1f}"
    return shown, f"step {history.step:,}/{total:,}" if total else f"step {history.step:,}"


def essential_parts(history: RunHistory, state: State) -> list[str]:
    """Return what there is to know of a run where there is room for little."""
    if history.prepared is None or history.compiling or not history.step:
        return parts(history, state)
    epoch, _, _, time, _ = parts(history, state)
    return [f"step {history.step:,}", f"loss {figures.loss(history.loss.last())}", epoch, time]
