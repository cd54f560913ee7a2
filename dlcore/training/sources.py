"""From a choice of data to its samples, before they are split, normalized and moved to a device."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, assert_never

import numpy
import torch
from torch.utils.data import Dataset

from dlcore.choices import datasets as known
from dlcore.choices.bundled import BreastCancer, Diabetes, Digits, Iris, Wine
from dlcore.choices.dataset import Facts, ImageChoice
from dlcore.choices.downloaded import Cifar10, FashionMnist, Kmnist, Mnist
from dlcore.choices.drawn import Blobs, Circles, Moons, Noise, Regression, Spiral, Xor
from dlcore.choices.own import Csv, CustomData, ImageFolder
from dlcore.config import RunConfig
from dlcore.datasets.download import fetch
from dlcore.datasets.examine import examine, read_csv, table_facts
from dlcore.datasets.folders import list_images
from dlcore.datasets.published import published, read_verified
from dlcore.errors import DataError
from dlcore.training import draw
from dlcore.training.bundled import bundled
from dlcore.training.cifar import read_cifar10
from dlcore.training.custom import read_custom
from dlcore.training.images import read_images
from dlcore.training.seeds import generator
from dlcore.training.streaming import as_input

Report = Callable[[str, int, int], object]
Arrays = tuple[torch.Tensor, torch.Tensor]
Samples = Arrays | Dataset[Any]
"""Inputs (samples, *shape) and targets, in memory; or what is read as it goes."""


@dataclass(frozen=True)
class Source:
    """Everything there is to learn from, as stored."""

    facts: Facts
    training: Samples
    test: Samples | None
    """None: it has no test split of its own, and is given one."""
    peak: float = 1.0
    """The largest value that an input can take, where that is known: 255 for bytes."""


def read(config: RunConfig, home: Path, report: Report) -> Source:
    """Return the samples of a run; raises DataError when they cannot be had.

    `report(file, bytes so far, bytes in all)` is told of downloads.
    """
    source = _read(config, home, report)
    data = config.data
    if isinstance(data, ImageChoice) and data.shuffle_pixels:
        pixels = source.facts.shape[1] * source.facts.shape[2]
        order = torch.randperm(pixels, generator=generator(config.seed, "pixels"))
        test = source.test and _reordered(source.test, order)
        return replace(source, training=_reordered(source.training, order), test=test)
    return source


def _reordered(samples: Samples, order: torch.Tensor) -> Samples:
    """Return the same images with their pixels in another order, the same for all; colours stay together."""
    assert isinstance(samples, tuple), "no set with a shuffle_pixels is streamed"
    return samples[0].flatten(2)[:, :, order].reshape(samples[0].shape), samples[1]


def _read(config: RunConfig, home: Path, report: Report) -> Source:
    data: known.Dataset = config.data
    match data:
        case Digits() | Iris() | Wine() | BreastCancer() | Diabetes():
            return _bundled(data, config.seed)
        case Xor() | Moons() | Circles() | Spiral() | Blobs() | Regression() | Noise():
            seed = config.seed if data.seed == "run" else data.seed
            samples = draw.samples(data, seed)
            test = samples if data.facts.test_is_training else None
            return Source(data.facts, samples, test, 255.0 if isinstance(data, Noise) else 1.0)
        case Mnist() | FashionMnist() | Kmnist():
            return Source(data.facts, *_idx_set(data.kind, home, report), 255.0)
        case Cifar10():
            return Source(data.facts, *read_cifar10(home, report), 255.0)
        case Csv() | ImageFolder():
            return _files(config, data, report)
        case CustomData():
            return _custom(data, config.seed)
        case _:
            assert_never(data)


def _bundled(data: Digits | Iris | Wine | BreastCancer | Diabetes, seed: int) -> Source:
    """Return what scikit-learn ships, those that lie sorted by class in an order drawn with the seed."""
    values, labels = bundled(data.kind)
    if isinstance(data, Digits):
        inputs = torch.from_numpy(values.astype(numpy.uint8)).reshape(-1, *data.facts.shape)
        return Source(data.facts, (inputs, torch.from_numpy(labels.astype(numpy.int64))), None, 16.0)
    order = torch.randperm(len(labels), generator=generator(seed, "rows"))
    inputs = torch.from_numpy(values.astype(numpy.float32))[order]
    if isinstance(data, Diabetes):
        targets = torch.from_numpy(labels.astype(numpy.float32)).unsqueeze(1)[order]
    else:
        targets = torch.from_numpy(labels.astype(numpy.int64))[order]
    return Source(data.facts, (inputs, targets), None)


def _idx_set(kind: str, home: Path, report: Report) -> tuple[Arrays, Arrays]:
    """Return training and test split of a set that is published as four IDX files."""
    files = published(kind)
    paths = fetch(files, home, report)
    read_ = {file.name: (read_verified(file, paths[file.name]), paths[file.name]) for file in files.files}
    splits = []
    for split in ("train", "t10k"):
        images = idx(*read_[f"{split}-images-idx3-ubyte.gz"])
        labels = idx(*read_[f"{split}-labels-idx1-ubyte.gz"])
        splits.append((images.unsqueeze(1), labels.to(torch.int64)))
    return splits[0], splits[1]


def idx(content: bytes, path: Path) -> torch.Tensor:
    """Return the array in an IDX file of unsigned bytes (the format of the MNIST files), as uint8."""
    if len(content) < 4 or content[:3] != b"\x00\x00\x08" or len(content) < 4 + 4 * content[3]:
        raise DataError(f"{path} is not an IDX file of bytes", "Delete it: it will be downloaded anew.")
    shape = numpy.frombuffer(content, ">u4", count=content[3], offset=4).tolist()
    values = numpy.frombuffer(content, numpy.uint8, offset=4 + 4 * content[3])
    if values.size != (announced := math.prod(shape)):  # a product in machine numbers could wrap around
        raise DataError(f"{path} announces {announced} values and holds {values.size}", "Delete it.")
    return torch.from_numpy(values.reshape(shape).copy())


def _files(config: RunConfig, data: Csv | ImageFolder, report: Report) -> Source:
    if isinstance(data, ImageFolder):
        facts = examine(config)
        assert facts is not None
        images = list_images(Path(data.folder).expanduser())
        size = facts.features  # a byte for each figure of an image

        def decoded(done: int, total: int) -> None:
            report(data.folder, done * size, total * size)

        test = read_images(images.test, data, decoded) if images.test else None
        return Source(facts, read_images(images.training, data, decoded), test, 255.0)
    table = read_csv(data)  # once: a large one is not kept between two readings
    facts = table_facts(table)
    inputs = torch.from_numpy(numpy.array(table.values, numpy.float32)).reshape(table.rows, -1)
    targets = torch.from_numpy(numpy.array(table.targets))
    if facts.task == "regression":
        return Source(facts, (inputs, targets.to(torch.float32).unsqueeze(1)), None)
    return Source(facts, (inputs, targets.to(torch.int64)), None)


def _custom(data: CustomData, seed: int) -> Source:
    own = read_custom(data, seed)
    inputs = own.training[0] if isinstance(own.training, tuple) else as_input(own.training[0][0])
    return Source(own.facts, own.training, own.test, 255.0 if inputs.dtype == torch.uint8 else 1.0)
