"""Eyes on the training: what is measured beside loss and accuracy, within a budget of time."""

import math
import time
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from dlcore.training.layers import activation_of, evaluating, following, layers_of, listening, norm_of

_FIRST = 10
"""The first steps are all looked at: much happens there."""
_USUAL = 10
_RAREST = 1280


class Budget:
    """The share of the training time that all probes together may take, and what they have taken."""

    def __init__(self, share: float) -> None:
        self.share = share
        self.seconds = 0.0
        self._parts: list[tuple[float, Budget]] = []

    def part(self, share: float) -> "Budget":
        """Return a share of the budget for one who spends it alone: it counts in the cost of all.

        What the others may still take does not depend on it.
        """
        part = Budget(self.share * share)
        self._parts.append((share, part))
        return part

    def change(self, share: float) -> None:
        """Allow another share of the training time from now on, and its parts theirs of it."""
        self.share = share
        for portion, part in self._parts:
            part.change(share * portion)

    def since(self, began: float) -> float:
        """Count the time since `began` (of `time.perf_counter`), and return it."""
        seconds = time.perf_counter() - began
        self.seconds += seconds
        return seconds

    def cost(self, training_seconds: float) -> float:
        """Return the share that was taken so far."""
        seconds = self.seconds + sum(part.seconds for _, part in self._parts)
        return seconds / training_seconds if training_seconds > 0 else 0.0

    def allows(self, seconds: float, training_seconds: float) -> bool:
        """Whether something that takes so long leaves half of the budget to the others."""
        return self.seconds + seconds <= self.share / 2 * training_seconds


@dataclass(frozen=True)
class Looks:
    """What was measured at some steps: by layer, one figure for each of them."""

    steps: list[int]
    norms: dict[str, list[float]]
    """Euclidean norm of dL/dW."""
    updates: dict[str, list[float]]
    """Euclidean norm of the update over that of the weights before it."""


class GradientProbe:
    """Gradients and updates of each layer: of the weights of fc1, conv2 …, without the biases.

    It looks every 10 steps, and less often where half of the budget would not last for that. Looking
    changes nothing: neither gradients nor any generator.
    """

    def __init__(self, weights: dict[str, torch.Tensor], budget: Budget, *, updates: bool = True) -> None:
        """Without `updates` there is no copy of the weights, and nothing is said of how far they move."""
        self.every = _USUAL
        self.cost = 0.0
        """Share of the training time that all probes have taken so far."""
        self._names = list(weights)
        self._weights = list(weights.values())
        self._nothing = torch.zeros(1, device=self._weights[0].device if self._weights else "cpu")
        self._budget = budget
        self._compares = updates
        self._before: list[torch.Tensor] = []
        self._steps: list[int] = []
        self._norms: list[torch.Tensor] = []
        self._updates: list[torch.Tensor] = []
        self._latest = 0
        self._spent = 0.0  # seconds since the last call of `taken`
        self._told = (0, 0.0)  # step and training seconds at the last call of `taken`

    def due(self, step: int, *, stepping: bool) -> bool:
        """Whether to look at this step; one that a person asked for alone is always looked at."""
        return bool(self._budget.share and self._weights) and (
            stepping or step <= _FIRST or step - self._latest >= self.every
        )

    def begin(self) -> None:
        """Keep the weights as they are before a step that is looked at."""
        if not self._compares:
            return
        began = time.perf_counter()
        if not self._before:
            self._before = [torch.empty_like(weight) for weight in self._weights]
        with torch.no_grad():
            torch._foreach_copy_(self._before, self._weights)
        self._spent += self._budget.since(began)

    def look(self, step: int, scale: torch.Tensor | None = None) -> None:
        """Measure the gradients that `backward` has left, of a loss that was multiplied by `scale`."""
        began = time.perf_counter()
        nothing = self._nothing  # a weight that the loss does not depend on
        gradients = [nothing if weight.grad is None else weight.grad for weight in self._weights]
        norms = torch.stack(torch._foreach_norm(gradients))
        self._norms.append(norms if scale is None else norms / scale)
        self._spent += self._budget.since(began)
        self._steps.append(step)
        self._latest = step

    def end(self) -> None:
        """Measure by how much the step has moved the weights."""
        if not self._before:
            return
        began = time.perf_counter()
        with torch.no_grad():
            sizes = torch.stack(torch._foreach_norm(self._before))
            torch._foreach_sub_(self._before, self._weights)
            moved = torch.stack(torch._foreach_norm(self._before))
        self._updates.append(moved / sizes)
        self._spent += self._budget.since(began)

    def taken(self, step: int, training_seconds: float) -> Looks:
        """Return what was measured since the last call, and adapt to the budget.

        `training_seconds` is the time of all training steps up to `step`.
        """
        began = time.perf_counter()
        steps, norms, updates = self._steps, self._by_layer(self._norms), self._by_layer(self._updates)
        self._spent += self._budget.since(began)
        self._steps, self._norms, self._updates = [], [], []
        self.cost = self._budget.cost(training_seconds)
        if steps:
            (told, seconds), self._told = self._told, (step, training_seconds)
            self._adapt(self._spent / len(steps), (training_seconds - seconds) / max(step - told, 1))
            self._spent = 0.0
        return Looks(steps, norms, updates)

    def _by_layer(self, figures: list[torch.Tensor]) -> dict[str, list[float]]:
        """Return figures (looks, layers) by layer."""
        return dict(zip(self._names, torch.stack(figures).T.tolist(), strict=True)) if figures else {}

    def _adapt(self, look: float, step: float) -> None:
        """Choose how often to look, from the seconds of a look and of a step."""
        wanted = math.ceil(look / max(self._budget.share / 2 * step, 1e-12))
        self.every = min(max(wanted, _USUAL), _RAREST)


ByLayer = dict[str, dict[str, float]]
"""Figures by their names, and each of them by layer."""
PROBED_SAMPLES = 64
_VALUES = 4096
"""So many values of a layer, evenly picked, are enough for its quantiles."""


_DEAD_LOOKS = 3
"""A unit is dead when so many looks in a row have not seen it fire; at first, when none has."""
_FLAT = 0.05
"""Share of its steepest slope below which an activation is saturated."""


class ActivationProbe:
    """What each layer hands to its activation, and which units never fire.

    Behind a norm it is the norm's output that is handed on. Each look sends the first samples of its inputs
    through the network in evaluation mode, without gradients.
    """

    def __init__(self, network: nn.Module) -> None:
        self._network = network
        self._watched = {_before_activation(network, name): name for name in layers_of(network)}
        self.modules = {key: module for key, module in network.named_modules() if key in self._watched}
        """What is listened to, by name."""
        self._functions = {name: following(network, name) for name in self._watched.values()}
        self._silent: dict[str, torch.Tensor] = {}
        """How many looks in a row have not seen each unit fire, by layer."""
        self._looks = 0

    def look(self, inputs: torch.Tensor) -> ByLayer:
        """Return the figures of `ActivationsMeasured`, each by layer, over `inputs` (samples, *shape)."""
        found = self.begin()

        def hear(key: str, module: nn.Module, output: torch.Tensor) -> None:
            self.hear(found, key, output)

        with torch.no_grad(), evaluating(self._network), listening(self.modules, hear):
            self._network(inputs[:PROBED_SAMPLES])
        return found

    def begin(self) -> ByLayer:
        """Begin a look; return what `hear` fills."""
        self._looks += 1
        return {name: {} for name in ("mean", "deviation", "low", "high", "dead", "saturated")}

    def name(self, key: str) -> str:
        """Return the layer that one of `modules` belongs to."""
        return self._watched[key]

    def hear(self, found: ByLayer, key: str, output: torch.Tensor) -> None:
        """Take in what one of `modules` gives."""
        name = self.name(key)
        for figure, value in self._figures(name, output.detach().to(torch.float32)).items():
            found[figure][name] = value

    def _figures(self, name: str, output: torch.Tensor) -> dict[str, float]:
        values = output.flatten()
        picked = values[:: stride(len(values), _VALUES)]
        low, high = torch.quantile(picked, picked.new_tensor([0.05, 0.95])).tolist()
        figures = {
            "mean": float(values.mean()),
            "deviation": float(values.std(correction=0)),
            "low": low,
            "high": high,
        }
        function = self._functions[name]
        if isinstance(function, nn.ReLU):
            figures["dead"] = self._dead(name, output)
        elif isinstance(function, nn.Sigmoid | nn.Tanh):
            figures["saturated"] = float((_slope(function, picked) < _FLAT).float().mean())
        return figures

    def _dead(self, name: str, output: torch.Tensor) -> float:
        """Return the share of units (samples, units, ...) that were not positive at the last looks."""
        unit = 1 if output.dim() != 3 else 2  # channels of an image; of a sequence, the last
        others = [dimension for dimension in range(output.dim()) if dimension != unit]
        fires = (output > 0).any(dim=others[0]) if len(others) == 1 else output.amax(dim=others) > 0
        silent = self._silent.get(name)
        if silent is None or silent.shape != fires.shape:  # a layer of the user's own may be called twice
            silent = torch.zeros_like(fires, dtype=torch.int32)
        self._silent[name] = torch.where(fires, 0, silent + 1)
        return float((self._silent[name] >= min(self._looks, _DEAD_LOOKS)).float().mean())


def _slope(function: nn.Module, values: torch.Tensor) -> torch.Tensor:
    """Return the slope of a sigmoid or tanh at each value, as a share of its steepest."""
    outputs: torch.Tensor = function(values)
    return 4 * outputs * (1 - outputs) if isinstance(function, nn.Sigmoid) else 1 - outputs.square()


def stride(values: int, most: int) -> int:
    """Return a stride that leaves at most `most` values, and meets every unit of a layer equally often.

    One that had a factor in common with the layer's size would meet some units, or some pixels, alone.
    """
    found = max(1, math.ceil(values / most))
    while math.gcd(found, values) > 1:
        found += 1
    return found


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
