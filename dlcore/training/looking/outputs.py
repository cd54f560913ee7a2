"""What a network says of the watched split at a checkpoint: taken a slice at a time, and kept."""

import math
import time
from dataclasses import dataclass
from typing import Literal

import torch

from dlcore.choices.dataset import Facts
from dlcore.config import RunConfig
from dlcore.training.opened import Opened, opened

MOST = 10_000
"""Of a larger split so many samples are taken, evenly."""
SLICE_SECONDS = 0.4
"""So long one answer may take; the next one goes on where it ended."""
ALL_SECONDS = 5.0
"""After so long in all it is enough: a slow network leaves the cores to the training."""
_BATCH = 250
_KEPT = 4
_GOLDEN = (math.sqrt(5) - 1) / 2


@dataclass
class Outputs:
    """Outputs for an even choice of a split's samples, as far as they have been taken, on the CPU."""

    step: int
    """That of the checkpoint."""
    split: Literal["validation", "test"]
    size: int
    """Samples of the whole split."""
    config: RunConfig
    facts: Facts
    places: torch.Tensor
    """Where the samples stand in the split, int64 (wanted,): any beginning of it is spread over all of it."""
    target_mean: torch.Tensor
    target_deviation: torch.Tensor
    """Of a regression: targets and outputs times the deviation, plus the mean, are in their own unit."""
    outputs: torch.Tensor
    """float32 (taken, units)."""
    targets: torch.Tensor
    """Class numbers (taken,), or scaled figures (taken, targets)."""
    seconds: float = 0.0
    """Spent on it so far."""

    @property
    def is_complete(self) -> bool:
        """Whether nothing more will be taken."""
        return len(self.outputs) == len(self.places) or self.seconds > ALL_SECONDS


_kept: dict[tuple[str, int], Outputs] = {}
"""What was asked for last, the newest at the end."""


def taken(path: str, step: int | None = None) -> Outputs:
    """Return the outputs of a run at its newest checkpoint up to `step`, some more of them at each call.

    Raises DltuiError where there is no checkpoint, or where the data are no longer here.
    """
    found = _kept.get((path, step)) if step is not None else None
    if found is None or not found.is_complete:
        run = opened(path, step)
        found = _kept.setdefault((path, run.step), _begun(run))
        _take(found, run)
    _kept[path, found.step] = _kept.pop((path, found.step))  # behind the others
    while len(_kept) > _KEPT:
        del _kept[next(iter(_kept))]
    return found


def spread_over(size: int, most: int) -> torch.Tensor:
    """Return up to `most` of the places 0 … size − 1, each once, in an order that is even from its start on.

    They are the multiples of a stride near the golden section of `size`: gaps between the places so far come
    in three lengths at most (the three-gap theorem), whether or not the samples lie sorted by class.
    """
    stride = max(1, round(size * _GOLDEN))
    while math.gcd(stride, size) > 1:
        stride += 1
    return torch.arange(min(size, most)) * stride % max(size, 1)


def _begun(run: Opened) -> Outputs:
    name, split = run.watched
    return Outputs(
        step=run.step,
        split=name,
        size=len(split),
        config=run.config,
        facts=run.facts,
        places=spread_over(len(split), MOST),
        target_mean=run.data.target_mean,
        target_deviation=run.data.target_deviation,
        outputs=torch.empty(0),
        targets=torch.empty(0),
    )


def _take(found: Outputs, run: Opened) -> None:
    """Take one slice more: a batch at least, and no more than there is time for."""
    if found.is_complete:
        return
    began = time.monotonic()
    done = len(found.outputs)
    outputs = [found.outputs] if done else []
    targets = [found.targets] if done else []
    with torch.no_grad():
        for inputs, wanted in run.data.batches(run.watched[1], _BATCH, found.places[done:]):
            outputs.append(run.model(inputs).to(torch.float32))
            targets.append(wanted)
            if time.monotonic() > began + SLICE_SECONDS:
                break
    found.outputs, found.targets = torch.cat(outputs), torch.cat(targets)
    found.seconds += time.monotonic() - began
