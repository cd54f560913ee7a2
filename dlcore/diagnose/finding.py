"""What is found wrong with a run: since when, by which numbers, the likely cause, what would cure it."""

from dataclasses import dataclass
from typing import Any, Literal

from dlcore.oneline import print_setting

Code = Literal[
    "nan",
    "diverged",
    "exploding_gradient",
    "vanishing_gradient",
    "dead_relu",
    "saturated_activation",
    "linear_collapse",
    "loss_mismatch",
    "lr_too_high",
    "oscillating_loss",
    "lr_too_low",
    "slow_convergence",
    "plateau",
    "not_learning",
    "underfitting",
    "overfitting",
]
Severity = Literal["error", "warning"]
"""An error leaves nothing learned; a warning, less than could be."""


@dataclass(frozen=True)
class Remedy:
    """One named change of the configuration; it may set several keys."""

    name: str
    """In a few words, as on a menu: 'relu with He initialization'."""
    set: dict[str, Any]
    """Dotted key → value as in the file."""

    @property
    def settings(self) -> tuple[str, ...]:
        """The changes as `--set` takes them: `optimizer.lr=0.01`."""
        return tuple(print_setting(key, value) for key, value in self.set.items())


@dataclass(frozen=True)
class Finding:
    """A judgement over a history."""

    code: Code
    severity: Severity
    step: int
    """Since which step it holds."""
    told: int
    """The step at which it was sure enough to be said."""
    layer: str
    """Where it begins; '' where it is not of one layer."""
    message: str
    """One sentence without full stop: what is the matter, with the numbers that say so."""
    cause: str
    """One sentence without full stop: the likely cause in this configuration."""
    evidence: dict[str, float]
    """The numbers by name, those that are known; all are finite."""
    remedies: tuple[Remedy, ...]
    """The best first."""

    def table(self) -> dict[str, Any]:
        """Return the finding as JSON has it."""
        return {
            "code": self.code,
            "severity": self.severity,
            "layer": self.layer,
            "step": self.step,
            "told": self.told,
            "message": self.message,
            "cause": self.cause,
            "evidence": self.evidence,
            "remedies": [{"name": one.name, "set": one.set} for one in self.remedies],
        }
