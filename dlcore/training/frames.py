"""When a frame is made, what it costs at most, and what happens when it cannot be saved."""

import contextlib
import math
import os
import time
from collections.abc import Callable
from functools import partial

import torch

from dlcore import frames
from dlcore.choices.architectures import CustomModel
from dlcore.errors import RunError
from dlcore.events import FrameSaved, Warned
from dlcore.files.private import check_folder
from dlcore.rundir import RunDir
from dlcore.training import inside
from dlcore.training.layers import weights_of
from dlcore.training.probes import Budget
from dlcore.training.record import Record, readable
from dlcore.training.sources import Arrays
from dlcore.training.step import Look, TrainingStep

_SHARE = 0.15
"""Of the probes' budget."""
_GROWTH = 1.5
"""From one frame to the next, steps grow by such a factor at most."""
_AT_EPOCHS = 150
"""So many frames of a run stand at the ends of epochs, at most."""
_MOST_CLASSES = 256
_MOST_COPIED = 1 << 24
"""Of a network with more parameters nothing is copied."""


class Frames:
    """Makes the frames of a run: at its start, then at steps that lie ever further apart, and at epochs.

    A frame has the gradients of the step it is named after, and the weights behind it. Looking changes
    nothing of the training. Where it would take more than its share of the time, a frame comes later; only
    the first and the last, which slow nothing down, always come.
    """

    def __init__(self, run: RunDir, record: Record, step: TrainingStep, steps: int, budget: Budget) -> None:
        """`steps` is how many the run will have; `budget` is that of all probes."""
        chosen = step.config.training
        self._step = step
        self._run = run
        self._record = record
        self._weights = weights_of(step.network)
        self._bytes = chosen.frames_mb * 1_000_000
        self._budget = budget.part(_SHARE)
        self._first = -1
        self.lengthen(steps)
        self._latest = 0
        self._next = 1
        self._due: int | None = None
        """The step whose frame is begun: its gradients have been seen."""
        self._gradients: inside.Arrays = {}
        self._evaluated: tuple[str, int, torch.Tensor] | None = None
        self._seen = self._took = 0.0
        """Seconds that the gradients of the newest frame took, and that a whole one takes of late."""
        self._has_warned = False

    @property
    def _is_on(self) -> bool:
        return bool(self._bytes and self._budget.share)

    def lengthen(self, steps: int) -> None:
        """Take note of how many steps the run will have."""
        self._last = steps
        self._apart = max(1, steps // _AT_EPOCHS)

    def change(self, megabytes: int) -> None:
        """Let the frames of the run take so much from now on."""
        self._bytes = megabytes * 1_000_000

    def begin(self, step: int, batch: Callable[[], Arrays]) -> None:
        """Take up a run where it stands: frames behind that step go, and where there is none, one is due.

        That has the gradients of a `batch` (inputs, targets), from a step that is taken back.
        """
        if not self._is_on:
            return
        try:
            if os.path.lexists(self._run.frames):
                check_folder(self._run.frames)
            frames.forget_behind(self._run, step)
            there = list(frames.saved(self._run))
        except (OSError, RunError) as error:
            self._warn(step, error)
            there = []
        if there:
            self._wait(there[-1])
        else:
            self._due = self._first = step
            if self._can_try():
                self._step.network.train()
                with self._step.untouched():
                    self._step(*batch(), partial(self._see, step))

    def _can_try(self) -> bool:
        """Whether a step can be taken back: there is room for a copy, and no code that may remember it."""
        numbers = sum(parameter.numel() for parameter in self._step.parameters)
        return numbers <= _MOST_COPIED and not isinstance(self._step.config.model, CustomModel)

    def also(self, look: Look | None, step: int, epoch_end: int, training_seconds: float) -> Look | None:
        """Return what looks at the gradients of a step: `look`, and this too if a frame is due there."""
        if not self._is_on or not self._is_time(step, epoch_end, training_seconds):
            return look

        def both() -> None:
            if look is not None:
                look()
            self._see(step)

        return both

    def _is_time(self, step: int, epoch_end: int, training_seconds: float) -> bool:
        if step == self._last:
            return True
        if step < self._next and (step != epoch_end or step - self._latest < self._apart):
            return False
        return self._has_room(training_seconds)

    def _has_room(self, training_seconds: float) -> bool:
        return self._budget.seconds + self._took < self._budget.share * training_seconds

    def _see(self, step: int) -> None:
        began = time.perf_counter()
        self._gradients = inside.gradients(self._weights)
        self._due = step
        self._seen = self._budget.since(began)

    def hear(self, split: str, step: int, confusion: torch.Tensor | None) -> None:
        """Take note of an evaluation, whose confusion matrix goes into the frames from then on."""
        if confusion is not None and len(confusion) <= _MOST_CLASSES:
            self._evaluated = split, step, confusion

    def are_due(self, step: int) -> bool:
        """Whether a frame of this step has been begun."""
        return self._due == step

    def save(self, step: int, samples: Callable[[], torch.Tensor]) -> None:
        """Make a frame and save it; `samples` gives inputs (samples, *shape), the same for every frame.

        A disk that does not take it is said once, and is no reason to end.
        """
        began = time.perf_counter()
        arrays = self._gradients | inside.look(self._step.network, samples())
        notes = {}
        if self._evaluated is not None:
            split, at, table = self._evaluated
            arrays |= inside.confusion(table)
            notes = {"confusion_split": split, "confusion_step": str(at)}
        self._gradients, self._due = {}, None
        try:
            file, size = frames.save(self._run, step, arrays, notes)
        except (OSError, RunError) as error:
            self._warn(step, error)
        else:
            self._record.say(FrameSaved, step, file=file, bytes=size)
            with contextlib.suppress(OSError):
                frames.prune(self._run, self._bytes)
        self._wait(step)
        took = self._seen + self._budget.since(began)
        self._took = (self._took + took) / 2 if self._took else took
        if not self._first < step < self._last:  # before and behind all training nothing is slowed down
            self._budget.seconds -= took
        self._seen = 0.0

    def _wait(self, step: int) -> None:
        """Let the next frame be due some way behind this one."""
        self._latest = step
        self._next = max(step + 1, math.ceil(step * _GROWTH))

    def _warn(self, step: int, error: OSError | RunError) -> None:
        if self._has_warned:
            return
        self._has_warned = True
        reason = error.message if isinstance(error, RunError) else error.strerror or str(error)
        message = f"The frame at step {step} cannot be saved ({reason}): training goes on without it"
        self._record.say(Warned, step, message=readable(message))
