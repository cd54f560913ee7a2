"""What checkpoints cost a run: `python -m benchmarks.scripts.saving_costs SECONDS LINE`.

Trains what the line says for so long, with all that has to do with checkpoints at its default, and prints a
line: seconds in saves that came by themselves, seconds since the first step, how many saves, bytes of one.
"""

import gc
import sys
import time

import torch

from benchmarks.scripts.probe_costs import trained
from dlcore.checkpoints import saved
from dlcore.oneline import parse
from dlcore.training.loop import Training


class Clock:
    """Takes the time of each save; the first and the last come anyway, and are not counted."""

    def __init__(self) -> None:
        self.took: list[float] = []
        self.began = 0.0
        save = Training.save

        def timed(training: Training) -> bool:
            began = time.perf_counter()
            try:
                return save(training)
            finally:
                self.took.append(time.perf_counter() - began)
                if not training.step:
                    self.began = time.perf_counter()

        Training.save = timed  # type: ignore[assignment, method-assign]


def main(seconds: float, line: str) -> None:
    """Train, and print what the saves took."""
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)  # as the trainer does; and that:
    gc.freeze()
    clock = Clock()
    _, run = trained(parse(line), seconds)
    spent = time.perf_counter() - clock.began
    between = clock.took[1:-1]
    size = list(saved(run).values())[-1].stat().st_size
    print(f"saves {sum(between):.5f} {spent:.3f} {len(between)} {size}", flush=True)


if __name__ == "__main__":
    main(float(sys.argv[1]), sys.argv[2])
