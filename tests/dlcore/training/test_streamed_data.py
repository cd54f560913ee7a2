"""Samples that are read as they are used: the same batches and the same figures as from memory."""

from pathlib import Path
from typing import Any

import pytest
import torch

from dlcore.training.data import Data, StreamedSplit
from tests.dlcore.trained import train
from tests.dlcore.training.own_data import write_code, write_images
from tests.dlcore.training.prepared import arrays, batched, prepared, resident


def loaded(line: str) -> Data:
    return prepared(line).data


def splits(data: Data) -> list[Any]:
    return [data.training, data.validation, data.test]


def images(tmp_path: Path, *, streamed: bool, test: int = 0, more: str = "") -> str:
    """A line for 1.5 MB of images, that fit in memory or do not."""
    folder = tmp_path / "images"
    if not folder.exists():
        write_images(tmp_path, each=60, test=test)
    return f"image_folder data.folder={folder} data.size=64 data.memory={1 if streamed else 100} {more}"


@pytest.mark.parametrize("test", [0, 60])
@pytest.mark.parametrize("more", ["", "regularization.label_noise=.5", "cnn", "n=50 seed=3"])
def test_streamed_images_are_the_same_batches(tmp_path: Path, test: int, more: str) -> None:
    one, other = (
        loaded(images(tmp_path, streamed=streamed, test=test, more=more)) for streamed in (False, True)
    )
    order = torch.randperm(len(one.training), generator=torch.Generator().manual_seed(0))
    for first, second in zip(splits(one), splits(other), strict=True):
        resident(first)
        assert isinstance(second, StreamedSplit)
        for chosen in (None, order) if first is one.training else (None,):
            batches = zip(one.batches(first, 7, chosen), other.batches(second, 7, chosen), strict=True)
            for (inputs, targets), (streamed, labels) in batches:
                assert torch.equal(inputs, streamed)
                assert torch.equal(targets, labels)
                assert (targets.dtype, streamed.dtype) == (labels.dtype, torch.float32)
                assert inputs.stride() == streamed.stride()


def test_streamed_images_are_standardized_by_the_training_split_too(tmp_path: Path) -> None:
    line = images(tmp_path, streamed=False, more="data.normalize=standard")
    one, other = loaded(line), loaded(line.replace("memory=100", "memory=1"))
    assert isinstance(other.training, StreamedSplit)
    torch.testing.assert_close(one.scale, other.scale, rtol=1e-6, atol=0)
    torch.testing.assert_close(one.shift, other.shift, rtol=1e-6, atol=0)


@pytest.mark.parametrize("more", ["", "data.scale_target=false", "seed=2 n=20"])
def test_streamed_samples_of_the_user_s_code_are_the_same_batches_but_for_the_split(
    tmp_path: Path, more: str
) -> None:
    code = write_code(tmp_path)
    one, other = (
        prepared(f"data=custom data.target={code}:{name} val=0 {more}").data
        for name in ("residents", "Waves")
    )
    assert isinstance(other.training, StreamedSplit)
    assert list(map(len, splits(one))) == list(map(len, splits(other)))
    # What is not read cannot be drawn by its targets, so that the splits differ; each is scaled by its own.
    whole = prepared(f"data=custom data.target={code}:residents val=0 {more}").source
    for data in (one, other):
        inputs, targets = batched(data, data.training)
        stored = (inputs - data.shift) / data.scale
        if data is other:
            wanted_inputs, wanted = (part[other.training.indices] for part in arrays(whole.training))
            torch.testing.assert_close(stored, wanted_inputs, rtol=1e-4, atol=1e-5)
            torch.testing.assert_close(
                targets * data.target_deviation + data.target_mean, wanted, rtol=1e-4, atol=1e-5
            )
        variance = targets.double().var(0, correction=0).float()
        torch.testing.assert_close(data.target_variance, variance, rtol=1e-4, atol=1e-5)
        if "false" not in more:
            torch.testing.assert_close(targets.mean(0), torch.zeros(2), rtol=0, atol=1e-5)


def test_what_a_data_set_draws_itself_is_new_in_every_epoch(tmp_path: Path) -> None:
    data = loaded(f"data=custom data.target={write_code(tmp_path)}:Shaken")
    one, same, other = (
        torch.cat([inputs for inputs, _ in data.batches(data.training, 64, None, seed)]) for seed in (1, 1, 2)
    )
    assert torch.equal(one, same)
    assert not torch.equal(one, other)
    assert float((one - other).abs().max()) < 3


@pytest.mark.parametrize(
    "more", ["", "cnn filters=4 aug=shift,flip,rotate", "regularization.label_noise=.4 l1=.001"]
)
def test_a_run_of_streamed_images_has_the_same_figures(home: Path, tmp_path: Path, more: str) -> None:
    more = f"{more or 'mlp 4,'} n=60 e=2 b=16"
    one, other = (train(home, images(tmp_path, streamed=streamed, more=more)) for streamed in (False, True))
    assert one.status == other.status == 0
    assert one.history.step == 8
    assert one.history.loss.values.tobytes() == other.history.loss.values.tobytes()
    assert one.history.score.values.tobytes() == other.history.score.values.tobytes()
    assert one.history.final() == other.history.final()
