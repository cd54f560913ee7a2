"""The layers of a network as code: their functions, and what is known of those that have weights."""

from dataclasses import dataclass
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
from dlcore.export.script.part import Part, number

NN = "from torch import nn"


@dataclass(frozen=True)
class Weighted:
    """A layer that has weights, and the function behind it, by which they may be drawn."""

    name: str
    activation: Activation | None


Modules = dict[str, str]
"""Name → the code that makes the module."""


def function(activation: Activation) -> str:
    """Return the code that makes an activation."""
    match activation:
        case Identity():
            return "nn.Identity()"
        case Step():
            return "StepFunction()"
        case Sigmoid():
            return "nn.Sigmoid()"
        case Tanh():
            return "nn.Tanh()"
        case ReLU():
            return "nn.ReLU()"
        case LeakyReLU():
            return f"nn.LeakyReLU({number(activation.slope)})"
        case ELU():
            return f"nn.ELU({number(activation.alpha)})"
        case SELU():
            return "nn.SELU()"
        case GELU():
            return "nn.GELU()"
        case SiLU():
            return "nn.SiLU()"
        case Softplus():
            return "nn.Softplus()"
        case _:
            assert_never(activation)


STEP = Part(
    '''class Heaviside(torch.autograd.Function):
    """1 from zero on, else 0; its gradient is 0, as the slope of a step is wherever it has one."""

    @staticmethod
    def forward(context, values):
        return (values >= 0).to(values.dtype)

    @staticmethod
    def backward(context, gradient):
        return torch.zeros_like(gradient)


class StepFunction(nn.Module):
    """The step of the first artificial neurons."""

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        return Heaviside.apply(values)''',
    (NN,),
)
