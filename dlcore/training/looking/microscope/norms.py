"""What a norm behind a unit makes of its value and of the gradient to it, with mean and variance shown."""

from dataclasses import dataclass

import torch
from torch import nn

from dlcore.training.looking.microscope.reach import ravel
from dlcore.training.looking.microscope.stages import Spot, Stage
from dlcore.training.looking.microscope.written import Written, written


@dataclass(frozen=True)
class _Norm:
    mean: float
    variance: float
    eps: float
    gamma: float
    beta: float
    values: torch.Tensor
    """Those that mean and variance are of, normalized; and the gradients told to each, times its gamma."""
    told: torch.Tensor
    at: int
    """Where among them the value in question is."""
    is_fixed: bool
    """Whether mean and variance are running ones, that no sample of the batch moves."""


def _norm(stage: Stage, spot: Spot) -> _Norm:
    module, given, told = stage.call.module, stage.before.values, stage.call.gradient
    given = given.double()
    told = torch.zeros_like(given) if told is None else told.double()
    weight, bias = getattr(module, "weight", None), getattr(module, "bias", None)
    gammas = torch.ones(1) if weight is None else weight.detach().double()
    betas = torch.zeros(1) if bias is None else bias.detach().double()
    own = spot.unit if weight is not None else 0
    beta = float(betas[spot.unit if bias is not None else 0])
    is_fixed = False
    if isinstance(module, nn.LayerNorm):
        where = (spot.sample, *spot.place)
        values, gradients, at = given[where], told[where] * gammas, spot.unit
    else:
        column = given[:, spot.unit]
        values, gradients = column.flatten(), told[:, spot.unit].flatten() * gammas[own]
        at = spot.sample * (column[0].numel()) + ravel(spot.place, column.shape[1:])
        is_fixed = not stage.call.training and getattr(module, "running_mean", None) is not None
    mean, variance = float(values.mean()), float(values.var(correction=0))
    if is_fixed:
        assert isinstance(module.running_mean, torch.Tensor)
        assert isinstance(module.running_var, torch.Tensor)
        mean, variance = float(module.running_mean[spot.unit]), float(module.running_var[spot.unit])
    eps = float(getattr(module, "eps", 0.0))
    return _Norm(
        mean, variance, eps, float(gammas[own]), beta,
        (values - mean) / (variance + eps) ** 0.5, gradients, at, is_fixed,
    )  # fmt: skip


def normalized(stage: Stage, spot: Spot) -> Written:
    """Return what a norm makes of the value of a unit."""
    norm = _norm(stage, spot)
    given = spot.of(stage.before.values)
    rule = f"gamma·({stage.given} − mean) / √(var + eps) + beta"
    return written(
        "n", rule, spot.of(stage.call.values),
        norm.gamma, "·(", given, " − ", norm.mean, ") / √(", norm.variance, " + ", norm.eps, ") + ",
        norm.beta,
    )  # fmt: skip


def statistics(stage: Stage, spot: Spot) -> str:
    """Return whose mean and variance a norm takes, and what others there are; '' for other stages."""
    if stage.kind == "layer_norm":
        return "mean and var are those of this sample's units"
    if stage.kind != "batch_norm":
        return ""
    mean, variance = (getattr(stage.call.module, f"running_{name}", None) for name in ("mean", "var"))
    if _norm(stage, spot).is_fixed:
        of_batch = stage.before.values[:, spot.unit]
        here = f"{float(of_batch.mean()):.4g} and {float(of_batch.var(correction=0)):.4g}"
        return f"mean and var are the running ones; this batch's are {here}"
    if mean is None or variance is None:
        return "mean and var are this batch's"
    running = f"{float(mean[spot.unit]):.4g} and {float(variance[spot.unit]):.4g}"
    return f"mean and var are this batch's; evaluation takes {running}"


def unnormalized(stage: Stage, spot: Spot) -> list[Written]:
    """Return the gradient through a norm (Ioffe and Szegedy, 2015, section 3), which moves mean and variance.

    Running ones stand still: then it is a mere factor.
    """
    norm = _norm(stage, spot)
    symbol, given = f"dL/d{stage.given}", f"dL/d{stage.symbol}"
    told, own, root = norm.told, float(norm.values[norm.at]), (norm.variance + norm.eps) ** 0.5
    scaled = float(told[norm.at])
    below = (" / √(", norm.variance, " + ", norm.eps, ")")
    first = written("g", f"gamma·{given}", scaled, norm.gamma, "·", spot.of(stage.call.gradient))
    if norm.is_fixed:
        return [first, written(symbol, "g / √(var + eps)", scaled / root, scaled, *below)]
    common, along = float(told.mean()), float((told * norm.values).mean())
    rule = f"(g − mean g − h·mean(g·h)) / √(var + eps), h: normalized {stage.given}"
    parts = ("(", scaled, " − ", common, " − ", own, "·", along, ")", *below)
    return [first, written(symbol, rule, (scaled - common - own * along) / root, *parts)]


def reach(stage: Stage, spot: Spot) -> float:
    """Return the size of what `unnormalized` adds up: rounding is a share of it, however small the sum."""
    norm = _norm(stage, spot)
    along = float((norm.told * norm.values).abs().mean())
    sizes = abs(float(norm.told[norm.at])) + float(norm.told.abs().mean())
    size: float = (sizes + abs(float(norm.values[norm.at])) * along) / (norm.variance + norm.eps) ** 0.5
    return size
