"""What one unit of a layer is given, gives, and is told: for fully connected layers and convolutions.

A unit of a convolution is a filter. It stands at many places of a sample, and so does a unit of a fully
connected layer that is applied along a sequence; `place` is () where there is but one.
"""

from math import prod
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from dlcore.training.looking.microscope.calls import Call

Place = tuple[int, ...]
_Convolution = nn.Conv1d | nn.Conv2d | nn.Conv3d
CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)


def is_followed(call: Call, samples: int) -> bool:
    """Whether it is a layer whose rows are the samples of the batch."""
    layer = isinstance(call.module, (nn.Linear, *CONVOLUTIONS))
    if not layer or call.inputs is None or call.output is None or call.output.dim() < 2:
        return False
    return len(call.inputs) == len(call.output) == samples


def of_unit(call: Call, values: torch.Tensor, unit: int) -> torch.Tensor:
    """Return what belongs to a unit in values of the shape of a layer's output: (batch, *places)."""
    return values[:, unit] if isinstance(call.module, CONVOLUTIONS) else values[..., unit]


def strongest(call: Call, unit: int, sample: int) -> Place:
    """Return the place where a unit gives most."""
    values = of_unit(call, call.values, unit)[sample]
    return unravel(int(values.argmax()), values.shape) if values.dim() else ()


def window(call: Call, unit: int, sample: int, place: Place) -> torch.Tensor:
    """Return the inputs (weights of the unit,) that a unit sees at a place, in the order of its weights."""
    layer = call.module
    assert call.inputs is not None
    if not isinstance(layer, CONVOLUTIONS):
        return call.inputs.detach()[(sample, *place)]
    padded, channels = _padded(layer, call.inputs.detach()), _channels(layer, unit)
    spans: list[slice] = [
        slice(at * stride, at * stride + (side - 1) * gap + 1, gap)
        for at, stride, side, gap in zip(place, layer.stride, layer.kernel_size, layer.dilation, strict=True)
    ]
    where: tuple[int | slice, ...] = (sample, channels, *spans)
    return padded[where].flatten()


def inputs_of(call: Call, unit: int, weight: int) -> torch.Tensor:
    """Return what one weight of a unit is multiplied with: (batch, *places)."""
    layer = call.module
    assert call.inputs is not None
    assert call.output is not None
    if not isinstance(layer, CONVOLUTIONS):
        return call.inputs.detach()[..., weight]
    channel, *taps = unravel(weight, layer.weight.shape[1:])
    padded = _padded(layer, call.inputs.detach())
    spans: list[slice] = [
        slice(tap * gap, tap * gap + (places - 1) * stride + 1, stride)
        for tap, gap, places, stride in zip(
            taps, layer.dilation, call.output.shape[2:], layer.stride, strict=True
        )
    ]
    return padded[(slice(None), _channels(layer, unit).start + channel, *spans)]


def unravel(index: int, shape: Any) -> Place:
    """Return where the flat index lies in a shape."""
    place = []
    for position in range(len(shape)):
        rest = prod(shape[position + 1 :])
        place.append(index // rest)
        index %= rest
    return tuple(place)


def ravel(place: Place, shape: Any) -> int:
    """Return the flat index of a place in a shape."""
    return sum(at * prod(shape[position + 1 :]) for position, at in enumerate(place))


def _padded(layer: _Convolution, inputs: torch.Tensor) -> torch.Tensor:
    mode = "constant" if layer.padding_mode == "zeros" else layer.padding_mode
    return functional.pad(inputs, layer._reversed_padding_repeated_twice, mode=mode)


def _channels(layer: _Convolution, unit: int) -> slice:
    """Return the input channels of a filter's group."""
    width = layer.in_channels // layer.groups
    first = unit // (layer.out_channels // layer.groups) * width
    return slice(first, first + width)
