"""Which layer left the numbers first: found by taking the last steps once more, and looking at everything."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import torch
from torch import nn

from dlcore.training.sources import Arrays
from dlcore.training.step import TrainingStep

Again = Callable[[], Iterator[Arrays]]
"""Yields the batches (inputs, targets) since the last look again, with the same chance for their steps."""

_MOST_BYTES = 64_000_000
"""Of weights and state: larger networks are not copied as they go, and only their weights are looked at."""


class Blame:
    """Keeps what the steps since the last look began with, so that they can be taken again."""

    def __init__(self, step: TrainingStep) -> None:
        self._step = step
        kept = [one for one in step.network.state_dict().values() if isinstance(one, torch.Tensor)]
        self._tensors = [*kept, *step.optimizer.tensors()]
        size = sum(tensor.numel() * tensor.element_size() for tensor in self._tensors)
        self._affordable = size <= _MOST_BYTES
        self._before = [torch.empty_like(one) for one in self._tensors] if self._affordable else []

    @torch.no_grad()
    def begin(self, again: Again) -> None:
        """Forget the steps so far: all of them were sound. `again` will yield the batches from here on."""
        self._again = again
        self._rates: list[float] = []
        if self._affordable:
            torch._foreach_copy_(self._before, self._tensors)

    def note(self, lr: float) -> None:
        """Take note of a step."""
        self._rates.append(lr)

    def find(self) -> str:
        """Return what left the numbers first, in words; '' where it cannot be said.

        The network, its optimizer and the chance for the next steps are not what they were afterwards.
        """
        found = ""
        if self._affordable:
            with suppress(RuntimeError, ValueError):  # a network of the user's own may not like such figures
                found = self._found_again()
        return found or self._in_the_weights()

    def _found_again(self) -> str:
        with torch.no_grad():
            torch._foreach_copy_(self._tensors, self._before)
        batches = self._again()
        self._step.network.train()
        with _watched(self._step.network) as outputs:
            for (inputs, targets), lr in zip(batches, self._rates, strict=False):
                outputs.clear()
                if not _is_finite(inputs):
                    return "the batch itself"
                self._step.optimizer.lr = lr
                self._odd: list[str] = []
                loss, given = self._step(inputs, targets, self._look_at_gradients)
                if outputs:
                    return f"the output of {outputs[0]}"
                if not _is_finite(loss):
                    return f"the loss itself: outputs had grown to {float(given.abs().max()):.1e}"
                if self._odd:
                    return f"the gradient of {self._odd[-1]}"  # the backward pass came to it first
                if words := self._in_the_weights():
                    return words
        return ""

    def _look_at_gradients(self) -> None:
        for name, parameter in self._step.network.named_parameters():
            if parameter.grad is not None and not _is_finite(parameter.grad):
                self._odd.append(_layer(name))

    def _in_the_weights(self) -> str:
        for name, parameter in self._step.network.named_parameters():
            if not _is_finite(parameter):
                return f"the weights of {_layer(name)}"
        return ""


@contextmanager
def _watched(network: nn.Module) -> Iterator[list[str]]:
    """Yield a list of the modules whose outputs are not finite, in the order in which they are computed."""
    found: list[str] = []
    handles = []
    for name, module in network.named_modules():
        if name and not any(module.children()):

            def look(module: nn.Module, given: object, output: object, name: str = name) -> None:
                if isinstance(output, torch.Tensor) and not _is_finite(output):
                    found.append(name)

            handles.append(module.register_forward_hook(look))
    try:
        yield found
    finally:
        for handle in handles:
            handle.remove()


def _is_finite(tensor: torch.Tensor) -> bool:
    return bool(tensor.detach().isfinite().all())


def _layer(parameter: str) -> str:
    """Return the layer that a parameter belongs to, by its name."""
    return parameter.rpartition(".")[0] or parameter
