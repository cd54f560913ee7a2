"""Advice on the network: what cannot learn, and what has no effect."""

from collections.abc import Iterator
from itertools import pairwise

from dlcore.advice.advice import Advice, Case, exchanged, hidden_activations, is_steadied, percent
from dlcore.choices.activations import SELU, Identity, Sigmoid, Step
from dlcore.choices.architectures import Architecture, Cnn, LeNet5, Mlp, Perceptron, ResNet
from dlcore.choices.drawn import Regression
from dlcore.choices.initializers import He, Zeros

_DEEP_SIGMOID = 4
_MUCH_DROPOUT = 0.8
_NO_LINE = {
    "xor": "and one parts at most 3 of xor's 4 points (75 %)",
    "circles": "and none parts a circle from the one around it: about half the points stay wrong",
    "moons": "and the best cuts the tips off both moons: about one point in eight stays wrong",
    "spiral": "and each crosses the arms of the spiral again and again",
}


def flat_step(case: Case) -> Iterator[Advice]:
    """A step has no slope, so no gradient comes through."""
    model = case.config.model
    activations = hidden_activations(model)
    steps = [number for number, one in enumerate(activations, 1) if isinstance(one, Step)]
    if not steps:
        return
    said = "step has slope 0 wherever it has one, so no gradient comes through"
    if not is_steadied(model):  # else some gradient goes around it
        learning, layers = len(activations) + 1 - steps[-1], len(activations) + 1
        behind = "the last layer learns" if learning == 1 else f"the last {learning} layers learn"
        said += f": of {layers} layers only {behind}"
    yield Advice("model.activation", said, {"model.activation": exchanged(model, Step, "relu")})


def straight_line(case: Case) -> Iterator[Advice]:
    """A perceptron parts the plane by straight lines."""
    model, data = case.config.model, case.config.data
    if isinstance(model, Perceptron) and data.kind in _NO_LINE:
        message = f"a perceptron draws only straight lines, {_NO_LINE[data.kind]}"
        start = {"model.init": "default"} if isinstance(model.init, Zeros) else {}
        yield Advice("model.kind", message, {"model.kind": "mlp", **start})


def linear_stack(case: Case) -> Iterator[Advice]:
    """Linear layers in a row are one linear layer."""
    model, data = case.config.model, case.config.data
    activations = hidden_activations(model)
    if not activations or not all(isinstance(one, Identity) for one in activations):
        return
    is_line = isinstance(data, Regression) and data.function == "linear"
    if is_line or not _is_linear_without(model):
        return
    layers = len(activations) + 1
    message = f"with identity behind every hidden layer, {layers} layers can do no more than a single one"
    yield Advice("model.activation", message, {"model.activation": "relu"})


def _is_linear_without(model: Architecture) -> bool:
    """Whether nothing but the activations bends: max pooling does, and a norm over the layer."""
    match model:
        case Mlp():
            return model.norm != "layer"
        case Cnn():
            return all(
                pooling == "average" or side == 1
                for pooling, side in zip(model.per_block("pooling"), model.per_block("pool"), strict=True)
            )
        case LeNet5():
            return model.pooling == "average"
        case _:
            return isinstance(model, ResNet)


def fading_sigmoid(case: Case) -> Iterator[Advice]:
    """Each sigmoid leaves at most a quarter of the gradient."""
    model = case.config.model
    depth = sum(isinstance(one, Sigmoid) for one in hidden_activations(model))
    if depth < _DEEP_SIGMOID or is_steadied(model):
        return
    message = (
        f"sigmoid's slope is at most 1/4, so {depth} of them leave about {percent(0.25**depth)} "
        "of the gradient for the first layer"
    )
    changes = {"model.activation": exchanged(model, Sigmoid, "relu")}
    if not isinstance(getattr(model, "init", None), He):
        changes["model.init"] = "he"
    yield Advice("model.activation", message, changes)


def dropped(case: Case) -> Iterator[Advice]:
    """So much dropout that little is left to learn with."""
    model = case.config.model
    dropout: float = getattr(model, "dropout", 0.0)
    hidden: tuple[int, ...] = getattr(model, "hidden", ())
    has_selu = any(isinstance(one, SELU) for one in hidden_activations(model))
    if dropout >= _MUCH_DROPOUT and not has_selu and hidden:
        message = f"dropout {dropout:g} silences {percent(dropout)} of the hidden units in every step"
        yield Advice("model.dropout", message, {"model.dropout": 0.5})


def no_shortcut(case: Case) -> Iterator[Advice]:
    """A shortcut needs an input as wide as the output."""
    model = case.config.model
    if not isinstance(model, Mlp) or not model.residual:
        return
    before = (case.facts.features,) if case.facts is not None else ()
    if any(wide == next_ for wide, next_ in pairwise((*before, *model.hidden))):
        return
    shown = ", ".join(map(str, model.hidden))
    message = f"residual adds nothing here, for no two neighbouring layers are equally wide ({shown})"
    yield Advice("model.residual", message, {"model.hidden": [model.hidden[0]] * max(2, len(model.hidden))})
