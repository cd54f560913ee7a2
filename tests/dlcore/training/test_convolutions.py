"""Convolutions against torch and by brute force: map sizes, receptive fields, what shrinks to nothing."""

from itertools import pairwise
from typing import Any

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import nn

from dlcore.choices.activations import Identity, Tanh
from dlcore.choices.architectures import Architecture, Cnn, LeNet5, ResNet, ResNet18, Vgg
from dlcore.choices.dataset import Facts
from dlcore.choices.drawn import Noise
from dlcore.choices.geometry import trace
from dlcore.config import RunConfig
from dlcore.crosschecks import cross_check
from dlcore.training.convolutions import ResidualBlock
from dlcore.training.layers import describe, layers_of
from dlcore.training.models import build_model
from tests.dlcore.training.networks import KINDS, assert_gradients, batch_for, build

Shape = tuple[int, int, int]


@pytest.mark.parametrize("line", KINDS.values(), ids=KINDS)
def test_gradients_of_every_kind(line: str) -> None:
    assert_gradients(build(line), *batch_for(line), most=6 if "resnet18" in line else 1000)


def facts_of(shape: Shape) -> Facts:
    return Facts("classification", shape, 80, 20, classes=3)


def built(model: Architecture, shape: Shape) -> nn.Sequential:
    facts = facts_of(shape)
    network = build_model(RunConfig(model=model).resolved(facts), facts)
    assert isinstance(network, nn.Sequential)
    return network


def is_refused(model: Architecture, shape: Shape) -> bool:
    """Whether the map shrinks to nothing, says the check before a run."""
    problems = list(cross_check({"model": model, "data": Noise()}, facts_of(shape)))
    assert all("shrinks a " in problem.message for problem in problems)
    return bool(problems)


def by_hand(model: Architecture, channels: int) -> list[nn.Module]:
    """Its convolutions and poolings, in torch's words."""
    match model:
        case LeNet5():
            return [
                nn.Conv2d(channels, 6, 5, padding=2),
                nn.AvgPool2d(2),
                nn.Conv2d(6, 16, 5),
                nn.AvgPool2d(2),
            ]
        case Vgg():
            widths = [channels, *(model.width * 2**block for block in range(model.blocks))]
            return [
                layer
                for before, units in pairwise(widths)
                for layer in (
                    nn.Conv2d(before, units, 3, 1, 1),
                    nn.Conv2d(units, units, 3, 1, 1),
                    nn.MaxPool2d(2),
                )
            ]
        case Cnn():
            return _blocks(model, channels)
        case _:
            raise AssertionError


def _blocks(model: Cnn, channels: int) -> list[nn.Module]:
    found: list[nn.Module] = []
    for block, units in enumerate(model.filters):

        def of(name: str, block: int = block) -> Any:
            given = getattr(model, name)
            return given[block] if len(given) > 1 else given[0]

        padding = (of("kernel") - 1) // 2 if of("padding") == "same" else 0
        found.append(nn.Conv2d(channels, units, of("kernel"), of("stride"), padding))
        if of("pool") > 1:
            found.append(nn.AvgPool2d(of("pool")) if of("pooling") == "average" else nn.MaxPool2d(of("pool")))
        channels = units
    return found


@st.composite
def cnns(draw: st.DrawFn, most: int = 4, strides: int = 3) -> Cnn:
    """Networks with one value for all blocks, or a list, in each field."""
    blocks = draw(st.integers(1, most))

    def each(values: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
        return st.tuples(values) | st.lists(values, min_size=blocks, max_size=blocks).map(tuple)

    return Cnn(
        filters=draw(st.lists(st.integers(1, 3), min_size=blocks, max_size=blocks).map(tuple)),
        kernel=draw(each(st.integers(1, 5))),
        stride=draw(each(st.integers(1, strides))),
        padding=draw(each(st.sampled_from(["same", "none"]))),
        pool=draw(each(st.integers(1, 3))),
        pooling=draw(each(st.sampled_from(["max", "average"]))),
        hidden=draw(st.sampled_from([(), (4,)])),
        norm=draw(st.sampled_from(["none", "batch"])),
        bias=draw(st.booleans()),
    )


shapes = st.tuples(st.integers(1, 3), st.integers(1, 24), st.integers(1, 24))
convolutional = (
    cnns()
    | st.just(LeNet5())
    | st.builds(Vgg, width=st.integers(1, 2), blocks=st.integers(1, 4), hidden=st.just(()))
)


@settings(deadline=None, max_examples=150)
@given(model=convolutional, shape=shapes)
def test_maps_are_those_of_torch_and_refused_where_torch_fails(
    model: Cnn | LeNet5 | Vgg, shape: Shape
) -> None:
    values, sizes = torch.zeros(1, *shape), []
    try:
        for layer in by_hand(model, shape[0]):
            values = layer(values)
            sizes.append(tuple(values.shape[2:]))
        fits = True
    except RuntimeError:
        fits = False
    maps = trace(model.windows(), *shape[1:])
    assert [(found.height, found.width) for found in maps][: len(sizes)] == sizes
    assert is_refused(model, shape) != fits
    if not fits:
        assert len(maps) == len(sizes) + 1
        assert min(maps[-1].height, maps[-1].width) < 1
        return
    network = built(model, shape)
    features = list(network)[: [name for name, _ in network.named_children()].index("flatten")]
    kinds = (nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d)
    wanted = [type(layer) for layer in by_hand(model, shape[0])]
    given_ = [type(layer) for layer in features if isinstance(layer, kinds)]
    assert given_ == wanted
    assert nn.Sequential(*features).eval()(torch.zeros(1, *shape)).shape == values.shape
    layers, outputs = describe(network, shape)
    assert outputs == (3,)
    by_name = {found.name: found.receptive_field for found in maps}
    assert all(layer.receptive_field == by_name.get(layer.name) for layer in layers)


@pytest.mark.parametrize("side", [1, 2, 3, 5, 8, 31])
def test_residual_networks_take_pictures_of_any_size(side: int) -> None:
    for model in (ResNet(width=2), ResNet(width=2, blocks=2, norm="none")):
        assert not is_refused(model, (1, side, side))
        assert built(model, (1, side, side)).eval()(torch.zeros(2, 1, side, side)).shape == (2, 3)
    assert not is_refused(ResNet18(), (1, side, side))


def test_resnet18_takes_a_picture_of_a_single_pixel() -> None:
    facts = facts_of((2, 1, 1))
    network = build_model(RunConfig(model=ResNet18()).resolved(facts), facts).eval()
    assert network(torch.zeros(1, 2, 1, 1)).shape == (1, 3)


def seen_by_one(network: nn.Module, shape: Shape) -> tuple[torch.Tensor, int]:
    """Which pixels change the unit in the middle of a map, and from where to where they reach.

    With weights of 1 and averages for maxima every pixel in the field counts.
    """
    network = network.double().eval()
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            parameter.fill_(float(name.endswith("weight")))
    inputs = torch.ones(1, *shape, dtype=torch.float64, requires_grad=True)
    outputs = network(inputs)
    height, width = outputs.shape[2:]
    outputs[0, 0, height // 2, width // 2].backward()
    assert inputs.grad is not None
    seen = inputs.grad[0, 0] != 0
    rows, columns = seen.any(1).nonzero().flatten(), seen.any(0).nonzero().flatten()
    assert min(int(rows[0]), shape[1] - 1 - int(rows[-1])) > 0, "the picture is too small to say"
    side = int(rows[-1] - rows[0]) + 1
    assert side == int(columns[-1] - columns[0]) + 1
    return seen[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1], side


def averaging(network: nn.Sequential, last: str) -> nn.Sequential:
    """The network up to a module, its maxima made averages."""
    names = [name for name, _ in network.named_children()]
    return nn.Sequential(
        *(
            nn.AvgPool2d(module.kernel_size, module.stride) if isinstance(module, nn.MaxPool2d) else module
            for module in list(network)[: names.index(last) + 1]
        )
    )


@settings(deadline=None, max_examples=40)
@given(model=cnns(most=3, strides=2))
def test_the_receptive_field_of_a_cnn(model: Cnn) -> None:
    model = model.model_copy(update={"activation": Identity(), "norm": "none", "hidden": ()})
    side = 220
    maps = trace(model.windows(), side, side)
    assume(maps[-1].height >= 1)  # some shrink even so large a picture to nothing
    network = built(model, (1, side, side))
    fitting = [found for found in maps if 2 * found.receptive_field < side - 60]
    assert fitting
    for found in fitting:
        seen, measured = seen_by_one(averaging(network, found.name), (1, side, side))
        assert measured == found.receptive_field
        if max(model.stride) == 1:  # no holes
            assert bool(seen.all())


@pytest.mark.parametrize(
    ("model", "side"),
    [(LeNet5(activation=Tanh()), 40), (Vgg(width=1, blocks=3, norm="none", hidden=()), 90)],
    ids=["lenet5", "vgg"],
)
def test_the_receptive_fields_of_the_classics(model: LeNet5 | Vgg, side: int) -> None:
    network = built(model.model_copy(update={"activation": Identity()}), (1, side, side))
    for found in trace(model.windows(), side, side):
        seen, measured = seen_by_one(averaging(network, found.name), (1, side, side))
        assert measured == found.receptive_field
        assert bool(seen.all())


@pytest.mark.parametrize("blocks", [1, 2])
def test_the_receptive_field_of_a_resnet(blocks: int) -> None:
    model = ResNet(width=1, blocks=blocks, norm="none", activation=Identity())
    network = built(model, (1, 150, 150))
    fields = {found.name: found.receptive_field for found in trace(model.windows(), 150, 150)}
    for block in range(1, 3 * blocks + 1):
        seen, measured = seen_by_one(averaging(network, f"block{block}"), (1, 150, 150))
        assert measured == fields[f"block{block}.conv2"]
        assert bool(seen.all())


def test_the_receptive_field_of_resnet18() -> None:
    facts = facts_of((1, 64, 64))
    layers, _ = describe(build_model(RunConfig(model=ResNet18()).resolved(facts), facts), facts.shape)
    fields = {layer.name: layer.receptive_field for layer in layers}
    assert (fields["conv1"], fields["layer1.0.conv1"], fields["layer4.1.conv2"]) == (7, 19, 435)
    assert fields["layer2.0.downsample.0"] is None


def test_a_residual_block_by_hand() -> None:
    torch.manual_seed(0)
    values = torch.randn(3, 4, 9, 9)
    for units, stride in ((4, 1), (6, 2)):
        block = ResidualBlock(4, units, stride, Tanh(), "batch")
        carried = values if block.shortcut is None else block.shortcut_norm(block.shortcut(values))
        inner = torch.tanh(block.conv1_norm(block.conv1(values)))
        wanted = torch.tanh(block.conv2_norm(block.conv2(inner)) + carried)
        torch.testing.assert_close(block(values), wanted)
        assert (block.shortcut is None) == (units == 4)
        assert all(layer.bias is None for layer in layers_of(block).values()), "the norm has it"
    plain = ResidualBlock(4, 6, 2, Tanh(), "none")
    assert all(layer.bias is not None for layer in layers_of(plain).values())


def test_resnet_20_has_the_weights_of_the_paper() -> None:
    """0.27 million (He et al., 2016); with shortcuts of 1×1 where they used none, a few more."""
    model = ResNet(width=16, blocks=3)
    count = sum(parameter.numel() for parameter in built(model, (3, 32, 32)).parameters())
    assert 269_000 < count < 273_500
    assert len([name for name in layers_of(built(model, (3, 32, 32))) if "shortcut" not in name]) == 20
