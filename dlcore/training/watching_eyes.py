"""Eyes on the network of a script: hooks on its optimizer and its layers, within a budget of time.

Gradients and updates are measured around the optimizer's own step, so that the script needs no line for them:
behind gradient accumulation, a scaler and clipping. Activations are heard in passes of the script, when a
look at them is due; no pass is added, no generator touched.
"""

import time
from collections.abc import Callable
from contextlib import ExitStack, nullcontext
from typing import Any

import torch
from torch import nn, optim
from torch.nn.parallel import DistributedDataParallel

from dlcore.events import Layer
from dlcore.training.layers import Drawing, outline, weights_of
from dlcore.training.probes import PROBED_SAMPLES, ActivationProbe, Budget, ByLayer, GradientProbe
from dlcore.training.watching_guard import Guard

Hear = Callable[[str, nn.Module, torch.Tensor], None]
_MOST_COPIED = 256_000_000
"""Bytes of weights of which a copy is kept while the script runs, to see how far a step moves them."""
_LOOKS = 50
"""So often in a run activations are looked at, where the budget allows it."""
_LEAST_STEPS = 10


class Eyes:
    """What is seen of a network while a script trains it."""

    def __init__(
        self,
        model: nn.Module,
        optimizer: optim.Optimizer,
        budget: Budget,
        guard: Guard,
        step: Callable[[], int],
    ) -> None:
        """`step` gives the number of steps that are over."""
        self.network = unwrapped(model)
        self.reason = unheard(model)
        """Why nothing can be heard in passes, if so: a sentence without full stop."""
        self.budget = budget
        self.layers: tuple[Layer, ...] = ()
        self.input_shape: tuple[int, ...] = ()
        """Shape of one sample, once a pass was heard."""
        self.batch_size = 0
        """Samples of the first pass."""
        self.probe: GradientProbe | None = None
        self.lr: Any = optimizer.param_groups[0]["lr"]
        """Learning rate of the newest step: that of the first group of parameters."""
        self._model = model
        self._optimizer = optimizer
        self._guard = guard
        self._step = step
        self._activations = ActivationProbe(self.network)
        self._found: ByLayer | None = None
        self._looked_at = self._asked_at = 0
        self._looked_for = 0.0
        self._is_looking = self._looks_late = False
        self._ears = ExitStack()
        """Hooks for the coming pass."""
        self._hooks = [
            optimizer.register_step_pre_hook(self._before_step),
            optimizer.register_step_post_hook(self._after_step),
        ]
        if not self.reason:
            self._listen_for_shapes()

    def close(self) -> None:
        """Leave the script's objects as they were."""
        self._ears.close()
        for hook in self._hooks:
            hook.remove()
        self._hooks = []

    # -- gradients ----------------------------------------------------------------------------------

    def _before_step(self, optimizer: optim.Optimizer, arguments: Any, options: Any) -> None:
        if not torch.compiler.is_compiling():
            self._guard(self._see_gradients, arguments, options)

    def _after_step(self, optimizer: optim.Optimizer, arguments: Any, options: Any) -> None:
        if self._is_looking and not torch.compiler.is_compiling():
            self._guard(self._see_update)

    def _see_gradients(self, arguments: Any, options: Any) -> None:
        """Look at what the backward pass has left; where the step itself evaluates, that is still to come."""
        self.lr = self._optimizer.param_groups[0]["lr"]
        if self.probe is None:
            weights = self._weights()
            size = sum(weight.nbytes for weight in weights.values())
            self.probe = GradientProbe(weights, self.budget, updates=size <= _MOST_COPIED)
        coming = self._step() + 1
        if coming == self._asked_at or not self.probe.due(coming, stepping=False):
            return  # several steps of the optimizer may be one of the script's
        self._asked_at, self._is_looking = coming, True
        with torch.no_grad():
            self.probe.begin()
            self._looks_late = _evaluates(arguments, options)
            if not self._looks_late:
                self._look(coming)

    def _see_update(self) -> None:
        assert self.probe is not None
        self._is_looking = False
        with torch.no_grad():
            if self._looks_late:
                self._look(self._asked_at)
            self.probe.end()

    def _look(self, step: int) -> None:
        assert self.probe is not None
        scale = getattr(self._optimizer, "grad_scale", None)  # a fused optimizer divides by it in its step
        self.probe.look(step, scale if isinstance(scale, torch.Tensor) else None)

    def _weights(self) -> dict[str, torch.Tensor]:
        """Return the weights whose gradients can be compared: trained here, plain, and on one device."""
        trained = {id(one) for group in self._optimizer.param_groups for one in group["params"]}
        found = {
            name: weight
            for name, weight in weights_of(self.network).items()
            if id(weight) in trained and weight.requires_grad and _is_plain(weight)
        }
        first = next(iter(found.values()), None)
        return {
            name: weight
            for name, weight in found.items()
            if first is not None and weight.device == first.device
        }

    # -- passes -------------------------------------------------------------------------------------

    def _listen(self, modules: dict[str, nn.Module], hear: Hear, end: Callable[[], None]) -> None:
        """Call hear(name, module, output) behind each of the modules in the coming pass, then `end`."""

        def heard(name: str) -> Any:
            return Ear(lambda module, _, output: self._guard(hear, name, module, output))

        for name, module in modules.items():
            self._ears.callback(module.register_forward_hook(heard(name)).remove)
        whole = self._model.register_forward_hook(Ear(lambda *_: self._guard(end)))
        self._ears.callback(whole.remove)

    def _listen_for_shapes(self) -> None:
        """Hear the first pass: what goes in, and what each layer makes of it."""
        drawing = Drawing(self.network)

        def hear(name: str, module: nn.Module, output: torch.Tensor) -> None:
            if all(row.name != name for row in drawing.rows):  # it may be called twice, or on several devices
                drawing.hear(name, module, output)

        def end() -> None:
            self._ears.close()
            self.layers = tuple(drawing.rows)

        begin = Ear(lambda module, arguments, options: self._guard(self._meet, arguments, options))
        self._ears.callback(self._model.register_forward_pre_hook(begin, with_kwargs=True).remove)
        self._listen(drawing.watched, hear, end)

    def _meet(self, arguments: Any, options: Any) -> None:
        given = next((one for one in (*arguments, *options.values()) if isinstance(one, torch.Tensor)), None)
        if given is not None and given.dim():
            self.batch_size, self.input_shape = len(given), tuple(given.shape[1:])

    def settle(self) -> None:
        """End the listening for shapes: steps are taken, whatever was heard by now."""
        self._ears.close()
        if not self.layers:
            self.layers = outline(self.network)

    def begin_activations(self, total: int, training_seconds: float) -> None:
        """Have the coming pass looked at, where a look is due and the budget allows it."""
        if self.reason or not self.budget.share or not self._activations.modules:
            return
        step = self._step()
        every = total / _LOOKS if total else max(step / _LOOKS, _LEAST_STEPS)
        can = self.budget.allows(self._looked_for, training_seconds)
        if self._looked_at and not (step - self._looked_at >= every and can):
            return
        self._ears.close()  # of a look at a pass that never came
        self._looked_at, self._looked_for = max(step, 1), 0.0
        self._found = self._activations.begin()
        self._listen(self._activations.modules, self._hear, self._ears.close)

    def _hear(self, key: str, module: nn.Module, output: torch.Tensor) -> None:
        found = self._found
        if found is None or not len(output) or self._activations.name(key) in found["mean"]:
            return  # the first call of a layer counts
        began = time.perf_counter()
        self._activations.hear(found, key, output[:PROBED_SAMPLES])
        self._looked_for += self.budget.since(began)

    def end_activations(self) -> ByLayer | None:
        """Return what was seen in the pass that was looked at; None where there was none."""
        found = self._found
        if found is None or not found["mean"]:
            return None
        self._ears.close()
        self._found = None
        return found


class Ear:
    """A hook that is silent while a pass is compiled, and that copies and files of the network do not have.

    A network is often saved or copied whole; this must not end with an error for our hooks, nor need our code
    where it is read again.
    """

    def __init__(self, hear: Callable[..., Any]) -> None:
        self._hear = hear

    def __call__(self, *arguments: Any) -> None:
        """Hear what a pass says."""
        if not torch.compiler.is_compiling():
            self._hear(*arguments)

    def __reduce__(self) -> tuple[Any, ...]:
        return getattr, (nullcontext(), "__exit__")  # takes anything and does nothing, in any Python


def unwrapped(model: nn.Module) -> nn.Module:
    """Return the network itself, without what compiles it or spreads it over devices."""
    while True:
        inner = getattr(model, "_orig_mod", None)
        if isinstance(model, nn.DataParallel | DistributedDataParallel):
            inner = model.module
        if not isinstance(inner, nn.Module):
            return model
        model = inner


def unheard(model: nn.Module) -> str:
    """Return why hooks on the layers hear nothing; '' where they do."""
    for module in model.modules():
        if hasattr(module, "_orig_mod") or getattr(module, "_compiled_call_impl", None) is not None:
            return "activations are not measured: a compiled network has no layers to listen to"
    if isinstance(model, torch.jit.ScriptModule):
        return "activations are not measured: a scripted network has no layers to listen to"
    return ""


def _is_plain(weight: torch.Tensor) -> bool:
    """Whether a weight lies in one piece on this machine, with a gradient that does, too.

    To look at one that is spread over processes would wait for all of them.
    """
    if type(weight) not in (torch.Tensor, nn.Parameter) or weight.layout != torch.strided:
        return False
    return weight.grad is None or weight.grad.layout == torch.strided


def _evaluates(arguments: Any, options: Any) -> bool:
    """Whether a step evaluates the loss itself, with a closure that is given by place or by name."""
    return options.get("closure") is not None or any(map(callable, arguments))
