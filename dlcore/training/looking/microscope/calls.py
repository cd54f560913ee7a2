"""What each module of a network did in one forward pass, and the gradient that came back to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import nn

from dlcore.training.models import PoolingSequence

_OVERWRITABLE = (
    nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.LayerNorm,
)  # fmt: skip
"""Modules behind which networks add in place, or apply a function in place."""


@dataclass(eq=False)
class Call:
    """One use of a module without children of its own."""

    name: str
    module: nn.Module
    inputs: torch.Tensor | None
    """What it was given first; None where that was no tensor."""
    output: torch.Tensor | None
    read: int
    """The version of the inputs that it was given: changes in place count it up."""
    wrote: int
    """The version of the output that it gave."""
    least: float
    mean: float
    most: float
    dropped: float | None
    """The share of values that became zero here."""
    training: bool
    """Whether the module was in training mode."""
    kept: torch.Tensor | None = None
    """A copy of what a layer or norm gave: functions of the network's own may overwrite that."""
    read_from: Any = None
    """Where autograd has the inputs from; and, of the output, what it has noted."""
    made_by: Any = None
    gradient: torch.Tensor | None = None
    """dL/d(output), after a backward pass; and dL/d(inputs)."""
    given_gradient: torch.Tensor | None = None

    def hands_to(self, other: "Call") -> bool:
        """Whether the other call was given what came out here, unchanged."""
        return self.output is not None and other.inputs is self.output and other.read == self.wrote

    @property
    def is_overwritten(self) -> bool:
        """Whether what came out is no longer known."""
        return self.kept is None and self.output is not None and self.output._version != self.wrote

    @property
    def values(self) -> torch.Tensor:
        """What came out, as it came out."""
        assert self.output is not None
        return self.output.detach() if self.kept is None else self.kept

    @property
    def label(self) -> str:
        """What a person calls it."""
        return self.name or type(self.module).__name__

    def take(self, gradient: torch.Tensor) -> None:
        """Keep the gradient of the output."""
        self.gradient = gradient.detach()

    def take_given(self, gradient: torch.Tensor) -> None:
        """Keep the gradient of the inputs."""
        self.given_gradient = gradient.detach()


@contextmanager
def recorded(network: nn.Module) -> Iterator[list[Call]]:
    """Record the calls of all modules without children, in order, while the block runs."""
    calls: list[Call] = []

    def hear(name: str, module: nn.Module, given: tuple[Any, ...], output: Any) -> None:
        first = given[0] if given and isinstance(given[0], torch.Tensor) else None
        call = _call(name, module, first, output if isinstance(output, torch.Tensor) else None)
        if call.output is not None and call.output.requires_grad:
            call.made_by = call.output.grad_fn
            call.output.register_hook(call.take)
            if isinstance(module, _OVERWRITABLE):
                call.kept = call.output.detach().clone()
        if first is not None and first.grad_fn is not None:
            call.read_from = first.grad_fn
            first.register_hook(call.take_given)
        calls.append(call)

    handles = [
        module.register_forward_hook(partial(hear, name))
        for name, module in network.named_modules()
        if next(module.children(), None) is None
    ]
    try:
        yield calls
    finally:
        for handle in handles:
            handle.remove()


@torch.no_grad()
def _call(name: str, module: nn.Module, inputs: torch.Tensor | None, output: torch.Tensor | None) -> Call:
    least = mean = most = torch.nan
    dropped = None
    if output is not None and output.numel():
        values = output.float()
        least, mean, most = float(values.min()), float(values.mean()), float(values.max())
        if inputs is not None and inputs.shape == output.shape:
            alive = inputs != 0
            dropped = float(((output == 0) & alive).sum() / alive.sum().clamp_min(1))
    return Call(
        name,
        module,
        inputs,
        output,
        inputs._version if inputs is not None else 0,
        output._version if output is not None else 0,
        least,
        mean,
        most,
        dropped,
        module.training,
    )


@contextmanager
def as_written(network: nn.Module, *, training: bool) -> Iterator[None]:
    """Put a network into a mode while the block runs, each module in its written place, nothing in place.

    Neither changes a number: a relu behind its pooling gives the same, and so does one that overwrites.
    """
    modules = list(network.modules())
    modes = [module.training for module in modules]
    overwriting = [module for module in modules if getattr(module, "inplace", False) is True]
    network.train(training)
    for module in modules:
        if isinstance(module, PoolingSequence):
            module.training = False  # of itself alone, not of what it holds: its order hangs on it
    for module in overwriting:
        module.inplace = False  # type: ignore[assignment]  # a plain attribute
    try:
        yield
    finally:
        for module in overwriting:
            module.inplace = True  # type: ignore[assignment]
        for module, mode in zip(modules, modes, strict=True):
            module.training = mode
