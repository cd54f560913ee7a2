"""Advice on where the weights start: their size against the activation and the depth."""

import math
from collections.abc import Iterator

from dlcore.advice.advice import RECTIFIED, Advice, Case, hidden_activations, is_steadied, percent
from dlcore.choices.activations import SELU, Activation, Sigmoid, Tanh
from dlcore.choices.architectures import Architecture, CustomModel, Mlp, Perceptron
from dlcore.choices.initializers import DefaultInit, He, Lecun, Normal, Xavier, Zeros

_DEEP = 5
_FAR = 5.0
_TANH_GAIN = 5 / 3


def zeros(case: Case) -> Iterator[Advice]:
    """Units that start alike stay alike."""
    model = case.config.model
    if isinstance(model, Perceptron | CustomModel) or not isinstance(model.init, Zeros):
        return
    hidden: tuple[int, ...] = getattr(model, "hidden", ())
    wide = f"the {max(hidden)} units of a layer" if hidden else "units of a layer"
    message = f"from zeros {wide} all get the same gradient: they stay alike, for nothing breaks the symmetry"
    yield Advice("model.init", message, {"model.init": _suited(model)})


def _suited(model: Architecture) -> str:
    """Return the initialization for a network whose own one will not do."""
    activations = hidden_activations(model)
    if any(isinstance(one, SELU) for one in activations):
        return "lecun"
    return "he" if _is_deep_rectified(model) else "default"


def _is_deep_rectified(model: Architecture) -> bool:
    rectified = sum(isinstance(one, RECTIFIED) for one in hidden_activations(model))
    return rectified >= _DEEP and not is_steadied(model)


def rectified_depth(case: Case) -> Iterator[Advice]:
    """Each relu halves the signal's square, and PyTorch's own weights take two thirds of it besides."""
    model = case.config.model
    init = getattr(model, "init", None)
    if not _is_deep_rectified(model) or not isinstance(init, DefaultInit | Xavier):
        return
    activations = hidden_activations(model)
    kind = next(one.kind for one in activations if isinstance(one, RECTIFIED))
    # Variance of a weight times fan_in is 1/3 by default and 1 with xavier; a relu passes half the square.
    kept = math.sqrt((1 if isinstance(init, Xavier) else 1 / 3) / 2) ** len(activations)
    message = (
        f"{init.kind} weights are too small for {kind}: "
        f"at most about {percent(kept)} of the signal's size is left behind {len(activations)} hidden layers"
    )
    yield Advice("model.init", message, {"model.init": "he"})


def self_normalizing(case: Case) -> Iterator[Advice]:
    """What selu promises holds with lecun weights, and without norm or dropout."""
    model = case.config.model
    activations = hidden_activations(model)
    depth = sum(isinstance(one, SELU) for one in activations)
    if depth < 2 or isinstance(model, CustomModel):
        return
    if not isinstance(model.init, Lecun | Zeros):
        message = (
            f"selu keeps mean 0 and variance 1 through {depth} layers only from weights of variance "
            f"1/fan_in, which {model.init.kind} does not draw"
        )
        yield Advice("model.init", message, {"model.init": "lecun"})
    norm = getattr(model, "norm", "none")
    if norm != "none":
        message = f"selu keeps mean 0 and variance 1 by itself, so {norm} norm does its work over again"
        yield Advice("model.norm", message, {"model.norm": "none"})
    dropout = getattr(model, "dropout", 0.0)
    if dropout:
        message = f"dropout {dropout:g} sets units to 0, and breaks the mean 0 and variance 1 that selu keeps"
        yield Advice("model.dropout", message, {"model.dropout": 0.0})


def one_deviation(case: Case) -> Iterator[Advice]:
    """One deviation for all layers, far from what their widths ask for."""
    model = case.config.model
    if not isinstance(model, Mlp) or not isinstance(model.init, Normal) or is_steadied(model):
        return
    activations = hidden_activations(model)
    if len(activations) < 3 or any(isinstance(one, SELU) for one in activations):
        return
    std, widest = model.init.std, max(model.hidden[:-1])
    behind = activations[model.hidden.index(widest) + 1]
    wanted = _gain(behind) / math.sqrt(widest)
    if wanted / _FAR <= std <= wanted * _FAR:
        return
    then = "fades from layer to layer" if std < wanted else "grows from layer to layer"
    if isinstance(behind, Sigmoid | Tanh) and std > wanted:
        then = f"drives {behind.kind} to its flat ends"
    message = (
        f"weights of deviation {std:g} where {widest} inputs and {behind.kind} ask for {wanted:.2g}: "
        f"the signal {then}"
    )
    better = "he" if all(isinstance(one, RECTIFIED) for one in activations) else "xavier"
    yield Advice("model.init", message, {"model.init": better})


def _gain(activation: Activation) -> float:
    """Return the factor by which weights must grow to make up for what an activation takes away."""
    if isinstance(activation, RECTIFIED):
        return math.sqrt(2)
    return _TANH_GAIN if isinstance(activation, Tanh) else 1.0


def saturated(case: Case) -> Iterator[Advice]:
    """Weights made for relu drive an activation with flat ends to them."""
    model = case.config.model
    activations = hidden_activations(model)
    if is_steadied(model) or not isinstance(getattr(model, "init", None), He):
        return
    found = next((one for one in activations if isinstance(one, Tanh)), None)
    if found is not None and len(activations) >= 3:
        message = (
            f"he makes the weights before {found.kind} 5/3 as large as xavier, "
            f"and through {len(activations)} layers about one unit in six "
            "stays beyond 0.9, where the slope is nearly gone"
        )
        yield Advice("model.init", message, {"model.init": "xavier"})
