"""What is made small."""

from typing import ClassVar, Literal

from dlcore.choices.choice import Choice, option


class _Loss(Choice):
    noun: ClassVar[str] = "loss"
    reduction: Literal["mean", "sum"] = option(
        "mean", help="mean over the batch, or sum: then the step grows with the batch."
    )


class AutoLoss(_Loss):
    """The usual one for the task: cross_entropy for classes."""

    kind: Literal["auto"] = "auto"


class CrossEntropy(_Loss):
    """Minus the log of the probability given to the true class.

    The usual choice for classes: its gradient is large where the network is sure and wrong.
    """

    kind: Literal["cross_entropy"] = "cross_entropy"


class MeanSquaredError(_Loss):
    """The mean of the squared differences to the target; classes become one-hot targets.

    On classes it shows why not: a network that is sure and wrong hardly moves.
    """

    kind: Literal["mse"] = "mse"


Loss = AutoLoss | CrossEntropy | MeanSquaredError
LOSSES: tuple[type[Loss], ...] = (AutoLoss, CrossEntropy, MeanSquaredError)
