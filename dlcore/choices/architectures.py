"""The networks."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from dlcore.choices.activations import ACTIVATIONS, Activation, ReLU
from dlcore.choices.choice import Choice, choice, count, flag, number, option, widths
from dlcore.choices.initializers import INITIALIZERS, DefaultInit, Initializer

Widths = tuple[Annotated[int, Field(ge=1, le=65_536)], ...]
Output = Literal["auto", "linear", "sigmoid", "softmax"]

_OUTPUT = "After the last layer: auto is linear before cross_entropy, softmax before mse."


class _Architecture(Choice):
    noun: ClassVar[str] = "model"


class Perceptron(_Architecture):
    """One layer from input to output and nothing hidden: draws straight lines only.

    The baseline for everything; it cannot learn xor.
    """

    kind: Literal["perceptron"] = "perceptron"
    init: Initializer = choice(DefaultInit(), family=INITIALIZERS, help="Where the weights start.")
    output: Output = option("auto", help=_OUTPUT)
    bias: bool = flag(True, help="A constant added to each unit.")

    @property
    def hidden(self) -> Widths:
        """No hidden layer."""
        return ()


class Mlp(_Architecture):
    """Fully connected layers, one after the other.

    For points, tables and small images, whose pixels it sees as one long row.
    """

    kind: Literal["mlp"] = "mlp"
    hidden: Widths = widths(
        (128, 64), help="Units in each hidden layer: 128,64 are two layers.", at_least_one=True
    )
    activation: Activation | tuple[Activation, ...] = choice(
        ReLU(),
        family=ACTIVATIONS,
        several=True,
        help="The function after each hidden layer; or a list, one each.",
    )
    init: Initializer = choice(DefaultInit(), family=INITIALIZERS, help="Where the weights start.")
    output: Output = option("auto", help=_OUTPUT)
    dropout: float = number(
        0.0, at_least=0, below=1, help="Share of hidden units silenced in each training step."
    )
    bias: bool = flag(True, help="A constant added to each unit.")


class Cnn(_Architecture):
    """Convolutions with pooling, then fully connected layers: sees what is near what.

    For images. Each convolution is followed by the activation, then by its pooling.
    """

    kind: Literal["cnn"] = "cnn"
    filters: Widths = widths((16, 32), help="Filters of each convolution: 16,32 are two.", at_least_one=True)
    kernel: int = count(3, at_least=1, at_most=31, help="Height and width of every filter, in pixels.")
    stride: int = count(1, at_least=1, at_most=16, help="Pixels that a filter moves at a time.")
    padding: Literal["same", "none"] = option(
        "same", help="same: (kernel − 1)/2 zeros around the map; none: no zeros."
    )
    pool: int = count(2, at_least=1, at_most=16, help="Maximum over squares of N×N pixels; 1 is no pooling.")
    hidden: Widths = widths((64,), help="Units of the fully connected layers behind; may be empty.")
    activation: Activation = choice(ReLU(), family=ACTIVATIONS, help="The function after each hidden layer.")
    init: Initializer = choice(DefaultInit(), family=INITIALIZERS, help="Where the weights start.")
    output: Output = option("auto", help=_OUTPUT)
    dropout: float = number(
        0.0, at_least=0, below=1, help="Share of dense units silenced in each training step."
    )
    bias: bool = flag(True, help="A constant added to each unit.")

    def map_sizes(self, height: int, width: int) -> list[tuple[int, int]]:
        """Return height and width of the feature map behind each convolution with its pooling.

        A size of 0 or less says that the map has shrunk to nothing there; sizes end with it.
        """
        padding = (self.kernel - 1) // 2 if self.padding == "same" else 0
        sizes = []
        for _ in self.filters:
            height, width = (
                ((side + 2 * padding - self.kernel) // self.stride + 1) // self.pool
                for side in (height, width)
            )
            sizes.append((height, width))
            if min(height, width) < 1:
                break
        return sizes


Architecture = Perceptron | Mlp | Cnn
ARCHITECTURES: tuple[type[Architecture], ...] = (Perceptron, Mlp, Cnn)
