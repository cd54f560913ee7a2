"""What a person calls a layer of a network: its name, its weights, what follows it, what it hands on."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from dlcore.choices.geometry import seen
from dlcore.errors import DltuiError
from dlcore.events import Layer

WeightedLayer = nn.Linear | nn.Conv1d | nn.Conv2d | nn.Conv3d
_WEIGHTED = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)
_POOLINGS = (nn.MaxPool2d, nn.AvgPool2d)
_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.InstanceNorm2d, nn.GroupNorm, nn.LayerNorm)
_NO_FUNCTIONS = (*_WEIGHTED, *_POOLINGS, *_NORMS, nn.Dropout, nn.Dropout2d)
_NORM = "norm"


def layers_of(network: nn.Module) -> dict[str, WeightedLayer]:
    """Return the fully connected layers and convolutions, by name, from input to output."""
    return {name: module for name, module in network.named_modules() if isinstance(module, _WEIGHTED)}


def weights_of(network: nn.Module) -> dict[str, torch.Tensor]:
    """Return the weight matrices by the name of their layer, biases left out.

    Of modules that are neither fully connected nor convolutions (in a network of the user's own), every
    parameter with two or more dimensions counts, named like `rnn.weight_ih_l0`.
    """
    found: dict[str, torch.Tensor] = {}
    for name, module in network.named_modules():
        if isinstance(module, _WEIGHTED):
            found[name] = module.weight
        else:
            for key, parameter in module.named_parameters(recurse=False):
                if parameter.dim() >= 2:
                    found[f"{name}.{key}" if name else key] = parameter
    return found


def parameters_of(network: nn.Module, name: str) -> list[torch.Tensor]:
    """Return weights and biases of a layer, with those of the norm behind it; none for an unknown name."""
    modules = dict(network.named_modules())
    if name not in modules:
        return [parameter for key, parameter in weights_of(network).items() if key == name]
    norm = norm_of(network, name)
    members = [modules[name], *([modules[norm]] if norm else [])]
    return [parameter for module in members for parameter in module.parameters()]


def norm_of(network: nn.Module, name: str) -> str | None:
    """Return the full name of the norm behind a layer, if any.

    It is called `<layer>_norm`; or, as is usual elsewhere, bn1 behind conv1, or 1 behind 0 of a sequence.
    """
    modules = dict(network.named_modules())
    if f"{name}_{_NORM}" in modules:
        return f"{name}_{_NORM}"
    if not isinstance(modules.get(name), _WEIGHTED):
        return None
    around, dot, last = name.rpartition(".")
    other = str(int(last) + 1) if last.isdecimal() else last.replace("conv", "bn")
    found = f"{around}{dot}{other}"
    return found if isinstance(modules.get(found), _NORMS) else None


def following(network: nn.Module, name: str) -> nn.Module | None:
    """Return the activation behind a layer, if any: see `activation_of`."""
    found = _activation(network, name)
    return found[2] if found else None


def activation_of(network: nn.Module, name: str) -> str | None:
    """Return the full name of the module that is the activation behind a layer.

    It is called `<layer>_<activation>`; or stands behind the layer, or its norm, in a sequence.
    """
    found = _activation(network, name)
    return found[1] if found else None


def _activation(network: nn.Module, name: str) -> tuple[str, str, nn.Module] | None:
    """Return kind, full name and module of a layer's activation."""
    prefix = f"{name}_"
    for other, module in network.named_modules():
        kind = other.removeprefix(prefix)
        is_function = not isinstance(module, _NO_FUNCTIONS) and next(module.children(), None) is None
        if other.startswith(prefix) and kind != _NORM and "." not in kind and is_function:
            return kind, other, module
    return _in_sequence(network, norm_of(network, name) or name)


def _in_sequence(network: nn.Module, name: str) -> tuple[str, str, nn.Module] | None:
    """Return the same of the activation of torch's that stands right behind a numbered module, if any."""
    around, dot, last = name.rpartition(".")
    modules = dict(network.named_modules())
    if not last.isdecimal() or not isinstance(modules.get(around), nn.Sequential):
        return None
    found = f"{around}{dot}{int(last) + 1}"
    module = modules.get(found)
    if type(module).__module__ != nn.ReLU.__module__ or isinstance(module, nn.MultiheadAttention):
        return None
    assert module is not None
    return type(module).__name__.casefold(), found, module


@contextmanager
def listening(modules: dict[str, nn.Module], hear: Any) -> Iterator[None]:
    """Call hear(name, module, output) behind each of `modules` while the block runs."""

    def hook(name: str) -> Any:
        return lambda module, _, output: hear(name, module, output)

    handles = [module.register_forward_hook(hook(name)) for name, module in modules.items()]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def evaluating(network: nn.Module) -> Iterator[None]:
    """Put a network into evaluation mode while the block runs, then each module back into its own mode."""
    modes = [(module, module.training) for module in network.modules()]
    network.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


def describe(network: nn.Module, shape: tuple[int, ...]) -> tuple[tuple[Layer, ...], tuple[int, ...]]:
    """Return each layer's name, kind, output shape, activation and size; and the network's output shape.

    Sends one blank sample through the network, wherever that lives; training mode is restored. A shape is
    that of one sample. A layer that a pooling follows is given with the pooled shape. Raises DltuiError
    for a network that gives anything but a tensor.
    """
    parameter = next(network.parameters(), None)
    device = parameter.device if parameter is not None else torch.device("cpu")
    drawing = Drawing(network)
    with torch.no_grad(), evaluating(network), listening(drawing.watched, drawing.hear):
        outputs = network(torch.zeros(1, *shape, device=device))
    if not isinstance(outputs, torch.Tensor):
        raise DltuiError(
            f"the network gives a {type(outputs).__name__}, not a tensor",
            "Let its forward return one tensor (batch, outputs).",
        )
    return tuple(drawing.rows), tuple(outputs.shape[1:])


class Drawing:
    """The layers in the order in which a pass goes through them, as they are heard."""

    def __init__(self, network: nn.Module) -> None:
        self.rows: list[Layer] = []
        self.watched: dict[str, nn.Module] = {
            name: module
            for name, module in network.named_modules()
            if isinstance(module, _WEIGHTED + _POOLINGS)
        }
        """What is to be listened to."""
        self._network = network
        self._field = self._jump = 1

    def hear(self, name: str, module: nn.Module, output: torch.Tensor) -> None:
        """Take in what one of the watched modules gives for a batch."""
        shortcut = "shortcut" in name or "downsample" in name  # beside the long way: it widens no field
        if isinstance(module, (nn.Conv2d, *_POOLINGS)) and not shortcut:
            reach = (_side(module.kernel_size) - 1) * _side(getattr(module, "dilation", 1)) + 1
            self._field, self._jump = seen(self._field, self._jump, reach, _side(module.stride))
        if isinstance(module, _WEIGHTED):
            row = _row(self._network, name, module, tuple(output.shape[1:]))
            sees = self._field if isinstance(module, nn.Conv2d) and not shortcut else None
            self.rows.append(row.model_copy(update={"receptive_field": sees}))
        elif isinstance(module, _POOLINGS) and self.rows:
            row, side = self.rows[-1], _side(module.kernel_size)
            sort = "average" if isinstance(module, nn.AvgPool2d) else "max"
            pooling = f"{sort} {side}×{side} of {'×'.join(map(str, row.shape))}"
            self.rows[-1] = row.model_copy(update={"pooling": pooling, "shape": tuple(output.shape[1:])})


def outline(network: nn.Module) -> tuple[Layer, ...]:
    """Return the layers of a network through which nothing was sent: their shapes are not known."""
    return tuple(_row(network, name, module, ()) for name, module in layers_of(network).items())


def _side(size: Any) -> int:
    return int(size[0] if isinstance(size, tuple) else size)


def _row(network: nn.Module, name: str, module: WeightedLayer, shape: tuple[int, ...]) -> Layer:
    if isinstance(module, nn.Linear):
        text = f"{module.in_features} → {module.out_features}"
    else:
        kernel = "×".join(map(str, module.kernel_size))
        text = f"{kernel}, {module.out_channels} filters"
        if _side(module.stride) > 1:
            text += f", stride {_side(module.stride)}"
    activation = _activation(network, name)
    return Layer(
        name=name,
        text=text,
        shape=shape,
        activation=activation[0] if activation else "",
        parameters=sum(parameter.numel() for parameter in parameters_of(network, name)),
    )
