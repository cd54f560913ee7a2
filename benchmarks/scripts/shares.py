"""Real runs and the limit in turn: `python -m benchmarks.scripts.shares ROUNDS SECONDS`, one thread.

In each round everything of `benchmarks.limit` takes steps for so long, in this one process: what the machine
does meanwhile hits all alike. A line for each turn says its name and the microseconds of a step.
"""

import gc
import sys
import time
from collections.abc import Callable

import torch
from torch import nn, optim

from benchmarks.growth import Configuration
from benchmarks.limit import LINES, OWN, PLAIN
from benchmarks.scripts.step_costs import taken
from benchmarks.scripts.torch_network import classic
from dlcore import rundir
from dlcore.config import RunConfig
from dlcore.datasets.examine import settled
from dlcore.oneline import parse
from dlcore.training.data import Data, load
from dlcore.training.models import build_model
from dlcore.training.sources import read
from dlcore.training.step import TrainingStep

BATCH_SIZE = 64
_AT_A_TIME = 100

Take = Callable[[torch.Tensor, torch.Tensor], object]


def own(config: RunConfig, data: Data) -> Take:
    """Return dltui's step of a configuration, as the trainer has it."""
    return TrainingStep(config, build_model(config, data.facts))


def plain() -> Take:
    """Return the step of a PyTorch script, with the fused optimizer as PyTorch's documentation has it."""
    model, criterion = classic(), nn.CrossEntropyLoss()
    optimizer = optim.SGD(model.parameters(), lr=0.01, momentum=0.9, fused=True)

    def take(inputs: torch.Tensor, targets: torch.Tensor) -> None:
        optimizer.zero_grad()
        loss = criterion(model(inputs), targets)
        loss.backward()
        optimizer.step()

    return take


def repeated(take: Take, seconds: float) -> float:
    """Take steps on one batch for so long, after some that do not count; return the microseconds of one."""
    inputs, targets = torch.randn(BATCH_SIZE, 1, 28, 28), torch.randint(0, 10, (BATCH_SIZE,))
    for _ in range(_AT_A_TIME):
        take(inputs, targets)
    steps, passed, began = 0, 0.0, time.perf_counter()
    while passed < seconds:
        for _ in range(_AT_A_TIME):
            take(inputs, targets)
        steps, passed = steps + _AT_A_TIME, time.perf_counter() - began
    return 1e6 * passed / steps


def main(rounds: int, seconds: float) -> None:
    """Take the turns, there and back again."""
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)  # as the trainer does; and that:
    gc.freeze()
    config = parse(next(iter(LINES.values())))
    source = read(config, rundir.home(), lambda *_: None)
    config = settled(config, source.facts)
    data = load(config, source, torch.device("cpu"))
    del source
    turns: dict[str, Callable[[], float]] = {
        PLAIN: lambda: repeated(plain(), seconds),
        OWN: lambda: repeated(own(config, data), seconds),
    }
    for name, line in LINES.items():
        one = Configuration(name, 0, line)
        turns[name] = lambda one=one: taken(one, data, seconds)[0]  # type: ignore[misc]
    for number in range(rounds):
        for name in list(turns)[:: -1 if number % 2 else 1]:
            torch.manual_seed(0)
            print(f"turn {turns[name]():.3f} {name}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
