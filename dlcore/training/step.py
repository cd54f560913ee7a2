"""One training step: forward, loss, backward, look, bound, move. It reads from top to bottom."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch
from torch import nn

from dlcore.choices.training import Precision
from dlcore.config import RunConfig
from dlcore.training.gradients import clip, penalize
from dlcore.training.layers import weights_of
from dlcore.training.losses import build_loss, terms
from dlcore.training.models import change_dropout
from dlcore.training.optimizers import build_optimizer

Look = Callable[[], None]
"""Measures what the backward pass has left in `grad` of each weight."""
Network = Callable[[torch.Tensor], torch.Tensor]


class TrainingStep:
    """Takes training steps, one a call. What is optional is a plain `if`."""

    def __init__(self, config: RunConfig, network: nn.Module) -> None:
        self.config = config
        self.network = network
        self.criterion = build_loss(config.loss)
        self.optimizer = build_optimizer(config.optimizer, network)
        self.weights = list(weights_of(network).values())
        self.parameters = list(network.parameters())

    def __call__(
        self, inputs: torch.Tensor, targets: torch.Tensor, look: Look | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Learn from a batch; return its mean loss and outputs (batch, units) before the step."""
        self.optimizer.zero_grad()
        loss, outputs = self.loss_of(inputs, targets)
        self.descended(loss, outputs).backward()
        chosen = self.config.regularization
        penalize(chosen, self.weights, [weight.grad for weight in self.weights])
        if look is not None:
            look()
        clip(chosen, [parameter.grad for parameter in self.parameters])
        self.optimizer.step()
        return loss.detach(), outputs.detach()

    def change(self, config: RunConfig) -> None:
        """Go on with another configuration of the same network and loss; the optimizer keeps its memory.

        Raises DltuiError, with nothing changed, where the optimizer cannot go on with it.
        """
        if config.optimizer != self.config.optimizer:
            self.optimizer = self.optimizer.changed(config.optimizer)
        if config.model != self.config.model:
            change_dropout(self.network, getattr(config.model, "dropout", 0.0))
        self.config = config

    def loss_of(
        self, inputs: torch.Tensor, targets: torch.Tensor, network: Network | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return mean loss and outputs of a batch; `network` stands in for the step's own."""
        with precision(self.config.training.precision, inputs.device):
            outputs = (network or self.network)(inputs)
        outputs = outputs.float()
        return self.criterion(outputs, targets), outputs

    @contextmanager
    def untouched(self) -> Iterator[None]:
        """Put weights, state and random generators back at the end of the block: it is only a trial."""
        kept_too = [one for one in self.network.state_dict().values() if isinstance(one, torch.Tensor)]
        tensors = [*kept_too, *self.optimizer.tensors()]
        before = [tensor.detach().clone() for tensor in tensors]
        taken = self.optimizer.taken
        devices = {parameter.device for parameter in self.parameters if parameter.is_cuda}
        try:
            with torch.random.fork_rng(devices):
                yield
        finally:
            with torch.no_grad():
                for tensor, kept in zip(tensors, before, strict=True):
                    tensor.copy_(kept)
            self.optimizer.taken = taken
            self.optimizer.zero_grad()

    def descended(self, loss: torch.Tensor, outputs: torch.Tensor) -> torch.Tensor:
        """Return what the gradients are those of: the mean loss, or the sum over the batch."""
        is_sum = self.config.loss.reduction == "sum"
        return loss * terms(self.config.loss, outputs) if is_sum else loss


def precision(chosen: Precision, device: torch.device) -> AbstractContextManager[object]:
    """Return a context in which matrix products and convolutions are computed as asked for."""
    if chosen == "float32":
        return nullcontext()
    return torch.autocast(device.type, torch.bfloat16)
