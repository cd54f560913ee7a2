"""Backward: the gradient of each tensor, and the chain rule for one weight written out."""

from typing import Any

import torch
from torch import nn

from dlcore.training.looking.microscope.calls import Call
from dlcore.training.looking.microscope.chosen import Chosen, weight_label
from dlcore.training.looking.microscope.forward_page import MOST_TERMS
from dlcore.training.looking.microscope.frozen import Frozen
from dlcore.training.looking.microscope.loss_slope import slope
from dlcore.training.looking.microscope.norms import reach
from dlcore.training.looking.microscope.reach import inputs_of, of_unit, ravel, strongest, unravel
from dlcore.training.looking.microscope.stages import Spot, behind
from dlcore.training.looking.microscope.through import backward
from dlcore.training.looking.microscope.written import Written, largest, number, written

_ROUNDING = 1e-4
"""A share of a gradient that float32 may have lost on the way; what is missing beyond it came another way."""


def backward_page(frozen: Frozen, chosen: Chosen) -> dict[str, Any]:
    """Return the norms of each tensor after each backward pass, and the chain rule."""
    return {
        "rows": [
            _row(frozen, name, parameter, chosen) for name, parameter in frozen.model.named_parameters()
        ],
        "rule": _chain_rule(frozen, chosen),
        "delta": _delta(frozen, chosen),
    }


def _row(frozen: Frozen, name: str, parameter: torch.Tensor, chosen: Chosen) -> dict[str, Any]:
    norms = [passed[name] for passed in frozen.norms]
    gradient = frozen.gradients[name]
    return {
        "name": name,
        "shape": list(parameter.shape),
        "norms": [None if norm is None else number(norm) for norm in norms],
        "weights": number(torch.linalg.vector_norm(parameter.detach())),
        "zero": None if gradient is None else float((gradient == 0).float().mean()),
        "has": gradient is not None,
        "chosen": name == chosen.parameter,
    }


def _chain_rule(frozen: Frozen, chosen: Chosen) -> dict[str, Any]:
    """Return dL/dw as a sum over samples of δ·input, the largest first."""
    gradient = frozen.gradients[chosen.parameter]
    if gradient is None:
        return {"note": f"the loss does not depend on {chosen.parameter}: it has no gradient"}
    value = number(gradient.flatten()[chosen.index])
    if not chosen.uses:
        return {
            "value": value,
            "note": f"{chosen.layer} is no plain weighted sum: autograd alone knows the way",
        }
    each = torch.zeros(frozen.samples, dtype=torch.float64)
    for call in chosen.uses:
        each += (_deltas(call, chosen) * _given(call, chosen)).reshape(frozen.samples, -1).sum(1)
    found: dict[str, Any] = {
        "label": weight_label(frozen, chosen, chosen.weight),
        "value": value,
        "sum": number(each.sum()),
        "count": frozen.samples,
        "uses": len(chosen.uses),
        "note": "",
    }
    call = chosen.uses[0]
    deltas, given = _deltas(call, chosen), _given(call, chosen)
    order = largest(each, MOST_TERMS)
    if len(chosen.uses) == 1 and deltas.dim() == 1:
        found["places"] = 1
        found["terms"] = [
            [number(deltas[one]), number(given[one]), number(each[one]), f"sample {one}"] for one in order
        ]
        return found
    found["places"] = deltas[0].numel()
    found["terms"] = [[None, None, number(each[one]), f"sample {one}"] for one in order]
    if len(chosen.uses) == 1:
        found["within"] = _within(deltas[chosen.sample], given[chosen.sample])
    return found


def _within(deltas: torch.Tensor, given: torch.Tensor) -> dict[str, Any]:
    """Return one sample's share of dL/dw, as a sum over the places where a unit stands."""
    products = (deltas * given).flatten()
    terms = [
        [
            number(deltas.flatten()[one]),
            number(given.flatten()[one]),
            number(products[one]),
            f"at {','.join(map(str, unravel(one, deltas.shape)))}",
        ]
        for one in largest(products, MOST_TERMS)
    ]
    return {"terms": terms, "count": len(products), "sum": number(products.sum())}


def _deltas(call: Call, chosen: Chosen) -> torch.Tensor:
    """Return dL/dz of the chosen unit, in double: (batch, *places)."""
    assert call.output is not None
    told = torch.zeros_like(call.output) if call.gradient is None else call.gradient
    return of_unit(call, told, chosen.unit).double()


def _given(call: Call, chosen: Chosen) -> torch.Tensor:
    """Return what the chosen weight is multiplied with, in double; a bias with 1."""
    if chosen.is_bias:
        return torch.ones_like(_deltas(call, chosen))
    return inputs_of(call, chosen.unit, chosen.weight).double()


# -- where δ comes from -----------------------------------------------------------------------------


def _delta(frozen: Frozen, chosen: Chosen) -> dict[str, Any]:
    """Return how δ = dL/dz of the chosen unit, in the chosen sample, comes from what follows."""
    call = chosen.call
    if call is None or call.gradient is None:
        return {"note": "", "lines": []}
    place = strongest(call, chosen.unit, chosen.sample)
    spot = Spot(call, chosen.unit, chosen.sample, place)
    stages, taker = behind(frozen, call)
    last = stages[-1] if stages else None
    end, symbol = (last.call, last.symbol) if last else (call, "z")
    found: dict[str, Any] = {"place": list(place), "value": number(spot.of(call.gradient)), "note": ""}
    begins, lines = _begin(frozen, spot, end, taker, symbol)
    found |= begins
    for stage in reversed(stages):
        lines += backward(stage, spot)
        size = reach(stage, spot) if stage.kind.endswith("norm") else 0.0
        lines += _otherwise(lines[-1], spot.of(stage.before.gradient), size)
    found["lines"] = lines
    return found


def _begin(
    frozen: Frozen, spot: Spot, end: Call, taker: Call | None, symbol: str
) -> tuple[dict[str, Any], list[Written]]:
    """Return where the gradient to the unit's value comes from: the next layer's δ, or the loss."""
    told = spot.of(end.gradient)
    if end.output is frozen.outputs:
        line = {**slope(frozen, spot.sample, spot.unit), "symbol": f"dL/d{symbol}"}
        return {"from": "the loss"}, [line, *_otherwise(line, told, abs(told))]
    following = _next_layer(frozen, taker, end)
    if following is None:
        note = f"dL/d{symbol} {_way_back(taker)}"
        return {"note": note}, [written(f"dL/d{symbol}", "given by autograd", told, told)]
    assert following.gradient is not None
    assert end.output is not None
    assert isinstance(following.module.weight, torch.Tensor)
    column = spot.unit if end.output.dim() == 2 else ravel((spot.unit, *spot.place), end.output.shape[1:])
    weights = following.module.weight.detach()[:, column].double()
    deltas = following.gradient[spot.sample].double()
    products = weights * deltas
    terms = [
        [number(weights[one]), number(deltas[one]), number(products[one]), f"unit {one}"]
        for one in largest(products, MOST_TERMS)
    ]
    total = float(products.sum())
    line = written(f"dL/d{symbol}", f"Σ w·δ over the units of {following.label}", total, total)
    begins = {"from": following.label, "terms": terms, "count": len(products), "sum": number(total)}
    return begins, [line, *_otherwise(line, told, float(products.abs().sum()))]


def _way_back(taker: Call | None) -> str:
    """Return in words how a gradient comes back where that is not written out."""
    if taker is None:
        return "is not written out here: no module takes it"
    match taker.module:
        case nn.Conv1d() | nn.Conv2d() | nn.Conv3d():
            rule = ": Σ w·δ over its filters and places"
        case nn.MaxPool1d() | nn.MaxPool2d() | nn.MaxPool3d():
            rule = ", to the largest of each window alone"
        case nn.AvgPool1d() | nn.AvgPool2d() | nn.AvgPool3d() | nn.AdaptiveAvgPool2d():
            rule = ", shared out alike over each window"
        case _:
            rule = ", whose rule is not written out here"
    return f"comes back from {taker.label}{rule}"


def _next_layer(frozen: Frozen, taker: Call | None, end: Call) -> Call | None:
    """Return the fully connected layer that takes a unit's value, if there is one; flattened or not."""
    if taker is not None and isinstance(taker.module, nn.Flatten) and taker.module.start_dim == 1:
        flat = taker
        later = frozen.calls[frozen.calls.index(flat) + 1 :]
        taker = next((other for other in later if flat.hands_to(other)), None)
    elif end.output is None or end.output.dim() != 2:
        return None
    if taker is None or not isinstance(taker.module, nn.Linear) or taker.gradient is None:
        return None
    return taker if taker.gradient.dim() == 2 else None


def _otherwise(line: Written, told: float, reach: float) -> list[Written]:
    """Return what a gradient holds beyond what a rule gives: it has come by another way, as a shortcut.

    `reach` is the size of what was added up: rounding is a share of it, however small the sum.
    """
    value = line["value"] or 0.0
    rest = told - value
    if abs(rest) <= _ROUNDING * max(abs(told), abs(value), reach):
        return []
    return [written(line["symbol"], "this + what comes another way", told, value, " + ", rest)]
