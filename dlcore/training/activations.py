"""From a choice of activation to its module, and by how much weights before it must grow."""

import math
from typing import Any, assert_never

import torch
from torch import nn

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


class _Heaviside(torch.autograd.Function):
    """1 from zero on, else 0; its gradient is 0, as the slope of a step is wherever it has one."""

    @staticmethod
    def forward(ctx: Any, values: torch.Tensor) -> torch.Tensor:
        return (values >= 0).to(values.dtype)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> torch.Tensor:
        return torch.zeros_like(gradients[0])


class StepFunction(nn.Module):
    """The step of the first artificial neurons."""

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Return 1 where a value is at least 0, else 0."""
        stepped: torch.Tensor = _Heaviside.apply(values)
        return stepped


def build_activation(activation: Activation) -> nn.Module:
    """Return the module of an activation."""
    match activation:
        case Identity():
            return nn.Identity()
        case Step():
            return StepFunction()
        case Sigmoid():
            return nn.Sigmoid()
        case Tanh():
            return nn.Tanh()
        case ReLU():
            return nn.ReLU()
        case LeakyReLU():
            return nn.LeakyReLU(activation.slope)
        case ELU():
            return nn.ELU(activation.alpha)
        case SELU():
            return nn.SELU()
        case GELU():
            return nn.GELU()
        case SiLU():
            return nn.SiLU()
        case Softplus():
            return nn.Softplus()
        case _:
            assert_never(activation)


def gain(module: nn.Module | None) -> float:
    """Return the factor by which weights must grow to make up for what an activation takes away.

    Torch's figures where it has one; for elu, gelu, silu and softplus 1/√E[f(z)²] with z normal, which is
    how He et al. (2015) come to √2 for relu.
    """
    match module:
        case nn.Tanh():
            return nn.init.calculate_gain("tanh")
        case nn.ReLU():
            return nn.init.calculate_gain("relu")
        case nn.LeakyReLU():
            return nn.init.calculate_gain("leaky_relu", module.negative_slope)
        case nn.SELU():
            return nn.init.calculate_gain("selu")
        case nn.ELU() | nn.GELU() | nn.SiLU() | nn.Softplus():
            return _keeping(module)
        case _:
            return 1.0


def _keeping(module: nn.Module) -> float:
    """Return 1/√E[f(z)²] for a standard normal z, by the trapezoidal rule."""
    with torch.device("cpu"), torch.no_grad():
        z = torch.linspace(-10, 10, 20_001, dtype=torch.float64)
        density = torch.exp(-z.square() / 2) / math.sqrt(2 * math.pi)
        power = float(torch.trapezoid(module(z).square() * density, z))
    return 1 / math.sqrt(power)
