"""Networks for images as code: blocks of convolutions, and residual blocks."""

from collections.abc import Iterator
from itertools import pairwise
from typing import assert_never

from dlcore.choices.architectures import (
    Architecture,
    Cnn,
    CustomModel,
    LeNet5,
    Mlp,
    Perceptron,
    ResNet,
    ResNet18,
    Vgg,
)
from dlcore.choices.geometry import Window, trace
from dlcore.export.script.layers import NN, Modules, Weighted, function
from dlcore.export.script.part import Part


def blocks(
    modules: Modules, weighted: list[Weighted], model: Cnn | LeNet5 | Vgg, shape: tuple[int, ...]
) -> int:
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


def stages(modules: Modules, weighted: list[Weighted], model: ResNet, channels: int) -> int:
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


def residual_block(model: ResNet) -> Part:
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
        (NN,),
    )


def is_channels_last(model: Architecture) -> bool:
    """Whether images and weights of this network have their channels last in memory."""
    match model:
        case Cnn() | LeNet5() | Vgg():
            return not any(window.kernel == 1 and window.stride > 1 for window in model.windows())
        case ResNet():
            return model.width >= 16
        case ResNet18():
            return True
        case Perceptron() | Mlp() | CustomModel():
            return False
        case _:
            assert_never(model)
