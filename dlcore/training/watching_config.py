"""What a run directory says of a script that is watched: a configuration that every reader takes, and facts.

Network and data are the script's own, so they are `custom`, with a target that stands for no code. The
optimizer is one of ours where there is the same; another one is written as plain gradient descent at its
rate, and told to be unknown, so that nothing is concluded from it.
"""

import math
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn, optim

from dlcore.config import RunConfig
from dlcore.errors import ConfigError
from dlcore.foreign import OWN_SCRIPT
from dlcore.launch import versions
from dlcore.reading import checked
from dlcore.training.record import readable
from dlcore.training.watching_commands import lr_of

_FIELDS: dict[type[optim.Optimizer], tuple[str, tuple[tuple[str, str], ...]]] = {
    optim.Adagrad: ("adagrad", (("eps", "eps"),)),
    optim.Adadelta: ("adadelta", (("rho", "rho"), ("eps", "eps"))),
    optim.RMSprop: ("rmsprop", (("alpha", "alpha"), ("momentum", "momentum"), ("eps", "eps"))),
    optim.Adam: ("adam", (("eps", "eps"),)),
    optim.AdamW: ("adamw", (("eps", "eps"), ("weight_decay", "weight_decay"))),
}
"""Torch's optimizer → our kind, and its settings by our names."""


@dataclass(frozen=True)
class Settings:
    """What the script says of itself; None is what it does not know."""

    name: str
    epochs: int | None
    total_steps: int | None
    probe_budget: float
    obey: bool
    chance: float | None


def config_of(model: nn.Module, optimizer: optim.Optimizer, settings: Settings) -> tuple[RunConfig, bool]:
    """Return the configuration of a watched script, and whether its optimizer is one that we know."""
    kind = type(model).__name__
    table: dict[str, Any] = {
        "name": readable(settings.name or f"{script().stem} {kind}")[:200],
        "seed": torch.initial_seed() % 2**63,
        "data": {"kind": "custom", "target": f"{OWN_SCRIPT}:data"},
        "model": {"kind": "custom", "target": f"{OWN_SCRIPT}:{kind if kind.isidentifier() else 'model'}"},
        "training": {"probe_budget": settings.probe_budget, "frames_mb": 0},
    }
    if settings.epochs:
        table["training"]["epochs"] = min(settings.epochs, 1_000_000)
    found = _optimizer(optimizer)
    if found is not None:
        try:
            return checked(table | {"optimizer": found}), True
        except ConfigError:  # a setting beyond what we allow
            pass
    lr = base_lr(optimizer)
    return checked(table | {"optimizer": {"kind": "sgd"} | ({"lr": lr} if lr else {})}), False


def _optimizer(optimizer: optim.Optimizer) -> dict[str, Any] | None:
    group = optimizer.param_groups[0]
    found: dict[str, Any]
    if type(optimizer) is optim.SGD:
        momentum = float(group["momentum"])
        found = {"kind": "sgd"}
        if momentum:
            found = {"kind": "nesterov" if group["nesterov"] else "momentum", "momentum": momentum}
    elif type(optimizer) in _FIELDS:
        kind, fields = _FIELDS[type(optimizer)]
        found = {"kind": kind} | {ours: float(group[theirs]) for ours, theirs in fields}
        if "betas" in group:
            found["beta1"], found["beta2"] = map(float, group["betas"])
    else:
        return None
    lr = base_lr(optimizer)
    return found | ({"lr": lr} if lr else {})


def base_lr(optimizer: optim.Optimizer) -> float | None:
    """Return the rate of the first group before any schedule; None where that is no rate.

    A schedule of torch's keeps it as `initial_lr`, and may begin at 0.
    """
    lr = lr_of(optimizer)
    return lr if math.isfinite(lr) and lr > 0 else None


def facts_of(model: nn.Module, optimizer: optim.Optimizer, config: RunConfig) -> dict[str, Any]:
    """Return what `run.json` gets at birth."""
    network, rule = type(model).__name__, type(optimizer).__name__
    return {
        "name": config.name,
        "network": f"{network} · {rule}, watched",
        "versions": versions(),
        "watched": {"script": str(script()), "model": network, "optimizer": rule},
    }


def script() -> Path:
    """Return the file that this process runs; a notebook or a prompt has none, and is called by its name."""
    file = getattr(sys.modules.get("__main__"), "__file__", None)
    return Path(file).absolute() if isinstance(file, str) and file else Path("interactive")
