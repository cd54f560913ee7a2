"""How the weights move."""

from typing import ClassVar, Literal

from dlcore.choices.choice import Choice, number

_LR = "Learning rate: the size of a step against the gradient."


class _Optimizer(Choice):
    noun: ClassVar[str] = "optimizer"


class Sgd(_Optimizer):
    """Plain gradient descent: a step against the gradient of each batch."""

    kind: Literal["sgd"] = "sgd"
    lr: float = number(0.1, above=0, help=_LR)


class Momentum(_Optimizer):
    """Gradient descent with a memory: it keeps rolling where gradients agree.

    The classic choice, with lr 0.01 and momentum 0.9.
    """

    kind: Literal["momentum"] = "momentum"
    lr: float = number(0.01, above=0, help=_LR)
    momentum: float = number(0.9, at_least=0, below=1, help="Share of the last step that is kept.")


class Adam(_Optimizer):
    """A step size of its own for each weight, from running means of the gradient and its square.

    Works nearly everywhere with lr 0.001 (Kingma and Ba, 2015).
    """

    kind: Literal["adam"] = "adam"
    lr: float = number(0.001, above=0, help=_LR)
    beta1: float = number(0.9, at_least=0, below=1, help="Memory of the gradient.")
    beta2: float = number(0.999, at_least=0, below=1, help="Memory of the squared gradient.")
    eps: float = number(1e-8, above=0, help="Keeps the division from blowing up.")


Optimizer = Sgd | Momentum | Adam
OPTIMIZERS: tuple[type[Optimizer], ...] = (Sgd, Momentum, Adam)
