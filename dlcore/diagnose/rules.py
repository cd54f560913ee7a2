"""All rules by code, the gravest first, and which symptoms each of them explains."""

from collections.abc import Mapping

from dlcore.diagnose.finding import Code
from dlcore.diagnose.layers import (
    dead_relu,
    exploding_gradient,
    linear_collapse,
    saturated_activation,
    vanishing_gradient,
)
from dlcore.diagnose.losses import diverged, loss_mismatch, nan
from dlcore.diagnose.outcomes import not_learning, overfitting, underfitting
from dlcore.diagnose.rates import lr_too_high, lr_too_low, oscillating_loss, plateau, slow_convergence
from dlcore.diagnose.rule import Rule
from dlcore.events import Unknown

RULES: dict[Code, Rule] = {
    "nan": nan,
    "diverged": diverged,
    "loss_mismatch": loss_mismatch,
    "linear_collapse": linear_collapse,
    "exploding_gradient": exploding_gradient,
    "dead_relu": dead_relu,
    "saturated_activation": saturated_activation,
    "vanishing_gradient": vanishing_gradient,
    "lr_too_high": lr_too_high,
    "oscillating_loss": oscillating_loss,
    "lr_too_low": lr_too_low,
    "slow_convergence": slow_convergence,
    "plateau": plateau,
    "not_learning": not_learning,
    "underfitting": underfitting,
    "overfitting": overfitting,
}

NEEDS: Mapping[Code, frozenset[Unknown]] = {
    "diverged": frozenset(("lr",)),
    "exploding_gradient": frozenset(("score",)),
    "dead_relu": frozenset(("score", "lr")),
    "saturated_activation": frozenset(("score", "lr")),
    "vanishing_gradient": frozenset(("score",)),
    "lr_too_high": frozenset(("optimizer", "lr", "score")),
    "oscillating_loss": frozenset(("lr", "score")),
    "lr_too_low": frozenset(("optimizer", "lr", "score")),
    "slow_convergence": frozenset(("optimizer", "lr", "score", "epochs")),
    "plateau": frozenset(("lr", "score")),
    "not_learning": frozenset(("score", "chance")),
    "underfitting": frozenset(("score", "network")),
}
"""What a rule's words rest on: it is silent about a run of another program of which that is not known."""

_NO_PROGRESS: tuple[Code, ...] = ("not_learning", "underfitting", "plateau", "slow_convergence")
"""What is seen of a run that something keeps from learning."""

_WAYS_TO_DIVERGE: tuple[Code, ...] = ("lr_too_high", "exploding_gradient")

EXPLAINS: Mapping[Code, tuple[Code, ...]] = {
    "nan": tuple(code for code in RULES if code != "nan"),
    "diverged": tuple(code for code in RULES if code not in ("nan", "diverged", *_WAYS_TO_DIVERGE)),
    "loss_mismatch": (*_NO_PROGRESS, "lr_too_low", "saturated_activation", "vanishing_gradient"),
    "linear_collapse": (*_NO_PROGRESS, "lr_too_low", "oscillating_loss"),
    "exploding_gradient": (
        *_NO_PROGRESS,
        "diverged",
        "overfitting",
        "lr_too_high",
        "oscillating_loss",
        "saturated_activation",
        "lr_too_low",
    ),
    "dead_relu": (*_NO_PROGRESS, "vanishing_gradient", "lr_too_low", "oscillating_loss"),
    "saturated_activation": (
        *_NO_PROGRESS,
        "overfitting",
        "vanishing_gradient",
        "lr_too_low",
        "oscillating_loss",
    ),
    "vanishing_gradient": (*_NO_PROGRESS, "lr_too_low", "oscillating_loss"),
    "lr_too_high": (
        *_NO_PROGRESS,
        "diverged",
        "dead_relu",
        "saturated_activation",
        "vanishing_gradient",
        "oscillating_loss",
        "overfitting",
    ),
    "oscillating_loss": (*_NO_PROGRESS, "overfitting"),
    "lr_too_low": _NO_PROGRESS,
    "slow_convergence": ("not_learning", "underfitting", "plateau"),
    "plateau": ("not_learning", "underfitting"),
    "not_learning": ("underfitting", "overfitting"),
}
