"""How many threads a run computes with: one, unless a short trial shows that more help.

Two threads make a convolution nearly half as fast again; a small dense network they slow down as often as
not, and with every core taken a viewer has to wait for its turn.
"""

import os
import time
from collections.abc import Callable

import torch

from dlcore.process.cores import available, takes_all
from dlcore.training.step import TrainingStep

_SMALL_SECONDS = 0.0025
"""Steps shorter than this are not worth sharing: handing work over costs as much, and one thread repeats."""
_GAIN = 1.2
"""So many times as fast must twice the threads be."""
_TRIAL_SECONDS = 0.5
"""What a comparison of two numbers of threads may take."""
_TURN_STEPS = 5
_MOST_TURNS = 10
_POLITENESS = 10
"""Niceness of a trainer that takes every core, so that its viewers still answer at once."""


def choose_threads(step: TrainingStep, inputs: torch.Tensor, targets: torch.Tensor) -> int:
    """Return the number of threads that takes this batch through forward and backward fastest.

    Everything is left as it was, but for the number of threads of the process.
    """
    torch.set_num_threads(1)
    if inputs.device.type != "cpu" or available() == 1:
        return 1

    def turn(threads: int) -> list[float]:
        torch.set_num_threads(threads)
        taken: list[float] = []
        for _ in range(1 + _TURN_STEPS):
            began = time.perf_counter()
            loss, outputs = step.loss_of(inputs, targets)
            step.descended(loss, outputs).backward()
            taken.append(time.perf_counter() - began)
        return taken[1:]  # the first finds the threads asleep

    step.network.train()
    with step.untouched():
        threads = 1
        while _quick(turn(threads)) > _SMALL_SECONDS and threads < available():
            more = min(2 * threads, available())
            if not _is_worth_it(turn, threads, more):
                break
            threads = more
    torch.set_num_threads(threads)
    return threads


def _is_worth_it(turn: Callable[[int], list[float]], threads: int, more: int) -> bool:
    """Whether steps with `more` threads are so much faster; in turns, for other programs come and go."""
    few: list[float] = []
    many: list[float] = []
    for _ in range(_MOST_TURNS):
        few += turn(threads)
        many += turn(more)
        if sum(few) + sum(many) > _TRIAL_SECONDS:
            break
    return _quick(few) >= _GAIN * _quick(many)


def _quick(seconds: list[float]) -> float:
    """Return the time of a step that nothing disturbed: the first quartile."""
    return sorted(seconds)[len(seconds) // 4]


def make_room(threads: int) -> None:
    """Step back behind other programs where every core is taken."""
    if takes_all(threads):
        os.nice(_POLITENESS)
