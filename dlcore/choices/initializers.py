"""Where the weights start."""

from typing import ClassVar, Literal

from dlcore.choices.choice import Choice, number


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


class Lecun(_Initializer):
    """Normal with variance 1/fan_in, biases 0 (LeCun et al., 1998).

    What selu asks for; right for layers without a gain.
    """

    kind: Literal["lecun"] = "lecun"


class Orthogonal(_Initializer):
    """Rows or columns at right angles, times the activation's gain, biases 0 (Saxe et al., 2013).

    Neither stretches nor shrinks any direction: signals pass through very deep networks.
    """

    kind: Literal["orthogonal"] = "orthogonal"


class Normal(_Initializer):
    """Normal with one deviation for all layers, whatever their width, biases 0.

    The naive way: too small and the signal fades, too large and it saturates.
    """

    kind: Literal["normal"] = "normal"
    std: float = number(0.01, above=0, at_most=100, help="Standard deviation of the weights.")


class Zeros(_Initializer):
    """All weights and biases 0: units of a layer stay alike, for nothing tells them apart.

    Every unit gets the same gradient, so nothing breaks the symmetry; choose it to see that.
    """

    kind: Literal["zeros"] = "zeros"


Initializer = DefaultInit | Xavier | He | Lecun | Orthogonal | Normal | Zeros
INITIALIZERS: tuple[type[Initializer], ...] = (
    DefaultInit,
    Xavier,
    He,
    Lecun,
    Orthogonal,
    Normal,
    Zeros,
)
