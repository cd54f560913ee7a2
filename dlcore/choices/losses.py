"""What is made small."""

from typing import ClassVar, Literal

from dlcore.choices.choice import Choice, number, option


class _Loss(Choice):
    noun: ClassVar[str] = "loss"
    last: ClassVar[tuple[str, ...]] = ("reduction",)
    reduction: Literal["mean", "sum"] = option(
        "mean", help="mean over the batch, or sum: then the step grows with the batch."
    )


class AutoLoss(_Loss):
    """The usual one for the task: cross_entropy for classes, mse for numbers."""

    kind: Literal["auto"] = "auto"


class CrossEntropy(_Loss):
    """Minus the log of the probability given to the true class.

    The usual choice for classes: its gradient is large where the network is sure and wrong.
    """

    kind: Literal["cross_entropy"] = "cross_entropy"
    label_smoothing: float = number(
        0.0, at_least=0, below=1, help="Share of the target spread over all classes: less sure of itself."
    )


class BinaryCrossEntropy(_Loss):
    """The cross-entropy of one yes or no: of the class when there are two, else of each class by itself.

    It takes the numbers before the sigmoid; with two classes the network has a single output.
    """

    kind: Literal["bce"] = "bce"


class Hinge(_Loss):
    """Nothing once the true class leads by a margin of 1, else what is missing.

    The loss of the perceptron's heirs; two classes are −1 and 1 on a single output.
    """

    kind: Literal["hinge"] = "hinge"


class MeanSquaredError(_Loss):
    """The mean of the squared differences to the target; classes become one-hot targets.

    The usual choice for numbers. On classes it shows why not: sure and wrong, a network hardly moves.
    """

    kind: Literal["mse"] = "mse"


class MeanAbsoluteError(_Loss):
    """The mean of the absolute differences to the target.

    For numbers with outliers: a far point pulls no harder than a near one.
    """

    kind: Literal["mae"] = "mae"


class Huber(_Loss):
    """Squared near the target, straight beyond δ (Huber, 1964).

    For numbers with a few outliers: smooth like mse, unmoved like mae.
    """

    kind: Literal["huber"] = "huber"
    delta: float = number(1.0, above=0, help="The difference from which on it is straight.")


Loss = AutoLoss | CrossEntropy | BinaryCrossEntropy | Hinge | MeanSquaredError | MeanAbsoluteError | Huber
LOSSES: tuple[type[Loss], ...] = (
    AutoLoss,
    CrossEntropy,
    BinaryCrossEntropy,
    Hinge,
    MeanSquaredError,
    MeanAbsoluteError,
    Huber,
)
