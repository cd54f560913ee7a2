"""The layer that leaves the numbers first is named, whatever it was that left them."""

import re
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from dlcore.training import blame, chunk
from dlcore.training.blame import Blame
from dlcore.training.chunk import Chunk, NotFinite
from dlcore.training.step import TrainingStep
from tests.dlcore.trained import train
from tests.dlcore.training.prepared import prepared


def blamed(line: str, spoil: str, steps: int = 3) -> str:
    """Take steps, the last but one with spoiled inputs where it is told so."""
    start = prepared(line)
    step = TrainingStep(start.config, start.network())
    found = Blame(step)
    inputs, targets = start.data.first(start.data.training, 16)
    batches = [(inputs.clone(), targets) for _ in range(steps)]
    if spoil == "inputs":
        batches[-2][0][3] = torch.inf
    found.begin(lambda: iter(batches))
    for batch in batches:
        step(*batch)
        found.note(step.optimizer.lr)
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
        found.begin(lambda batch=batch: iter([batch]))  # type: ignore[misc]
        step(*batch)
        found.note(step.optimizer.lr)
        assert found.find() == expected


def test_a_run_that_diverges_says_where(home: Path) -> None:
    trained = train(home, "digits mlp 16,16 relu he mse out=linear sgd lr=1e6 e=5")
    assert trained.history.ended is not None
    message = trained.history.ended.message
    assert message.startswith("The loss is not finite since step ")
    assert re.search(
        r"; the first to leave the numbers was the loss itself: outputs had grown to \d", message
    )


def test_a_run_whose_gradients_explode_says_in_which_layer(home: Path) -> None:
    trained = train(home, "digits mlp 16,16 relu he ce sgd lr=1e30 e=5")
    assert trained.history.ended is not None
    message = trained.history.ended.message
    assert re.search("; the first to leave the numbers was the (output|gradient|weights) of fc[123]", message)


@pytest.mark.parametrize(
    "line",
    ["digits cnn 4, drop=.3 aug=shift n=200 b=16 e=3", "digits mlp 8, drop=.3 data.shuffle=false b=16 e=2"],
)
def test_the_steps_are_taken_again_as_they_were(
    home: Path, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the middle of an epoch, with the same order, dropout and augmentation."""
    losses: list[float] = []
    take = TrainingStep.__call__

    def taking(step: TrainingStep, *given: Any) -> tuple[torch.Tensor, torch.Tensor]:
        loss, outputs = take(step, *given)
        losses.append(float(loss))
        return loss, outputs

    def checking(found: list[float], step: int, lr: float) -> None:
        if step == 11:
            raise NotFinite("that will do", "")

    monkeypatch.setattr(TrainingStep, "__call__", taking)
    monkeypatch.setattr(chunk, "_check", checking)
    monkeypatch.setattr(Chunk, "is_due", lambda self: len(losses) in (3, 7, 11))
    train(home, f"{line} training.frames_mb=0")  # frames would end chunks of their own
    assert len(losses) == 11 + 4
    assert losses[11:] == losses[7:11]
