"""Forward: what each layer hands on, and one unit's weighted sum written out."""

from typing import Any

import torch
from torch import nn

from dlcore.training.looking.microscope.calls import Call
from dlcore.training.looking.microscope.chosen import Chosen, weight_label
from dlcore.training.looking.microscope.frozen import Frozen
from dlcore.training.looking.microscope.norms import statistics
from dlcore.training.looking.microscope.reach import CONVOLUTIONS, strongest, window
from dlcore.training.looking.microscope.stages import Spot, behind
from dlcore.training.looking.microscope.through import forward
from dlcore.training.looking.microscope.written import largest, number

MOST_TERMS = 16
"""Terms of a sum that are written out; the others are summed up."""
_MODES = (nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout)
_RUNNING = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)


def forward_page(frozen: Frozen, chosen: Chosen) -> dict[str, Any]:
    """Return a row for each module, in the order of the forward pass, and the neuron."""
    return {
        "rows": [_row(call, chosen) for call in frozen.calls],
        "neuron": _neuron(frozen, chosen),
    }


def _row(call: Call, chosen: Chosen) -> dict[str, Any]:
    shape = list(call.output.shape) if call.output is not None else []
    figures = {"min": number(call.least), "mean": number(call.mean), "max": number(call.most)}
    is_chosen = call.name == chosen.layer and call.name != "" and call.output is not None
    return {"name": call.label, "shape": shape, **figures, "note": _note(call), "chosen": is_chosen}


def _note(call: Call) -> str:
    """Return what the mode changes here, or what else is special."""
    if call.output is None:
        return "gives no tensor"
    if isinstance(call.module, _MODES):
        return f"drops {call.dropped or 0:.0%}" if call.training else "drops nothing"
    if isinstance(call.module, _RUNNING):
        has_running = getattr(call.module, "running_mean", None) is not None
        return "by running mean" if not call.training and has_running else "by this batch"
    if isinstance(call.module, nn.ReLU) and call.dropped is not None:
        return f"{call.dropped:.0%} become 0"
    return ""


def _neuron(frozen: Frozen, chosen: Chosen) -> dict[str, Any]:
    call = chosen.call
    if call is None:
        kind = type(dict(frozen.model.named_modules()).get(chosen.layer, frozen.model)).__name__
        return {"note": f"{chosen.layer} ({kind}) is no plain weighted sum: it is not written out here"}
    assert call.output is not None
    place = strongest(call, chosen.unit, chosen.sample)
    spot = Spot(call, chosen.unit, chosen.sample, place)
    layer = call.module
    assert isinstance(layer.weight, torch.Tensor)
    weights = layer.weight.detach()[chosen.unit].flatten().double()
    inputs = window(call, chosen.unit, chosen.sample, place).double()
    products = weights * inputs
    terms = [
        [number(weights[one]), number(inputs[one]), number(products[one]), weight_label(frozen, chosen, one)]
        for one in largest(products, MOST_TERMS)
    ]
    bias = layer.bias
    assert bias is None or isinstance(bias, torch.Tensor)
    stages, taker = behind(frozen, call)
    return {
        "place": list(place),
        "is_filter": isinstance(layer, CONVOLUTIONS),
        "terms": terms,
        "count": len(products),
        "sum": number(products.sum()),
        "bias": None if bias is None else number(bias.detach()[chosen.unit]),
        "value": number(spot.of(call.values)),
        "stages": [
            {"name": stage.call.label, **forward(stage, spot), "note": statistics(stage, spot)}
            for stage in stages
        ],
        "note": _then(frozen, call, stages[-1].call if stages else call, taker),
    }


def _then(frozen: Frozen, layer: Call, last: Call, taker: Call | None) -> str:
    """Return what becomes of the unit's value behind what is written out."""
    if taker is not None:
        return f"handed on to {taker.label}"
    if last.output is frozen.outputs:
        return "an output of the network"
    is_last = layer is frozen.calls[-1]
    return "" if is_last else "the network goes on with it by itself, not by a module"
