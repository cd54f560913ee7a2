"""When weights are saved, and what happens when they cannot be."""

import contextlib
import math
from time import monotonic
from typing import Any, NamedTuple

from dlcore import checkpoints
from dlcore.config import RunConfig
from dlcore.errors import RunError
from dlcore.events import CheckpointSaved, Warned
from dlcore.rundir import RunDir
from dlcore.training import checkpoint
from dlcore.training.record import Record, readable

_REST = 40
"""After a save no other comes by itself until so many times as long has gone by as it took."""


class _Best(NamedTuple):
    """The best evaluation that has a checkpoint."""

    score: float
    step: int
    is_why: bool
    """Whether being the best is the only reason why that checkpoint is there."""


class Saver:
    """Saves checkpoints by the clock and at the best evaluation, and keeps what they take within bounds."""

    def __init__(self, run: RunDir, record: Record, config: RunConfig) -> None:
        self._run = run
        self._record = record
        self.change(config.training.checkpoint_seconds, config.training.checkpoint_mb)
        self.saved_at = monotonic()
        """By the monotonic clock; at first, when the training began."""
        self._cost = 0.0
        """Seconds that the last save took."""
        self._has_failed = False
        """Whether the last save did: the best evaluations then wait for the clock like all others."""
        self.step: int | None = None
        """The step of the newest checkpoint."""
        self._best: _Best | None = None
        self._better: _Best | None = None
        """A better one, which is to be saved before the next step is taken."""
        self._passed: frozenset[int] = frozenset()
        """Steps whose checkpoints were the best once, and are there for nothing else."""

    def change(self, seconds: float, megabytes: int) -> None:
        """Save as often, and let the checkpoints take as much, from now on."""
        self._seconds, self._budget = float(seconds), megabytes * 1_000_000

    def hear(self, step: int, score: float | None) -> None:
        """Take in what the evaluation of the watched split after `step` steps gave: accuracy or R².

        What is better than the best that has a checkpoint gets one, unless it comes too soon after the last
        save. The untrained network is saved anyway.
        """
        if not step or score is None or not math.isfinite(score):
            return
        is_better = self._best is None or score > self._best.score
        if is_better and self._has_rested(self._seconds if self._has_failed else 0.0):
            self._better = _Best(score, step, is_why=not self._has_rested(self._seconds))

    def is_due(self) -> bool:
        """Whether it is time for the next one."""
        return self._better is not None or self._has_rested(self._seconds)

    def _has_rested(self, seconds: float) -> bool:
        """Whether so long has gone by since the last save, and so long that another is not too costly."""
        return monotonic() >= self.saved_at + max(seconds, _REST * self._cost)

    def state(self, step: int) -> dict[str, Any]:
        """Return what a later attempt has to know of the checkpoints, with the one that is made at `step`."""
        best, passed = self._with(step)
        return {"best": list(best) if best is not None else [], "passed": sorted(passed)}

    def restore(self, state: dict[str, Any], step: int) -> None:
        """Go on from the checkpoint at `step`; a best one that is not there, as in a branch, is forgotten."""
        there = checkpoints.saved(self._run)
        self._passed = frozenset(one for one in state["passed"] if one in there)
        best = _Best(*state["best"]) if state["best"] else None
        self._best = best if best is not None and best.step in there else None
        self.step = step

    def _with(self, step: int) -> tuple[_Best | None, frozenset[int]]:
        """Return the best and those that no longer are, once there is a checkpoint at `step`."""
        if self._better is None or self._better.step != step:
            return self._best, self._passed
        before = {self._best.step} if self._best is not None and self._best.is_why else set()
        return self._better, self._passed | before

    def save(self, step: int, state: dict[str, Any]) -> bool:
        """Save a checkpoint once all that was said is on the disk; return whether it is there.

        A disk that does not take it is said, and no reason to end: the checkpoint before it is still there.
        """
        began = monotonic()
        try:
            self._record.sync()
            file, size = checkpoint.save(self._run, step, state)
        except OSError as error:
            self._warn(step, error.strerror or str(error))
            saved = False
        except RunError as error:  # a folder that somebody else has planted
            self._warn(step, error.message)
            saved = False
        else:
            self._record.say(CheckpointSaved, step, file=file, bytes=size)
            with contextlib.suppress(OSError):  # the record says so itself
                self._record.sync()
            self._best, self._passed = self._with(step)
            best = self._best.step if self._best is not None else None
            checkpoints.prune(self._run, self._budget, best, self._passed)
            self._passed &= checkpoints.saved(self._run).keys()
            self.step, saved = step, True
        self._better, self._has_failed = None, not saved
        self.saved_at = monotonic()
        self._cost = self.saved_at - began
        return saved

    def _warn(self, step: int, reason: str) -> None:
        there = [one for one, path in checkpoints.saved(self._run).items() if checkpoints.is_whole(path)]
        kept = f"that of step {there[-1]} is kept" if there else "there is none yet"
        message = f"The checkpoint at step {step} cannot be saved ({reason}); {kept}"
        self._record.say(Warned, step, message=readable(message))
