"""What a watched script does when it is told to, if it lets itself be told: pause, stop, change its rate."""

import math
from dataclasses import dataclass
from typing import Any, assert_never

import torch
from torch import optim

from dlcore.commands import Checkpoint, Command, Continue, Pause, Set, Step, Stop
from dlcore.errors import DltuiError

_REFUSED = "the script does not let itself be steered: it would say obey=True"


@dataclass
class Course:
    """Where a script stands still and where it ends."""

    obey: bool
    paused: bool = False
    stopping: bool = False
    pause_at: int | None = None
    """The step behind which to stand still."""
    pause_after: int | None = None
    """The epoch behind which to stand still."""


def carry_out(course: Course, optimizer: optim.Optimizer, command: Command, step: int, epoch: int) -> str:
    """Carry out a command at a step, `epoch` epochs being over; return what was done in words.

    Raises DltuiError with the reason why not.
    """
    if not course.obey:
        raise DltuiError(_REFUSED)
    match command:
        case Pause():
            course.paused, course.pause_at, course.pause_after = True, None, None
            return "paused"
        case Continue():
            course.paused, course.pause_at, course.pause_after = False, None, None
            return "continued"
        case Step(unit="epoch"):
            course.paused, course.pause_at = False, None
            course.pause_after = (epoch if course.pause_after is None else course.pause_after) + command.count
            return f"on to the end of epoch {course.pause_after}"
        case Step():
            course.paused, course.pause_after = False, None
            course.pause_at = (step if course.pause_at is None else course.pause_at) + command.count
            return f"on to step {course.pause_at}"
        case Stop():
            course.stopping = True
            return "stopping"
        case Set():
            return set_lr(optimizer, command)
        case Checkpoint():
            raise DltuiError("the weights are the script's own, and it saves them itself")
        case _:
            assert_never(command)


def set_lr(optimizer: optim.Optimizer, command: Set) -> str:
    """Change the learning rate of all groups of parameters, in the proportions that they have.

    Where a schedule of torch's is at work, the rate that it began with (`initial_lr`) becomes the value, and
    the present one changes by the same factor; a schedule that computes each rate anew from rates of its own
    takes no notice. Raises DltuiError for any other key, and for what is no rate.
    """
    asked = f"{command.key} = {command.value}"
    if command.key != "optimizer.lr":
        raise DltuiError(f"{asked}: of a script of your own, only optimizer.lr can be changed from here")
    value: Any = command.value
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value) or value <= 0:
        raise DltuiError(f"{asked}: must be a number greater than 0")
    before = lr_of(optimizer)
    factor = value / before if before > 0 else None
    for group in optimizer.param_groups:
        for name in ("lr", "initial_lr"):
            if name in group:
                _scale(group, name, value, factor)
    others = len(optimizer.param_groups) - 1
    which = "one other group" if others == 1 else f"{others} other groups"
    more = f", and of {which} in proportion" if others else ""
    return f"optimizer.lr {before:g} → {value:g}{more}"


def lr_of(optimizer: optim.Optimizer) -> float:
    """Return the rate of the first group, before a schedule of torch's if there is one."""
    group = optimizer.param_groups[0]
    return float(group.get("initial_lr", group["lr"]))


def _scale(group: dict[str, Any], name: str, value: float, factor: float | None) -> None:
    """Change a rate by a factor, or to a value where what it was before is no measure."""
    now = group[name]
    wanted = value if factor is None else float(now) * factor
    if isinstance(now, torch.Tensor):  # a captured graph reads it where it lies
        now.fill_(wanted)
    else:
        group[name] = wanted
