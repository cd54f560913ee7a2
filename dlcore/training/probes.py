"""Eyes on the training: what is measured beside loss and accuracy, within a budget of time."""

import math
import time
from typing import Any

import torch
from torch import nn

from dlcore.training.layers import activation_of, evaluating, layers_of, listening, norm_of

_FIRST = 10
"""The first steps are all looked at: much happens there."""
_USUAL = 10
_RAREST = 1280


class Budget:
    """The share of the training time that all probes together may take, and what they have taken."""

    def __init__(self, share: float) -> None:
        self.share = share
        self.seconds = 0.0

    def since(self, began: float) -> float:
        """Count the time since `began` (of `time.perf_counter`), and return it."""
        seconds = time.perf_counter() - began
        self.seconds += seconds
        return seconds

    def cost(self, training_seconds: float) -> float:
        """Return the share that was taken so far."""
        return self.seconds / training_seconds if training_seconds > 0 else 0.0

    def allows(self, seconds: float, training_seconds: float) -> bool:
        """Whether something that takes so long leaves half of the budget to the others."""
        return self.seconds + seconds <= self.share / 2 * training_seconds


class GradientProbe:
    """Euclidean norm of dL/dW of each layer: the weights of fc1, conv2 …, without the biases.

    It looks every 10 steps, and less often where half of the budget would not last for that. Looking
    changes nothing: neither gradients nor any generator.
    """

    def __init__(self, weights: dict[str, torch.Tensor], budget: Budget) -> None:
        self.every = _USUAL
        self.cost = 0.0
        """Share of the training time that all probes have taken so far."""
        self._names = list(weights)
        self._weights = list(weights.values())
        self._nothing = torch.zeros(1, device=self._weights[0].device if self._weights else "cpu")
        self._budget = budget
        self._steps: list[int] = []
        self._norms: list[torch.Tensor] = []
        self._latest = 0
        self._spent = 0.0  # seconds since the last call of `taken`
        self._told = (0, 0.0)  # step and training seconds at the last call of `taken`

    def due(self, step: int, *, stepping: bool) -> bool:
        """Whether to look at this step; one that a person asked for alone is always looked at."""
        return bool(self._budget.share and self._weights) and (
            stepping or step <= _FIRST or step - self._latest >= self.every
        )

    def look(self, step: int) -> None:
        """Measure the gradients that `backward` has left."""
        began = time.perf_counter()
        nothing = self._nothing  # a weight that the loss does not depend on
        gradients = [nothing if weight.grad is None else weight.grad for weight in self._weights]
        self._norms.append(torch.stack(torch._foreach_norm(gradients)))
        self._spent += self._budget.since(began)
        self._steps.append(step)
        self._latest = step

    def taken(self, step: int, training_seconds: float) -> tuple[list[int], dict[str, list[float]]]:
        """Return the steps looked at since the last call with each layer's norms, and adapt to the budget.

        `training_seconds` is the time of all training steps up to `step`.
        """
        began = time.perf_counter()
        steps, norms = self._steps, torch.stack(self._norms).T.tolist() if self._norms else []
        self._spent += self._budget.since(began)
        self._steps, self._norms = [], []
        self.cost = self._budget.cost(training_seconds)
        if steps:
            (told, seconds), self._told = self._told, (step, training_seconds)
            self._adapt(self._spent / len(steps), (training_seconds - seconds) / max(step - told, 1))
            self._spent = 0.0
        return steps, dict(zip(self._names, norms, strict=False))

    def _adapt(self, look: float, step: float) -> None:
        """Choose how often to look, from the seconds of a look and of a step."""
        wanted = math.ceil(look / max(self._budget.share / 2 * step, 1e-12))
        self.every = min(max(wanted, _USUAL), _RAREST)


PROBED_SAMPLES = 64
_VALUES = 4096
"""So many values of a layer, evenly picked, are enough for its quantiles."""


def measure_activations(network: nn.Module, inputs: torch.Tensor) -> dict[str, dict[str, float]]:
    """Return mean, deviation, low and high of what each layer hands to its activation, by layer.

    Low and high part off one value in twenty at either end. Behind a norm it is the norm's output. Sends the
    first samples of `inputs` (samples, *shape) through the network in evaluation mode, without gradients.
    """
    watched = {_before_activation(network, name): name for name in layers_of(network)}
    modules = {key: module for key, module in network.named_modules() if key in watched}
    found: dict[str, dict[str, float]] = {}

    def hear(key: str, module: nn.Module, output: torch.Tensor) -> None:
        values = output.detach().flatten().to(torch.float32)
        picked = values[:: _stride(len(values))]
        low, high = torch.quantile(picked, picked.new_tensor([0.05, 0.95])).tolist()
        found[watched[key]] = {
            "mean": float(values.mean()),
            "deviation": float(values.std(correction=0)),
            "low": low,
            "high": high,
        }

    with torch.no_grad(), evaluating(network), listening(modules, hear):
        network(inputs[:PROBED_SAMPLES])
    return found


def _stride(values: int) -> int:
    """Return a stride that leaves at most `_VALUES` values, and meets every unit of a layer equally often.

    One that had a factor in common with the layer's size would meet some units, or some pixels, alone.
    """
    stride = max(1, math.ceil(values / _VALUES))
    while math.gcd(stride, values) > 1:
        stride += 1
    return stride


def _before_activation(network: nn.Module, name: str) -> str:
    """Return the module whose output the layer's activation gets: the layer, or the norm behind it."""
    return norm_of(network, name) or name


_BINS = 31


def spread(network: nn.Module, inputs: torch.Tensor) -> list[dict[str, Any]]:
    """Return how the values behind each layer's activation spread, from input to output.

    Each has name, mean, deviation, the ends of a histogram that reaches from the smallest to the largest
    value, and its counts. `inputs` are (samples, *shape).
    """
    after = {activation_of(network, name) or name: name for name in layers_of(network)}
    modules = {key: module for key, module in network.named_modules() if key in after}
    found: list[dict[str, Any]] = []

    def hear(key: str, module: nn.Module, output: torch.Tensor) -> None:
        values = output.detach().flatten().to(torch.float32)
        low, high = float(values.min()), float(values.max())
        counts = torch.histc(values, _BINS, low, high if high > low else low + 1)
        found.append(
            {
                "name": after[key],
                "mean": float(values.mean()),
                "deviation": float(values.std(correction=0)),
                "range": [low, high],
                "counts": [int(count) for count in counts],
            }
        )

    with torch.no_grad(), evaluating(network), listening(modules, hear):
        network(inputs)
    return found
