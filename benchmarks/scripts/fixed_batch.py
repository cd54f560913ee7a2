"""The classic network on one resident batch, again and again: no data, no eyes, nothing written down.

`python -m benchmarks.scripts.fixed_batch EPOCHS own|torch`: the step of dltui itself, or the same step as
PyTorch's documentation has it, with the fused optimizer. An epoch is as many steps as MNIST has batches.
"""

import sys
from collections.abc import Callable

import torch
from torch import nn, optim

from benchmarks.scripts.measured import Epochs
from benchmarks.scripts.torch_network import classic
from benchmarks.training_runs import CLASSIC
from dlcore.datasets.examine import settled
from dlcore.oneline import parse
from dlcore.training.models import build_model
from dlcore.training.step import TrainingStep

BATCH_SIZE = 64
STEPS = 60_000 // BATCH_SIZE + 1

Take = Callable[[torch.Tensor, torch.Tensor], object]


def own() -> tuple[Take, nn.Module]:
    """Return dltui's step of the classic configuration, and its network, as the trainer has them."""
    torch.set_flush_denormal(True)
    config = parse(CLASSIC)
    facts = config.data.facts
    assert facts is not None
    config = settled(config, facts)
    step = TrainingStep(config, build_model(config, facts))
    return step, step.network


def plain() -> tuple[Take, nn.Module]:
    """Return the step of a PyTorch script."""
    model, criterion = classic(), nn.CrossEntropyLoss()
    optimizer = optim.SGD(model.parameters(), lr=0.01, momentum=0.9, fused=True)

    def take(inputs: torch.Tensor, targets: torch.Tensor) -> None:
        optimizer.zero_grad()
        loss = criterion(model(inputs), targets)
        loss.backward()
        optimizer.step()

    return take, model


def main(epochs: int, which: str) -> None:
    """Take the steps, and say how long they took."""
    torch.manual_seed(0)
    take, model = own() if which == "own" else plain()
    inputs, targets = torch.randn(BATCH_SIZE, 1, 28, 28), torch.randint(0, 10, (BATCH_SIZE,))
    clock = Epochs()
    for _ in range(epochs):
        clock.begin()
        for _ in range(STEPS):
            take(inputs, targets)
        clock.end()
    with torch.no_grad():
        right = (model(inputs).argmax(1) == targets).double().mean()
    clock.tell(float(right), torch.get_num_threads())


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
