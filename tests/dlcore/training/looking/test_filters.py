"""The first layer's weights as pictures are those of the checkpoint."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from dlcore.checkpoints import saved
from dlcore.rundir import RunDir
from dlcore.training import checkpoint
from dlcore.training.looking.filters import filters
from tests.dlcore.training.looking.unpacked import close, signed, weights

Learned = Callable[[str], tuple[RunDir, dict[str, Any]]]
DIGITS = "digits mlp 70,8 n=64 b=32 e=2"


def test_images_of_units_are_their_weights(learned: Learned) -> None:
    run, state = learned(DIGITS)
    matrix = weights(state, "fc1.weight")
    answer = filters(str(run.path))
    assert (answer["sort"], answer["layer"], answer["total"], answer["channels"]) == ("images", "fc1", 70, 1)
    assert len(answer["units"]) == 64
    for unit in answer["units"]:
        row = matrix[unit["unit"]]
        most = float(row.abs().max())
        assert unit["most"] == pytest.approx(most)
        assert close(signed(unit["values"], 8, 8) * most, row.reshape(8, 8), most / 127)


def test_pages_go_on_where_the_first_ends(learned: Learned) -> None:
    run, state = learned(DIGITS)
    answer = filters(str(run.path), None, 64)
    order = weights(state, "fc1.weight").abs().amax(1).argsort(descending=True)
    assert [unit["unit"] for unit in answer["units"]] == order[64:].tolist()
    assert [unit["unit"] for unit in filters(str(run.path))["units"]] == order[:64].tolist()
    assert filters(str(run.path), None, 999)["start"] == 69


def test_an_earlier_step_shows_the_checkpoint_before(learned: Learned) -> None:
    run, _ = learned(DIGITS)
    first = checkpoint.load(run, 0)
    answer = filters(str(run.path), max(saved(run)) - 1)
    assert answer["step"] == 0
    unit = answer["units"][3]
    assert unit["most"] == pytest.approx(float(weights(first, "fc1.weight")[unit["unit"]].abs().max()))
    newest = [one["unit"] for one in filters(str(run.path))["units"]]
    assert [one["unit"] for one in answer["units"]] == newest, "each stays where it is"


@pytest.mark.parametrize("channels", [1, 3, 2])
def test_filters_of_a_convolution(learned: Learned, channels: int) -> None:
    line = f"noise data.channels={channels} data.samples=40 cnn 4, model.kernel=5 e=1"
    run, state = learned(line)
    kernels = weights(state, "conv1.weight")
    answer = filters(str(run.path))
    shown = kernels if channels != 2 else kernels.mean(1, keepdim=True)
    assert (answer["width"], answer["height"], answer["channels"]) == (5, 5, shown.shape[1])
    for kernel, unit in zip(shown, answer["units"], strict=True):
        most = float(kernel.abs().max())
        found = signed(unit["values"], 5, 5, shown.shape[1]).permute(2, 0, 1) * most
        assert close(found, kernel, most / 127)


def test_a_table_has_named_inputs_and_one_scale(learned: Learned) -> None:
    run, state = learned("iris mlp 5, tanh e=2")
    matrix = weights(state, "fc1.weight")
    answer = filters(str(run.path))
    most = float(matrix.abs().max())
    assert (answer["sort"], answer["inputs"], answer["total"]) == ("table", 4, 5)
    assert answer["names"][0] == "sepal length (cm)"
    assert answer["most"] == pytest.approx(most)
    found = torch.stack([signed(row, 4) for row in answer["rows"]]) * most
    assert close(found, matrix, most / 127)
