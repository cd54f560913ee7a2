"""Frames of a run: what a network looked like inside at some steps, an array file each; needs no torch.

An array is called by what it is and whose: `weights.counts/fc1`. Each of weights, gradients and activations
of a layer has `edges` (n + 1) and `counts` (n) of a histogram, `figures` (mean, standard deviation), and
`others`, how many were no numbers. Beside them stand the first layer's weights and the first convolution's
filters as they are (`values/fc1`), what convolutions show (`maps/conv1`, bytes between the two numbers of
`maps.range/conv1`), and a `confusion` matrix.
"""

import itertools
import math
from array import array
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from dlcore.clean import clean
from dlcore.datasets.unpacking import RefusedError
from dlcore.errors import DltuiError
from dlcore.files.arrays import Array, pack, unpack
from dlcore.files.atomic import remove_leftovers, write_whole
from dlcore.files.plainfile import open_plain
from dlcore.files.private import private_folder
from dlcore.rundir import RunDir

What = Literal["gradients", "weights", "activations"]

MOST = 200
"""Frames of one run, however small they are."""
MOST_BYTES = 16 << 20
"""Of one frame."""
_ENDING = ".safetensors"
_NEWEST = 2
"""So many of the newest are always kept."""
_MOST_BINS = 1024
_MOST_CLASSES = 1024


@dataclass(frozen=True)
class Histogram:
    """How often values fell between edges. The first bin of gradients begins at 0: they are magnitudes."""

    edges: "array[float]"
    """One more than there are counts, rising."""
    counts: "array[int]"
    mean: float
    deviation: float
    others: int
    """How many values were not finite: they are in no bin."""

    @property
    def total(self) -> int:
        """How many values are in the bins."""
        return sum(self.counts)


@dataclass(frozen=True)
class Confusion:
    """How many samples of each class (a row) were called each class (a column)."""

    split: str
    step: int
    """The step of the evaluation, which may be before that of the frame."""
    rows: tuple[tuple[int, ...], ...]


class Frame:
    """The arrays of one step."""

    def __init__(self, step: int, arrays: Mapping[str, Array], notes: Mapping[str, str]) -> None:
        self.step = step
        self.arrays = arrays
        """By name, as the module says."""
        self.notes = notes

    def layers(self, what: What) -> tuple[str, ...]:
        """Return the layers of which there is a histogram, from input to output."""
        return _behind(f"{what}.counts/", self.arrays)

    def histogram(self, what: What, layer: str) -> Histogram | None:
        """Return a histogram; None where there is none, or one that is damaged."""
        parts = {name: self.arrays.get(f"{what}.{name}/{layer}") for name in ("edges", "counts", "figures")}
        edges, counts, figures = (parts[name] for name in ("edges", "counts", "figures"))
        if edges is None or counts is None or figures is None:
            return None
        if [edges.kind, counts.kind, figures.kind] != ["F32", "U32", "F32"]:
            return None
        bounds, numbers, (mean, deviation, *_) = (
            edges.values(),
            counts.values(),
            (*figures.values(), 0.0, 0.0),
        )
        if not (0 < len(numbers) <= _MOST_BINS and len(bounds) == len(numbers) + 1 and _is_rising(bounds)):
            return None
        others = self.arrays.get(f"{what}.others/{layer}")
        odd = sum(others.values()) if others is not None and others.kind == "U32" else 0
        return Histogram(bounds, numbers, mean, deviation, odd)

    def confusion(self) -> Confusion | None:
        """Return the newest confusion matrix at the frame's step."""
        table = self.arrays.get("confusion")
        step = self.notes.get("confusion_step", "")
        if table is None or table.kind != "U32" or not _is_step(step):
            return None
        classes = math.isqrt(len(table.content) // 4)
        if table.shape != (classes, classes) or not 0 < classes <= _MOST_CLASSES:
            return None
        counts = table.values()
        rows = tuple(tuple(counts[row * classes : (row + 1) * classes]) for row in range(classes))
        return Confusion(self.notes.get("confusion_split", ""), int(step), rows)


def _behind(prefix: str, names: Iterable[str]) -> tuple[str, ...]:
    return tuple(name.removeprefix(prefix) for name in names if name.startswith(prefix))


def _is_rising(edges: "array[float]") -> bool:
    """Whether each edge is above the one before; of values that are all alike there may be no bin's width."""
    return all(math.isfinite(edge) for edge in edges) and all(
        low < high for low, high in itertools.pairwise(edges)
    )


def _is_step(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 15


# -- files ----------------------------------------------------------------------------------------------


def path_of(run: RunDir, step: int) -> Path:
    """Return where the frame of a step is, if there is one."""
    return run.frames / f"{step}{_ENDING}"


def saved(run: RunDir) -> dict[int, Path]:
    """Return the frames of a run by their steps, the first one first."""
    found = {}
    for path in run.frames.glob(f"*{_ENDING}"):
        if _is_step(path.stem):
            found[int(path.stem)] = path
    return dict(sorted(found.items()))


def save(run: RunDir, step: int, arrays: Mapping[str, Array], notes: Mapping[str, str]) -> tuple[str, int]:
    """Write `frames/<step>.safetensors`; return its name and size in bytes. Raises OSError and RunError.

    Training does not wait for the disk: a power cut may cost a frame, which is then found to be damaged.
    """
    content = pack(arrays, {"step": str(step), **notes})
    private_folder(run.frames)
    path = path_of(run, step)
    write_whole(path, content)
    return f"{run.frames.name}/{path.name}", len(content)


def load(path: Path, wanted: Callable[[str], bool] = lambda name: True) -> Frame:
    """Return a frame with those of its arrays whose names are wanted; raises DltuiError that says why not."""
    try:
        with open_plain(path, follow=False) as file:
            arrays, notes = unpack(file, MOST_BYTES, wanted)
        step = notes.get("step", "")
        if not _is_step(step):
            raise RefusedError("it does not say of which step it is")
    except RefusedError as refused:
        raise _unusable(path, str(refused)) from None
    except OSError as error:
        link = "it is a link, and links are not followed"
        reason = link if path.is_symlink() else error.strerror or "the system cannot read it"
        raise _unusable(path, reason) from None
    return Frame(int(step), arrays, notes)


def _unusable(path: Path, reason: str) -> DltuiError:
    return DltuiError(f"{clean(str(path))} cannot be used: {reason}", "The frames beside it can.")


def prune(run: RunDir, budget: int) -> None:
    """Delete frames until there are at most `MOST`, and they take at most `budget` bytes.

    The first and the newest stay, whatever they take; of the others, one that stands close to its neighbours
    goes first. How close is measured between the square roots of steps: those that stay are spread over the
    whole run, and closer at its beginning, where a network changes faster. Only a trainer may ask for this.
    """
    remove_leftovers(run.frames)
    kept = {step: path.stat().st_size for step, path in saved(run).items()}
    while len(kept) > _NEWEST + 1 and (len(kept) > MOST or sum(kept.values()) > budget):
        steps = list(kept)
        roots = [math.sqrt(step) for step in steps]
        inner = range(1, len(steps) - _NEWEST)
        step = steps[min(inner, key=lambda index: roots[index + 1] - roots[index - 1])]
        path_of(run, step).unlink(missing_ok=True)
        del kept[step]


def forget_behind(run: RunDir, step: int) -> None:
    """Delete the frames behind a step: of a past that does not count, once a run goes on from there."""
    for at, path in saved(run).items():
        if at > step:
            path.unlink(missing_ok=True)


# -- looking back ---------------------------------------------------------------------------------------


class Album:
    """The frames that were looked at last, so that none is read twice."""

    def __init__(self, most: int, wanted: Callable[[str], bool] = lambda name: True) -> None:
        """At most `most` frames are kept, each with the arrays whose names are wanted."""
        self._most = most
        self._wanted = wanted
        self._kept: dict[tuple[Any, ...], Frame] = {}

    def open(self, run: RunDir, step: int) -> Frame:
        """Return the frame of a step, read anew only where its file is another than before.

        Raises DltuiError.
        """
        path = path_of(run, step)
        try:
            status = path.lstat()
        except (OSError, ValueError):
            status = None
        key = (path, status.st_mtime_ns, status.st_size, status.st_ino) if status is not None else (path,)
        found = self._kept.pop(key, None) or load(path, self._wanted)
        if found.step != step:
            raise _unusable(path, f"it is the frame of step {found.step:,}")
        self._kept[key] = found
        for old in list(self._kept)[: -self._most]:
            self._kept.pop(old, None)
        return found
