"""A value through what stands behind a unit, and the gradient back: each module's rule with its numbers."""

import torch
from torch import nn

from dlcore.training.looking.microscope.calls import Call
from dlcore.training.looking.microscope.norms import normalized, unnormalized
from dlcore.training.looking.microscope.stages import Spot, Stage, name_of
from dlcore.training.looking.microscope.written import Written, written


def forward(stage: Stage, spot: Spot) -> Written:
    """Return what a stage makes of the value of a unit."""
    match stage.kind:
        case "activation":
            return _activated(stage, spot)
        case "dropout":
            return _thinned(stage, spot)
        case "batch_norm" | "layer_norm":
            return normalized(stage, spot)
        case "softmax":
            values = _row(stage.before, spot)
            most, given = float(values.max()), float(values[spot.unit])
            total = float((values - most).exp().sum())
            rule = f"e^({stage.given} − largest) / Σ e^({stage.given} − largest)"
            return written("p", rule, _out(stage, spot), "e^(", given, " − ", most, ") / ", total)


def _activated(stage: Stage, spot: Spot) -> Written:
    given, out = spot.of(stage.before.values), _out(stage, spot)
    match stage.call.module:
        case nn.ReLU():
            return written("a", f"max(0, {stage.given})", out, "max(0, ", given, ")")
        case nn.Sigmoid():
            return written("a", f"1 / (1 + e^(−{stage.given}))", out, "1 / (1 + e^(−", given, "))")
        case _:
            name = name_of(stage)
            return written("a", f"{name}({stage.given})", out, f"{name}(", given, ")")


def _thinned(stage: Stage, spot: Spot) -> Written:
    given, out = spot.of(stage.before.values), _out(stage, spot)
    share = _share(stage.call.module)
    if not stage.call.training:
        return written("d", f"{stage.given}: nothing is dropped in evaluation mode", out, given)
    factor = _kept(stage, spot)
    if factor is None:
        return written("d", f"{stage.given}: zero, dropped or not", out, given)
    if factor == 0:
        return written("d", f"0·{stage.given}: dropped", out, "0·", given)
    return written("d", f"{stage.given} / (1 − {share:g}): kept", out, given, " / (1 − ", share, ")")


def _share(module: nn.Module) -> float:
    return float(getattr(module, "p", 0.0))


def _kept(stage: Stage, spot: Spot) -> float | None:
    """Return what dropout multiplies a value with; None where that cannot be seen, nor does it matter."""
    given, out = spot.of(stage.before.values), _out(stage, spot)
    if given:
        return out / given
    if stage.call.gradient is None or stage.before.gradient is None:
        return None
    told = spot.of(stage.call.gradient)
    return spot.of(stage.before.gradient) / told if told else None


def _out(stage: Stage, spot: Spot) -> float:
    return spot.of(stage.call.values)


def _row(call: Call, spot: Spot) -> torch.Tensor:
    return call.values[spot.sample].double()


def backward(stage: Stage, spot: Spot) -> list[Written]:
    """Return what a stage makes of the gradient to it: the chain rule's factor, and what comes of it last."""
    if stage.kind in ("batch_norm", "layer_norm"):
        return unnormalized(stage, spot)
    told = spot.of(stage.call.gradient)
    symbol, given = f"dL/d{stage.given}", f"dL/d{stage.symbol}"
    if stage.kind == "activation":
        slope = slope_at(stage.call.module, spot.of(stage.before.values))
        rule = f"{name_of(stage)}'({stage.given})·{given}"
        return [written(symbol, rule, slope * told, slope, "·", told)]
    if stage.kind == "dropout":
        return [_unthinned(stage, spot, told)]
    shares = _row(stage.call, spot)
    assert stage.call.gradient is not None
    common = float((stage.call.gradient[spot.sample].double() * shares).sum())
    share = float(shares[spot.unit])
    rule = f"p·({given} − Σ p·{given})"
    return [written(symbol, rule, share * (told - common), share, "·(", told, " − ", common, ")")]


def slope_at(module: nn.Module, value: float) -> float:
    """Return the derivative of an activation, as autograd has it."""
    point = torch.tensor([value], requires_grad=True)
    with torch.enable_grad():
        (slope,) = torch.autograd.grad(module(point.clone()).sum(), point)
    return float(slope)


def _unthinned(stage: Stage, spot: Spot, told: float) -> Written:
    symbol, given = f"dL/d{stage.given}", f"dL/d{stage.symbol}"
    factor = _kept(stage, spot) if stage.call.training else 1.0
    if factor is None or not stage.call.training:
        return written(symbol, given, told, told)
    if factor == 0:
        return written(symbol, f"0·{given}: dropped", 0.0, "0·", told)
    share = _share(stage.call.module)
    return written(symbol, f"{given} / (1 − {share:g})", told / (1 - share), told, " / (1 − ", share, ")")
