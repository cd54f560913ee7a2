"""Which sample, unit and weight of a frozen batch is looked at closely, and what a person calls them."""

from dataclasses import dataclass
from math import prod
from typing import Any

import torch
from torch import nn

from dlcore.training.layers import weights_of
from dlcore.training.looking.microscope.calls import Call
from dlcore.training.looking.microscope.frozen import Frozen
from dlcore.training.looking.microscope.reach import CONVOLUTIONS, is_followed, unravel


@dataclass(frozen=True)
class Chosen:
    """A weight of a unit of a layer, and a sample."""

    layers: tuple[str, ...]
    """All that can be chosen, as `weights_of` names them."""
    layer: str
    parameter: str
    """The name of the weights that it is one of, or of the biases."""
    index: int
    """Its place in that parameter, flat."""
    unit: int
    units: int
    weight: int
    """Its number among those of the unit; the bias, if there is one, stands behind the weights."""
    weights: int
    """How many a unit has, its bias among them."""
    has_bias: bool
    is_bias: bool
    sample: int
    uses: tuple[Call, ...]
    """Every use of the layer in the forward pass; none where it cannot be followed."""

    @property
    def call(self) -> Call | None:
        """The first use."""
        return self.uses[0] if self.uses else None


def choose(
    frozen: Frozen, layer: int = 0, unit: int | None = None, weight: int | None = None, sample: int = 0
) -> Chosen:
    """Return a choice; numbers count on from the start behind the end.

    None is a unit, or a weight of it, that has the largest gradient.
    """
    names = {id(parameter): name for name, parameter in frozen.model.named_parameters()}
    tables = {name: tensor for name, tensor in weights_of(frozen.model).items() if id(tensor) in names}
    tables = tables or {name: tensor for name, tensor in frozen.model.named_parameters() if tensor.dim()}
    layers = tuple(tables)
    name = layers[layer % len(layers)]
    table = tables[name]
    own, bias = names[id(table)], _bias(frozen.model, name)
    units, inputs = len(table), max(1, prod(table.shape[1:]))
    gradient = frozen.gradients[own]
    rows = torch.zeros(units, inputs) if gradient is None else gradient.reshape(units, inputs).abs()
    unit = int(rows.square().sum(1).argmax()) if unit is None else unit % units
    weights = inputs + (bias is not None)
    weight = int(rows[unit].argmax()) if weight is None else weight % weights
    is_bias = weight == inputs
    calls = [call for call in frozen.calls if call.name == name]
    followed = bool(calls) and all(is_followed(call, frozen.samples) for call in calls)
    return Chosen(
        layers=layers,
        layer=name,
        parameter=bias if is_bias and bias is not None else own,
        index=unit if is_bias else unit * inputs + weight,
        unit=unit,
        units=units,
        weight=weight,
        weights=weights,
        has_bias=bias is not None,
        is_bias=is_bias,
        sample=sample % frozen.samples,
        uses=tuple(calls) if followed else (),
    )


def _bias(model: nn.Module, name: str) -> str | None:
    """Return the full name of a layer's biases, one a unit."""
    module = dict(model.named_modules()).get(name)
    if not isinstance(module, (nn.Linear, *CONVOLUTIONS)) or module.bias is None:
        return None
    return next((full for full, one in model.named_parameters() if one is module.bias), None)


def weight_label(frozen: Frozen, chosen: Chosen, weight: int) -> str:
    """Return what a weight of a unit is multiplied with: `input 17`, `pixel 2,5`, `channel 1 at 0,2`."""
    if chosen.has_bias and weight == chosen.weights - 1:
        return "bias"
    call = chosen.call
    if call is None:
        return f"number {weight}"
    if isinstance(call.module, CONVOLUTIONS):
        channels = call.module.in_channels // call.module.groups
        channel, *taps = unravel(weight, (channels, *call.module.kernel_size))
        where = ",".join(map(str, taps))
        return f"channel {channel} at {where}" if channels > 1 else f"pixel {where}"
    shape: Any = frozen.opened.facts.shape
    is_first = call is next(one for one in frozen.calls if isinstance(one.module, nn.Linear | nn.Conv2d))
    if is_first and frozen.opened.facts.is_image and chosen.weights - chosen.has_bias == prod(shape):
        channel, row, column = unravel(weight, shape)
        return f"pixel {row},{column}" + (f" of channel {channel}" if shape[0] > 1 else "")
    return f"input {weight}"
