"""How the weights move."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from dlcore.choices.choice import Choice, number, table

_LR = "Learning rate: the size of a step against the gradient."
Rate = Annotated[float, Field(gt=0, allow_inf_nan=False)]
_MOMENTUM = "Share of the last step that is kept."
_EPS = "Keeps the division from blowing up."
_SHORT = (0.0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99)
"""Memories, as a share of what was known: of the last 2, 5, 10, 20 … steps."""
_LONG = (*_SHORT, 0.995, 0.998, 0.999, 0.9995, 0.9998, 0.9999)


class _Optimizer(Choice):
    noun: ClassVar[str] = "optimizer"
    last: ClassVar[tuple[str, ...]] = ("lr_per_layer",)
    usual: ClassVar[tuple[float, float]]
    """Learning rates between these are usual; advice is given outside of them."""
    lr: float = number(0.01, above=0, help=_LR)
    lr_per_layer: dict[str, Rate] = table(
        help="Rates of single layers: {fc1 = 0.02}; a schedule scales them."
    )


class Sgd(_Optimizer):
    """Plain gradient descent: a step against the gradient of each batch."""

    kind: Literal["sgd"] = "sgd"
    usual: ClassVar[tuple[float, float]] = (1e-3, 1.0)
    lr: float = number(0.1, above=0, help=_LR)


class Momentum(_Optimizer):
    """Gradient descent with a memory: it keeps rolling where gradients agree (Polyak, 1964).

    The classic choice, with lr 0.01 and momentum 0.9.
    """

    kind: Literal["momentum"] = "momentum"
    usual: ClassVar[tuple[float, float]] = (1e-4, 0.2)
    momentum: float = number(0.9, at_least=0, below=1, help=_MOMENTUM, ladder=_SHORT)


class Nesterov(_Optimizer):
    """Momentum that looks where it is about to be (Nesterov, 1983).

    Like momentum, and a little steadier.
    """

    kind: Literal["nesterov"] = "nesterov"
    usual: ClassVar[tuple[float, float]] = (1e-4, 0.2)
    momentum: float = number(0.9, above=0, below=1, help=_MOMENTUM, ladder=_SHORT)


class Adagrad(_Optimizer):
    """Divides each weight's step by the root of all its squared gradients so far (Duchi et al., 2011).

    Steps only ever shrink: good on rare features, soon too slow on long runs.
    """

    kind: Literal["adagrad"] = "adagrad"
    usual: ClassVar[tuple[float, float]] = (1e-3, 0.5)
    eps: float = number(1e-10, above=0, help=_EPS)


class Adadelta(_Optimizer):
    """Adagrad with a window, its steps in the weights' own unit (Zeiler, 2012).

    It hardly needs a learning rate: 1 is as published.
    """

    kind: Literal["adadelta"] = "adadelta"
    usual: ClassVar[tuple[float, float]] = (0.05, 10.0)
    lr: float = number(1.0, above=0, help=_LR)
    rho: float = number(0.9, at_least=0, below=1, help="Memory of the squares.", ladder=_LONG)
    eps: float = number(1e-6, above=0, help=_EPS)


class RMSprop(_Optimizer):
    """Divides each weight's step by a running root mean square of its gradient (Hinton, 2012).

    Adagrad that forgets; good on noisy problems.
    """

    kind: Literal["rmsprop"] = "rmsprop"
    usual: ClassVar[tuple[float, float]] = (1e-5, 0.02)
    lr: float = number(0.001, above=0, help=_LR)
    alpha: float = number(0.99, at_least=0, below=1, help="Memory of the squared gradient.", ladder=_LONG)
    momentum: float = number(0.0, at_least=0, below=1, help=_MOMENTUM, ladder=_SHORT)
    eps: float = number(1e-8, above=0, help=_EPS)


class Adam(_Optimizer):
    """A step size of its own for each weight, from running means of the gradient and its square.

    Works nearly everywhere with lr 0.001 (Kingma and Ba, 2015).
    """

    kind: Literal["adam"] = "adam"
    usual: ClassVar[tuple[float, float]] = (1e-5, 0.02)
    lr: float = number(0.001, above=0, help=_LR)
    beta1: float = number(0.9, at_least=0, below=1, help="Memory of the gradient.", ladder=_SHORT)
    beta2: float = number(0.999, at_least=0, below=1, help="Memory of the squared gradient.", ladder=_LONG)
    eps: float = number(1e-8, above=0, help=_EPS)


class AdamW(_Optimizer):
    """Adam with weight decay beside the gradient instead of in it (Loshchilov and Hutter, 2019).

    Decay shrinks all weights alike here; an l2 penalty would be divided by each weight's own step size.
    """

    kind: Literal["adamw"] = "adamw"
    usual: ClassVar[tuple[float, float]] = (1e-5, 0.02)
    lr: float = number(0.001, above=0, help=_LR)
    beta1: float = number(0.9, at_least=0, below=1, help="Memory of the gradient.", ladder=_SHORT)
    beta2: float = number(0.999, at_least=0, below=1, help="Memory of the squared gradient.", ladder=_LONG)
    eps: float = number(1e-8, above=0, help=_EPS)
    weight_decay: float = number(
        0.01, at_least=0, help="Each step shrinks all parameters by the factor 1 − lr · this."
    )


Optimizer = Sgd | Momentum | Nesterov | Adagrad | Adadelta | RMSprop | Adam | AdamW
OPTIMIZERS: tuple[type[Optimizer], ...] = (
    Sgd,
    Momentum,
    Nesterov,
    Adagrad,
    Adadelta,
    RMSprop,
    Adam,
    AdamW,
)
