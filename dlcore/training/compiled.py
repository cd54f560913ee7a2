"""The whole training step as one graph: forward, loss, backward and update, compiled before step 0.

Full batches take the graph, an epoch's short last one the plain step: both move the same parameters and the
same state. The graph is used only if it does what the plain step does, which is tried on a batch beforehand.
"""

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, assert_never

import torch
from torch.func import functional_call, grad_and_value

from dlcore import rundir
from dlcore.choices.architectures import CustomModel
from dlcore.choices.optimizers import (
    Adadelta,
    Adagrad,
    Adam,
    AdamW,
    Momentum,
    Nesterov,
    Optimizer,
    RMSprop,
    Sgd,
)
from dlcore.choices.training import Precision
from dlcore.config import RunConfig
from dlcore.errors import DltuiError
from dlcore.files.private import private_folder
from dlcore.training.gradients import clip, penalize
from dlcore.training.step import Look, TrainingStep

Named = dict[str, torch.Tensor]
TRIED_STEPS = 3
_TOLERANCES: dict[Precision, float] = {"float32": 1e-3, "bfloat16": 5e-2}
"""Largest difference of losses and gradients, as a share of their norm: sums come in another order."""
_MOVED_TOLERANCE = 0.2
"""The same for the way that parameters have moved: Adam goes as far on a gradient of mere rounding noise."""
_NOTHING = 1e-12


class CompiledStep:
    """Takes training steps as `TrainingStep` does, batches of `batch_size` samples in one graph."""

    def __init__(self, step: TrainingStep, batch_size: int) -> None:
        self.step = step
        self._batch_size = batch_size
        self._parameters = dict(step.network.named_parameters())
        self._named: Named = {name: one.detach() for name, one in self._parameters.items()}
        self._buffers: Named = dict(step.network.named_buffers())
        weights = {id(weight) for weight in step.weights}
        self._weights = [name for name, one in self._parameters.items() if id(one) in weights]
        self._shares: dict[str, float] = {}
        self._states: dict[str, Named] = {}
        for group in step.optimizer.groups:
            for index, name in enumerate(group.names):
                self._shares[name] = group.share
                self._states[name] = {
                    key: tensors[index] for key, tensors in group.state.items() if key != "step"
                }
        _keep_privately()
        # Random numbers come from torch's own generator, so that dropout draws what the plain step draws.
        options: dict[str, Any] = {"fallback_random": True}
        if not isinstance(step.config.model, CustomModel):  # whose code may do otherwise from step to step
            options["guard_filter_fn"] = _guards_of_a_batch
        self._graph = torch.compile(self._whole, fullgraph=True, options=options)

    def __call__(
        self, inputs: torch.Tensor, targets: torch.Tensor, look: Look | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Learn from a batch; return its mean loss and outputs (batch, units) before the step."""
        if len(targets) != self._batch_size:
            return self.step(inputs, targets, look)
        with torch.no_grad():
            rate = self._rate(inputs.device)
            loss, outputs, gradients = self._graph(
                self._named, self._buffers, self._states, inputs, targets, rate
            )
            self.step.optimizer.count()
        if look is not None:
            for name, parameter in self._parameters.items():
                parameter.grad = gradients[name]
            look()
        return loss, outputs

    def _rate(self, device: torch.device) -> torch.Tensor:
        """Return (learning rate, 1 − β₁ᵗ, √(1 − β₂ᵗ)) of the coming step t: the latter two are Adam's."""
        chosen, updater = self.step.config.optimizer, self.step.optimizer
        figures = [updater.lr, 1.0, 1.0]
        if isinstance(chosen, Adam | AdamW):
            count = updater.taken + 1
            figures[1:] = [1 - chosen.beta1**count, math.sqrt(1 - chosen.beta2**count)]
        return torch.tensor(figures, device=device)

    def _whole(
        self,
        named: Named,
        buffers: Named,
        states: dict[str, Named],
        inputs: torch.Tensor,
        targets: torch.Tensor,
        rate: torch.Tensor,
    ) -> tuple[torch.Tensor, torch.Tensor, Named]:
        """Return loss, outputs, and gradients with the penalties; parameters and states are moved."""
        step = self.step
        chosen = step.config.regularization

        def descended(parameters: Named) -> tuple[torch.Tensor, tuple[torch.Tensor, ...]]:
            # Batch norm moves its means in place, which a function of the parameters must not see.
            means = {name: buffer.clone() for name, buffer in buffers.items()}
            loss, outputs = step.loss_of(
                inputs,
                targets,
                lambda inputs: functional_call(step.network, {**parameters, **means}, (inputs,)),
            )
            return step.descended(loss, outputs), (loss, outputs, *means.values())

        gradients, (_, (loss, outputs, *means)) = grad_and_value(descended, has_aux=True)(named)
        for buffer, mean in zip(buffers.values(), means, strict=True):
            buffer.copy_(mean)
        penalize(chosen, [named[name] for name in self._weights], [gradients[name] for name in self._weights])
        bounded = gradients
        if chosen.clip_norm or chosen.clip_value:
            bounded = {name: gradient.clone() for name, gradient in gradients.items()}
            clip(chosen, list(bounded.values()))
        for name, parameter in named.items():
            lr = rate[0] * self._shares[name]
            _move(step.config.optimizer, parameter, bounded[name], states[name], lr, rate)
        return loss, outputs, gradients


def _guards_of_a_batch(entries: Sequence[Any]) -> list[bool]:
    """Return which of Dynamo's guards to try at each step: those of the batch, which alone may change.

    The rest, parameters, their state and the configuration, are the same objects for as long as the step
    lives; to look at all of them takes a tenth of a small network's step.
    """
    return [entry.name in ("inputs", "targets") for entry in entries]


def _keep_privately() -> None:
    """Keep compiled code where nobody else can write: it is run. Torch's own choice is a shared folder.

    Raises DltuiError where others could put code of theirs there, OSError where there is no writing.
    """
    if "TORCHINDUCTOR_CACHE_DIR" in os.environ:
        return
    cache = rundir.home() / "cache"
    folder = cache / "compiled"
    for path in (cache, folder):
        private_folder(path)
    os.environ["TORCHINDUCTOR_CACHE_DIR"] = str(folder)


def _move(
    optimizer: Optimizer,
    parameter: torch.Tensor,
    gradient: torch.Tensor,
    state: Named,
    lr: torch.Tensor,
    rate: torch.Tensor,
) -> None:
    """Move one parameter by the rule of its optimizer, written out so that a compiler can melt it down."""
    match optimizer:
        case Sgd():
            parameter.sub_(lr * gradient)
        case Momentum() | Nesterov():
            if optimizer.momentum:
                kept = state["momentum"].mul_(optimizer.momentum).add_(gradient)
                nesterov = isinstance(optimizer, Nesterov)
                gradient = gradient + optimizer.momentum * kept if nesterov else kept
            parameter.sub_(lr * gradient)
        case Adagrad():
            total = state["square_sum"].addcmul_(gradient, gradient)
            parameter.sub_(lr * gradient / (total.sqrt() + optimizer.eps))
        case Adadelta():
            rho, eps = optimizer.rho, optimizer.eps
            squares = state["square_mean"].mul_(rho).addcmul_(gradient, gradient, value=1 - rho)
            delta = (state["delta_mean"] + eps).sqrt() / (squares + eps).sqrt() * gradient
            state["delta_mean"].mul_(rho).addcmul_(delta, delta, value=1 - rho)
            parameter.sub_(lr * delta)
        case RMSprop():
            alpha = optimizer.alpha
            squares = state["square_mean"].mul_(alpha).addcmul_(gradient, gradient, value=1 - alpha)
            scaled = gradient / (squares.sqrt() + optimizer.eps)
            if optimizer.momentum:
                scaled = state["momentum"].mul_(optimizer.momentum).add_(scaled)
            parameter.sub_(lr * scaled)
        case Adam() | AdamW():
            if isinstance(optimizer, AdamW):
                parameter.mul_(1 - lr * optimizer.weight_decay)
            beta2 = optimizer.beta2
            mean = state["mean"].lerp_(gradient, 1 - optimizer.beta1)
            squares = state["square_mean"].mul_(beta2).addcmul_(gradient, gradient, value=1 - beta2)
            parameter.sub_(lr / rate[1] * mean / (squares.sqrt() / rate[2] + optimizer.eps))
        case _:
            assert_never(optimizer)


def settings_of(config: RunConfig) -> tuple[object, ...]:
    """Return all that may change live and that a graph has in it as constants: others want another graph.

    The learning rate is handed to it at each step; but not a layer's rate over it.
    """
    optimizer, regularization = config.optimizer, config.regularization
    if not optimizer.lr_per_layer:
        optimizer = optimizer.model_copy(update={"lr": 1.0})
    chosen = regularization.l1, regularization.l2, regularization.clip_norm, regularization.clip_value
    return optimizer, chosen, getattr(config.model, "dropout", 0.0)


@dataclass(frozen=True)
class _Trace:
    """What a few steps on one batch have left."""

    losses: torch.Tensor
    gradients: list[torch.Tensor]
    """Before they are bounded, of the parameters that the loss depends on."""
    moved: list[torch.Tensor]


def compiled(
    step: TrainingStep, inputs: torch.Tensor, targets: torch.Tensor
) -> tuple[CompiledStep | None, str]:
    """Return the step for batches like this one as a graph, or None and the reason why not.

    A few steps are taken plainly and in the graph, from the same state and with the same random numbers;
    everything is put back afterwards.
    """
    torch._dynamo.reset()  # a graph of before is not looked at closely enough to see that it is another one
    try:
        graph = CompiledStep(step, len(targets))
    except (DltuiError, OSError) as error:
        return None, str(error)
    wanted = _tried(step, step, inputs, targets)
    try:
        found = _tried(graph, step, inputs, targets)
    except Exception as error:  # a compiler may fail in any way; the run goes on without it
        text = str(error).strip().split("\n", 1)[0]
        return None, f"{type(error).__name__}: {text}"
    difference = _difference(found, wanted, _TOLERANCES[step.config.training.precision])
    if not difference <= 1:
        return None, f"it does not do what the plain step does: {difference:.1g} times the difference allowed"
    return graph, ""


def _tried(
    take: TrainingStep | CompiledStep, step: TrainingStep, inputs: torch.Tensor, targets: torch.Tensor
) -> _Trace:
    """Take a few steps, put everything back, and return what they had left."""
    gradients: list[torch.Tensor] = []

    def look() -> None:
        gradients[:] = [one.grad.detach().clone() for one in step.parameters if one.grad is not None]

    before = [one.detach().clone() for one in step.parameters]
    with step.untouched():
        losses = [take(inputs, targets, look)[0].clone() for _ in range(TRIED_STEPS)]
        moved = [one.detach() - start for one, start in zip(step.parameters, before, strict=True)]
    return _Trace(torch.stack(losses), gradients, moved)


def _difference(found: _Trace, wanted: _Trace, tolerance: float) -> float:
    """Return the largest difference of losses, gradients or ways moved, in tolerances of each."""
    if len(wanted.gradients) < len(found.gradients):  # some optimizers would move what the loss leaves alone
        return math.inf
    shares = (
        (found.losses, wanted.losses, tolerance),
        (_flat(found.gradients), _flat(wanted.gradients), tolerance),
        (_flat(found.moved), _flat(wanted.moved), _MOVED_TOLERANCE),
    )
    return max(
        float((one - other).norm() / other.norm().clamp_min(_NOTHING)) / allowed
        for one, other, allowed in shares
    )


def _flat(tensors: list[torch.Tensor]) -> torch.Tensor:
    return torch.cat([tensor.flatten() for tensor in tensors])
