"""Data that comes with scikit-learn: small, real, and there without a network."""

from typing import ClassVar, Literal

from dlcore.choices.choice import flag
from dlcore.choices.dataset import DataChoice, Facts, ImageChoice, halves

SCALE_TARGET = "Predict (y − mean)/deviation of the training split; errors are told in the target's own unit."


class Digits(ImageChoice):
    """1,797 handwritten digits of 8×8 pixels; ships with scikit-learn, needs no network.

    The place to start: a run takes a second. Ten classes.
    """

    kind: Literal["digits"] = "digits"

    @property
    def facts(self) -> Facts:
        """1,797 samples, one in five of them for the test."""
        return Facts("classification", (1, 8, 8), *halves(1797), classes=10)


class Table(DataChoice):
    """A table of numbers with a column to predict."""

    size: ClassVar[int]
    features: ClassVar[int]
    names: ClassVar[tuple[str, ...]] = ()

    @property
    def facts(self) -> Facts:
        """One sample in five is for the test."""
        return Facts(
            "classification", (self.features,), *halves(self.size), classes=len(self.names), names=self.names
        )


class Iris(Table):
    """150 iris flowers by four lengths, three species (Fisher, 1936).

    Nearly separable by straight lines: a perceptron does well, and there is little to overfit.
    """

    kind: Literal["iris"] = "iris"
    size: ClassVar[int] = 150
    features: ClassVar[int] = 4
    names: ClassVar[tuple[str, ...]] = ("setosa", "versicolor", "virginica")


class Wine(Table):
    """178 wines by thirteen chemical figures, three cultivars.

    Its columns differ a thousandfold in size: see what normalize = none does.
    """

    kind: Literal["wine"] = "wine"
    size: ClassVar[int] = 178
    features: ClassVar[int] = 13
    names: ClassVar[tuple[str, ...]] = ("class_0", "class_1", "class_2")


class BreastCancer(Table):
    """569 tumours by thirty figures, malignant or benign.

    Two classes of unequal size: look at precision and recall, and try the losses bce and hinge.
    """

    kind: Literal["breast_cancer"] = "breast_cancer"
    size: ClassVar[int] = 569
    features: ClassVar[int] = 30
    names: ClassVar[tuple[str, ...]] = ("malignant", "benign")


class Diabetes(Table):
    """442 patients by ten figures, and how far the disease went in a year: a regression.

    Small and noisy: a straight line explains about half, and a large network only overfits.
    """

    kind: Literal["diabetes"] = "diabetes"
    size: ClassVar[int] = 442
    features: ClassVar[int] = 10
    scale_target: bool = flag(True, help=SCALE_TARGET)

    @property
    def facts(self) -> Facts:
        """One sample in five is for the test."""
        return Facts("regression", (self.features,), *halves(self.size))
