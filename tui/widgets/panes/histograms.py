"""Gradients, weights and activations of one layer as histograms, at a step and over the run."""

import asyncio
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from textual import work
from textual.content import Content

from dlcore.clean import clean
from dlcore.errors import DltuiError
from dlcore.frames import Album, Frame, Histogram, What, saved
from dlcore.rundir import RunDir
from tui.asking.inspector import Inspector
from tui.widgets.panes.binned import Axis, Binned, axis_for, bars, binned, ridge, shared_out
from tui.widgets.panes.pane import Moment, Pane

Line = list[tuple[str, str]]
"""Texts with their styles."""

_WHATS: tuple[What, ...] = ("gradients", "weights", "activations")
_MEANING: dict[What, str] = {
    "gradients": "|dL/dw| of the step's batch",
    "weights": "behind the step",
    "activations": "before the function",
}
_FRAMES = 12
"""So many frames of a run, evenly picked, tell what its axes must hold, and stand in the ridge."""
_KEPT = 96
_TWO_COLUMNS = 100
_GAP = 2
_STEP_CELLS = 11
_LEAST_ROWS = 3
"""Lines of the smallest block: its head, its bars, its axis."""


@dataclass(frozen=True)
class Seen:
    """What was read: the frame to look at, and some of the whole run, itself among them."""

    frame: Frame | None = None
    frames: tuple[Frame, ...] = ()
    problem: str = ""
    """Why there is no frame, where one should be."""


class Histograms(Pane):
    """Three histograms of a layer, and beside them, where there is room, how they came about."""

    TITLE: ClassVar[str] = "Histograms"
    MOVES: ClassVar[str] = "↑ ↓ layer"

    def __init__(self, inspector: Inspector, *, ascii_only: bool = False) -> None:
        super().__init__(inspector, ascii_only=ascii_only)
        self._album = Album(_KEPT, _is_histogram)
        self._moment: Moment | None = None
        self._asked: tuple[RunDir, tuple[int, ...], tuple[int, ...]] | None = None
        """Of a run, the steps of the frames up to the one that is looked at, and of all."""
        self._seen: Seen | None = None
        self._layer = ""

    def look(self, moment: Moment) -> None:
        """Show the newest frame up to the step; it is read beside the event loop."""
        was_there = self._is_there
        self._moment = moment
        steps = tuple(sorted({frame.step for frame in moment.history.frames}))
        asked = moment.run, steps[: bisect_right(steps, moment.step)], steps
        if asked == self._asked:
            if self._is_there != was_there:  # the title says so
                self.refresh()
            return
        if self._asked is None or self._asked[0] != moment.run:
            self._seen = None
        self._asked = asked
        self._read()

    @work(exclusive=True, group="frames")
    async def _read(self) -> None:
        asked = self._asked
        assert asked is not None
        seen = await asyncio.to_thread(read_back, self._album, *asked)
        if asked == self._asked:
            self._seen = seen
            self.refresh()

    def move(self, columns: int, rows: int) -> bool:
        """Go to another layer."""
        layers = self._layers()
        if len(layers) < 2:
            return False
        index = layers.index(self._layer) if self._layer in layers else 0
        self._layer = layers[min(max(index + columns + rows, 0), len(layers) - 1)]
        self.refresh()
        return True

    @property
    def _is_there(self) -> bool:
        """Whether the frame is that of the very step that is looked at."""
        frame = self._seen.frame if self._seen is not None else None
        return frame is not None and self._moment is not None and frame.step == self._moment.step

    def _layers(self) -> tuple[str, ...]:
        frame = self._seen.frame if self._seen is not None else None
        if frame is None:
            return ()
        return tuple(dict.fromkeys(layer for what in ("weights", *_WHATS) for layer in frame.layers(what)))

    # -- drawing ------------------------------------------------------------------------------------

    def render(self) -> Content:
        """Return the picture, or the sentence that says why there is none."""
        layers = self._layers()
        if self._seen is None or self._seen.frame is None or not layers:
            return Content(clean(self._excuse())).stylize("$secondary")
        if self._layer not in layers:
            self._layer = layers[0]
        width, height = self.content_size
        lines = [self._title(layers, self._seen.frame)]
        for left, what in zip(range(len(_WHATS), 0, -1), _WHATS, strict=True):
            room = -(-(height - len(lines)) // left)
            if room >= _LEAST_ROWS or left == len(_WHATS):
                lines += self._block(what, self._seen, width, max(1, room - 2))
        return Content("\n").join(Content.assemble(*line) for line in lines[:height])

    def _excuse(self) -> str:
        moment = self._moment
        if moment is None or (self._seen is None and moment.history.frames):
            return "one moment …"
        if not moment.config.training.frames_mb:
            return "This run keeps no frames: training.frames_mb is 0."
        if not moment.config.training.probe_budget:
            return "This run keeps no frames: training.probe_budget is 0."
        if self._seen is not None and self._seen.problem:
            return self._seen.problem
        if self._seen is not None and self._seen.frame is not None:
            return "This network has no layer to look at."
        return "Frames come with the first steps." if moment.follows else "There is no frame up to this step."

    def _title(self, layers: Sequence[str], frame: Frame) -> Line:
        assert self._moment is not None
        prepared = self._moment.history.prepared
        known = {layer.name: layer for layer in prepared.layers} if prepared is not None else {}
        layer = known.get(self._layer)
        what = f"{layer.text} {layer.activation}".strip() if layer is not None else ""
        number = f"{layers.index(self._layer) + 1}/{len(layers)}"
        away = "" if self._is_there else ", the last before"
        return _fitted(
            [
                (clean(self._layer), "bold $primary"),
                (f"  layer {number}", "$secondary"),
                (f"  frame of step {frame.step:,}{away}", "bold"),
                (f"  {clean(what)}", "$secondary"),
            ],
            self.content_size.width,
        )

    def _block(self, what: What, seen: Seen, width: int, rows: int) -> list[Line]:
        """Return the head, the bars and the axis of one histogram, and the ridge to its right."""
        assert seen.frame is not None
        histogram = seen.frame.histogram(what, self._layer)
        drawn = {
            frame.step: binned(what, found)
            for frame in seen.frames
            if (found := frame.histogram(what, self._layer)) is not None
        }
        cells = (width - _GAP) // 2 if width >= _TWO_COLUMNS else width
        axis = axis_for(what, list(drawn.values()))
        lines = [_fitted(_head(what, histogram, seen.frame.step), cells)]
        if histogram is None:
            lines += [[]] * (rows + 1)
        else:
            shares = shared_out(binned(what, histogram), axis, cells)
            lines += [[(row, "$accent")] for row in bars(shares, rows, ascii_only=self.ascii_only)]
            lines.append([(axis.labels(cells), "$secondary")])
        if width < _TWO_COLUMNS:
            return lines
        beside = self._ridge(seen, drawn, axis, width - cells - _GAP, rows)
        return [_padded(left, cells + _GAP) + right for left, right in zip(lines, beside, strict=True)]

    def _ridge(self, seen: Seen, drawn: dict[int, Binned], axis: Axis, width: int, rows: int) -> list[Line]:
        """Return a row for each of some frames, the oldest at the top, the one that is looked at marked."""
        assert seen.frame is not None
        cells = width - _STEP_CELLS - 2
        lines: list[Line] = [[(f"{'step':>{_STEP_CELLS}}  the run, frame by frame", "$secondary")]]
        for step in evenly([frame.step for frame in seen.frames], rows, seen.frame.step):
            is_here = step == seen.frame.step
            style = "bold" if is_here else "$secondary"
            label = f"{step:>{_STEP_CELLS},}"[-_STEP_CELLS:] + ("> " if is_here else "  ")
            shares = shared_out(drawn[step], axis, cells) if step in drawn else []
            lines.append([(label, style), (ridge(shares, ascii_only=self.ascii_only), "$accent")])
        lines += [[]] * (rows + 1 - len(lines))
        labels = axis.labels(cells) if drawn else ""
        return [*lines, [(" " * (_STEP_CELLS + 2) + labels, "$secondary")]]


def read_back(album: Album, run: RunDir, before: Sequence[int], steps: Sequence[int]) -> Seen:
    """Return the newest frame of the steps `before` that can be read, and some of all `steps`.

    Frames that were given up to keep within the budget are passed over.
    """
    there = saved(run)
    problem = ""
    frame = None
    for step in reversed([step for step in before if step in there]):
        frame, problem = _opened(album, run, step)
        if frame is not None:
            break
    if frame is None:
        return Seen(problem=problem)
    picked = evenly([step for step in steps if step in there], _FRAMES, frame.step)
    others = [_opened(album, run, step)[0] for step in picked]
    return Seen(frame, tuple(one for one in others if one is not None))


def _opened(album: Album, run: RunDir, step: int) -> tuple[Frame | None, str]:
    try:
        return album.open(run, step), ""
    except DltuiError as error:
        return None, str(error)


def evenly(steps: Sequence[int], most: int, wanted: int) -> list[int]:
    """Return at most so many of the steps, evenly picked, the first and the last and `wanted` among them."""
    if len(steps) <= most:
        return list(steps)
    if most == 1:
        return [wanted]
    picked = {steps[round(index * (len(steps) - 1) / (most - 1))] for index in range(most)}
    if wanted in steps and wanted not in picked:
        inner = [step for step in picked if step not in (steps[0], steps[-1])] or list(picked)
        picked.discard(min(inner, key=lambda step: abs(step - wanted)))
        picked.add(wanted)
    return sorted(picked)


def _head(what: What, histogram: Histogram | None, step: int) -> Line:
    """Return the name of a histogram of a step, and what it says in figures."""
    head: Line = [(what, "bold")]
    if histogram is None:
        why = "none before the first step" if what == "gradients" and not step else "none in this frame"
        return [*head, (f"  {why}", "$secondary")]
    zeros = binned(what, histogram).zeros
    parts = [f"mean {histogram.mean:.2g}", f"deviation {histogram.deviation:.2g}"]
    if zeros:
        parts.append(f"{_percent(zeros, histogram.total)} zero")
    if histogram.others:
        parts.append(f"{_percent(histogram.others, histogram.total + histogram.others)} not finite")
    return [*head, (f"  {' · '.join(parts)}", ""), (f"  {_MEANING[what]}", "$secondary")]


def _percent(count: int, total: int) -> str:
    share = 100 * count / max(total, 1)
    return "under 1 %" if share < 1 else f"{share:.0f} %"


def _fitted(line: Line, cells: int) -> Line:
    """Return as many of the parts as fit; the first is always there, as much of it as fits."""
    text, style = line[0]
    kept = [(set_cell_size(text, min(cells, cell_len(text))), style)]
    for part in line[1:]:
        if sum(cell_len(text) for text, _ in [*kept, part]) <= cells:
            kept.append(part)
    return kept


def _padded(line: Line, cells: int) -> Line:
    return [*line, (" " * max(0, cells - sum(cell_len(text) for text, _ in line)), "")]


def _is_histogram(name: str) -> bool:
    return name.startswith(tuple(f"{what}." for what in _WHATS))
