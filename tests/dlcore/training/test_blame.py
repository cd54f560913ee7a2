"""The layer that leaves the numbers first is named, whatever it was that left them."""

import re
from pathlib import Path

import pytest
import torch
from torch import nn

from dlcore.training import blame
from dlcore.training.blame import Blame
from dlcore.training.step import TrainingStep
from tests.dlcore.trained import train
from tests.dlcore.training.prepared import prepared


def blamed(line: str, spoil: str, steps: int = 3) -> str:
    """Take steps; before the last one spoil a parameter, as a bit flip would, or the inputs."""
    start = prepared(line)
    step = TrainingStep(start.config, start.network())
    found = Blame(step)
    inputs, targets = start.data.first(start.data.training, 16)
    for number in range(steps):
        given = inputs.clone()
        if number == steps - 2 and spoil == "inputs":
            given[3] = torch.inf
        step(given, targets)
        found.note(given, targets, step.optimizer.lr)
    return found.find()


@pytest.mark.parametrize("line", ["digits mlp 16,8 relu", "digits cnn 4, elu", "digits mlp 8, drop=.4"])
def test_a_batch_that_is_not_finite_is_named(line: str) -> None:
    assert blamed(line, "inputs") == "the batch itself"


def test_sound_steps_blame_nobody() -> None:
    assert blamed("digits mlp 16,8 relu drop=.3", "") == ""


def test_a_layer_in_the_middle(monkeypatch: pytest.MonkeyPatch) -> None:
    start = prepared("digits mlp 16,8 relu he")
    network = start.network()
    layer = network.get_submodule("fc2")
    assert isinstance(layer, nn.Linear)
    with torch.no_grad():
        layer.weight[0, 0] = 3e38
        layer.weight[0, 1] = 3e38
    step = TrainingStep(start.config, network)
    for most, expected in ((64_000_000, "the output of fc2"), (0, "the weights of fc1")):
        monkeypatch.setattr(blame, "_MOST_BYTES", most)
        found = Blame(step)
        batch = start.data.first(start.data.training, 64)
        step(*batch)
        found.note(*batch, step.optimizer.lr)
        assert found.find() == expected


def test_a_run_that_diverges_says_where(home: Path) -> None:
    trained = train(home, "digits mlp 16,16 relu he mse out=linear sgd lr=1e6 e=5")
    assert trained.history.ended is not None
    message = trained.history.ended.message
    assert message.startswith("The loss is not finite since step ")
    assert re.search("; the first to leave the numbers was the (output|gradient|weights) of fc[123]", message)
