"""The figures of a watched script's steps on their way to the record: a few at a time.

What lies on a device stays there until they are told, so that nobody waits for it at every step.
"""

import math
import time
from dataclasses import dataclass
from typing import Any

import torch

Figure = float | torch.Tensor
_SECONDS = 0.1
"""Steps are told, and commands heard, about so often."""


@dataclass(frozen=True)
class Told:
    """Figures of the steps since the last time, one a step; None where the script said nothing."""

    losses: tuple[float | None, ...]
    scores: tuple[float | None, ...]
    rates: tuple[float | None, ...]


class Mean:
    """A running mean over samples; figures that were not said are no part of it."""

    def __init__(self) -> None:
        self._sum = 0.0
        self._weight = 0

    def add(self, value: float | None, weight: int) -> None:
        """Take in a figure that is the mean of so many samples."""
        if value is not None:
            self._sum += value * weight
            self._weight += weight

    @property
    def value(self) -> float | None:
        """The mean; None without any figure."""
        return self._sum / self._weight if self._weight else None


class StepFigures:
    """Collects what `step` is told, and keeps the clock of the loop."""

    def __init__(self) -> None:
        self.step = 0
        self.samples = 0
        self.training_seconds = 0.0
        """Time from each step to the next: no evaluation, no pause."""
        self.loss, self.score = Mean(), Mean()
        """Running means over the steps since the last epoch."""
        self._at = self._told_at = time.perf_counter()
        self._losses: list[Figure] = []
        self._scores: list[Figure | None] = []
        self._rates: list[Figure] = []
        self._sizes: list[int] = []

    def note(self, loss: Any, score: Any, lr: Any, samples: int) -> None:
        """Keep the figures of a step: numbers, or tensors of one number on any device."""
        now = time.perf_counter()
        self.training_seconds += now - self._at
        self._at = now
        self.step += 1
        self.samples += samples
        self._losses.append(figure(loss))
        self._scores.append(None if score is None else figure(score))
        self._rates.append(figure(lr))
        self._sizes.append(samples)

    def resume_clock(self) -> float:
        """Count anew, behind something that is no training step; return the seconds that it took."""
        before, self._at = self._at, time.perf_counter()
        return self._at - before

    def is_due(self) -> bool:
        """Whether it is time to tell."""
        return time.perf_counter() - self._told_at > _SECONDS

    def take(self) -> Told | None:
        """Return what has come since the last call; None for nothing."""
        self._told_at = time.perf_counter()
        if not self._losses:
            return None
        found = _read([*self._losses, *self._scores, *self._rates])
        count = len(self._losses)
        told = Told(found[:count], found[count : 2 * count], found[2 * count :])
        for loss, score, size in zip(told.losses, told.scores, self._sizes, strict=True):
            self.loss.add(loss, size or 1)
            self.score.add(score, size or 1)
        self._losses, self._scores, self._rates, self._sizes = [], [], [], []
        return told

    def end_epoch(self) -> tuple[float | None, float | None]:
        """Return the running means of loss and score, and begin new ones."""
        means = self.loss.value, self.score.value
        self.loss, self.score = Mean(), Mean()
        return means


def figure(value: Any) -> Figure:
    """Return a number, or a copy of it that stays on its device: the script may change its own in place."""
    if not isinstance(value, torch.Tensor):
        return float(value)
    value = value.detach()
    if value.numel() != 1:  # a loss for each GPU, or for each sample
        value = value.to(torch.float32).mean()
    return value.reshape(()).to(torch.float32, copy=True) if value.device.type != "cpu" else float(value)


def _read(figures: list[Figure | None]) -> tuple[float | None, ...]:
    """Return all figures as numbers, with one look at the device for all that lie there."""
    tensors = [one for one in figures if isinstance(one, torch.Tensor)]
    values = iter(torch.stack([one.to(tensors[0].device) for one in tensors]).tolist() if tensors else ())
    return tuple(next(values) if isinstance(one, torch.Tensor) else one for one in figures)


def first_bad(losses: tuple[float | None, ...], step: int) -> tuple[int, float] | None:
    """Return the first step whose loss is not finite, and that loss; the last of the losses is of `step`."""
    for offset, loss in enumerate(losses):
        if loss is not None and not math.isfinite(loss):
            return step - len(losses) + 1 + offset, loss
    return None
