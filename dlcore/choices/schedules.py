"""How the learning rate, or the batch, changes over a run."""

import math
from typing import Annotated, ClassVar, Literal, assert_never

from pydantic import Field

from dlcore.choices.choice import Choice, count, number, numbers, widths

Boundary = Annotated[int, Field(ge=1)]
Factor = Annotated[float, Field(gt=0)]


class _Schedule(Choice):
    noun: ClassVar[str] = "schedule"
    last: ClassVar[tuple[str, ...]] = ("warmup_steps",)
    warmup_steps: int = count(0, help="Steps over which the rate rises in a straight line, before the rest.")


class Constant(_Schedule):
    """The same learning rate from the first step to the last."""

    kind: Literal["constant"] = "constant"


class Power(_Schedule):
    """lr / (1 + step / s)^c: falls fast at first, then ever more slowly.

    With c = 1 it is a half, a third, a quarter … after each s steps.
    """

    kind: Literal["power"] = "power"
    steps: int = count(1000, at_least=1, help="The steps s.")
    exponent: float = number(1.0, above=0, at_most=10, help="The exponent c.")


class Exponential(_Schedule):
    """lr · γ^(step / s): falls by the factor γ every s steps, smoothly.

    Large steps first, fine ones last.
    """

    kind: Literal["exponential"] = "exponential"
    gamma: float = number(0.1, above=0, at_most=1, help="The factor γ.")
    steps: int = count(1000, at_least=1, help="The steps s over which the factor applies once.")


class Piecewise(_Schedule):
    """One constant rate after the other, changed at steps that you name.

    The hand on the dial: look at a run, then say where it should have gone slower.
    """

    kind: Literal["piecewise"] = "piecewise"
    boundaries: tuple[Boundary, ...] = widths((1000, 2000), help="Steps at which the rate changes, rising.")
    factors: tuple[Factor, ...] = numbers(
        (0.1, 0.01), help="What the learning rate is multiplied by from each of them on."
    )


class Performance(_Schedule):
    """Makes the rate smaller when the validation loss has stopped falling.

    It looks at every evaluation, so training.evaluate_every says how often: an epoch, or N steps.
    """

    kind: Literal["performance"] = "performance"
    factor: float = number(0.5, above=0, below=1, help="What the rate is multiplied by.")
    patience: int = count(3, at_least=1, help="Evaluations in a row without a better loss before it acts.")


class OneCycle(_Schedule):
    """Up to the learning rate, and down to nearly nothing, once over the whole run (Smith, 2018).

    Trains fast with a rate that would be too high from the start.
    """

    kind: Literal["one_cycle"] = "one_cycle"
    rise: float = number(0.3, above=0, below=1, help="Share of the run in which the rate rises.")
    start: float = number(25.0, at_least=1, help="It starts at the learning rate divided by this.")
    end: float = number(1e4, at_least=1, help="It ends at its start divided by this.")


class Cosine(_Schedule):
    """Half a cosine from the learning rate down, over the whole run (Loshchilov and Hutter, 2017).

    Slow, then fast, then slow again: a good default when the length of the run is known.
    """

    kind: Literal["cosine"] = "cosine"
    final: float = number(0.0, at_least=0, at_most=1, help="Share of the rate that is left at the end.")


class BatchGrowth(_Schedule):
    """Keeps the rate and lets the batch grow: the steps' noise falls just the same (Smith et al., 2018).

    Fewer, surer steps late in the run, instead of smaller ones.
    """

    kind: Literal["batch_growth"] = "batch_growth"
    factor: int = count(2, at_least=2, at_most=100, help="What the batch size is multiplied by.")
    every: int = count(3, at_least=1, help="Epochs from one growth to the next.")
    most: int = count(4096, at_least=1, help="The batch grows no larger than this.")


Schedule = Constant | Power | Exponential | Piecewise | Performance | OneCycle | Cosine | BatchGrowth
SCHEDULES: tuple[type[Schedule], ...] = (
    Constant,
    Power,
    Exponential,
    Piecewise,
    Performance,
    OneCycle,
    Cosine,
    BatchGrowth,
)


def lr_at(schedule: Schedule, lr: float, step: int, steps: int, reductions: int = 0) -> float:
    """Return the learning rate of the step that follows after `step` finished ones, of `steps` in all.

    `reductions` says how often a `performance` schedule has acted. During a warm-up the rate is a growing
    share of where the schedule starts, and the schedule's own steps count from its end.
    """
    warmup = schedule.warmup_steps
    factor = _factor(schedule, max(step - warmup, 0), max(steps - warmup, 1), reductions)
    if step < warmup:
        factor *= (step + 1) / warmup
    return lr * factor if factor != 1 else lr


def _factor(schedule: Schedule, step: int, steps: int, reductions: int) -> float:
    """Return what the learning rate is multiplied by, without any warm-up."""
    match schedule:
        case Constant() | BatchGrowth():
            return 1.0
        case Power():
            return float((1 + step / schedule.steps) ** -schedule.exponent)
        case Exponential():
            return float(schedule.gamma ** (step / schedule.steps))
        case Piecewise():
            passed = sum(step >= boundary for boundary in schedule.boundaries)
            return schedule.factors[passed - 1] if passed else 1.0
        case Performance():
            return float(schedule.factor**reductions)
        case OneCycle():
            return _one_cycle(schedule, step, steps)
        case Cosine():
            return _between(1.0, schedule.final, step / steps)
        case _:
            assert_never(schedule)


def _between(start: float, end: float, share: float) -> float:
    """Return the value on half a cosine from `start` to `end`, at a share of the way."""
    return end + (start - end) * (1 + math.cos(math.pi * min(share, 1.0))) / 2


def _one_cycle(schedule: OneCycle, step: int, steps: int) -> float:
    """Return the factor of a cycle whose top lies at the step rise · steps − 1, as torch counts it."""
    start = 1 / schedule.start
    top, last = schedule.rise * steps - 1, steps - 1
    if step < top:  # not at the top: where that is the very first step, the way up has no length
        return _between(start, 1.0, step / top)
    return _between(1.0, start / schedule.end, (step - top) / (last - top))


def batch_size_at(schedule: Schedule, batch_size: int, epoch: int, training: int) -> int:
    """Return the samples of a step in the epoch number `epoch` (from 1), of `training` samples in all."""
    if isinstance(schedule, BatchGrowth) and batch_size < training:
        stage = min((epoch - 1) // schedule.every, 64)  # 2^64 is beyond any data
        most = max(schedule.most, batch_size)
        batch_size = min(batch_size * schedule.factor**stage, most)
    return min(batch_size, training)
