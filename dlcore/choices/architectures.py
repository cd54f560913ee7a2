"""The networks, in menu order."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from dlcore.choices.activations import ACTIVATIONS, Activation, ReLU, Tanh
from dlcore.choices.choice import Choice, choice, count, flag, number, option, table, text, widths, words
from dlcore.choices.geometry import Window
from dlcore.choices.initializers import INITIALIZERS, DefaultInit, Initializer

Widths = Annotated[tuple[Annotated[int, Field(ge=1, le=65_536)], ...], Field(max_length=1000)]
Sides = tuple[Annotated[int, Field(ge=1, le=64)], ...]
Output = Literal["auto", "linear", "sigmoid", "softmax"]
Padding = Literal["same", "none"]
Pooling = Literal["max", "average"]

_OUTPUT = "After the last layer: auto is softmax for mse on classes, else linear."
_INIT = "Where the weights start."
_DROPOUT = "Share of dense units silenced in each training step."
_ACTIVATION = "The function after each hidden layer."
_EACH = "one for all, or one a block"


class _Architecture(Choice):
    noun: ClassVar[str] = "model"
    last: ClassVar[tuple[str, ...]] = ("init", "output", "norm", "residual", "dropout", "bias")


class _Network(_Architecture):
    """What all networks of ours have."""

    init: Initializer = choice(DefaultInit(), family=INITIALIZERS, help=_INIT)
    output: Output = option("auto", help=_OUTPUT)


class Perceptron(_Network):
    """One layer from input to output and nothing hidden: draws straight lines only.

    The baseline for everything; it cannot learn xor.
    """

    kind: Literal["perceptron"] = "perceptron"
    bias: bool = flag(True, help="A constant added to each unit.")

    @property
    def hidden(self) -> Widths:
        """No hidden layer."""
        return ()


class Mlp(_Network):
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
    norm: Literal["none", "batch", "layer"] = option(
        "none", help="Between layer and activation: mean 0, deviation 1, over the batch or over the layer."
    )
    residual: bool = flag(False, help="Adds a layer's input to its output, where both are equally wide.")
    dropout: float = number(
        0.0, at_least=0, below=1, help="Share of hidden units silenced in each training step."
    )
    bias: bool = flag(True, help="A constant added to each unit.")


class _Convolutional(_Network):
    """What networks for images have."""

    def windows(self) -> list[Window]:
        """Return its convolutions and poolings from input to output, for the size of each map."""
        raise NotImplementedError


class Cnn(_Convolutional):
    """Convolutions with pooling, then fully connected layers: sees what is near what.

    For images. A block is a convolution, the activation, and a pooling.
    """

    kind: Literal["cnn"] = "cnn"
    filters: Widths = widths((16, 32), help="Filters of each block: 16,32 are two blocks.", at_least_one=True)
    kernel: Sides = widths((3,), help=f"Side of a filter, in pixels; {_EACH}.", at_least_one=True)
    stride: Sides = widths((1,), help=f"Pixels that a filter moves at a time; {_EACH}.", at_least_one=True)
    padding: tuple[Padding, ...] = words(
        ("same",), help=f"same: (kernel − 1)/2 zeros around the map; none; {_EACH}.", at_least_one=True
    )
    pool: Sides = widths(
        (2,), help=f"Pooling over squares of N×N pixels; 1 is none; {_EACH}.", at_least_one=True
    )
    pooling: tuple[Pooling, ...] = words(
        ("max",), help=f"max or average of each square; {_EACH}.", at_least_one=True
    )
    hidden: Widths = widths((64,), help="Units of the fully connected layers behind; may be empty.")
    activation: Activation = choice(ReLU(), family=ACTIVATIONS, help=_ACTIVATION)
    norm: Literal["none", "batch"] = option(
        "none", help="batch: normalizes each filter's maps over the batch."
    )
    dropout: float = number(0.0, at_least=0, below=1, help=_DROPOUT)
    bias: bool = flag(True, help="A constant added to each unit.")

    def per_block(self, name: str) -> tuple[Any, ...]:
        """Return the values of a field for each block, where one stands for all."""
        given: tuple[Any, ...] = getattr(self, name)
        return given * len(self.filters) if len(given) == 1 else given

    def windows(self) -> list[Window]:
        """Return a convolution for each block, and its pooling."""
        found: list[Window] = []
        rows = zip(*(self.per_block(name) for name in ("kernel", "stride", "padding", "pool")), strict=False)
        for number_, (kernel, stride, padding, pool) in enumerate(rows, 1):
            zeros = (kernel - 1) // 2 if padding == "same" else 0
            found.append(Window(f"conv{number_}", kernel, stride, zeros))
            if pool > 1:
                found.append(Window(f"pool{number_}", pool, pool))
        return found


class LeNet5(_Convolutional):
    """Two convolutions with pooling and three dense layers (LeCun et al., 1998).

    The first network that read digits for a living: 6 and 16 filters of 5×5, then 120 and 84 units.
    """

    kind: Literal["lenet5"] = "lenet5"
    activation: Activation = choice(Tanh(), family=ACTIVATIONS, help=_ACTIVATION)
    pooling: Pooling = option("average", help="max or average of each 2×2 square.")

    @property
    def hidden(self) -> Widths:
        """The dense layers behind the convolutions."""
        return (120, 84)

    def windows(self) -> list[Window]:
        """Return the windows; two zeros around the input make 28×28 pixels the original's 32×32."""
        return [Window("conv1", 5, 1, 2), Window("pool1", 2, 2), Window("conv2", 5), Window("pool2", 2, 2)]


class Vgg(_Convolutional):
    """Blocks of two 3×3 convolutions and a pooling, each twice as wide (Simonyan and Zisserman, 2015).

    The plain deep CNN, in small: depth from small filters.
    """

    kind: Literal["vgg"] = "vgg"
    width: int = count(32, at_least=1, at_most=512, help="Filters of the first block; each next has twice.")
    blocks: int = count(3, at_least=1, at_most=5, help="Blocks of two convolutions and a pooling.")
    hidden: Widths = widths((128,), help="Units of the fully connected layers behind; may be empty.")
    activation: Activation = choice(ReLU(), family=ACTIVATIONS, help=_ACTIVATION)
    norm: Literal["none", "batch"] = option(
        "batch", help="batch: normalizes each filter's maps over the batch."
    )
    dropout: float = number(0.0, at_least=0, below=1, help=_DROPOUT)

    def windows(self) -> list[Window]:
        """Return two convolutions and a pooling for each block."""
        found: list[Window] = []
        for block in range(1, self.blocks + 1):
            found += [Window(f"conv{2 * block - 1}", 3, 1, 1), Window(f"conv{2 * block}", 3, 1, 1)]
            found.append(Window(f"pool{block}", 2, 2))
        return found


class ResNet(_Convolutional):
    """Three stages of residual blocks, for small images (He et al., 2016).

    Adds each block's input to its output, so that depth does not hurt: 3 blocks a stage are ResNet-20.
    """

    kind: Literal["resnet"] = "resnet"
    width: int = count(16, at_least=1, at_most=512, help="Filters of the first stage; each next has twice.")
    blocks: int = count(1, at_least=1, at_most=18, help="Blocks of two convolutions in each stage.")
    activation: Activation = choice(ReLU(), family=ACTIVATIONS, help=_ACTIVATION)
    norm: Literal["none", "batch"] = option(
        "batch", help="batch: normalizes each filter's maps over the batch."
    )

    def windows(self) -> list[Window]:
        """Return the convolutions on the long way, past the shortcuts."""
        found = [Window("conv1", 3, 1, 1)]
        for stage in range(3):
            for block in range(self.blocks):
                stride = 2 if stage and not block else 1
                name = f"block{stage * self.blocks + block + 1}"
                found += [Window(f"{name}.conv1", 3, stride, 1), Window(f"{name}.conv2", 3, 1, 1)]
        return found


class ResNet18(_Convolutional):
    """torchvision's ResNet-18 for images, 11 million weights, none of them trained (He et al., 2016).

    Made for 224×224 pixels in colour; its first layer takes as many channels as the data have.
    """

    kind: Literal["resnet18"] = "resnet18"

    def windows(self) -> list[Window]:
        """Return none: padding keeps its maps from shrinking to nothing."""
        return []


class CustomModel(_Architecture):
    """Your own network: a class or function that returns a torch module.

    It is called with `shape` and `outputs` of the data where it takes them, and with args.
    """

    kind: Literal["custom"] = "custom"
    target: str = text("", max_length=4096, help="What to call: package.module:Name or file.py:Name.")
    args: dict[str, Any] = table(help="Arguments to call it with: {width = 64}.")


Architecture = Perceptron | Mlp | Cnn | LeNet5 | Vgg | ResNet | ResNet18 | CustomModel
ARCHITECTURES: tuple[type[Architecture], ...] = (
    Perceptron,
    Mlp,
    Cnn,
    LeNet5,
    Vgg,
    ResNet,
    ResNet18,
    CustomModel,
)
