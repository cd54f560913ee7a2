"""Samples to look at are the same whether they are held in memory or read as they are used."""

from pathlib import Path

import torch

from dlcore.training.data import StreamedSplit
from dlcore.training.looking.stored import evenly, samples_at, stored, unscaled
from tests.dlcore.training.own_data import write_code, write_images
from tests.dlcore.training.prepared import prepared, resident


def test_streamed_images_are_the_resident_ones(tmp_path: Path) -> None:
    write_images(tmp_path, each=60, test=0)
    line = f"image_folder data.folder={tmp_path / 'images'} data.size=64 data.memory="
    one, other = (prepared(f"{line}{memory}").data for memory in (100, 1))
    assert isinstance(other.training, StreamedSplit)
    order = torch.tensor([5, 0, 33])
    inputs, targets = samples_at(one, one.training, order)
    streamed, labels = samples_at(other, other.training, order)
    assert torch.equal(inputs, streamed)
    assert torch.equal(targets, labels)
    raw = resident(one.training).inputs[order]
    assert torch.allclose(stored(one, inputs), raw.to(torch.float32), atol=1e-3)


def test_streamed_targets_are_scaled_as_they_are_learned(tmp_path: Path) -> None:
    data = prepared(f"data=custom data.target={write_code(tmp_path)}:Waves val=0").data
    assert isinstance(data.training, StreamedSplit)
    order = torch.arange(len(data.training))
    _, targets = samples_at(data, data.training, order)
    (_, wanted), *_ = data.batches(data.training, len(order))
    assert torch.equal(targets, wanted)
    mean = unscaled(data, targets).mean(0)
    assert torch.allclose(mean, data.target_mean, atol=1e-4)


def test_samples_come_from_all_over() -> None:
    assert evenly(1000, 4).tolist() == [0, 250, 500, 750]
    assert evenly(3, 10).tolist() == [0, 1, 2]
    assert evenly(0, 10).tolist() == []
