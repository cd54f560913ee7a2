"""From a choice of data to resident tensors: loaded once, shuffled by index, gathered in blocks."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import assert_never

import numpy
import torch

from dlcore.choices.datasets import Circles, Dataset, Digits, Mnist, Moons, Xor
from dlcore.config import RunConfig, plan
from dlcore.download import fetch
from dlcore.errors import DataError
from dlcore.published import MNIST, read_verified
from dlcore.training.seeds import derive, generator

Report = Callable[[str, int, int], object]
Arrays = tuple[torch.Tensor, torch.Tensor]

_BLOCK = 16
"""Batches that are gathered and normalized at once: nearly as fast as data that costs nothing."""


@dataclass(frozen=True)
class Split:
    """Samples of one split: inputs (samples, *shape) as stored, targets (samples,) as class numbers."""

    inputs: torch.Tensor
    targets: torch.Tensor

    def __len__(self) -> int:
        return len(self.targets)


@dataclass(frozen=True)
class Data:
    """Everything a run learns from, on its device, and how a stored sample becomes an input."""

    training: Split
    validation: Split
    test: Split
    scale: torch.Tensor
    shift: torch.Tensor
    channels_last: bool

    def batches(self, split: Split, batch_size: int, order: torch.Tensor | None = None) -> Iterator[Arrays]:
        """Yield (inputs, targets) of each batch: float32 (batch, *shape) and int64 (batch,).

        `order` holds indices into the split; None takes the samples as they stand.
        """
        samples = len(split)
        for start in range(0, samples, _BLOCK * batch_size):
            stop = min(start + _BLOCK * batch_size, samples)
            if order is None:
                inputs, targets = split.inputs[start:stop], split.targets[start:stop]
            else:
                block = order[start:stop]
                inputs, targets = split.inputs.index_select(0, block), split.targets.index_select(0, block)
            inputs = inputs.to(torch.float32).mul(self.scale).add_(self.shift)
            if self.channels_last:
                inputs = inputs.contiguous(memory_format=torch.channels_last)
            yield from zip(torch.split(inputs, batch_size), torch.split(targets, batch_size), strict=True)


def load(config: RunConfig, home: Path, device: torch.device, report: Report) -> Data:
    """Return the data of a run on its device; raises DataError when it cannot be had.

    `report(file, bytes so far, bytes in all)` is told of downloads.
    """
    samples, test, peak = _read(config.data, config.seed, home, report)
    samples = (samples[0][: config.data.limit or None], samples[1][: config.data.limit or None])
    training, validation = _parted(samples, plan(config).validation, config.seed, "validation")
    scale, shift = _normalizer(config.data, training[0], peak)

    def resident(arrays: Arrays) -> Split:
        return Split(arrays[0].contiguous().to(device), arrays[1].contiguous().to(device))

    return Data(
        training=resident(training),
        validation=resident(validation),
        test=resident(test),
        scale=scale.to(device),
        shift=shift.to(device),
        channels_last=config.model.kind == "cnn",
    )


def _read(data: Dataset, seed: int, home: Path, report: Report) -> tuple[Arrays, Arrays, float]:
    """Return the training split, the test split, and the largest value that an input can take."""
    match data:
        case Digits():
            from sklearn.datasets import load_digits  # 0.6 s: only for those who need it

            images, labels = load_digits(return_X_y=True)
            inputs = torch.from_numpy(images.astype(numpy.uint8)).reshape(-1, *data.shape)
            arrays = inputs, torch.from_numpy(labels.astype(numpy.int64))
            training, test = _parted(arrays, data.sizes[1], seed, "test")
            return training, test, 16.0
        case Xor():
            corners = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
            arrays = corners, torch.tensor([0, 1, 1, 0])
            return arrays, arrays, 1.0
        case Moons() | Circles():
            training, test = _parted(_drawn(data, seed), data.sizes[1], seed, "test")
            return training, test, 1.0
        case Mnist():
            return *_mnist(home, report), 255.0
        case _:
            assert_never(data)


def _drawn(data: Moons | Circles, seed: int) -> Arrays:
    from sklearn.datasets import make_circles, make_moons

    state = derive(seed, "samples") % 2**32
    if isinstance(data, Moons):
        points, labels = make_moons(data.samples, noise=data.noise, random_state=state)
    else:
        points, labels = make_circles(data.samples, noise=data.noise, factor=0.5, random_state=state)
    return torch.from_numpy(points.astype(numpy.float32)), torch.from_numpy(labels.astype(numpy.int64))


def _mnist(home: Path, report: Report) -> tuple[Arrays, Arrays]:
    paths = fetch(MNIST, home, report)
    read = {file.name: (read_verified(file, paths[file.name]), paths[file.name]) for file in MNIST.files}
    splits = []
    for split in ("train", "t10k"):
        images = idx(*read[f"{split}-images-idx3-ubyte.gz"])
        labels = idx(*read[f"{split}-labels-idx1-ubyte.gz"])
        splits.append((images.unsqueeze(1), labels.to(torch.int64)))
    return splits[0], splits[1]


def idx(content: bytes, path: Path) -> torch.Tensor:
    """Return the array in an IDX file of unsigned bytes (the format of the MNIST files), as uint8."""
    if len(content) < 4 or content[:3] != b"\x00\x00\x08" or len(content) < 4 + 4 * content[3]:
        raise DataError(f"{path} is not an IDX file of bytes", "Delete it: it will be downloaded anew.")
    shape = numpy.frombuffer(content, ">u4", count=content[3], offset=4).astype(int)
    values = numpy.frombuffer(content, numpy.uint8, offset=4 + 4 * content[3])
    if values.size != shape.prod():
        raise DataError(f"{path} announces {shape.prod()} values and holds {values.size}", "Delete it.")
    return torch.from_numpy(values.reshape(shape).copy())


def _parted(arrays: Arrays, held: int, seed: int, purpose: str) -> tuple[Arrays, Arrays]:
    """Return the samples without and with the `held` ones, drawn by class so that shares stay; order kept."""
    inputs, targets = arrays
    shuffled = torch.randperm(len(targets), generator=generator(seed, purpose))
    by_class = shuffled[torch.argsort(targets[shuffled], stable=True)]
    # Taking every (n / held)-th of samples sorted by class gives each class its share, to within one.
    picked = by_class[torch.arange(held) * len(targets) // max(held, 1)]
    out = torch.zeros(len(targets), dtype=torch.bool)
    out[picked] = True
    return (inputs[~out], targets[~out]), (inputs[out], targets[out])


def _normalizer(data: Dataset, inputs: torch.Tensor, peak: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Return scale and shift, so that input · scale + shift is normalized; fitted on `inputs` alone.

    Images first become 0–1. `standard` has one mean and deviation per channel or per column.
    """
    if data.normalize == "none":
        return torch.tensor(1 / peak), torch.tensor(0.0)
    if data.normalize == "half":
        return torch.tensor(2 / peak), torch.tensor(-1.0)
    dims = (0, 2, 3) if data.is_image else (0,)
    count, total, squares = 0, torch.zeros(()), torch.zeros(())
    for block in torch.split(inputs, 4096):  # in double and in blocks: exact enough, and small in memory
        values = block.to(torch.float64)
        count += values[:, :1].numel() if data.is_image else len(values)
        total = total + values.sum(dims)
        squares = squares + values.square().sum(dims)
    mean = total / count
    deviation = (squares / count - mean.square()).clamp_min(0).sqrt()
    constant = deviation <= 1e-6 * mean.abs()  # up to rounding: there is nothing to scale
    scale = 1 / torch.where(constant, 1.0, deviation)
    shift = -mean * scale
    if data.is_image:
        scale, shift = scale[:, None, None], shift[:, None, None]
    return scale.to(torch.float32), shift.to(torch.float32)
