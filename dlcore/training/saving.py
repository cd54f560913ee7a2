"""When weights are saved, and what happens when they cannot be."""

import contextlib
import time
from typing import Any

from dlcore import checkpoints
from dlcore.config import RunConfig
from dlcore.errors import RunError
from dlcore.events import CheckpointSaved, Warned
from dlcore.rundir import RunDir
from dlcore.training import checkpoint
from dlcore.training.record import Record, readable

_REST = 40
"""After a save no other comes by itself until so many times as long has gone by as it took."""


class Saver:
    """Saves checkpoints by the clock, and keeps what they take within its bounds."""

    def __init__(self, run: RunDir, record: Record, config: RunConfig) -> None:
        self._run = run
        self._record = record
        self._seconds = float(config.training.checkpoint_seconds)
        self._budget = config.training.checkpoint_mb * 1_000_000
        self.saved_at = time.monotonic()
        """By the monotonic clock; at first, when the training began."""
        self._rest = self._seconds
        self.step: int | None = None
        """The step of the newest checkpoint."""

    def is_due(self) -> bool:
        """Whether it is time for the next one."""
        return time.monotonic() >= self.saved_at + self._rest

    def save(self, step: int, state: dict[str, Any]) -> bool:
        """Save a checkpoint once all that was said is on the disk; return whether it is there.

        A disk that does not take it is said, and no reason to end: the checkpoint before it is still there.
        """
        began = time.monotonic()
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
            checkpoints.prune(self._run, self._budget)
            self.step, saved = step, True
        self.saved_at = time.monotonic()
        self._rest = max(self._seconds, _REST * (self.saved_at - began))
        return saved

    def _warn(self, step: int, reason: str) -> None:
        there = [one for one, path in checkpoints.saved(self._run).items() if checkpoints.is_whole(path)]
        kept = f"that of step {there[-1]} is kept" if there else "there is none yet"
        message = f"The checkpoint at step {step} cannot be saved ({reason}); {kept}"
        self._record.say(Warned, step, message=readable(message))
