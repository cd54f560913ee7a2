"""Eyes on the training: what is measured beside loss and accuracy, within a budget of time."""

import time

import torch
from torch import nn

_FIRST = 10
"""The first steps are all looked at: much happens there."""
_USUAL = 10
_RAREST = 1280


class GradientProbe:
    """Euclidean norm of dL/dW of each layer: the weights of fc1, conv2 …, without the biases.

    It looks every 10 steps, and less often when that would cost more than `budget`, a share of the
    training time. Looking changes nothing: neither gradients nor any generator.
    """

    def __init__(self, layers: dict[str, nn.Linear | nn.Conv2d], budget: float) -> None:
        self.every = _USUAL
        self._names = list(layers)
        self._weights = [layer.weight for layer in layers.values()]
        self._budget = budget
        self._steps: list[int] = []
        self._norms: list[torch.Tensor] = []
        self._latest = 0
        self._seconds = 0.0
        self._cost = 0.0

    def due(self, step: int, *, stepping: bool) -> bool:
        """Whether to look at this step; one that a person asked for alone is always looked at."""
        return bool(self._budget) and (stepping or step <= _FIRST or step - self._latest >= self.every)

    def look(self, step: int) -> None:
        """Measure the gradients that `backward` has left."""
        began = time.perf_counter()
        gradients = [weight.grad for weight in self._weights if weight.grad is not None]
        self._norms.append(torch.stack(torch._foreach_norm(gradients)))
        self._steps.append(step)
        self._latest = step
        self._seconds += time.perf_counter() - began

    def taken(self, training_seconds: float) -> tuple[list[int], dict[str, list[float]]]:
        """Return the steps looked at since the last call with each layer's norms, and adapt to the budget."""
        began = time.perf_counter()
        steps, norms = self._steps, torch.stack(self._norms).T.tolist() if self._norms else []
        self._steps, self._norms = [], []
        self._seconds += time.perf_counter() - began
        self._adapt(training_seconds)
        return steps, dict(zip(self._names, norms, strict=False))

    @property
    def cost(self) -> float:
        """Share of the training time that looking has taken so far."""
        return self._cost

    def _adapt(self, training_seconds: float) -> None:
        if training_seconds < 0.5:  # too early to judge
            return
        self._cost = self._seconds / training_seconds
        if self._cost > self._budget:
            self.every = min(2 * self.every, _RAREST)
        elif self._cost < self._budget / 4:
            self.every = max(self.every // 2, _USUAL)
