"""The functions between the layers."""

from typing import ClassVar, Literal

from dlcore.choices.choice import Choice, number


class _Activation(Choice):
    noun: ClassVar[str] = "activation"


class Identity(_Activation):
    """No function at all: a stack of such layers is still one linear layer.

    Choose it to see that depth without non-linearity gains nothing.
    """

    kind: Literal["identity"] = "identity"


class Step(_Activation):
    """1 from zero on, else 0, as in the first neurons: its slope is 0 wherever it has one.

    It trains nothing before it, because no gradient comes through; choose it to see that.
    """

    kind: Literal["step"] = "step"


class Sigmoid(_Activation):
    """Squashes to 0–1; its slope is at most 1/4, so gradients shrink layer by layer.

    Choose it to see vanishing gradients, or for the classic small networks.
    """

    kind: Literal["sigmoid"] = "sigmoid"


class Tanh(_Activation):
    """Squashes to −1–1 around zero, with slope 1 in the middle.

    Choose it over sigmoid in hidden layers; it goes well with xavier.
    """

    kind: Literal["tanh"] = "tanh"


class ReLU(_Activation):
    """Zero below zero, unchanged above: cheap, and its slope does not shrink gradients.

    The usual choice; it goes well with he.
    """

    kind: Literal["relu"] = "relu"


class LeakyReLU(_Activation):
    """A relu that keeps a small slope below zero, so that no unit can die.

    Choose it when many relu units never fire.
    """

    kind: Literal["leaky_relu"] = "leaky_relu"
    slope: float = number(0.01, at_least=0, at_most=1, help="Slope below zero; 0 is relu, 1 is identity.")


class ELU(_Activation):
    """A relu that bends smoothly to −α below zero: its mean stays near zero (Clevert et al., 2015).

    Slower than relu, often steadier in deep plain networks.
    """

    kind: Literal["elu"] = "elu"
    alpha: float = number(1.0, above=0, at_most=100, help="What it tends to far below zero, times −1.")


class SELU(_Activation):
    """An elu scaled so that mean 0 and variance 1 keep themselves (Klambauer et al., 2017).

    It asks for lecun initialization and standardized inputs, without norm or dropout.
    """

    kind: Literal["selu"] = "selu"


class GELU(_Activation):
    """x times the chance that a standard normal lies below x (Hendrycks and Gimpel, 2016).

    What transformers use: a relu without the kink.
    """

    kind: Literal["gelu"] = "gelu"


class SiLU(_Activation):
    """x · sigmoid(x), also called swish: smooth, and dips a little below zero.

    A choice for deep networks; close to gelu.
    """

    kind: Literal["silu"] = "silu"


class Softplus(_Activation):
    """ln(1 + eˣ): a relu drawn soft, above zero everywhere.

    Its slope is the sigmoid; it seldom beats relu, and shows what the kink does not matter for.
    """

    kind: Literal["softplus"] = "softplus"


Activation = ReLU | LeakyReLU | ELU | SELU | GELU | SiLU | Softplus | Tanh | Sigmoid | Step | Identity
ACTIVATIONS: tuple[type[Activation], ...] = (
    ReLU,
    LeakyReLU,
    ELU,
    SELU,
    GELU,
    SiLU,
    Softplus,
    Tanh,
    Sigmoid,
    Step,
    Identity,
)
