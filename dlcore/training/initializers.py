"""Where the weights of a network start."""

from typing import assert_never

import torch
from torch import nn

from dlcore.choices.initializers import DefaultInit, He, Initializer, Lecun, Normal, Orthogonal, Xavier, Zeros
from dlcore.training.activations import gain
from dlcore.training.layers import following, layers_of


def initialize(network: nn.Module, init: Initializer, hidden: nn.Module | None = None) -> None:
    """Draw the weights anew; the default init is what torch's constructors have already drawn.

    fan_in is the number of inputs that one unit adds up: for a convolution, channels · kernel². `hidden` is
    the activation behind all layers but the last, for networks that do not name it.
    """
    if isinstance(init, DefaultInit):
        return
    layers = layers_of(network)
    last = next(reversed(layers), "")
    for name, layer in layers.items():
        weight, bias = layer.weight, layer.bias
        if weight.is_meta:  # only its shape is of interest
            continue
        _draw(weight, init, gain(following(network, name) or (hidden if name != last else None)))
        if bias is not None:
            nn.init.zeros_(bias)


def _draw(weight: torch.Tensor, init: Initializer, factor: float) -> None:
    """Fill one weight tensor; `factor` is the gain of the activation that follows."""
    fan_in = weight[0].numel()
    match init:
        case Xavier():
            nn.init.xavier_uniform_(weight)
        case He():
            bound = factor * (3 / fan_in) ** 0.5  # U(−b, b) has variance b²/3, and gain²/fan_in is wanted
            nn.init.uniform_(weight, -bound, bound)
        case Lecun():
            nn.init.normal_(weight, std=fan_in**-0.5)
        case Orthogonal():
            nn.init.orthogonal_(weight, factor)
        case Normal():
            nn.init.normal_(weight, std=init.std)
        case Zeros():
            nn.init.zeros_(weight)
        case DefaultInit():
            return
        case _:
            assert_never(init)
