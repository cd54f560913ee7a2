"""What a frame holds is what the network has; looking at it changes nothing."""

import numpy
import pytest
import torch
from torch import nn

from dlcore.files.arrays import Array
from dlcore.frames import Frame, What
from dlcore.training import inside
from dlcore.training.layers import activation_of, layers_of, norm_of, weights_of
from tests.dlcore.training.networks import KINDS, batch_for, build


def numbers(one: Array) -> numpy.ndarray:
    return numpy.array(one.values()).reshape(one.shape)


def trained(line: str) -> nn.Module:
    """A network whose norms have seen something, with gradients."""
    network = build(line).train()
    inputs, _ = batch_for(line)
    for _ in range(3):
        network(inputs.float() * 2 + 1).square().sum().backward()
    return network


def check(frame: Frame, what: What, layer: str, values: torch.Tensor) -> None:
    found = frame.histogram(what, layer)
    assert found is not None
    sizes = values.detach().double().numpy().ravel()
    assert found.total == sizes.size
    assert found.mean == pytest.approx(sizes.mean(), rel=1e-3, abs=1e-5 * (1 + numpy.abs(sizes).max()))
    assert found.deviation == pytest.approx(sizes.std(), rel=1e-3, abs=1e-6)
    counts, _ = numpy.histogram(numpy.abs(sizes) if what == "gradients" else sizes, numpy.array(found.edges))
    assert numpy.abs(counts - list(found.counts)).sum() <= 4 + sizes.size // 200  # on an edge, in float32


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "resnet18"])  # which is large
@pytest.mark.parametrize("training", [True, False])
def test_histograms_of_every_layer_and_nothing_changed(kind: str, training: bool) -> None:
    line = KINDS[kind]
    network = trained(line).train(training)
    inputs = batch_for(line)[0].float()
    kept = {name: values.clone() for name, values in network.state_dict().items()}
    slopes = {
        name: weight.grad.clone() for name, weight in weights_of(network).items() if weight.grad is not None
    }
    chance = torch.get_rng_state()

    frame = Frame(1, inside.gradients(weights_of(network)) | inside.look(network, inputs), {})

    assert torch.equal(torch.get_rng_state(), chance)
    assert all(torch.equal(values, kept[name]) for name, values in network.state_dict().items())
    assert all(torch.equal(slopes[name], weight.grad) for name, weight in weights_of(network).items())  # type: ignore[arg-type]
    assert all(module.training == training for module in network.modules())
    assert not any(module._forward_hooks for module in network.modules())
    outputs = heard(network, inputs)
    for name, weight in weights_of(network).items():
        assert weight.grad is not None
        check(frame, "weights", name, weight)
        check(frame, "gradients", name, weight.grad)
        check(frame, "activations", name, outputs[norm_of(network, name) or name])
    assert set(frame.layers("activations")) == set(layers_of(network))


def heard(network: nn.Module, inputs: torch.Tensor) -> dict[str, torch.Tensor]:
    """What every module of a network gives, in evaluation mode."""
    found: dict[str, torch.Tensor] = {}
    handles = [
        module.register_forward_hook(lambda _, given, output, name=name: found.update({name: output.clone()}))
        for name, module in network.named_modules()
    ]
    with torch.no_grad():
        network.eval()(inputs)
    for handle in handles:
        handle.remove()
    return found


def test_the_first_weights_are_there_as_they_are() -> None:
    network = build("noise data.side=8 data.channels=3 cnn filters=3, 5,4")
    arrays = inside.look(network, torch.randn(5, 3, 8, 8))
    assert [name for name in arrays if name.startswith("values/")] == ["values/conv1"]
    kept = arrays["values/conv1"]
    numpy.testing.assert_array_equal(numbers(kept), layers_of(network)["conv1"].weight.detach().numpy())
    network = build("digits mlp 7,")
    kept = inside.look(network, torch.randn(5, 1, 8, 8))["values/fc1"]
    assert kept.shape == (7, 64)


def test_of_a_large_layer_the_first_units_are_kept() -> None:
    layers = nn.Sequential()
    layers.add_module("fc1", nn.Linear(1000, 200))
    layers.add_module("fc2", nn.Linear(200, 70_000))
    kept = inside.look(layers, torch.randn(2, 1000))["values/fc1"]
    assert kept.shape == (65, 1000)
    numpy.testing.assert_array_equal(numbers(kept), layers_of(layers)["fc1"].weight[:65].detach().numpy())
    assert "values/fc1" not in inside.look(named(nn.Linear(70_000, 2)), torch.randn(2, 70_000))


def named(layer: nn.Module) -> nn.Module:
    network = nn.Sequential()
    network.add_module("fc1", layer)
    return network


def test_filters_behind_a_layer_are_kept_too() -> None:
    network = nn.Sequential()
    for name, module in (
        ("fc1", nn.Linear(16, 16)),
        ("shaped", nn.Unflatten(1, (1, 4, 4))),
        ("conv1", nn.Conv2d(1, 2, 3)),
    ):
        network.add_module(name, module)
    arrays = inside.look(network, torch.randn(3, 16))
    assert [name for name in arrays if name.startswith("values/")] == ["values/fc1", "values/conv1"]


@pytest.mark.parametrize("line", ["digits cnn filters=20,4 norm=batch 6,", KINDS["vgg"]])
def test_feature_maps_are_what_the_convolutions_show(line: str) -> None:
    network = trained(line)
    inputs = batch_for(line)[0].float()
    arrays = inside.look(network, inputs)
    outputs = heard(network, inputs)
    convolutions = [name for name, layer in layers_of(network).items() if isinstance(layer, nn.Conv2d)]
    for name in convolutions:
        wanted = outputs[activation_of(network, name) or norm_of(network, name) or name][:4, :16].numpy()
        levels, (low, high) = numbers(arrays[f"maps/{name}"]), numbers(arrays[f"maps.range/{name}"])
        assert (low, high) == (wanted.min(), wanted.max())
        assert levels.shape == wanted.shape
        assert numpy.abs(low + levels / 255 * (high - low) - wanted).max() <= 0.51 * (high - low) / 255
    assert {name for name in arrays if name.startswith("maps/")} == {f"maps/{name}" for name in convolutions}


def test_large_maps_become_smaller_and_many_become_few() -> None:
    network = nn.Sequential()
    for number in range(1, 21):
        network.add_module(f"conv{number}", nn.Conv2d(1 if number == 1 else 8, 8, 3, padding=1))
    arrays = inside.look(network, torch.randn(6, 1, 96, 40))
    maps = [one for name, one in arrays.items() if name.startswith("maps/")]
    assert [one.shape for one in maps] == [(4, 3, 32, 32)] * 20
    assert sum(len(one.content) for one in maps) <= 1 << 18
    small = inside.look(named_convolution(), torch.ones(6, 1, 64, 48))
    assert small["maps/conv1"].shape == (4, 1, 32, 32)
    assert set(small["maps/conv1"].content) == {0}  # all alike
    assert list(small["maps.range/conv1"].values()) == [2.0, 2.0]


def named_convolution() -> nn.Module:
    layer = nn.Conv2d(1, 1, 1)
    with torch.no_grad():
        layer.weight.fill_(2.0)
        assert layer.bias is not None
        layer.bias.zero_()
    network = nn.Sequential()
    network.add_module("conv1", layer)
    return network


def test_a_network_that_has_left_the_numbers_is_looked_at_all_the_same() -> None:
    network = trained("digits cnn filters=3, 6,")
    layers_of(network)["conv1"].weight.data.fill_(float("nan"))
    for weight in weights_of(network).values():
        weight.grad = torch.full_like(weight, float("inf"))
    arrays = inside.gradients(weights_of(network)) | inside.look(network, torch.randn(4, 1, 8, 8))
    frame = Frame(1, arrays, {})
    assert frame.layers("gradients") == ()
    assert "conv1" not in frame.layers("weights")
    assert set(arrays["maps/conv1"].content) == {0}


def test_code_of_the_user_s_own_may_draw_and_give_anything() -> None:
    class Odd(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(1, 2, 3)
            self.conv1_strange = Pair()
            self.inner = nn.GRU(18, 5, batch_first=True)
            self.fc = nn.Linear(5, 2)
            self.unused = nn.Linear(3, 3)

        def forward(self, inputs: torch.Tensor) -> torch.Tensor:
            maps, _ = self.conv1_strange(self.conv1(inputs + torch.rand_like(inputs)))
            _, state = self.inner(maps.flatten(2))
            outputs: torch.Tensor = self.fc(state[-1])
            return outputs

    class Pair(nn.Module):
        def forward(self, inputs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            return inputs.relu_(), inputs

    network, inputs = Odd(), torch.randn(3, 1, 5, 8)
    chance = torch.get_rng_state()
    frame = Frame(1, inside.look(network, inputs), {})
    assert torch.equal(torch.get_rng_state(), chance)
    assert frame.layers("activations") == ("conv1", "fc")
    assert set(frame.layers("weights")) == set(weights_of(network))
    assert "maps/conv1" not in frame.arrays


def test_a_confusion_matrix_is_kept_number_by_number() -> None:
    table = torch.tensor([[5, 0, 1], [2, 7, 0], [0, 0, 4_000_000]])
    frame = Frame(9, inside.confusion(table), {"confusion_step": "9", "confusion_split": "test"})
    found = frame.confusion()
    assert found is not None
    assert [list(row) for row in found.rows] == table.tolist()
