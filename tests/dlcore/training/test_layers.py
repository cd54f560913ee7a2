"""What a layer is called, what belongs to it, what follows it; and what is said of networks of any kind."""

from collections import OrderedDict
from typing import Any

import pytest
import torch
from torch import nn

from dlcore.choices.dataset import Facts
from dlcore.errors import DltuiError
from dlcore.oneline import parse
from dlcore.training.activations import StepFunction
from dlcore.training.layers import (
    activation_of,
    describe,
    evaluating,
    following,
    layers_of,
    norm_of,
    outline,
    parameters_of,
    weights_of,
)
from dlcore.training.models import build_model
from tests.dlcore.training.networks import KINDS, build, known


def facts_of(line: str) -> Facts:
    return known(parse(line))


@pytest.mark.parametrize("line", KINDS.values(), ids=KINDS)
def test_the_layers_have_all_the_parameters_between_them(line: str) -> None:
    network = build(line)
    rows, outputs = describe(network, facts_of(line).shape)
    assert outputs == (10,)
    assert sum(row.parameters for row in rows) == sum(each.numel() for each in network.parameters())
    assert {row.name for row in rows} == set(layers_of(network)) == set(weights_of(network))
    belonging = [id(each) for row in rows for each in parameters_of(network, row.name)]
    assert sorted(belonging) == sorted(id(each) for each in network.parameters())
    assert rows[-1].shape == (10,)


@pytest.mark.parametrize("line", KINDS.values(), ids=KINDS)
def test_networks_without_memory_are_described_alike(line: str) -> None:
    config = parse(line).resolved()
    for init in ("default", "he", "orthogonal"):
        with torch.device("meta"):
            network = build_model(parse(f"{line} {init}").resolved(), known(config))
        assert all(parameter.is_meta for parameter in network.parameters())
        assert describe(network, known(config).shape) == describe(build(line), known(config).shape)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("line", ["digits mlp drop=.5 norm=batch", KINDS["resnet18"], KINDS["vgg"]])
def test_describing_leaves_the_network_as_it_was(line: str, training: bool) -> None:
    network = build(line).train(training)
    state = torch.get_rng_state()
    before = {name: values.clone() for name, values in network.state_dict().items()}
    describe(network, (1, 8, 8))
    assert all(module.training == training for module in network.modules())
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(values, before[name]) for name, values in network.state_dict().items())
    assert not any(module._forward_hooks for module in network.modules())


class Failing(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(2, 2)
        self.frozen = nn.BatchNorm1d(2).eval()

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        raise IndexError(str(self.fc(values).shape))


def test_each_module_goes_back_into_its_own_mode_even_after_a_fault() -> None:
    network = Failing()
    with pytest.raises(IndexError):
        describe(network, (2,))
    assert network.training
    assert network.fc.training
    assert not network.frozen.training
    assert not any(module._forward_hooks for module in network.modules())
    with evaluating(network):
        assert not network.fc.training


def test_what_belongs_to_a_layer() -> None:
    network = build("digits mlp 9,7 norm=layer")
    names = {id(parameter): name for name, parameter in network.named_parameters()}

    def belonging(layer: str) -> list[str]:
        return [names[id(parameter)] for parameter in parameters_of(network, layer)]

    assert belonging("fc1") == ["fc1.weight", "fc1.bias", "fc1_norm.weight", "fc1_norm.bias"]
    assert belonging("fc3") == ["fc3.weight", "fc3.bias"]
    assert belonging("fc4") == belonging("fc") == belonging("fc1.weight") == []
    assert list(weights_of(network)) == list(layers_of(network)) == ["fc1", "fc2", "fc3"]
    assert weights_of(network)["fc2"] is layers_of(network)["fc2"].weight


def test_what_follows_a_layer() -> None:
    network = build("digits mlp 9,7,5 relu,step,identity norm=batch drop=.2 mse")
    assert isinstance(following(network, "fc1"), nn.ReLU)
    assert isinstance(following(network, "fc2"), StepFunction)
    assert isinstance(following(network, "fc3"), nn.Identity)
    assert isinstance(following(network, "fc4"), nn.Softmax)
    assert [activation_of(network, f"fc{number}") for number in (1, 2, 3, 4)] == [
        *("fc1_relu", "fc2_step", "fc3_identity", "fc4_softmax")
    ]
    assert following(network, "fc") is following(network, "fc5") is None
    assert norm_of(network, "fc1") == "fc1_norm"
    assert norm_of(network, "fc4") is None


def test_leaky_names_are_whole() -> None:
    (first, *_), _ = describe(build("digits mlp 9, leaky_relu"), (1, 8, 8))
    assert first.activation == "leaky_relu"


def test_tenth_layers_are_not_taken_for_first_ones() -> None:
    network = build(f"digits mlp {'3,' * 10} {'tanh,' * 9}relu")
    assert activation_of(network, "fc1") == "fc1_tanh"
    assert activation_of(network, "fc10") == "fc10_relu"


def test_in_residual_blocks() -> None:
    network = build(KINDS["resnet"])
    assert activation_of(network, "block1.conv1") == "block1.conv1_relu"
    assert norm_of(network, "block3.shortcut") == "block3.shortcut_norm"
    assert activation_of(network, "block3.shortcut") is None
    names = [row.name for row in describe(network, (1, 8, 8))[0]]
    assert names[:5] == ["conv1", "block1.conv1", "block1.conv2", "block2.conv1", "block2.conv2"]


def test_in_torchvision_s_network() -> None:
    network = build(KINDS["resnet18"])
    assert norm_of(network, "conv1") == "bn1"
    assert norm_of(network, "layer2.0.conv2") == "layer2.0.bn2"
    assert norm_of(network, "layer2.0.downsample.0") == "layer2.0.downsample.1"
    assert norm_of(network, "fc") is None
    assert len(parameters_of(network, "layer1.0.conv1")) == 3


class Pair(nn.Module):
    """Layers whose names begin with those of others, as users' networks have them."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(3, 4)
        self.fc_out = nn.Linear(4, 2)
        self.fc_block = nn.Sequential(nn.ReLU(), nn.Linear(4, 4))
        self.fc_bn = nn.BatchNorm1d(4)
        self.fc_drop = nn.Dropout()

    def forward(self, values: torch.Tensor) -> Any:
        return self.fc_out(self.fc_drop(self.fc_bn(self.fc_block(self.fc(values)))))


def test_a_layer_is_no_other_layer_s_activation() -> None:
    rows, outputs = describe(Pair(), (3,))
    assert [(row.name, row.activation) for row in rows] == [("fc", ""), ("fc_block.1", ""), ("fc_out", "")]
    assert outputs == (2,)


def test_a_sequence_without_names() -> None:
    network = nn.Sequential(
        nn.Conv2d(1, 3, 3, dilation=2),
        nn.BatchNorm2d(3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(12, 2),
    )
    rows, _ = describe(network, (1, 8, 8))
    assert [(row.name, row.shape, row.parameters, row.receptive_field) for row in rows] == [
        ("0", (3, 2, 2), 3 * 9 + 3 + 6, 5),
        ("5", (2,), 26, None),
    ]


def test_weights_that_are_no_layers() -> None:
    network = nn.Sequential(
        OrderedDict(rnn=nn.LSTM(3, 4, batch_first=True), norm=nn.LayerNorm(4), table=nn.Embedding(5, 2))
    )
    assert {name: tuple(weight.shape) for name, weight in weights_of(network).items()} == {
        "rnn.weight_ih_l0": (16, 3),
        "rnn.weight_hh_l0": (16, 4),
        "table.weight": (5, 2),
    }
    assert layers_of(network) == {}
    assert [tuple(each.shape) for each in parameters_of(network, "rnn.weight_hh_l0")] == [(16, 4)]
    assert len(parameters_of(network, "rnn")) == 4


class Whole(nn.Module):
    """A parameter of its own at the top, and no layer."""

    def __init__(self) -> None:
        super().__init__()
        self.matrix = nn.Parameter(torch.ones(3, 2))

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        return values @ self.matrix


def test_a_network_without_layers() -> None:
    assert list(weights_of(Whole())) == ["matrix"]
    assert describe(Whole(), (3,)) == ((), (2,))
    assert describe(nn.Flatten(), (3, 2)) == ((), (6,)), "without parameters it is on the CPU"


def test_other_convolutions() -> None:
    network = nn.Sequential(nn.Conv1d(2, 3, 5, stride=2), nn.Flatten(), nn.Linear(9, 2))
    first = describe(network, (2, 10))[0][0]
    assert (first.text, first.shape, first.receptive_field) == ("5, 3 filters, stride 2", (3, 3), None)
    (solid,), _ = describe(nn.Sequential(nn.Conv3d(1, 2, 2)), (1, 4, 4, 4))
    assert (solid.text, solid.shape) == ("2×2×2, 2 filters", (2, 3, 3, 3))


class Tuple(nn.Module):
    def forward(self, values: torch.Tensor) -> tuple[torch.Tensor, None]:
        return values, None


def test_a_network_that_gives_no_tensor_is_told_of() -> None:
    with pytest.raises(DltuiError, match="the network gives a tuple, not a tensor"):
        describe(Tuple(), (3,))


def test_a_pooling_is_told_with_what_it_pools() -> None:
    config = parse("digits cnn filters=4,8 pool=2,1 model.pooling=average").resolved()
    assert config.data.facts is not None
    layers, _ = describe(build_model(config, config.data.facts), (1, 8, 8))
    assert [(layer.pooling, layer.shape) for layer in layers[:2]] == [
        ("average 2×2 of 4×8×8", (4, 4, 4)),
        ("", (8, 4, 4)),
    ]


def test_an_activation_behind_a_layer_of_a_sequence() -> None:
    block = nn.Sequential(nn.Conv1d(1, 1, 1), nn.BatchNorm1d(1), nn.GELU())
    network = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), block, nn.Linear(8, 3), nn.Dropout(), nn.Linear(3, 2))
    found = {name: activation_of(network, name) for name in layers_of(network)}
    assert found == {"0": "1", "2.0": "2.2", "3": None, "5": None}
    assert isinstance(following(network, "2.0"), nn.GELU)
    assert [layer.activation for layer in outline(network)] == ["relu", "gelu", "", ""]
