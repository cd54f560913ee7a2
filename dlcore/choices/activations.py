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


Activation = Identity | Sigmoid | Tanh | ReLU | LeakyReLU
ACTIVATIONS: tuple[type[Activation], ...] = (ReLU, LeakyReLU, Tanh, Sigmoid, Identity)
