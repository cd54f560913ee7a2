"""Networks by hand: shapes and parameters, dropout, norms, residuals, torchvision's, and the user's own."""

import builtins
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from dlcore.choices.architectures import CustomModel
from dlcore.choices.dataset import Facts
from dlcore.config import RunConfig
from dlcore.errors import DltuiError
from dlcore.oneline import parse
from dlcore.training.convolutions import is_channels_last
from dlcore.training.layers import describe, layers_of
from dlcore.training.models import ResidualSequence, build_model, check_outputs
from dlcore.training.step import TrainingStep
from tests.dlcore.training.networks import KINDS, assert_gradients, build, known
from tests.dlcore.training.prepared import prepared


def summary(line: str) -> list[tuple[str, str, tuple[int, ...], str, int]]:
    rows, outputs = describe(build(line), known(parse(line)).shape)
    assert rows[-1].shape == outputs
    return [(row.name, row.text, row.shape, row.activation, row.parameters) for row in rows]


def names(line: str) -> list[str]:
    return [name for name, _ in build(line).named_children()]


def test_a_perceptron_by_hand() -> None:
    assert summary("digits perceptron") == [("fc1", "64 → 10", (10,), "", 650)]
    assert summary("moons perceptron model.bias=false") == [("fc1", "2 → 2", (2,), "", 4)]
    assert summary("moons perceptron bce") == [("fc1", "2 → 1", (1,), "", 3)]
    assert summary("diabetes perceptron") == [("fc1", "10 → 1", (1,), "", 11)]


def test_an_mlp_by_hand() -> None:
    assert summary("digits mlp 128,64 relu") == [
        ("fc1", "64 → 128", (128,), "relu", 64 * 128 + 128),
        ("fc2", "128 → 64", (64,), "relu", 128 * 64 + 64),
        ("fc3", "64 → 10", (10,), "", 64 * 10 + 10),
    ]
    assert summary("moons mlp 5,3 tanh,sigmoid mse model.bias=false drop=.5") == [
        ("fc1", "2 → 5", (5,), "tanh", 10),
        ("fc2", "5 → 3", (3,), "sigmoid", 15),
        ("fc3", "3 → 2", (2,), "softmax", 6),
    ]
    assert summary("moons mlp 5, norm=batch")[0] == ("fc1", "2 → 5", (5,), "relu", 10 + 5 + 10)


def test_a_cnn_by_hand() -> None:
    assert summary("digits cnn filters=16,32 64, relu") == [
        ("conv1", "3×3, 16 filters", (16, 4, 4), "relu", 1 * 16 * 9 + 16),
        ("conv2", "3×3, 32 filters", (32, 2, 2), "relu", 16 * 32 * 9 + 32),
        ("fc1", "128 → 64", (64,), "relu", 128 * 64 + 64),
        ("fc2", "64 → 10", (10,), "", 650),
    ]
    assert summary("mnist cnn filters=6,16 kernel=5 model.padding=none model.hidden=[] model.bias=false") == [
        ("conv1", "5×5, 6 filters", (6, 12, 12), "relu", 150),
        ("conv2", "5×5, 16 filters", (16, 4, 4), "relu", 2400),
        ("fc1", "256 → 10", (10,), "", 2560),
    ]
    assert summary("digits cnn filters=4, kernel=2 stride=2 pool=1 model.hidden=[] mse out=sigmoid") == [
        ("conv1", "2×2, 4 filters, stride 2", (4, 4, 4), "relu", 20),
        ("fc1", "64 → 10", (10,), "sigmoid", 650),
    ]


def test_a_cnn_with_a_value_for_each_block() -> None:
    line = "mnist cnn filters=4,6,8 kernel=5,3,1 stride=2,1,1 pool=1,3,2 model.padding=same,none,same 7,"
    assert [row[:3] for row in summary(f"{line} model.pooling=max,average,max")] == [
        ("conv1", "5×5, 4 filters, stride 2", (4, 14, 14)),
        ("conv2", "3×3, 6 filters", (6, 4, 4)),
        ("conv3", "1×1, 8 filters", (8, 2, 2)),
        ("fc1", "32 → 7", (7,)),
        ("fc2", "7 → 10", (10,)),
    ]
    network = build(f"{line} model.pooling=max,average,max")
    poolings = {name: type(module) for name, module in network.named_children() if name.startswith("pool")}
    assert poolings == {"pool2": nn.AvgPool2d, "pool3": nn.MaxPool2d}


def test_lenet5_has_the_weights_of_the_paper_s_dense_form() -> None:
    assert [(row[0], row[2], row[4]) for row in summary("mnist lenet5")] == [
        ("conv1", (6, 14, 14), 156),
        ("conv2", (16, 5, 5), 2416),
        ("fc1", (120,), 48_120),
        ("fc2", (84,), 10_164),
        ("fc3", (10,), 850),
    ]
    assert names("mnist lenet5 relu model.pooling=max")[:3] == ["conv1", "conv1_relu", "pool1"]
    assert isinstance(build("mnist lenet5 model.pooling=max").get_submodule("pool2"), nn.MaxPool2d)


def test_vgg_by_hand() -> None:
    assert [
        (row[0], row[2], row[4]) for row in summary("cifar vgg model.width=4 model.blocks=2 9, norm=none")
    ] == [
        ("conv1", (4, 32, 32), 3 * 4 * 9 + 4),
        ("conv2", (4, 16, 16), 4 * 4 * 9 + 4),
        ("conv3", (8, 16, 16), 4 * 8 * 9 + 8),
        ("conv4", (8, 8, 8), 8 * 8 * 9 + 8),
        ("fc1", (9,), 512 * 9 + 9),
        ("fc2", (10,), 100),
    ]


def test_dropout_stands_behind_each_dense_hidden_layer() -> None:
    assert names("digits mlp 8,4 drop=.25") == [
        *("flatten", "fc1", "fc1_relu", "dropout1", "fc2", "fc2_relu", "dropout2", "fc3")
    ]
    assert names("digits cnn filters=4, 8, drop=.25") == [
        *("conv1", "conv1_relu", "pool1", "flatten", "fc1", "fc1_relu", "dropout1", "fc2")
    ]
    assert "dropout1" in names("digits vgg model.blocks=1 drop=.25")


def test_a_norm_stands_between_layer_and_activation() -> None:
    assert names("digits mlp 8,4 norm=layer drop=.25") == [
        *("flatten", "fc1", "fc1_norm", "fc1_relu", "dropout1"),
        *("fc2", "fc2_norm", "fc2_relu", "dropout2", "fc3"),
    ]
    mlp = build("digits mlp 8, norm=layer")
    assert isinstance(mlp.get_submodule("fc1_norm"), nn.LayerNorm)
    assert isinstance(build("digits mlp 8, norm=batch").get_submodule("fc1_norm"), nn.BatchNorm1d)
    assert names("digits cnn filters=4, norm=batch model.hidden=[]") == [
        *("conv1", "conv1_norm", "conv1_relu", "pool1", "flatten", "fc1")
    ]
    assert names("digits vgg model.blocks=1 model.hidden=[]") == [
        *("conv1", "conv1_norm", "conv1_relu", "conv2", "conv2_norm", "conv2_relu", "pool1", "flatten", "fc1")
    ]


def test_dropout_silences_its_share_in_training_alone() -> None:
    network = build("moons mlp 10000, identity drop=.25")
    hidden = nn.Sequential(*list(network.children())[:3])
    inputs = torch.ones(1, 2)
    with torch.no_grad():
        hidden.train()
        trained = hidden(inputs)
        hidden.eval()
        evaluated = hidden(inputs)
    share = (trained == 0).float().mean().item()
    assert abs(share - 0.25) < 0.02
    torch.testing.assert_close(trained[trained != 0], (evaluated / 0.75)[trained != 0])


@pytest.mark.parametrize("line", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("output", ["softmax", "sigmoid", "linear"])
def test_what_stands_after_the_last_layer(line: str, output: str) -> None:
    network = build(f"{line} mse out={output}").eval()
    outputs = network(torch.randn(5, *known(parse(line)).shape) * 10)
    assert outputs.shape == (5, 10)
    within = bool(((outputs >= 0) & (outputs <= 1)).all())
    assert within == (output != "linear")
    sums_to_one = bool(((outputs.sum(1) - 1).abs() < 1e-5).all())
    assert sums_to_one == (output == "softmax")


def test_a_residual_mlp_by_hand() -> None:
    """Carried around fc2 with all that belongs to it, not around fc1 and fc3, whose widths change."""
    network = build("digits mlp 8,8,5,5 tanh,relu,tanh,silu res=true norm=batch drop=.5").eval()
    assert isinstance(network, ResidualSequence)
    layers = dict(network.named_children())
    inputs = torch.randn(6, 1, 8, 8)
    values = torch.tanh(layers["fc1_norm"](layers["fc1"](inputs.flatten(1))))
    values = values + torch.relu(layers["fc2_norm"](layers["fc2"](values)))
    values = torch.tanh(layers["fc3_norm"](layers["fc3"](values)))
    values = values + nn.functional.silu(layers["fc4_norm"](layers["fc4"](values)))
    torch.testing.assert_close(network(inputs), layers["fc5"](values))
    assert list(layers_of(network)) == ["fc1", "fc2", "fc3", "fc4", "fc5"]


def test_the_input_is_carried_around_no_first_layer_even_of_its_width() -> None:
    assert not isinstance(build("digits mlp 64,10 res=true"), ResidualSequence)
    assert isinstance(build("digits mlp 64,64 res=true"), ResidualSequence)


def test_dropout_silences_what_is_added_and_not_what_is_carried() -> None:
    network = build("moons mlp 500,500 identity res=true drop=.5").train()
    layers = dict(network.named_children())
    heard: list[torch.Tensor] = []
    layers["fc3"].register_forward_pre_hook(lambda _, inputs: heard.append(inputs[0].detach()))
    layers["dropout1"].register_forward_hook(lambda *got: heard.append(got[2].detach()))
    network(torch.ones(1, 2))
    carried, given = heard
    added = given - carried
    assert abs((added.abs() < 1e-7).float().mean().item() - 0.5) < 0.1


@pytest.mark.parametrize("line", [line for line in KINDS.values() if is_channels_last(parse(line).model)])
def test_weights_of_images_have_their_channels_last(line: str) -> None:
    for layer in layers_of(build(line)).values():
        if isinstance(layer, nn.Conv2d):
            assert layer.weight.is_contiguous(memory_format=torch.channels_last)


def test_resnet18_takes_as_many_channels_as_the_data_have() -> None:
    assert build("digits resnet18").get_submodule("conv1").weight.shape == (64, 1, 7, 7)
    network = build("cifar resnet18")
    assert sum(parameter.numel() for parameter in network.parameters()) == 11_689_512 - 513_000 + 5130
    assert summary("moons perceptron bce")[-1][2] == (1,)
    assert build("digits resnet18 mse").get_submodule("fc.fc_softmax") is not None


@pytest.mark.parametrize(
    "fault",
    [
        RuntimeError("operator torchvision::nms does not exist\nand more"),
        ImportError("No module named 'torchvision'"),
        AttributeError("partially initialized module 'torchvision'"),
    ],
)
def test_resnet18_without_torchvision_is_told_of(monkeypatch: pytest.MonkeyPatch, fault: Exception) -> None:
    importing = builtins.__import__

    def broken(name: str, *rest: Any, **more: Any) -> Any:
        if name.split(".")[0] == "torchvision":
            raise fault
        return importing(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", broken)
    with pytest.raises(DltuiError) as caught:
        build("digits resnet18")
    first_line = str(fault).split("\n", 1)[0]
    assert caught.value.message == (
        f"resnet18 needs torchvision, which cannot be imported here ({type(fault).__name__}: {first_line})"
    )
    assert "choose resnet" in caught.value.hint
    build("digits resnet model.width=1")


OWN = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self, shape, outputs, width=5, extra=0):
        super().__init__()
        self.first = nn.Linear(shape[0], width)
        self.last = nn.Linear(width, outputs + extra)

    def forward(self, values):
        return self.last(torch.tanh(self.first(values)))

def shaped(shape): return nn.Linear(shape[0], 3)
def fixed(): return nn.Sequential(nn.Linear(4, 6), nn.SiLU(), nn.Linear(6, 3))
def everything(**offered): return Net(**offered)
def empty(): return nn.Flatten()
def frozen(): return nn.Linear(4, 3).requires_grad_(False)
def nothing(): pass
def kind(): return Net
def flat(): return nn.Sequential(nn.Linear(4, 1), nn.Flatten(0))
def lazy(outputs): return nn.LazyLinear(outputs)
"""
IRIS = Facts("classification", (4,), 120, 30, classes=3)


def own(folder: Path, name: str, **args: Any) -> nn.Module:
    path = folder / "net.py"
    if not path.exists():
        path.write_text(OWN)
    config = RunConfig(model=CustomModel(target=f"{path}:{name}", args=args)).resolved(IRIS)
    torch.manual_seed(0)
    return build_model(config, IRIS)


@pytest.mark.parametrize("name", ["Net", "shaped", "fixed", "everything", "lazy"])
def test_a_network_of_the_user_s_own(tmp_path: Path, name: str) -> None:
    network = own(tmp_path, name)
    rows, outputs = describe(network, IRIS.shape)
    check_outputs(outputs, 3)
    assert sum(row.parameters for row in rows) == sum(each.numel() for each in network.parameters())
    inputs = torch.randn(7, 4, dtype=torch.float64)
    assert_gradients(network, inputs, torch.arange(7) % 3)


def test_what_is_offered_gives_way_to_args(tmp_path: Path) -> None:
    network = own(tmp_path, "Net", width=9, shape=[4])
    assert {name: tuple(each.shape) for name, each in network.named_parameters()} == {
        "first.weight": (9, 4),
        "first.bias": (9,),
        "last.weight": (3, 9),
        "last.bias": (3,),
    }
    with pytest.raises(DltuiError, match="cannot be called"):
        own(tmp_path, "Net", depth=3)


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("empty", "has no weights that could learn", "Give it layers"),
        ("frozen", "has no weights that could learn", "Give it layers"),
        ("nothing", "gave a NoneType, not a torch module", "Return an instance of torch.nn.Module"),
        ("kind", "gave a type, not a torch module", "Return an instance of torch.nn.Module"),
        ("absent", "has no absent", ""),
    ],
)
def test_what_is_no_network_is_told_of(tmp_path: Path, name: str, message: str, hint: str) -> None:
    with pytest.raises(DltuiError) as caught:
        own(tmp_path, name)
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_a_wrong_number_of_outputs_is_told_of(tmp_path: Path) -> None:
    _, outputs = describe(own(tmp_path, "Net", extra=2), IRIS.shape)
    with pytest.raises(
        DltuiError, match="the network gives 5 for a sample, and the data and the loss need 3"
    ):
        check_outputs(outputs, 3)
    with pytest.raises(DltuiError, match="the network gives 3×1 for a sample"):
        check_outputs((3, 1), 3)
    _, outputs = describe(own(tmp_path, "flat"), IRIS.shape)
    with pytest.raises(DltuiError, match="gives one number without a dimension of its own for a sample"):
        check_outputs(outputs, 1)


@pytest.mark.parametrize(
    ("loss", "classes", "units"),
    [
        ("ce", 2, 2),
        ("bce", 2, 1),
        ("hinge", 2, 1),
        ("mse", 2, 2),
        ("bce", 3, 3),
        ("hinge", 3, 3),
        ("ce", 3, 3),
    ],
)
def test_units_of_the_last_layer(loss: str, classes: int, units: int) -> None:
    line = f"blobs mlp 4, {loss} data.classes={classes}"
    assert build(line)(torch.randn(3, 2)).shape == (3, units)


def test_every_target_of_a_regression_has_a_unit() -> None:
    facts = Facts("regression", (4,), 50, 10, targets=3)
    assert build_model(parse("digits perceptron mse").resolved(facts), facts)(torch.randn(2, 4)).shape == (
        2,
        3,
    )


@pytest.mark.parametrize(
    "line",
    ["digits cnn relu", "noise lenet5 relu data.side=28", "digits vgg", "digits cnn tanh", "digits cnn gelu"],
)
def test_pooling_before_relu_changes_no_bit_of_outputs_and_gradients(line: str) -> None:
    start = prepared(line)
    inputs, targets = start.data.first(start.data.training, 32)
    ours = start.network()
    plain = nn.Sequential(OrderedDict(start.network().named_children()))
    assert [name for name, _ in ours.named_modules()] == [name for name, _ in plain.named_modules()]
    found = []
    for network in (ours, plain):
        torch.manual_seed(4)
        outputs = network(inputs)
        nn.functional.cross_entropy(outputs, targets).backward()
        found.append([outputs, *(parameter.grad for parameter in network.parameters())])
    for one, other in zip(*found, strict=True):
        assert one is not None
        assert other is not None
        assert torch.equal(one, other)
    assert torch.equal(ours.eval()(inputs), plain.eval()(inputs))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("digits resnet model.width=15", False),
        ("digits resnet model.width=16", True),
        ("noise data.channels=3 cnn filters=4,8 kernel=3,1 stride=1,2", False),
        ("noise data.channels=3 cnn filters=4,8 kernel=3,1 stride=2,1", True),
    ],
)
def test_few_channels_that_a_point_strides_over_are_laid_out_as_they_come(line: str, expected: bool) -> None:
    """Else oneDNN writes past its workspace: these crashed, now and then, on two threads."""
    start = prepared(line)
    network = start.network()
    inputs, targets = start.data.first(start.data.training, 32)
    wide = next(
        layer for layer in network.modules() if isinstance(layer, nn.Conv2d) and layer.in_channels > 1
    )
    assert wide.kernel_size != (1, 1)  # of a 1×1 kernel both layouts are the same
    assert wide.weight.is_contiguous(memory_format=torch.channels_last) is expected
    maps: list[torch.Tensor] = []
    wide.register_forward_hook(lambda *got: maps.append(got[2]))
    TrainingStep(start.config, network)(inputs, targets)
    assert maps[0].is_contiguous(memory_format=torch.channels_last) is expected
