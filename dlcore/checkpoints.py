"""The checkpoints of a run on disk: which there are, which are whole, which may go. No torch is needed."""

import sys
from collections.abc import Collection, Sequence
from pathlib import Path

from dlcore.datasets.unpacking import RefusedError
from dlcore.files.atomic import remove_leftovers
from dlcore.files.plainfile import open_plain
from dlcore.files.tensorfile import judge
from dlcore.rundir import RunDir

_MOST = 60
"""Checkpoints of one run, however small they are."""
_NEWEST = 2
"""So many of the newest are always kept."""


def is_whole(path: Path) -> bool:
    """Whether a checkpoint is there and undamaged: every part of it has the sum that is written beside it."""
    try:
        with open_plain(path, follow=False) as file:
            judge(file, sys.maxsize)
    except (OSError, RefusedError):
        return False
    return True


def saved(run: RunDir) -> dict[int, Path]:
    """Return the checkpoints of a run by their steps, the first one first."""
    found = {}
    for path in run.checkpoints.glob("*.pt"):
        if path.stem.isascii() and path.stem.isdigit():
            found[int(path.stem)] = path
    return dict(sorted(found.items()))


def nearest(steps: Sequence[int], wanted: int) -> int | None:
    """Return which of the steps of checkpoints is nearest to one, of two the earlier; None of none."""
    return min(steps, key=lambda step: (abs(step - wanted), step), default=None)


def prune(run: RunDir, budget: int, best: int | None = None, passed: Collection[int] = ()) -> None:
    """Delete checkpoints until they are few and take at most `budget` bytes.

    The first and the newest stay, and that of the step `best`, whatever they take. Those of the steps
    `passed`, which were there only for having been the best, go in any case once they are no longer among the
    newest; of the others, one that stands close to its neighbours goes first, so that those that stay are
    spread over the whole run. What a trainer was writing when it died goes too: only the one that asks for
    this may write here.
    """
    remove_leftovers(run.checkpoints)
    kept = {step: path.stat().st_size for step, path in saved(run).items()}
    for step in [step for step in list(kept)[1:-_NEWEST] if step in passed and step != best]:
        _delete(run, step, kept)
    while len(kept) > _MOST or sum(kept.values()) > budget:
        steps = list(kept)
        inner = [index for index in range(1, len(steps) - _NEWEST) if steps[index] != best]
        if not inner:
            break
        _delete(run, steps[min(inner, key=lambda index: steps[index + 1] - steps[index - 1])], kept)


def _delete(run: RunDir, step: int, kept: dict[int, int]) -> None:
    (run.checkpoints / f"{step}.pt").unlink(missing_ok=True)
    del kept[step]
