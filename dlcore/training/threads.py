"""How many threads a run computes with: one, unless a short trial shows that more help.

Two threads make a convolution nearly half as fast again; a small dense network they slow down as often as
not, and with every core taken a viewer has to wait for its turn.
"""

import os
import statistics
import time
from collections.abc import Callable

import torch

from dlcore.training.step import TrainingStep

_SMALL_SECONDS = 0.0025
"""Steps shorter than this are not worth sharing: handing work over costs as much, and one thread repeats."""
_GAIN = 1.2
"""So many times as fast must twice the threads be."""
_TRIAL_SECONDS = 0.5
_MOST_STEPS = 10
_POLITENESS = 10
"""Niceness of a trainer that takes every core, so that its viewers still answer at once."""


def available() -> int:
    """Return the cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def choose_threads(step: TrainingStep, inputs: torch.Tensor, targets: torch.Tensor) -> int:
    """Return the number of threads that takes this batch through forward and backward fastest.

    Everything is left as it was, but for the number of threads of the process.
    """
    torch.set_num_threads(1)
    if inputs.device.type != "cpu" or available() == 1:
        return 1

    def seconds() -> float:
        began = time.perf_counter()
        loss, outputs = step.loss_of(inputs, targets)
        step.descended(loss, outputs).backward()
        return time.perf_counter() - began

    step.network.train()
    with step.untouched():
        threads, best = 1, _typical(seconds)
        while best > _SMALL_SECONDS and threads < available():
            more = min(2 * threads, available())
            torch.set_num_threads(more)
            found = _typical(seconds)
            if best < _GAIN * found:
                break
            threads, best = more, found
    torch.set_num_threads(threads)
    return threads


def _typical(seconds: Callable[[], float]) -> float:
    """Return the median time of a few steps, the first of them left out: it finds everything cold."""
    first = seconds()
    taken: list[float] = []
    while len(taken) < _MOST_STEPS and (not taken or first + sum(taken) < _TRIAL_SECONDS):
        taken.append(seconds())
    return statistics.median(taken)


def make_room(threads: int) -> None:
    """Step back behind other programs where every core is taken."""
    if threads > 1 and threads >= available():
        os.nice(_POLITENESS)
