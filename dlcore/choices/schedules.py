"""How the learning rate changes over a run."""

from typing import ClassVar, Literal

from dlcore.choices.choice import Choice, count, number


class _Schedule(Choice):
    noun: ClassVar[str] = "schedule"


class Constant(_Schedule):
    """The same learning rate from the first step to the last."""

    kind: Literal["constant"] = "constant"


class Exponential(_Schedule):
    """lr · γ^(step / s): falls by the factor γ every s steps, smoothly.

    Large steps first, fine ones last.
    """

    kind: Literal["exponential"] = "exponential"
    gamma: float = number(0.1, above=0, at_most=1, help="The factor γ.")
    steps: int = count(1000, at_least=1, help="The steps s over which the factor applies once.")


Schedule = Constant | Exponential
SCHEDULES: tuple[type[Schedule], ...] = (Constant, Exponential)


def lr_at(schedule: Schedule, lr: float, step: int) -> float:
    """Return the learning rate of the step that follows after `step` finished ones."""
    match schedule:
        case Constant():
            return lr
        case Exponential():
            return float(lr * schedule.gamma ** (step / schedule.steps))
