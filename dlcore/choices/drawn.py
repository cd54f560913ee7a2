"""Data drawn with a seed: points in the plane, a curve, and pure noise."""

from typing import ClassVar, Literal

from dlcore.choices.bundled import SCALE_TARGET
from dlcore.choices.choice import count, flag, number, option
from dlcore.choices.dataset import DataChoice, DrawSeed, Facts, ImageChoice, halves

_SEED = '"run" draws with the run\'s seed; a number draws the same samples whatever that is.'
_NOISE = "Standard deviation of the noise on each point."


class Xor(DataChoice):
    """Four points that no straight line can part: a perceptron fails, one hidden layer does it.

    It is trained and evaluated on its own points; give it a few hundred epochs.
    """

    kind: Literal["xor"] = "xor"
    validation: float = number(
        0.0, at_least=0, at_most=0, hidden=True, help="Always 0: xor is evaluated on its own points."
    )
    samples: int = count(4, at_least=4, at_most=1_000_000, help="4 is the four corners; more repeat them.")
    noise: float = number(0.0, at_least=0, at_most=10, help=_NOISE)
    seed: DrawSeed = count("run", or_word=True, help=_SEED)

    @property
    def facts(self) -> Facts:
        """The same points for training and for the test."""
        return Facts("classification", (2,), self.samples, self.samples, classes=2, test_is_training=True)


class Plane(DataChoice):
    """Points in the plane, drawn with a seed."""

    samples: int = count(1000, at_least=20, at_most=1_000_000, help="How many points to draw.")
    noise: float = number(0.1, at_least=0, at_most=10, help=_NOISE)
    seed: DrawSeed = count("run", or_word=True, help=_SEED)

    @property
    def facts(self) -> Facts:
        """As many as asked for, one in five of them for the test."""
        classes = int(getattr(self, "classes", 2))
        return Facts("classification", (2,), *halves(self.samples), classes=classes)


class Moons(Plane):
    """Two half-moons that hold each other, in the plane.

    Small enough to see a decision boundary bend.
    """

    kind: Literal["moons"] = "moons"


class Circles(Plane):
    """One circle inside another, in the plane.

    No straight line parts them; a few relu units can.
    """

    kind: Literal["circles"] = "circles"
    noise: float = number(0.05, at_least=0, at_most=10, help=_NOISE)


class Spiral(Plane):
    """Arms that wind around each other, one a class, in the plane.

    The hardest of the plane: it asks for width, depth and patience.
    """

    kind: Literal["spiral"] = "spiral"
    noise: float = number(0.05, at_least=0, at_most=10, help=_NOISE)
    classes: int = count(2, at_least=2, at_most=10, help="How many arms.")
    turns: float = number(1.0, above=0, at_most=5, help="How often an arm winds around the middle.")


class Blobs(Plane):
    """Round clouds of points, one a class, in the plane.

    Where they lie apart, a perceptron is enough; with more noise no network can part them all.
    """

    kind: Literal["blobs"] = "blobs"
    noise: float = number(1.0, at_least=0, at_most=100, help="Standard deviation of each cloud.")
    classes: int = count(3, at_least=2, at_most=20, help="How many clouds.")


class Regression(DataChoice):
    """A curve with noise, to be predicted from one number or more.

    With one feature the network's curve can be seen bending to the points.
    """

    kind: Literal["regression"] = "regression"
    samples: int = count(500, at_least=20, at_most=1_000_000, help="How many points to draw.")
    features: int = count(1, at_least=1, at_most=1000, help="Numbers that y follows from.")
    function: Literal["sine", "linear", "step"] = option(
        "sine", help="What y is of the features' weighted sum: a sine, the sum itself, or its sign."
    )
    noise: float = number(0.1, at_least=0, at_most=10, help="Standard deviation of the noise on y.")
    seed: DrawSeed = count("run", or_word=True, help=_SEED)
    scale_target: bool = flag(True, help=SCALE_TARGET)

    @property
    def facts(self) -> Facts:
        """As many as asked for, one in five of them for the test."""
        return Facts("regression", (self.features,), *halves(self.samples))


class Noise(ImageChoice):
    """Random pictures with random labels: there is nothing to learn, only to memorize.

    What overfitting looks like: training reaches 100 %, the test stays at chance.
    """

    kind: Literal["noise"] = "noise"
    is_image: ClassVar[bool] = True
    samples: int = count(500, at_least=20, at_most=100_000, help="How many pictures to draw.")
    side: int = count(8, at_least=1, at_most=512, help="Height and width of a picture, in pixels.")
    channels: int = count(1, at_least=1, at_most=4, help="1 is grey, 3 is colour.")
    classes: int = count(10, at_least=2, at_most=1000, help="How many labels to draw from.")
    seed: DrawSeed = count("run", or_word=True, help=_SEED)

    @property
    def facts(self) -> Facts:
        """As many as asked for, one in five of them for the test."""
        shape = (self.channels, self.side, self.side)
        return Facts("classification", shape, *halves(self.samples), classes=self.classes)
