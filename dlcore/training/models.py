"""From a choice of architecture to a network of named layers: fc1, fc2 …, conv1, conv2 …"""

from collections import OrderedDict
from itertools import pairwise
from math import prod
from typing import assert_never

import torch
from torch import nn

from dlcore.choices.activations import Activation
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
from dlcore.choices.dataset import Facts
from dlcore.config import RunConfig, output_units
from dlcore.errors import DltuiError
from dlcore.training.activations import build_activation
from dlcore.training.convolutions import Modules, add_blocks, add_residual_stages, is_channels_last
from dlcore.training.custom import call, load_target
from dlcore.training.initializers import initialize
from dlcore.training.labels import with_article
from dlcore.training.layers import activation_of, layers_of


def build_model(config: RunConfig, facts: Facts) -> nn.Module:
    """Return the network for a resolved configuration, its weights drawn from torch's global generator.

    It maps inputs (batch, *shape) to outputs (batch, units): logits, unless the output says otherwise.
    """
    model, units = config.model, output_units(config.loss, facts)
    match model:
        case CustomModel():
            return _custom(model, facts, units)
        case ResNet18():
            network = _resnet18(model, facts.shape[0], units)
        case _:
            network = _sequence(model, facts.shape, units)
    # torchvision's network does not name what follows its layers: it is relu.
    initialize(network, model.init, hidden=nn.ReLU() if isinstance(model, ResNet18) else None)
    return network.to(memory_format=torch.channels_last) if is_channels_last(model) else network


def _sequence(
    model: Perceptron | Mlp | Cnn | LeNet5 | Vgg | ResNet, shape: tuple[int, ...], units: int
) -> nn.Sequential:
    layers: Modules = OrderedDict()
    match model:
        case Cnn() | LeNet5() | Vgg():
            features = add_blocks(layers, model, shape)
        case ResNet():
            features = add_residual_stages(layers, model, shape[0])
        case Perceptron() | Mlp():
            features = prod(shape)
            if len(shape) > 1:
                layers["flatten"] = nn.Flatten()
        case _:
            assert_never(model)
    carried = _add_dense(layers, model, features)
    hidden = () if isinstance(model, ResNet) else model.hidden
    last = f"fc{len(hidden) + 1}"
    bias = getattr(model, "bias", True)
    layers[last] = nn.Linear(hidden[-1] if hidden else features, units, bias=bias)
    layers |= _output(model.output, last)
    return ResidualSequence(layers, carried) if carried else PoolingSequence(layers)


def _output(output: str, last: str) -> dict[str, nn.Module]:
    """Return what stands behind the last layer."""
    if output == "softmax":
        return {f"{last}_softmax": nn.Softmax(dim=1)}
    return {f"{last}_sigmoid": nn.Sigmoid()} if output == "sigmoid" else {}


def _add_dense(layers: Modules, model: Architecture, features: int) -> dict[str, str]:
    """Add the hidden fully connected layers; return where to carry values around: first module → last."""
    carried: dict[str, str] = {}
    if isinstance(model, Perceptron | ResNet | ResNet18 | CustomModel):
        return carried
    norm = model.norm if isinstance(model, Mlp) else "none"
    residual = isinstance(model, Mlp) and model.residual
    bias = model.bias if isinstance(model, Mlp | Cnn) else True
    dropout = 0.0 if isinstance(model, LeNet5) else model.dropout
    for number, (units, activation) in enumerate(
        zip(model.hidden, hidden_activations(model), strict=True), 1
    ):
        name = f"fc{number}"
        layers[name] = nn.Linear(features, units, bias=bias)
        if norm != "none":
            layers[f"{name}_norm"] = nn.BatchNorm1d(units) if norm == "batch" else nn.LayerNorm(units)
        layers[f"{name}_{activation.kind}"] = build_activation(activation)
        if dropout:
            layers[f"dropout{number}"] = nn.Dropout(dropout)
        if residual and number > 1 and units == features:
            carried[name] = next(reversed(layers))
        features = units
    return carried


class ResidualSequence(nn.Sequential):
    """Modules one after the other, with values carried around some of them and added behind.

    `carried` names the first and the last module of each stretch; stretches do not overlap.
    """

    def __init__(self, layers: Modules, carried: dict[str, str]) -> None:
        super().__init__(layers)
        self._starts = frozenset(carried)
        self._ends = frozenset(carried.values())

    def put_behind(self, added: dict[str, tuple[str, nn.Module]]) -> None:
        """Put named modules behind others, by the names of these; within what is carried around them."""
        _put_behind(self, added)
        self._ends = frozenset(added[end][0] if end in added else end for end in self._ends)

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Return what the last module gives."""
        kept = values
        for name, module in self.named_children():
            if name in self._starts:
                kept = values
            values = module(values)
            if name in self._ends:
                values = values + kept
        return values


class PoolingSequence(nn.Sequential):
    """Modules one after the other; while it trains, relu behind the max pooling that follows it.

    The maximum of what relu leaves is relu of the maximum, and so are the gradients, to the bit; but behind
    the pooling there are a quarter of the figures. In evaluation mode everything is where it is named.
    """

    def __init__(self, layers: Modules) -> None:
        super().__init__(layers)
        self._put_in_order()

    def put_behind(self, added: dict[str, tuple[str, nn.Module]]) -> None:
        """Put named modules behind others, by the names of these."""
        _put_behind(self, added)
        self._put_in_order()

    def _put_in_order(self) -> None:
        self._training_order = list(self)
        for index, (one, following) in enumerate(pairwise(self)):
            if isinstance(one, nn.ReLU) and isinstance(following, nn.MaxPool2d):
                self._training_order[index : index + 2] = [following, one]

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Return what the last module gives."""
        for module in self._training_order if self.training else self:
            values = module(values)
        return values


def _put_behind(network: nn.Sequential, added: dict[str, tuple[str, nn.Module]]) -> None:
    children = list(network.named_children())
    for name, _ in children:
        delattr(network, name)
    for name, module in children:
        network.add_module(name, module)
        if name in added:
            network.add_module(added[name][0], added[name][1].train(network.training))


def change_dropout(network: nn.Module, share: float) -> None:
    """Let a network of ours silence another share of its hidden units in each training step from now on.

    Where none was silenced so far, what does so is put where `build_model` puts it.
    """
    there = [module for module in network.children() if isinstance(module, nn.Dropout)]
    for module in there:
        module.p = share
    if there or not share or not isinstance(network, ResidualSequence | PoolingSequence):
        return
    dense = [name for name in layers_of(network) if name.startswith("fc")][:-1]
    behind = [(activation_of(network, name), name.removeprefix("fc")) for name in dense]
    network.put_behind({name: (f"dropout{number}", nn.Dropout(share)) for name, number in behind if name})


def hidden_activations(model: Mlp | Cnn | LeNet5 | Vgg) -> tuple[Activation, ...]:
    """Return the activation behind each fully connected hidden layer."""
    given = model.activation
    return given if isinstance(given, tuple) else (given,) * len(model.hidden)


def _resnet18(model: ResNet18, channels: int, units: int) -> nn.Module:
    """Return torchvision's network, its first layer made for the channels of the data."""
    try:
        from torchvision.models import resnet18
    except (ImportError, RuntimeError, AttributeError) as error:  # built for another torch
        reason = f"{type(error).__name__}: {error}".split("\n", 1)[0]
        raise DltuiError(
            f"resnet18 needs torchvision, which cannot be imported here ({reason})",
            "Install the torchvision that belongs to your torch, or choose resnet; see dltui doctor.",
        ) from None
    network: nn.Module = resnet18(weights=None, num_classes=units)
    if channels != 3:
        network.conv1 = nn.Conv2d(channels, 64, kernel_size=7, stride=2, padding=3, bias=False)
    if model.output != "linear":
        fc = network.fc
        assert isinstance(fc, nn.Module)
        network.fc = nn.Sequential(OrderedDict([("fc", fc), *_output(model.output, "fc").items()]))
    return network


def _custom(model: CustomModel, facts: Facts, units: int) -> nn.Module:
    """Return the user's network, built with the shapes of the data where it asks for them."""
    offered = {"shape": facts.shape, "outputs": units}
    built = call(load_target(model.target), model.args, offered)
    if not isinstance(built, nn.Module):
        raise DltuiError(
            f"model.target = {model.target} gave {with_article(type(built).__name__)}, not a torch module",
            "Return an instance of torch.nn.Module.",
        )
    if not any(parameter.requires_grad for parameter in built.parameters()):
        raise DltuiError(
            f"model.target = {model.target} has no weights that could learn",
            "Give it layers with parameters.",
        )
    return built


def check_outputs(shape: tuple[int, ...], wanted: int) -> None:
    """Raise DltuiError when a network's output for one sample is not `wanted` numbers in a row."""
    if shape != (wanted,):
        given = "×".join(map(str, shape)) or "one number without a dimension of its own"
        raise DltuiError(
            f"the network gives {given} for a sample, and the data and the loss need {wanted}",
            f"Let its last layer return a tensor (batch, {wanted}).",
        )
