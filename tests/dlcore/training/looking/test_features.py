"""Feature maps are what the layers give for the sample that is shown."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.nn import functional

from dlcore.errors import DltuiError
from dlcore.rundir import RunDir
from dlcore.training.data import Split
from dlcore.training.looking.features import features
from dlcore.training.opened import opened
from tests.dlcore.training.looking.unpacked import close, plain, signed, weights

Learned = Callable[[str], tuple[RunDir, dict[str, Any]]]
DIGITS = "digits cnn model.filters=4,6 n=64 b=32 e=2"


def test_maps_are_those_of_a_plain_forward(learned: Learned) -> None:
    run, state = learned(DIGITS)
    split = opened(str(run.path)).data.validation
    assert isinstance(split, Split)
    pixels = split.inputs[2:3].float() / 16
    inputs = (pixels - 0.5) / 0.5
    first = functional.relu(
        functional.conv2d(inputs, weights(state, "conv1.weight"), weights(state, "conv1.bias"), padding=1)
    )
    second = functional.relu(
        functional.conv2d(
            functional.max_pool2d(first, 2),
            weights(state, "conv2.weight"),
            weights(state, "conv2.bias"),
            padding=1,
        )
    )
    for layer, wanted in enumerate((first[0], second[0])):
        answer = features(str(run.path), None, layer, 2)
        assert answer["layers"] == ["conv1", "conv2"]
        assert (answer["total"], answer["signed"]) == (len(wanted), False)
        assert answer["most"] == pytest.approx(float(wanted.max()), rel=1e-5)
        found = torch.stack([signed(one, *wanted.shape[1:]) for one in answer["maps"]]) * answer["most"]
        assert close(found, wanted, answer["most"] / 127)
    image = plain(answer["image"]["values"], 8, 8)
    assert torch.equal(image, (pixels[0, 0] * 255).round().to(torch.uint8))
    assert answer["label"] == str(int(split.targets[2]))


def test_the_verdict_is_the_network_s(learned: Learned) -> None:
    run, _ = learned(DIGITS)
    looked = opened(str(run.path))
    inputs, _ = looked.data.first(looked.data.validation, 6)
    with torch.no_grad():
        shares = looked.model(inputs).softmax(1)
    answer = features(str(run.path), None, 0, 5)
    assert answer["predicted"] == str(int(shares[5].argmax()))
    assert answer["probability"] == pytest.approx(float(shares[5].max()), rel=1e-5)


def test_layers_and_samples_wrap_around(learned: Learned) -> None:
    run, _ = learned(DIGITS)
    samples = len(opened(str(run.path)).data.validation)
    answer = features(str(run.path), None, 3, -1)
    assert (answer["layer"], answer["sample"], answer["samples"]) == (1, samples - 1, samples)


def test_tanh_maps_have_a_sign(learned: Learned) -> None:
    run, _ = learned("digits cnn tanh model.filters=4, n=32 b=16 e=1")
    assert features(str(run.path))["signed"] is True


def test_a_network_without_convolutions_says_so(learned: Learned) -> None:
    run, _ = learned("digits mlp 70,8 n=64 b=32 e=2")
    with pytest.raises(DltuiError, match="no convolution"):
        features(str(run.path))
