"""Whether the watched loss still falls: for the schedule that waits for it, and for stopping early."""

import copy
import math
from typing import Any

from torch import nn

from dlcore.choices.schedules import Performance, Schedule


class Plateau:
    """Counts how often the rate is to be reduced: once per `patience` evaluations without a better loss."""

    def __init__(self, patience: int) -> None:
        self.reductions = 0
        self.patience = patience
        self._best = math.inf
        self._waited = 0

    def state(self) -> dict[str, Any]:
        """Return what a resume needs."""
        return {"reductions": self.reductions, "best": self._best, "waited": self._waited}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` gave."""
        self.reductions, self._best, self._waited = state["reductions"], state["best"], state["waited"]

    def see(self, loss: float) -> None:
        """Take in the loss of an evaluation."""
        if loss < self._best:
            self._best, self._waited = loss, 0
            return
        self._waited += 1
        if self._waited >= self.patience:
            self.reductions += 1
            self._waited = 0


def plateau_for(schedule: Schedule, before: Plateau | None = None) -> Plateau | None:
    """Return what counts the reductions of a schedule that waits for the loss; it goes on from one before."""
    if not isinstance(schedule, Performance):
        return None
    found = before or Plateau(schedule.patience)
    found.patience = schedule.patience
    return found


class Best:
    """Keeps the weights of the best watched loss; says when `patience` epochs have brought none better."""

    def __init__(self, patience: int) -> None:
        self.patience = patience
        self._loss = math.inf
        self._step = 0
        self._epoch = 0.0
        self._weights: dict[str, Any] = {}
        self._stopped_after: int | None = None

    def state(self) -> dict[str, Any]:
        """Return what a resume needs, the best weights among it."""
        return {
            "loss": self._loss,
            "step": self._step,
            "epoch": self._epoch,
            "weights": self._weights,
            "stopped_after": self._stopped_after,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` gave."""
        self._loss, self._step, self._epoch = state["loss"], state["step"], state["epoch"]
        self._weights, self._stopped_after = state["weights"], state["stopped_after"]

    def see(self, loss: float, step: int, epoch: float, model: nn.Module) -> None:
        """Take in the loss of an evaluation after `step` steps; the best so far has its weights copied."""
        if loss < self._loss:
            self._loss, self._step, self._epoch = loss, step, epoch
            self._weights = copy.deepcopy(model.state_dict())

    def has_waited_enough(self, epoch: int) -> bool:
        """Return whether it is time to stop after the epoch number `epoch`."""
        is_time = bool(self._weights) and epoch - self._epoch >= self.patience
        self._stopped_after = epoch if is_time else None
        return is_time

    def taken_back(self, model: nn.Module, step: int) -> int | None:
        """Give the model its best weights again; return their step, or None when it has them."""
        if not self._weights or self._step == step:
            return None
        model.load_state_dict(self._weights)
        return self._step

    def message(self, split: str) -> str:
        """Return what has happened, in a sentence."""
        kept = f"The weights of epoch {self._epoch:.3g} are kept, which had the lowest {split} loss"
        if self._stopped_after is None:
            return kept
        return f"Stopped early after epoch {self._stopped_after}. {kept}"


def best_for(patience: int, before: Best | None = None) -> Best | None:
    """Return what keeps the best weights, if training stops early; it goes on from one before."""
    if not patience:
        return None
    found = before or Best(patience)
    found.patience = patience
    return found
