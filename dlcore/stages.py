"""How long a run is when that changes on the way: epochs that have begun stay as they are."""

import math
from collections.abc import Iterable
from dataclasses import replace

from dlcore.config import Plan, Stage
from dlcore.events import Stages


def stages_of(plan: Plan) -> Stages:
    """Return the stages of a plan as events and checkpoints have them."""
    return tuple((one.epochs, one.batch_size, one.steps_per_epoch) for one in plan.stages)


def epoch_at(stages: Stages, step: int) -> float:
    """Return the epochs that are over after so many steps, with their fraction."""
    return of_stages(stages).epoch_at(step)


def of_stages(stages: Stages) -> Plan:
    """Return a plan of which only the length is known, as events have it."""
    return Plan(0, 0, 0, _known(stages))


def begun_by(plan: Plan, step: int) -> int:
    """Return how many epochs have begun after so many steps: one that has just ended has no successor yet."""
    return math.ceil(plan.epoch_at(step) - 1e-9)


def begun(plan: Plan, step: int) -> Stages:
    """Return the stages of the epochs that have begun after so many steps."""
    left, found = begun_by(plan, step), []
    for epochs, size, steps in stages_of(plan):
        if (taken := min(epochs, left)) > 0:
            found.append((taken, size, steps))
        left -= taken
    return tuple(found)


def continued(before: Stages, plan: Plan) -> Plan:
    """Return a plan whose first epochs, which have begun, are those of `before`, whatever it says of them."""
    passed, rest = sum(epochs for epochs, _, _ in before), []
    for stage in plan.stages:
        left = max(0, stage.epochs - max(0, passed))
        passed -= stage.epochs
        if left:
            rest.append(replace(stage, epochs=left))
    return replace(plan, stages=_merged((*_known(before), *rest)))


def _known(stages: Stages) -> tuple[Stage, ...]:
    return tuple(Stage(*one) for one in stages)


def _merged(stages: Iterable[Stage]) -> tuple[Stage, ...]:
    """Return stages with neighbours of one batch size as one."""
    found: list[Stage] = []
    for stage in stages:
        if found and replace(found[-1], epochs=stage.epochs) == stage:
            found[-1] = replace(stage, epochs=found[-1].epochs + stage.epochs)
        else:
            found.append(stage)
    return tuple(found)
