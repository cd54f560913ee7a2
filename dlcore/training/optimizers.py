"""From a choice of optimizer to what moves the weights: torch's own functions, called without its objects.

An object of `torch.optim` spends a good part of a small network's step on hooks and bookkeeping, and makes
torch import its compiler. The functions behind it take parameters, gradients and state as plain lists.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, assert_never

import torch
from torch import nn
from torch.optim.adadelta import adadelta
from torch.optim.adagrad import adagrad
from torch.optim.adam import adam
from torch.optim.rmsprop import rmsprop

from dlcore.choices.choice import nearest
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
from dlcore.errors import DltuiError
from dlcore.training.layers import parameters_of, weights_of

Tensors = list[torch.Tensor]
State = dict[str, Tensors]
"""What an optimizer remembers: name → one tensor a parameter."""
Rule = Callable[[Tensors, Tensors, State, float], None]
"""Moves parameters against their gradients, with their state and a learning rate."""


@dataclass(frozen=True)
class Group:
    """Parameters that share a learning rate: `share` times that of the optimizer."""

    names: tuple[str, ...]
    parameters: tuple[torch.Tensor, ...]
    share: float
    state: State


class Updater:
    """Moves all parameters of a network; `lr` is the rate of its next step."""

    def __init__(self, optimizer: Optimizer, network: nn.Module, before: "Updater | None" = None) -> None:
        """`before` is what has moved them so far: what it remembers is gone on with."""
        self.lr: float = optimizer.lr if before is None else before.lr
        self.taken: int = 0 if before is None else before.taken
        """Steps so far."""
        self._network = network
        self._rule = _rule(optimizer)
        self._parameters = tuple(network.parameters())
        self.groups = _groups(optimizer, network, before.state_dict() if before is not None else {})

    def changed(self, optimizer: Optimizer) -> "Updater":
        """Return what moves the same parameters by other figures of the same kind, with the same memory.

        What had no need to be remembered so far begins with zeros. Raises DltuiError for a layer with a rate
        of its own that the network does not have.
        """
        return Updater(optimizer, self._network, self)

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for parameter in self._parameters:
            parameter.grad = None

    @torch.no_grad()
    def step(self) -> None:
        """Take a step; a parameter that the loss did not depend on stays where it is."""
        self.taken += 1
        for group in self.groups:
            parameters: Tensors = list(group.parameters)
            gradients = [parameter.grad for parameter in parameters]
            state = group.state
            if any(gradient is None for gradient in gradients):
                held = [index for index, gradient in enumerate(gradients) if gradient is not None]
                parameters = [parameters[index] for index in held]
                gradients = [gradients[index] for index in held]
                state = {name: [tensors[index] for index in held] for name, tensors in state.items()}
            if parameters:
                self._rule(parameters, gradients, state, self.lr * group.share)  # type: ignore[arg-type]

    def count(self) -> None:
        """Count a step that was taken by somebody else."""
        self.taken += 1
        for group in self.groups:
            if "step" in group.state:
                torch._foreach_add_(group.state["step"], 1)

    def tensors(self) -> Tensors:
        """Return everything that a step changes beside the parameters."""
        return [tensor for group in self.groups for tensors in group.state.values() for tensor in tensors]

    def state_dict(self) -> dict[str, dict[str, torch.Tensor]]:
        """Return all that a resume needs beside the learning rate: name → parameter → tensor."""
        found: dict[str, dict[str, torch.Tensor]] = {}
        for group in self.groups:
            for name, tensors in group.state.items():
                found.setdefault(name, {}).update(zip(group.names, tensors, strict=True))
        return found

    def load_state_dict(self, content: dict[str, dict[str, torch.Tensor]]) -> None:
        """Take in what `state_dict` gave; raises KeyError or RuntimeError where it does not fit."""
        for group in self.groups:
            for name, tensors in group.state.items():
                for parameter, tensor in zip(group.names, tensors, strict=True):
                    tensor.copy_(content[name][parameter])
            self.taken = max([self.taken, *(int(count) for count in group.state.get("step", []))])


def build_optimizer(optimizer: Optimizer, network: nn.Module) -> Updater:
    """Return what moves all parameters of a network; fused, where it can be: one kernel for all of them.

    A layer with a rate of its own has a group of its own, whose `share` is its rate over lr.
    """
    return Updater(optimizer, network)


def state_names(optimizer: Optimizer) -> tuple[str, ...]:
    """Return what an optimizer remembers of each parameter; `step` is a count, the others have its shape."""
    match optimizer:
        case Sgd():
            return ()
        case Momentum() | Nesterov():
            return ("momentum",) if optimizer.momentum else ()
        case Adagrad():
            return "square_sum", "step"
        case Adadelta():
            return "square_mean", "delta_mean", "step"
        case RMSprop():
            return ("square_mean", "momentum", "step") if optimizer.momentum else ("square_mean", "step")
        case Adam() | AdamW():
            return "mean", "square_mean", "step"
        case _:
            assert_never(optimizer)


def _rule(optimizer: Optimizer) -> Rule:
    """Return torch's function with the fields of a choice filled in."""
    match optimizer:
        case Sgd() | Momentum() | Nesterov():
            momentum = 0.0 if isinstance(optimizer, Sgd) else optimizer.momentum
            nesterov = isinstance(optimizer, Nesterov)
            # The kernel itself: torch's function around it costs a fifth of a small network's update.
            return lambda parameters, gradients, state, lr: torch._fused_sgd_(
                parameters,
                gradients,
                state.get("momentum", []),
                lr=lr,
                momentum=momentum,
                nesterov=nesterov,
                weight_decay=0.0,
                dampening=0.0,
                maximize=False,
                is_first_step=False,
            )
        case Adagrad():
            eps = optimizer.eps
            return lambda parameters, gradients, state, lr: adagrad(
                parameters,
                gradients,
                state["square_sum"],
                state["step"],
                lr=lr,
                eps=eps,
                lr_decay=0.0,
                **_PLAIN,
            )
        case Adadelta():
            rho, eps = optimizer.rho, optimizer.eps
            return lambda parameters, gradients, state, lr: adadelta(
                parameters,
                gradients,
                state["square_mean"],
                state["delta_mean"],
                state["step"],
                lr=lr,
                rho=rho,
                eps=eps,
                **_PLAIN,
            )
        case RMSprop():
            alpha, eps, kept = optimizer.alpha, optimizer.eps, optimizer.momentum
            return lambda parameters, gradients, state, lr: rmsprop(
                parameters,
                gradients,
                state["square_mean"],
                [],
                state.get("momentum", []),
                state["step"],
                lr=lr,
                alpha=alpha,
                eps=eps,
                momentum=kept,
                centered=False,
                **_PLAIN,
            )
        case Adam() | AdamW():
            return _adam(optimizer)
        case _:
            assert_never(optimizer)


_PLAIN: dict[str, Any] = {"weight_decay": 0.0, "maximize": False}


def _adam(optimizer: Adam | AdamW) -> Rule:
    decay = optimizer.weight_decay if isinstance(optimizer, AdamW) else 0.0
    beta1, beta2, eps = optimizer.beta1, optimizer.beta2, optimizer.eps
    return lambda parameters, gradients, state, lr: adam(
        parameters,
        gradients,
        state["mean"],
        state["square_mean"],
        [],
        state["step"],
        fused=True,
        amsgrad=False,
        lr=lr,
        beta1=beta1,
        beta2=beta2,
        eps=eps,
        weight_decay=decay,
        decoupled_weight_decay=True,
        maximize=False,
    )


def _groups(
    optimizer: Optimizer, network: nn.Module, known: dict[str, dict[str, torch.Tensor]]
) -> list[Group]:
    """Return a group for each layer with a rate of its own, and one for the rest, in the network's order."""
    taken: set[int] = set()
    own: list[Group] = []
    names = {id(parameter): name for name, parameter in network.named_parameters()}

    def group(parameters: Tensors, share: float) -> Group:
        taken.update(id(parameter) for parameter in parameters)
        fused = isinstance(optimizer, Adam | AdamW)
        own_names = tuple(names[id(one)] for one in parameters)
        state: State = {}
        for what in state_names(optimizer):
            there = known.get(what, {})
            state[what] = [
                there[name] if name in there else _empty(what, one, fused)
                for name, one in zip(own_names, parameters, strict=True)
            ]
        return Group(own_names, tuple(parameters), share, state)

    for name, lr in optimizer.lr_per_layer.items():
        parameters = parameters_of(network, name)
        if not parameters:
            raise DltuiError(
                f"optimizer.lr_per_layer: the network has no layer {name!r}",
                nearest(name, list(weights_of(network))),
            )
        if any(id(parameter) in taken for parameter in parameters):
            raise DltuiError(
                f"optimizer.lr_per_layer: weights of {name!r} have a rate already, by another name",
                "Name each layer once.",
            )
        own.append(group(parameters, lr / optimizer.lr))
    rest: Tensors = [parameter for parameter in network.parameters() if id(parameter) not in taken]
    return [group(rest, 1.0), *own] if rest else own


def _empty(name: str, parameter: torch.Tensor, fused: bool) -> torch.Tensor:
    """Return the state before the first step: zeros like the parameter, or a count.

    A fused kernel wants the count where the parameters are; the others want it on the CPU.
    """
    if name != "step":
        return torch.zeros_like(parameter, requires_grad=False)
    return torch.zeros((), dtype=torch.float32, device=parameter.device if fused else None)
