"""A batch frozen: what a run's network makes of it at a checkpoint, forward and backward. Nothing moves."""

import math
from dataclasses import dataclass

import torch
from torch import nn

from dlcore.choices.schedules import lr_at
from dlcore.config import Plan, plan
from dlcore.errors import DltuiError
from dlcore.training.looking.microscope.calls import Call, as_written, recorded
from dlcore.training.opened import Opened
from dlcore.training.seeds import derive
from dlcore.training.sources import Arrays
from dlcore.training.step import TrainingStep

Gradients = dict[str, torch.Tensor | None]
"""By parameter; None where the loss does not depend on it."""


@dataclass(frozen=True)
class Frozen:
    """One forward pass of a batch and `passes` backward passes, with the weights of a checkpoint."""

    opened: Opened
    step: TrainingStep
    """Its optimizer stands where the run's stood, learning rate included."""
    batch: int
    batches: int
    training: bool
    """Whether in training mode, else in evaluation mode."""
    inputs: torch.Tensor
    targets: torch.Tensor
    outputs: torch.Tensor
    """(batch, units), as the network gave them."""
    loss: float
    """The batch's mean."""
    calls: list[Call]
    gradients: Gradients
    """What one backward pass leaves in `grad`."""
    piled: Gradients
    """What all of them leave there when zero_grad is forgotten between them."""
    norms: list[dict[str, float | None]]
    """Of `grad` of each parameter after each backward pass."""

    @property
    def samples(self) -> int:
        """Samples in the batch."""
        return len(self.inputs)

    @property
    def passes(self) -> int:
        """Backward passes."""
        return len(self.norms)

    @property
    def model(self) -> nn.Module:
        """The network, in evaluation mode."""
        return self.opened.model


def chance_of(seed: int, batch: int) -> int:
    """Return the seed of what a forward pass draws, dropout's masks: always the same for the same batch."""
    return derive(seed, "microscope", batch)


def freeze(opened: Opened, number: int, *, training: bool, passes: int) -> Frozen:
    """Return a batch of the training split, counted in its order, with all that comes of it.

    Everything is computed in float32. The network and torch's generators are left as they were. Raises
    DltuiError where the checkpoint's optimizer is another, or the network gives no tensor.
    """
    held = plan(opened.config, opened.facts)
    size = _batch_size(opened, held)
    batches = math.ceil(len(opened.data.training) / size)
    batch = number % batches
    inputs, targets = _batch(opened, batch, size)
    step = _step(opened, held)
    with step.untouched(), as_written(opened.model, training=training), recorded(opened.model) as calls:
        torch.manual_seed(chance_of(opened.config.seed, batch))
        outputs = opened.model(inputs)
        if not isinstance(outputs, torch.Tensor):
            raise DltuiError(f"the network gives a {type(outputs).__name__}, not a tensor")
        loss = step.criterion(outputs.float(), targets)
        descended = step.descended(loss, outputs)
        first: Gradients = {}
        norms = []
        for done in range(1, passes + 1):
            descended.backward(retain_graph=done < passes)
            piled = _gradients(opened.model)
            first = first or piled
            norms.append({name: _norm(one) for name, one in piled.items()})
    return Frozen(
        opened, step, batch, batches, training, inputs, targets, outputs, float(loss.detach()), calls,
        first, piled, norms,
    )  # fmt: skip


def _batch_size(opened: Opened, held: Plan) -> int:
    """Return the samples of a step in the epoch that the checkpoint stands in."""
    epoch = int(held.epoch_at(opened.step) + 1e-9) + 1
    return held.batch_size_in(min(epoch, opened.config.training.epochs))


def _batch(opened: Opened, batch: int, size: int) -> Arrays:
    training = opened.data.training
    order = torch.arange(batch * size, min((batch + 1) * size, len(training)))
    return next(opened.data.batches(training, size, order))


def _step(opened: Opened, held: Plan) -> TrainingStep:
    config, state = opened.config, opened.state
    step = TrainingStep(config, opened.model)
    try:
        step.optimizer.load_state_dict(state["optimizer"])
        step.optimizer.taken = state["taken"]
        reductions = state["plateau"]["reductions"] if state.get("plateau") else 0
    except (KeyError, TypeError, RuntimeError):
        raise DltuiError("The checkpoint's optimizer is another than the run's") from None
    step.optimizer.lr = lr_at(config.schedule, config.optimizer.lr, opened.step, held.steps, reductions)
    return step


def _gradients(model: nn.Module) -> Gradients:
    found: Gradients = {}
    for name, parameter in model.named_parameters():
        found[name] = None if parameter.grad is None else parameter.grad.detach().clone()
    return found


def _norm(gradient: torch.Tensor | None) -> float | None:
    return None if gradient is None else float(torch.linalg.vector_norm(gradient))
