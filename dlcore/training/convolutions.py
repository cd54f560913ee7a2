"""Networks for images: blocks of convolutions, the classics, and residual blocks."""

from collections import OrderedDict
from collections.abc import Sequence
from itertools import pairwise
from typing import assert_never

import torch
from torch import nn

from dlcore.choices.activations import Activation
from dlcore.choices.architectures import (
    Architecture,
    Cnn,
    CustomModel,
    LeNet5,
    Mlp,
    Perceptron,
    ResNet,
    ResNet18,
    Vgg,
)
from dlcore.choices.geometry import Window, trace
from dlcore.training.activations import build_activation

Modules = OrderedDict[str, nn.Module]
_BLOCK = 16
"""Channels that oneDNN's AVX-512 convolutions take at once."""


def is_channels_last(model: Architecture) -> bool:
    """Whether images and weights have their channels last in memory: convolutions are faster so.

    They have not where a 1×1 convolution strides over few channels: oneDNN then writes past its workspace in
    the backward pass, which ends in wrong gradients or a crash (github.com/uxlfoundation/oneDNN/issues/6035).
    """
    match model:
        case Cnn() | LeNet5() | Vgg():
            return not any(window.kernel == 1 and window.stride > 1 for window in model.windows())
        case ResNet():  # the shortcuts between its stages are such convolutions
            return model.width >= _BLOCK
        case ResNet18():
            return True
        case Perceptron() | Mlp() | CustomModel():
            return False
        case _:
            assert_never(model)


def add_blocks(layers: Modules, model: Cnn | LeNet5 | Vgg, shape: tuple[int, ...]) -> int:
    """Add the convolutions with what follows each, and the poolings; return the features behind them."""
    windows = model.windows()
    filters, poolings = _filters(model), _poolings(model)
    bias = model.bias if isinstance(model, Cnn) else True
    norm = "none" if isinstance(model, LeNet5) else model.norm
    channels, convolutions, pools = shape[0], iter(filters), iter(poolings)
    for window in windows:
        if window.name.startswith("pool"):
            average = next(pools) == "average"
            pool = nn.AvgPool2d if average else nn.MaxPool2d
            layers[window.name] = pool(window.kernel, window.stride)
        else:
            units = next(convolutions)
            layers[window.name] = _convolution(window, channels, units, bias=bias and norm == "none")
            if norm == "batch":
                layers[f"{window.name}_norm"] = nn.BatchNorm2d(units)
            layers[f"{window.name}_{model.activation.kind}"] = build_activation(model.activation)
            channels = units
    layers["flatten"] = nn.Flatten()
    last = trace(windows, *shape[1:])[-1]
    return channels * last.height * last.width


def _convolution(window: Window, channels: int, units: int, *, bias: bool) -> nn.Conv2d:
    return nn.Conv2d(channels, units, window.kernel, window.stride, window.padding, bias=bias)


def _filters(model: Cnn | LeNet5 | Vgg) -> Sequence[int]:
    if isinstance(model, Cnn):
        return model.filters
    if isinstance(model, LeNet5):
        return (6, 16)
    return [model.width * 2**block for block in range(model.blocks) for _ in range(2)]


def _poolings(model: Cnn | LeNet5 | Vgg) -> Sequence[str]:
    if isinstance(model, Cnn):
        pairs = zip(model.per_block("pool"), model.per_block("pooling"), strict=False)
        return [str(pooling) for side, pooling in pairs if side > 1]
    return ("max",) * model.blocks if isinstance(model, Vgg) else (model.pooling,) * 2


class ResidualBlock(nn.Module):
    """Two 3×3 convolutions around which the input is carried, and added to what they give."""

    def __init__(self, channels: int, units: int, stride: int, activation: Activation, norm: str) -> None:
        super().__init__()
        bias = norm == "none"
        self.conv1 = nn.Conv2d(channels, units, 3, stride, 1, bias=bias)
        self.conv1_norm = nn.BatchNorm2d(units) if norm == "batch" else nn.Identity()
        self.add_module(f"conv1_{activation.kind}", build_activation(activation))
        self.conv2 = nn.Conv2d(units, units, 3, 1, 1, bias=bias)
        self.conv2_norm = nn.BatchNorm2d(units) if norm == "batch" else nn.Identity()
        self.add_module(f"conv2_{activation.kind}", build_activation(activation))
        self._kind = activation.kind
        self.shortcut: nn.Module | None = None
        if stride != 1 or channels != units:
            self.shortcut = nn.Conv2d(channels, units, 1, stride, bias=bias)
            self.shortcut_norm = nn.BatchNorm2d(units) if norm == "batch" else nn.Identity()

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Return activation(F(x) + x); x goes through a 1×1 convolution where the shapes differ."""
        carried = values if self.shortcut is None else self.shortcut_norm(self.shortcut(values))
        values = self._activated("conv1", self.conv1_norm(self.conv1(values)))
        return self._activated("conv2", self.conv2_norm(self.conv2(values)) + carried)

    def _activated(self, name: str, values: torch.Tensor) -> torch.Tensor:
        activated: torch.Tensor = self._modules[f"{name}_{self._kind}"](values)  # type: ignore[misc]
        return activated


def add_residual_stages(layers: Modules, model: ResNet, channels: int) -> int:
    """Add the first convolution and three stages, each with half the size and twice the filters."""
    layers["conv1"] = nn.Conv2d(channels, model.width, 3, 1, 1, bias=model.norm == "none")
    if model.norm == "batch":
        layers["conv1_norm"] = nn.BatchNorm2d(model.width)
    layers[f"conv1_{model.activation.kind}"] = build_activation(model.activation)
    widths: list[int] = [
        model.width,
        *(model.width * 2**stage for stage in range(3) for _ in range(model.blocks)),
    ]
    for number, (before, units) in enumerate(pairwise(widths), 1):
        stride = 2 if units > before else 1
        layers[f"block{number}"] = ResidualBlock(before, units, stride, model.activation, model.norm)
    layers["average"] = nn.AdaptiveAvgPool2d(1)
    layers["flatten"] = nn.Flatten()
    return widths[-1]
