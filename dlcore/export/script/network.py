"""The network as code: named layers one behind the other, in the order in which the run made them."""

from dataclasses import dataclass
from math import prod
from typing import assert_never

from dlcore.choices.activations import Activation, ReLU, Step
from dlcore.choices.architectures import (
    Architecture,
    Cnn,
    LeNet5,
    Mlp,
    Perceptron,
    ResNet,
    ResNet18,
    Vgg,
)
from dlcore.export.script import convolutions
from dlcore.export.script.layers import NN, STEP, Modules, Weighted, function
from dlcore.export.script.part import NOTHING, Part, joined, number, sequence, word

Shape = tuple[int, ...]
_ORDERED = "from collections import OrderedDict"


@dataclass(frozen=True)
class Network:
    """The code of a network."""

    classes: Part
    """Classes that it is made of, beside those of torch."""
    made: Part
    """What makes it, as `network`."""
    weighted: tuple[Weighted, ...]
    """From input to output, in the order of torch's `named_modules`."""


def network(
    model: Perceptron | Mlp | Cnn | LeNet5 | Vgg | ResNet, shape: Shape, units: int, *, has_dropout: bool
) -> Network:
    """Return the code of a network of ours: inputs (batch, *shape) to outputs (batch, units).

    `has_dropout` says that units are silenced at some time, if not at first.
    """
    modules: Modules = {}
    weighted: list[Weighted] = []
    classes = NOTHING
    match model:
        case Cnn() | LeNet5() | Vgg():
            features = convolutions.blocks(modules, weighted, model, shape)
        case ResNet():
            features = convolutions.stages(modules, weighted, model, shape[0])
            classes += convolutions.residual_block(model)
        case Perceptron() | Mlp():
            features = prod(shape)
            if len(shape) > 1:
                modules["flatten"] = "nn.Flatten()"
        case _:
            assert_never(model)
    carried = _dense(modules, weighted, model, features, has_dropout=has_dropout)
    hidden = () if isinstance(model, ResNet) else model.hidden
    last = f"fc{len(hidden) + 1}"
    modules[last] = _linear(hidden[-1] if hidden else features, units, bias=getattr(model, "bias", True))
    weighted.append(Weighted(last, None))
    if model.output == "softmax":
        modules[f"{last}_softmax"] = "nn.Softmax(dim=1)"
    elif model.output == "sigmoid":
        modules[f"{last}_sigmoid"] = "nn.Sigmoid()"
    if any(code.startswith("StepFunction") for code in modules.values()) or _has_step(model):
        classes = joined((STEP, classes), gap=2)
    if carried:
        classes = joined((classes, _RESIDUAL), gap=2)
        pairs = ", ".join(f"{word(first)}: {word(behind)}" for first, behind in carried.items())
        made = _sequential("Residual(", modules, f", carried={{{pairs}}})")
    else:
        made = _sequential("nn.Sequential(", modules, ")")
    return Network(classes, made, tuple(weighted))


def _sequential(opening: str, modules: Modules, closing: str) -> Part:
    items = [f"({word(name)}, {code})" for name, code in modules.items()]
    if all(name.isidentifier() for name in modules):
        items = [f"{name}={code}" for name, code in modules.items()]
        inside = sequence(items, "OrderedDict(", ")", depth=1)
    else:
        inside = sequence(items, "OrderedDict([", "])", depth=1)
    behind = closing.removesuffix(")").removeprefix(", ")
    rows = f"    {inside},\n" + (f"    {behind},\n" if behind else "")
    return Part(f"network = {opening}\n{rows})", (NN, _ORDERED))


def resnet18(model: ResNet18, channels: int, units: int) -> Part:
    """Return the code of torchvision's network, its first layer made for the channels of the data."""
    found = Part(
        f"network = resnet18(weights=None, num_classes={units})",
        ("from torchvision.models import resnet18",),
    )
    if channels != 3:
        made = f"nn.Conv2d({channels}, 64, kernel_size=7, stride=2, padding=3, bias=False)"
        found += Part(f"network.conv1 = {made}  # for {channels} channels", (NN,))
    if model.output != "linear":
        behind = "fc_softmax=nn.Softmax(dim=1)" if model.output == "softmax" else "fc_sigmoid=nn.Sigmoid()"
        found += Part(f"network.fc = nn.Sequential(OrderedDict(fc=network.fc, {behind}))", (NN, _ORDERED))
    return found


def resnet18_layers(model: ResNet18) -> tuple[Weighted, ...]:
    """Return its last layer, behind which no relu stands; behind all others there is one."""
    last = "fc" if model.output == "linear" else "fc.fc"
    return Weighted("", ReLU()), Weighted(last, None)


def _linear(features: int, units: int, *, bias: bool) -> str:
    return f"nn.Linear({features}, {units})" if bias else f"nn.Linear({features}, {units}, bias=False)"


# -- fully connected layers -------------------------------------------------------------------------


def _dense(
    modules: Modules, weighted: list[Weighted], model: Architecture, features: int, *, has_dropout: bool
) -> dict[str, str]:
    """Add the hidden fully connected layers; return where values are carried around: first module → last."""
    carried: dict[str, str] = {}
    if not isinstance(model, Mlp | Cnn | LeNet5 | Vgg):
        return carried
    norm = model.norm if isinstance(model, Mlp) else "none"
    bias = model.bias if isinstance(model, Mlp | Cnn) else True
    dropout = 0.0 if isinstance(model, LeNet5) else model.dropout
    for place, (units, activation) in enumerate(zip(model.hidden, activations(model), strict=True), 1):
        name = f"fc{place}"
        modules[name] = _linear(features, units, bias=bias)
        weighted.append(Weighted(name, activation))
        if norm != "none":
            modules[f"{name}_norm"] = f"nn.{'BatchNorm1d' if norm == 'batch' else 'LayerNorm'}({units})"
        modules[f"{name}_{activation.kind}"] = function(activation)
        if has_dropout:
            modules[f"dropout{place}"] = f"nn.Dropout({number(dropout)})"
        if isinstance(model, Mlp) and model.residual and place > 1 and units == features:
            carried[name] = next(reversed(modules))
        features = units
    return carried


def activations(model: Mlp | Cnn | LeNet5 | Vgg) -> tuple[Activation, ...]:
    """Return the activation behind each fully connected hidden layer."""
    given = model.activation
    return given if isinstance(given, tuple) else (given,) * len(model.hidden)


_RESIDUAL = Part(
    '''class Residual(nn.Sequential):
    """Layers one behind the other, with values carried around some of them and added behind."""

    def __init__(self, layers: OrderedDict, carried: dict[str, str]) -> None:
        super().__init__(layers)
        self.carried = carried  # first layer of a stretch → its last

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        kept = values
        for name, layer in self.named_children():
            if name in self.carried:
                kept = values
            values = layer(values)
            if name in self.carried.values():
                values = values + kept
        return values''',
    (NN, _ORDERED),
)


def _has_step(model: Architecture) -> bool:
    return isinstance(model, ResNet) and isinstance(model.activation, Step)
