"""The network as code: named layers one behind the other, in the order in which the run made them."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import prod
from typing import assert_never

from dlcore.choices.activations import (
    ELU,
    GELU,
    SELU,
    Activation,
    Identity,
    LeakyReLU,
    ReLU,
    Sigmoid,
    SiLU,
    Softplus,
    Step,
    Tanh,
)
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
from dlcore.choices.geometry import Window, trace
from dlcore.export.script.part import NOTHING, Part, joined, number, sequence, word

Shape = tuple[int, ...]
_NN = "from torch import nn"
_ORDERED = "from collections import OrderedDict"


@dataclass(frozen=True)
class Weighted:
    """A layer that has weights, and the function behind it, by which they may be drawn."""

    name: str
    activation: Activation | None


@dataclass(frozen=True)
class Network:
    """The code of a network."""

    classes: Part
    """Classes that it is made of, beside those of torch."""
    made: Part
    """What makes it, as `network`."""
    weighted: tuple[Weighted, ...]
    """From input to output, in the order of torch's `named_modules`."""


Modules = dict[str, str]
"""Name → the code that makes the module."""


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
            features = _blocks(modules, weighted, model, shape)
        case ResNet():
            features = _stages(modules, weighted, model, shape[0])
            classes += _residual_block(model)
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
        classes = joined((_STEP, classes), gap=2)
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
    return Part(f"network = {opening}\n{rows})", (_NN, _ORDERED))


def resnet18(model: ResNet18, channels: int, units: int) -> Part:
    """Return the code of torchvision's network, its first layer made for the channels of the data."""
    found = Part(
        f"network = resnet18(weights=None, num_classes={units})",
        ("from torchvision.models import resnet18",),
    )
    if channels != 3:
        made = f"nn.Conv2d({channels}, 64, kernel_size=7, stride=2, padding=3, bias=False)"
        found += Part(f"network.conv1 = {made}  # for {channels} channels", (_NN,))
    if model.output != "linear":
        behind = "fc_softmax=nn.Softmax(dim=1)" if model.output == "softmax" else "fc_sigmoid=nn.Sigmoid()"
        found += Part(f"network.fc = nn.Sequential(OrderedDict(fc=network.fc, {behind}))", (_NN, _ORDERED))
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


def function(activation: Activation) -> str:
    """Return the code that makes an activation."""
    match activation:
        case Identity():
            return "nn.Identity()"
        case Step():
            return "StepFunction()"
        case Sigmoid():
            return "nn.Sigmoid()"
        case Tanh():
            return "nn.Tanh()"
        case ReLU():
            return "nn.ReLU()"
        case LeakyReLU():
            return f"nn.LeakyReLU({number(activation.slope)})"
        case ELU():
            return f"nn.ELU({number(activation.alpha)})"
        case SELU():
            return "nn.SELU()"
        case GELU():
            return "nn.GELU()"
        case SiLU():
            return "nn.SiLU()"
        case Softplus():
            return "nn.Softplus()"
        case _:
            assert_never(activation)


# -- convolutions -----------------------------------------------------------------------------------


def _blocks(modules: Modules, weighted: list[Weighted], model: Cnn | LeNet5 | Vgg, shape: Shape) -> int:
    """Add the convolutions with what follows each, and the poolings; return the features behind them."""
    windows = model.windows()
    filters, poolings = iter(_filters(model)), iter(_poolings(model))
    norm = "none" if isinstance(model, LeNet5) else model.norm
    bias = (model.bias if isinstance(model, Cnn) else True) and norm == "none"
    channels = shape[0]
    for window in windows:
        if window.name.startswith("pool"):
            pool = "nn.AvgPool2d" if next(poolings) == "average" else "nn.MaxPool2d"
            modules[window.name] = f"{pool}({window.kernel}, {window.stride})"
            continue
        units = next(filters)
        modules[window.name] = _convolution(window, channels, units, bias=bias)
        weighted.append(Weighted(window.name, model.activation))
        if norm == "batch":
            modules[f"{window.name}_norm"] = f"nn.BatchNorm2d({units})"
        modules[f"{window.name}_{model.activation.kind}"] = function(model.activation)
        channels = units
    modules["flatten"] = "nn.Flatten()"
    last = trace(windows, *shape[1:])[-1]
    return channels * last.height * last.width


def _convolution(window: Window, channels: int, units: int, *, bias: bool) -> str:
    arguments = [f"{channels}, {units}, {window.kernel}"]
    if window.stride != 1:
        arguments.append(f"stride={window.stride}")
    if window.padding:
        arguments.append(f"padding={window.padding}")
    if not bias:
        arguments.append("bias=False")
    return f"nn.Conv2d({', '.join(arguments)})"


def _filters(model: Cnn | LeNet5 | Vgg) -> tuple[int, ...]:
    match model:
        case Cnn():
            return model.filters
        case LeNet5():
            return 6, 16
        case Vgg():
            return tuple(model.width * 2**block for block in range(model.blocks) for _ in range(2))
        case _:
            assert_never(model)


def _poolings(model: Cnn | LeNet5 | Vgg) -> tuple[str, ...]:
    match model:
        case Cnn():
            pairs = zip(model.per_block("pool"), model.per_block("pooling"), strict=False)
            return tuple(str(pooling) for side, pooling in pairs if side > 1)
        case LeNet5():
            return (model.pooling,) * 2
        case Vgg():
            return ("max",) * model.blocks
        case _:
            assert_never(model)


# -- residual networks ------------------------------------------------------------------------------


def _stages(modules: Modules, weighted: list[Weighted], model: ResNet, channels: int) -> int:
    """Add the first convolution and three stages, each with half the size and twice the filters."""
    bias = "" if model.norm == "none" else ", bias=False"
    kind = model.activation.kind
    modules["conv1"] = f"nn.Conv2d({channels}, {model.width}, 3, padding=1{bias})"
    weighted.append(Weighted("conv1", model.activation))
    if model.norm == "batch":
        modules["conv1_norm"] = f"nn.BatchNorm2d({model.width})"
    modules[f"conv1_{kind}"] = function(model.activation)
    stages: Iterator[int] = (model.width * 2**stage for stage in range(3) for _ in range(model.blocks))
    widths = [model.width, *stages]
    for place, (before, units) in enumerate(pairwise(widths), 1):
        stride = 2 if units > before else 1
        modules[f"block{place}"] = f"ResidualBlock({before}, {units}, stride={stride})"
        weighted += [Weighted(f"block{place}.conv{one}", model.activation) for one in (1, 2)]
        if stride != 1 or before != units:
            weighted.append(Weighted(f"block{place}.shortcut", None))
    modules["average"] = "nn.AdaptiveAvgPool2d(1)"
    modules["flatten"] = "nn.Flatten()"
    return widths[-1]


def _residual_block(model: ResNet) -> Part:
    """Return the class of a block; its modules are made in the order in which the run made them."""
    kind, made = model.activation.kind, function(model.activation)
    has_norm, bias = model.norm == "batch", "" if model.norm == "none" else ", bias=False"

    def norm(name: str, depth: str = "        ") -> str:
        return f"{depth}self.{name}_norm = nn.BatchNorm2d(units)\n" if has_norm else ""

    def layer(name: str, given: str) -> str:
        return f"self.{name}_norm(self.{name}({given}))" if has_norm else f"self.{name}({given})"

    deeper = "            "
    return Part(
        f'''class ResidualBlock(nn.Module):
    """Two 3×3 convolutions around which the input is carried, and added to what they give."""

    def __init__(self, channels: int, units: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, units, 3, stride, padding=1{bias})
{norm("conv1")}        self.conv1_{kind} = {made}
        self.conv2 = nn.Conv2d(units, units, 3, padding=1{bias})
{norm("conv2")}        self.conv2_{kind} = {made}
        self.is_reshaped = stride != 1 or channels != units
        if self.is_reshaped:
            self.shortcut = nn.Conv2d(channels, units, 1, stride{bias})
{norm("shortcut", deeper)}
    def forward(self, values: torch.Tensor) -> torch.Tensor:
        carried = {layer("shortcut", "values")} if self.is_reshaped else values
        values = self.conv1_{kind}({layer("conv1", "values")})
        return self.conv2_{kind}({layer("conv2", "values")} + carried)''',
        (_NN,),
    )


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
    (_NN, _ORDERED),
)

_STEP = Part(
    '''class Heaviside(torch.autograd.Function):
    """1 from zero on, else 0; its gradient is 0, as the slope of a step is wherever it has one."""

    @staticmethod
    def forward(context, values):
        return (values >= 0).to(values.dtype)

    @staticmethod
    def backward(context, gradient):
        return torch.zeros_like(gradient)


class StepFunction(nn.Module):
    """The step of the first artificial neurons."""

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        return Heaviside.apply(values)''',
    (_NN,),
)


def _has_step(model: Architecture) -> bool:
    return isinstance(model, ResNet) and isinstance(model.activation, Step)


def is_channels_last(model: Architecture) -> bool:
    """Whether images and weights of this network have their channels last in memory."""
    match model:
        case Cnn() | LeNet5() | Vgg():
            return not any(window.kernel == 1 and window.stride > 1 for window in model.windows())
        case ResNet():
            return model.width >= 16
        case ResNet18():
            return True
        case _:
            return False
