"""A plain PyTorch loop with and without `dlcore.watch`: `python -m benchmarks.scripts.watched_loop NETWORK`.

Both loops are the same code on copies of the same network, in one process, in turn, stretch by stretch: what
disturbs one disturbs the other. Prints a line a stretch: seconds without, seconds with; then what the probes
took.
"""

import copy
import sys
import time
from collections.abc import Callable

import torch
from torch import nn

from benchmarks.plain_script import NETWORKS
from benchmarks.watch import STRETCH_STEPS, STRETCHES
from dlcore import watch
from dlcore.rundir import all_runs, home
from dlcore.summary import read_history

_BATCH = 64

Step = Callable[[], torch.Tensor]


def stepping(model: nn.Module) -> tuple[torch.optim.Optimizer, Step]:
    """Return an optimizer and a step on one batch of noise; loss and accuracy are read as scripts do."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    inputs, targets = torch.randn(_BATCH, 1, 28, 28), torch.randint(0, 10, (_BATCH,))

    def step() -> torch.Tensor:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(inputs), targets)
        loss.backward()
        optimizer.step()
        return loss

    return optimizer, step


def main(name: str) -> None:
    """Measure one network."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = NETWORKS[name]()
    plain, seen = copy.deepcopy(model), model
    _, take_plain = stepping(plain)
    optimizer, take_seen = stepping(seen)
    steps = STRETCH_STEPS[name]
    with watch(seen, optimizer, name=name, total_steps=(STRETCHES + 1) * steps) as run:

        def without() -> None:
            for _ in range(steps):
                take_plain().item()

        def with_watch() -> None:
            for _ in range(steps):
                run.step(take_seen().item(), samples=_BATCH)

        for number in range(STRETCHES + 1):
            seconds = {}
            for which in (without, with_watch)[:: -1 if number % 2 else 1]:
                began = time.perf_counter()
                which()
                seconds[which] = time.perf_counter() - began
            if number:  # the first warms up, and has the ten first looks
                print(f"stretch {seconds[without]:.6f} {seconds[with_watch]:.6f}", flush=True)
    history = read_history(next(all_runs(home())))
    print(f"probes {history.look_cost:.5f} {history.look_every}")


if __name__ == "__main__":
    main(sys.argv[1])
