"""What can be learned from."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from dlcore.choices.choice import Choice, count, flag, number, option

BatchSize = Annotated[int, Field(ge=1)] | Literal["full"]


class _Dataset(Choice):
    noun: ClassVar[str] = "data set"
    classes: ClassVar[int]
    shape: ClassVar[tuple[int, ...]]
    """Shape of one sample: (channels, height, width) of an image, or (features,)."""

    batch_size: BatchSize = count(
        64, at_least=1, or_word=True, help='Samples in a step; "full" is plain gradient descent.'
    )
    validation: float = number(
        0.1, at_least=0, below=1, help="Share of the training split held out; 0: the test split is watched."
    )
    normalize: Literal["auto", "none", "half", "standard"] = option(
        "auto", help="half: (x − 0.5)/0.5; standard: fitted on the training split; auto: by data."
    )
    shuffle: bool = flag(True, help="A new order of the samples in every epoch.")
    limit: int = count(0, help="Use only the first N training samples; 0 is all.")

    @property
    def is_image(self) -> bool:
        """Whether a sample has channels, height and width."""
        return len(self.shape) == 3

    @property
    def sizes(self) -> tuple[int, int]:
        """Samples in the training split (before any is held out) and in the test split."""
        raise NotImplementedError


def halves(samples: int) -> tuple[int, int]:
    """Return the sizes of the training and test split of data that has no test split: 20 % are held out."""
    test = round(samples * 0.2)
    return samples - test, test


class Digits(_Dataset):
    """1,797 handwritten digits of 8×8 pixels; ships with scikit-learn, needs no network.

    The place to start: a run takes a second. Ten classes.
    """

    kind: Literal["digits"] = "digits"
    classes: ClassVar[int] = 10
    shape: ClassVar[tuple[int, ...]] = (1, 8, 8)

    @property
    def sizes(self) -> tuple[int, int]:
        """1,797 samples, one in five of them for the test."""
        return halves(1797)


class Xor(_Dataset):
    """Four points that no straight line can part: a perceptron fails, one hidden layer does it.

    It is trained and evaluated on its four points; give it a few hundred epochs.
    """

    kind: Literal["xor"] = "xor"
    classes: ClassVar[int] = 2
    shape: ClassVar[tuple[int, ...]] = (2,)
    validation: float = number(
        0.0, at_least=0, at_most=0, hidden=True, help="Always 0: xor is evaluated on its own four points."
    )

    @property
    def sizes(self) -> tuple[int, int]:
        """Four points, for training and for the test."""
        return 4, 4


class _Plane(_Dataset):
    """Points in the plane, drawn with the seed."""

    classes: ClassVar[int] = 2
    shape: ClassVar[tuple[int, ...]] = (2,)
    samples: int = count(1000, at_least=20, at_most=1_000_000, help="How many points to draw.")

    @property
    def sizes(self) -> tuple[int, int]:
        """As many as asked for, one in five of them for the test."""
        return halves(self.samples)


class Moons(_Plane):
    """Two half-moons that hold each other, in the plane.

    Small enough to see a decision boundary bend.
    """

    kind: Literal["moons"] = "moons"
    noise: float = number(0.1, at_least=0, at_most=10, help="Standard deviation of the noise on each point.")


class Circles(_Plane):
    """One circle inside another, in the plane.

    No straight line parts them; a few relu units can.
    """

    kind: Literal["circles"] = "circles"
    noise: float = number(0.05, at_least=0, at_most=10, help="Standard deviation of the noise on each point.")


class Mnist(_Dataset):
    """70,000 handwritten digits of 28×28 pixels, the classic; downloaded once (11 MB).

    Ten classes; 60,000 for training, 10,000 for the test.
    """

    kind: Literal["mnist"] = "mnist"
    classes: ClassVar[int] = 10
    shape: ClassVar[tuple[int, ...]] = (1, 28, 28)

    @property
    def sizes(self) -> tuple[int, int]:
        """As published."""
        return 60_000, 10_000


Dataset = Digits | Xor | Moons | Circles | Mnist
DATASETS: tuple[type[Dataset], ...] = (Digits, Xor, Moons, Circles, Mnist)
