"""From a choice of architecture to a network of named layers: fc1, fc2 …, conv1, conv2 …"""

from collections import OrderedDict
from typing import assert_never

import torch
from torch import nn

from dlcore.choices.activations import Activation, Identity, LeakyReLU, ReLU, Sigmoid, Tanh
from dlcore.choices.architectures import Architecture, Cnn, Mlp, Perceptron
from dlcore.choices.initializers import DefaultInit, He, Initializer, Xavier
from dlcore.config import RunConfig
from dlcore.events import Layer

Modules = OrderedDict[str, nn.Module]


def build_model(config: RunConfig) -> nn.Sequential:
    """Return the network for a resolved configuration, its weights drawn from torch's global generator.

    It maps inputs (batch, *shape) to outputs (batch, classes): logits, unless the output says otherwise.
    """
    model, data = config.model, config.data
    layers: Modules = OrderedDict()
    match model:
        case Cnn():
            features = _add_convolutions(layers, model, data.shape)
        case Perceptron() | Mlp():
            features = 1
            for side in data.shape:
                features *= side
            if len(data.shape) > 1:
                layers["flatten"] = nn.Flatten()
        case _:
            assert_never(model)
    _add_dense(layers, model, features, data.classes)
    network = nn.Sequential(layers)
    _initialize(network, model.init)
    return network.to(memory_format=torch.channels_last) if isinstance(model, Cnn) else network


def _add_convolutions(layers: Modules, model: Cnn, shape: tuple[int, ...]) -> int:
    """Add conv, activation and pooling for each entry of `filters`; return the features behind them."""
    channels, height, width = shape
    padding = (model.kernel - 1) // 2 if model.padding == "same" else 0
    for number, filters in enumerate(model.filters, 1):
        layers[f"conv{number}"] = nn.Conv2d(
            channels, filters, model.kernel, model.stride, padding, bias=model.bias
        )
        layers[f"conv{number}_{model.activation.kind}"] = build_activation(model.activation)
        if model.pool > 1:
            layers[f"pool{number}"] = nn.MaxPool2d(model.pool)
        channels = filters
    layers["flatten"] = nn.Flatten()
    height, width = model.map_sizes(height, width)[-1]
    return channels * height * width


def _add_dense(layers: Modules, model: Architecture, features: int, outputs: int) -> None:
    """Add the fully connected layers and what stands behind the last one."""
    activations = hidden_activations(model)
    for number, (units, activation) in enumerate(zip(model.hidden, activations, strict=True), 1):
        layers[f"fc{number}"] = nn.Linear(features, units, bias=model.bias)
        layers[f"fc{number}_{activation.kind}"] = build_activation(activation)
        if not isinstance(model, Perceptron) and model.dropout:
            layers[f"dropout{number}"] = nn.Dropout(model.dropout)
        features = units
    last = f"fc{len(model.hidden) + 1}"
    layers[last] = nn.Linear(features, outputs, bias=model.bias)
    if model.output == "softmax":
        layers[f"{last}_softmax"] = nn.Softmax(dim=1)
    elif model.output == "sigmoid":
        layers[f"{last}_sigmoid"] = nn.Sigmoid()


def hidden_activations(model: Architecture) -> tuple[Activation, ...]:
    """Return the activation behind each fully connected hidden layer."""
    match model:
        case Perceptron():
            return ()
        case Mlp() | Cnn():
            given = model.activation
            return given if isinstance(given, tuple) else (given,) * len(model.hidden)
        case _:
            assert_never(model)


def build_activation(activation: Activation) -> nn.Module:
    """Return the module of an activation."""
    match activation:
        case Identity():
            return nn.Identity()
        case Sigmoid():
            return nn.Sigmoid()
        case Tanh():
            return nn.Tanh()
        case ReLU():
            return nn.ReLU()
        case LeakyReLU():
            return nn.LeakyReLU(activation.slope)
        case _:
            assert_never(activation)


def gain(module: nn.Module | None) -> float:
    """Return the factor by which weights must grow to make up for what an activation takes away."""
    match module:
        case nn.Tanh():
            return nn.init.calculate_gain("tanh")
        case nn.ReLU():
            return nn.init.calculate_gain("relu")
        case nn.LeakyReLU():
            return nn.init.calculate_gain("leaky_relu", module.negative_slope)
        case _:
            return 1.0


def weighted_layers(network: nn.Sequential) -> dict[str, nn.Linear | nn.Conv2d]:
    """Return the layers that have weights, by name, from input to output."""
    return {
        name: module for name, module in network.named_children() if isinstance(module, nn.Linear | nn.Conv2d)
    }


def _following(network: nn.Sequential, name: str) -> nn.Module | None:
    """Return the activation behind a layer, if any."""
    return next((module for other, module in network.named_children() if other.startswith(f"{name}_")), None)


def _initialize(network: nn.Sequential, init: Initializer) -> None:
    """Draw the weights anew; the default init is what torch's constructors have already drawn."""
    match init:
        case DefaultInit():
            return
        case Xavier() | He():
            for name, layer in weighted_layers(network).items():
                if isinstance(init, Xavier):
                    nn.init.xavier_uniform_(layer.weight)
                else:
                    # U(−b, b) has variance b²/3, and gain²/fan_in is wanted.
                    fan_in = layer.weight[0].numel()
                    bound = gain(_following(network, name)) * (3 / fan_in) ** 0.5
                    nn.init.uniform_(layer.weight, -bound, bound)
                if layer.bias is not None:
                    nn.init.zeros_(layer.bias)
        case _:
            assert_never(init)


def describe(network: nn.Sequential, shape: tuple[int, ...]) -> tuple[Layer, ...]:
    """Return name, kind, output shape, activation and parameters of each layer with weights.

    Sends one blank sample through the network, wherever that lives; training mode is restored.
    """
    device = next(network.parameters()).device
    was_training = network.training
    network.eval()
    values = torch.zeros(1, *shape, device=device)
    rows: list[Layer] = []
    with torch.no_grad():
        for name, module in network.named_children():
            values = module(values)
            if isinstance(module, nn.Linear | nn.Conv2d):
                rows.append(_row(network, name, module, values))
            elif rows and (name.startswith("pool") or name == f"{rows[-1].name}_softmax"):
                rows[-1] = rows[-1].model_copy(update={"shape": tuple(values.shape[1:])})
    network.train(was_training)
    return tuple(rows)


def _row(network: nn.Sequential, name: str, module: nn.Linear | nn.Conv2d, values: torch.Tensor) -> Layer:
    following = [other for other, _ in network.named_children() if other.startswith(f"{name}_")]
    if isinstance(module, nn.Linear):
        text = f"{module.in_features} → {module.out_features}"
    else:
        text = f"{module.kernel_size[0]}×{module.kernel_size[1]}, {module.out_channels} filters"
    return Layer(
        name=name,
        text=text,
        shape=tuple(values.shape[1:]),
        activation=following[0].removeprefix(f"{name}_") if following else "",
        parameters=sum(parameter.numel() for parameter in module.parameters()),
    )
