"""The figures of training steps on their way from the device to the record: a chunk at a time.

Reading a figure at every step would make a GPU wait, and an event a step would be long to read. So they
stay on the device until the chunk goes out, with one look at the device for all of them.
"""

import math
import time
from itertools import groupby
from typing import Any

import torch

from dlcore.errors import DltuiError
from dlcore.events import EpochEnded, GradientsMeasured, StepsEnded
from dlcore.history import Metric
from dlcore.training.metrics import Scorer
from dlcore.training.probes import GradientProbe
from dlcore.training.record import Record

_SECONDS = 0.06
"""Steps are told, and commands heard, about so often: a person sees it at once, and it costs nothing."""


class NotFinite(DltuiError):
    """The loss left the numbers."""

    code = 1

    def because(self, found: str) -> "NotFinite":
        """Return the same with what was found to be the first."""
        return NotFinite(f"{self.message}; the first to leave the numbers was {found}", self.hint)


class Chunk:
    """What the steps since the last event have shown; also the clock of the training steps alone."""

    def __init__(self, record: Record, probe: GradientProbe, metric: Metric, scorer: Scorer) -> None:
        self.training_seconds = 0.0
        self._metric = metric
        self._scorer = scorer
        self._record = record
        self._probe = probe
        self._samples = 0
        self._began = self._told = time.perf_counter()
        self._empty()
        self._epoch_began = 0.0
        self._epoch = (0.0, 0.0, 0)  # sums over the epoch's samples so far: loss, score, and their number

    def _empty(self) -> None:
        self._losses: list[torch.Tensor] = []
        self._batches: list[tuple[torch.Tensor, torch.Tensor]] = []
        self._rates: list[float] = []

    def state(self) -> dict[str, Any]:
        """Return what a resume needs, between two chunks: the sums over the epoch so far."""
        loss, score, samples = self._epoch
        return {"loss": loss, "score": score, "samples": samples}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` gave."""
        self._epoch = state["loss"], state["score"], state["samples"]

    def note(self, loss: torch.Tensor, outputs: torch.Tensor, targets: torch.Tensor, lr: float) -> None:
        """Keep a step's loss, its outputs (batch, units) to be scored when they are told, and its rate."""
        self._losses.append(loss)
        self._batches.append((outputs, targets))
        self._rates.append(lr)

    def is_due(self) -> bool:
        """Whether it is time to tell."""
        return time.perf_counter() - self._told > _SECONDS

    def resume_clock(self) -> None:
        """Begin to count again, after something that is no training step: an evaluation, a pause."""
        self._began = self._told = time.perf_counter()

    def rest(self, seconds: float) -> None:
        """Count so many seconds out that were spent between two steps; it is time to tell no later for it."""
        self._began += seconds

    def tell(self, step: int) -> None:
        """Send the steps up to `step`, and what the probe saw; a loss that is not finite ends the run."""
        if not self._losses:
            return
        sizes = [len(targets) for _, targets in self._batches]
        losses, sums = torch.stack((torch.stack(self._losses), self._scores())).tolist()
        scores = [sum_ / size for sum_, size in zip(sums, sizes, strict=True)]
        self._samples += sum(sizes)
        self.training_seconds += time.perf_counter() - self._began
        self._record.say(
            StepsEnded,
            step,
            loss=tuple(losses),
            lr=tuple(self._rates),
            samples=self._samples,
            training_seconds=self.training_seconds,
            **{self._metric: tuple(scores)},
        )
        self._tell_gradients(step)
        for loss, score, size in zip(losses, scores, sizes, strict=True):
            before = self._epoch
            self._epoch = (before[0] + loss * size, before[1] + score * size, before[2] + size)
        lr = self._rates[-1]
        self._empty()
        _check(losses, step, lr)
        self.resume_clock()

    def _scores(self) -> torch.Tensor:
        """Return each step's score times its samples; batches of one size are scored together."""
        found = []
        for _, same in groupby(self._batches, lambda batch: len(batch[1])):
            outputs, targets = zip(*same, strict=True)
            found.append(self._scorer(torch.stack(outputs), torch.stack(targets)))
        return torch.cat(found)

    def _tell_gradients(self, step: int) -> None:
        found = self._probe.taken(step, self.training_seconds)
        if found.steps:
            self._record.say(
                GradientsMeasured,
                step,
                steps=tuple(found.steps),
                norms={layer: tuple(values) for layer, values in found.norms.items()},
                updates={layer: tuple(values) for layer, values in found.updates.items()},
                every=self._probe.every,
                cost=self._probe.cost,
            )

    def tell_epoch(self, step: int, epoch: int) -> None:
        """Send the running means over the steps of an epoch."""
        loss, score, samples = self._epoch
        self._record.say(
            EpochEnded,
            step,
            epoch=epoch,
            loss=loss / samples,
            duration=self.training_seconds - self._epoch_began,
            **{self._metric: score / samples},
        )
        self._epoch, self._epoch_began = (0.0, 0.0, 0), self.training_seconds


def _check(losses: list[float], step: int, lr: float) -> None:
    """Raise NotFinite that names the first step whose loss is not a number."""
    for offset, loss in enumerate(losses):
        if not math.isfinite(loss):
            raise NotFinite(
                f"The loss is not finite since step {step - len(losses) + 1 + offset} (it is {loss})",
                f"Take a learning rate below {lr:g}, or another initialization or optimizer.",
            )
