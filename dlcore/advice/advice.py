"""What advice is, what it is given about, and the shape of a network that rules ask for."""

from dataclasses import dataclass
from typing import Any

from dlcore.choices.activations import GELU, Activation, LeakyReLU, ReLU, SiLU
from dlcore.choices.architectures import Architecture, Cnn, LeNet5, Mlp, ResNet, ResNet18, Vgg
from dlcore.choices.dataset import Facts
from dlcore.config import Plan, RunConfig, to_value
from dlcore.oneline import print_setting

RECTIFIED = ReLU | LeakyReLU | GELU | SiLU
"""Activations that pass the positive half, and nearly nothing of the other."""


@dataclass(frozen=True)
class Advice:
    """Why one key could be better, and what to change."""

    key: str
    """The dotted key it stands beside, as in `optimizer.lr`."""
    message: str
    """One sentence, without full stop: what, and why."""
    changes: dict[str, Any]
    """Dotted key → value as in the file; empty where there is no single change to offer."""

    @property
    def settings(self) -> tuple[str, ...]:
        """The changes as `--set` takes them: `optimizer.lr=0.01`."""
        return tuple(print_setting(key, value) for key, value in self.changes.items())

    @property
    def offer(self) -> str:
        """The changes in words: `optimizer.lr = 0.01`; empty without any."""
        return ", ".join(setting.replace("=", " = ", 1) for setting in self.settings)


@dataclass(frozen=True)
class Case:
    """What a rule looks at: the configuration without any `auto`, and what is known of the data."""

    config: RunConfig
    facts: Facts | None
    plan: Plan | None
    """None while the data have not been opened."""


def hidden_activations(model: Architecture) -> tuple[Activation, ...]:
    """Return the activation behind each hidden layer with weights, convolutions included."""
    match model:
        case Mlp():
            given = model.activation
            return given if isinstance(given, tuple) else (given,) * len(model.hidden)
        case Cnn():
            return (model.activation,) * (len(model.filters) + len(model.hidden))
        case LeNet5():
            return (model.activation,) * 4
        case Vgg():
            return (model.activation,) * (2 * model.blocks + len(model.hidden))
        case ResNet():
            return (model.activation,) * (1 + 6 * model.blocks)
        case _:
            return ()


def is_steadied(model: Architecture) -> bool:
    """Whether norms or shortcuts keep the signal's size, so that depth alone does no harm."""
    is_residual = isinstance(model, ResNet | ResNet18) or (isinstance(model, Mlp) and model.residual)
    return is_residual or getattr(model, "norm", "none") != "none"


def exchanged(model: Architecture, kinds: type[Activation], word: str) -> str | list[Any]:
    """Return `model.activation` as in the file, with activations of a kind exchanged for another."""
    given = getattr(model, "activation", None)
    if not isinstance(given, tuple):
        return word
    values = [word if isinstance(one, kinds) else to_value(one) for one in given]
    return word if all(value == word for value in values) else values


def percent(share: float) -> str:
    """Return a share in percent, in two digits however small."""
    return f"{100 * share:.2g} %"
