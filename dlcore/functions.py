"""The activations as plain functions of one number, and their slopes: for drawing, without torch."""

import math
from typing import assert_never

from dlcore.choices.activations import (
    ELU,
    GELU,
    SELU,
    Activation,
    Identity,
    LeakyReLU,
    ReLU,
    Sigmoid,
    SiLU,
    Softplus,
    Step,
    Tanh,
)

_SELU_ALPHA = 1.6732632423543772
_SELU_SCALE = 1.0507009873554805
"""Both from the appendix of Klambauer et al. (2017)."""


def value(activation: Activation, x: float) -> float:
    """Return f(x)."""
    match activation:
        case Identity():
            return x
        case Step():
            return 1.0 if x >= 0 else 0.0
        case Sigmoid():
            return _sigmoid(x)
        case Tanh():
            return math.tanh(x)
        case ReLU():
            return max(x, 0.0)
        case LeakyReLU():
            return x if x > 0 else activation.slope * x
        case ELU():
            return x if x > 0 else activation.alpha * math.expm1(x)
        case SELU():
            return _SELU_SCALE * (x if x > 0 else _SELU_ALPHA * math.expm1(x))
        case GELU():
            return x * _normal(x)
        case SiLU():
            return x * _sigmoid(x)
        case Softplus():
            return max(x, 0.0) + math.log1p(math.exp(-abs(x)))
        case _:
            assert_never(activation)


def slope(activation: Activation, x: float) -> float:
    """Return f′(x); at a kink that of the left side, as torch has it, and 0 for a step everywhere."""
    match activation:
        case Identity():
            return 1.0
        case Step():
            return 0.0
        case Sigmoid():
            return _sigmoid(x) * _sigmoid(-x)
        case Tanh():
            return 4 * _sigmoid(2 * x) * _sigmoid(-2 * x)
        case ReLU():
            return 1.0 if x > 0 else 0.0
        case LeakyReLU():
            return 1.0 if x > 0 else activation.slope
        case ELU():
            return 1.0 if x > 0 else activation.alpha * math.exp(x)
        case SELU():
            return _SELU_SCALE * (1.0 if x > 0 else _SELU_ALPHA * math.exp(x))
        case GELU():
            return _normal(x) + x * math.exp(-x * x / 2) / math.sqrt(2 * math.pi)
        case SiLU():
            return _sigmoid(x) * (1 + x * _sigmoid(-x))
        case Softplus():
            return _sigmoid(x)
        case _:
            assert_never(activation)


def _sigmoid(x: float) -> float:
    """Return 1/(1 + e⁻ˣ), the power always taken of a number up to zero, so that none overflows."""
    power = math.exp(-abs(x))
    return 1 / (1 + power) if x >= 0 else power / (1 + power)


def _normal(x: float) -> float:
    """Return the chance that a standard normal lies below x."""
    return math.erfc(-x / math.sqrt(2)) / 2
