"""Weights without torch: bit for bit what torch saved, whatever the order in memory, and refused else."""

import io
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch

from dlcore.config import RunConfig
from dlcore.datasets.unpacking import RefusedError
from dlcore.errors import DltuiError
from dlcore.export import render
from dlcore.export.report import gather
from dlcore.export.weights import read_weights, to_safetensors
from dlcore.files.arrays import pack
from dlcore.files.tensorfile import judge
from dlcore.rundir import RunDir
from dlcore.training import checkpoint
from dlcore.training.safe_load import load_tensors
from tests.dlcore.export.said import make, to_the_end
from tests.dlcore.trained import Trained


def saved(state: dict[str, Any]) -> io.BytesIO:
    file = io.BytesIO()
    torch.save(state, file)
    judge(file, 1 << 30)
    return file


def unpacked(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Weights as they come out of a checkpoint, and through the format's own reader."""
    return safetensors.torch.load(pack(read_weights(saved({"model": state})), {}))


def test_tensors_of_every_type_and_order_stay_as_they_are() -> None:
    drawn = torch.randn(4, 3, 5, 2)
    whole = torch.arange(24.0)
    state = {
        "plain": drawn,
        "channels last": drawn.contiguous(memory_format=torch.channels_last),
        "transposed": torch.randn(5, 7).t(),
        "a part": whole[3:11].view(2, 4),
        "every other": whole[::2],
        "permuted": torch.randn(2, 3, 4, 5).permute(3, 1, 0, 2),
        "one": torch.tensor(7),
        "sides of one": torch.randn(1, 5, 1).transpose(0, 2),
        "nothing": torch.zeros(0, 3),
        **{str(kind): torch.tensor([1, 0, 3], dtype=kind) for kind in (torch.int8, torch.uint8, torch.bool)},
        **{str(kind): torch.randn(3).to(kind) for kind in (torch.float16, torch.bfloat16, torch.float64)},
        **{str(kind): torch.tensor([1, -2]).to(kind) for kind in (torch.int16, torch.int32, torch.int64)},
    }
    found = unpacked(state)
    assert set(found) == set(state)
    for name, tensor in state.items():
        assert found[name].dtype == tensor.dtype, name
        assert found[name].shape == tensor.shape, name
        assert torch.equal(found[name], tensor), name


def test_a_real_checkpoint_becomes_a_file_that_says_where_it_comes_from(real_run: Trained) -> None:
    content = render(real_run.run, "safetensors")
    found = safetensors.torch.load(content)
    expected = load_tensors(real_run.run.checkpoints / "12.pt")["model"]
    assert set(found) == set(expected)
    assert all(torch.equal(found[name], tensor) for name, tensor in expected.items())
    header = content[8 : 8 + int.from_bytes(content[:8], "little")]
    for note in (b'"format":"pt"', b'"step":"12"', real_run.run.id.encode(), b"digits mlp 8,8"):
        assert note in header


def test_the_best_weights_are_those_of_the_best_evaluation(home: Path) -> None:
    run = make(home, RunConfig(), to_the_end())
    for step in (0, 4, 8):
        checkpoint.save(run, step, {"model": {"weight": torch.full((2,), float(step))}})
    newest = safetensors.torch.load(to_safetensors(gather(run)))
    best = safetensors.torch.load(to_safetensors(gather(run, "best")))
    assert (newest["weight"][0].item(), best["weight"][0].item()) == (8.0, 4.0)
    (run.checkpoints / "4.pt").unlink()
    assert safetensors.torch.load(to_safetensors(gather(run, "best")))["weight"][0].item() == 8.0
    (run.checkpoints / "8.pt").write_bytes(b"cut short")
    assert safetensors.torch.load(to_safetensors(gather(run)))["weight"][0].item() == 0.0
    (run.checkpoints / "0.pt").rename(run.checkpoints / "3.pt")
    with pytest.raises(DltuiError, match="no checkpoint of a step at which it was evaluated"):
        to_safetensors(gather(run, "best"))


def test_without_a_checkpoint_there_are_no_weights(run: RunDir) -> None:
    with pytest.raises(DltuiError, match="no checkpoint"):
        render(run, "safetensors")


@pytest.mark.parametrize(
    "state",
    [{}, {"model": 3}, {"model": {"weight": 3}}, {"model": {"weight": torch.zeros(1).expand(4)}}],
)
def test_what_holds_no_weights_is_refused(state: dict[str, Any]) -> None:
    with pytest.raises(RefusedError):
        read_weights(saved(state))
