"""Where the weights start."""

from typing import ClassVar, Literal

from dlcore.choices.choice import Choice


class _Initializer(Choice):
    noun: ClassVar[str] = "initialization"


class DefaultInit(_Initializer):
    """PyTorch's own: uniform with bound 1/√fan_in, for weights and biases.

    Fine for shallow networks; too small for deep ones, whose signal fades.
    """

    kind: Literal["default"] = "default"


class Xavier(_Initializer):
    """Uniform with variance 2/(fan_in + fan_out), biases 0 (Glorot and Bengio, 2010).

    Keeps the signal's size through tanh and sigmoid layers.
    """

    kind: Literal["xavier"] = "xavier"


class He(_Initializer):
    """Uniform with variance gain²/fan_in, biases 0 (He et al., 2015).

    The gain is that of the activation that follows, √2 for relu: it keeps deep relu networks alive.
    """

    kind: Literal["he"] = "he"


Initializer = DefaultInit | Xavier | He
INITIALIZERS: tuple[type[Initializer], ...] = (DefaultInit, Xavier, He)
