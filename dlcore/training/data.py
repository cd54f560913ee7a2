"""From samples to batches: split and normalized once, resident, shuffled by index, gathered in blocks."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch.utils.data import Dataset

from dlcore.choices.dataset import DataChoice, Facts
from dlcore.choices.own import Csv
from dlcore.config import RunConfig, plan
from dlcore.training.convolutions import is_channels_last
from dlcore.training.seeds import generator
from dlcore.training.sources import Arrays, Samples, Source
from dlcore.training.streaming import fitted, stream

_BLOCK_FIGURES = 1 << 18
"""Figures of the batches that are gathered and normalized at once: about what a core's cache holds."""
_MOST_BATCHES = 16
_WORKERS = 4
"""Processes that read what does not fit in memory; never more than there are processors."""
_BINS = 10
"""A regression is split so that each tenth of its targets keeps its share."""


@dataclass(frozen=True)
class Split:
    """Samples of one split: inputs (samples, *shape) as stored, and targets.

    Targets are class numbers (samples,) or figures (samples, targets).
    """

    inputs: torch.Tensor
    targets: torch.Tensor
    real: torch.Tensor | None = None
    """The targets as they came, where label noise has drawn others for some."""

    def __len__(self) -> int:
        return len(self.targets)


@dataclass(frozen=True)
class StreamedSplit:
    """Samples that do not fit in memory: those of a dataset at `indices`, read as they are used."""

    samples: Dataset[Any]
    indices: torch.Tensor
    random_share: torch.Tensor | None = None
    """Labels that stand for the real ones, −1 where they do not: label noise."""

    def __len__(self) -> int:
        return len(self.indices)


AnySplit = Split | StreamedSplit
Loaded = Arrays | StreamedSplit
"""Samples on their way to a split: not yet normalized, and on the CPU."""


@dataclass(frozen=True)
class Data:
    """Everything a run learns from, on its device, and how a stored sample becomes an input."""

    facts: Facts
    training: AnySplit
    validation: AnySplit
    test: AnySplit
    scale: torch.Tensor
    shift: torch.Tensor
    channels_last: bool
    device: torch.device
    target_mean: torch.Tensor
    target_deviation: torch.Tensor
    """Of the training split: a regression learns (target − mean) / deviation; 0 and 1 for classes."""
    target_variance: torch.Tensor
    """Variance (targets,) of the training targets as they are learned: 1, unless they are left alone."""

    def batches(
        self,
        split: AnySplit,
        batch_size: int,
        order: torch.Tensor | None = None,
        seed: int = 0,
        skip: int = 0,
    ) -> Iterator[Arrays]:
        """Yield (inputs, targets) of each batch: float32 (batch, *shape), and targets as in a split.

        `order` holds indices into the split; None takes the samples as they stand. `seed` is for what a
        streamed data set of the user's own draws. The first `skip` batches are left out.
        """
        if skip:
            order = torch.arange(len(split), device=self.device) if order is None else order
            order = order[skip * batch_size :]
        if isinstance(split, StreamedSplit):
            yield from self._streamed(split, batch_size, order, seed)
            return
        samples = len(split) if order is None else len(order)
        figures = batch_size * max(1, split.inputs[:1].numel())
        length = batch_size * max(1, min(_MOST_BATCHES, _BLOCK_FIGURES // figures))
        for start in range(0, samples, length):
            stop = min(start + length, samples)
            if order is None:
                inputs, targets = split.inputs[start:stop], split.targets[start:stop]
            else:
                block = order[start:stop]
                inputs, targets = split.inputs.index_select(0, block), split.targets.index_select(0, block)
            inputs = self.normalized(inputs)
            yield from zip(torch.split(inputs, batch_size), torch.split(targets, batch_size), strict=True)

    def first(self, split: AnySplit, samples: int) -> Arrays:
        """Return (inputs, targets) of the first samples of a split, as the network gets them."""
        if isinstance(split, StreamedSplit):
            return next(self._streamed(split, samples, torch.arange(min(samples, len(split))), 0))
        return self.normalized(split.inputs[:samples]), split.targets[:samples]

    def normalized(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return stored samples as the network gets them."""
        inputs = inputs.to(torch.float32, copy=True).mul_(self.scale).add_(self.shift)
        return inputs.contiguous(memory_format=torch.channels_last) if self.channels_last else inputs

    def _streamed(
        self, split: StreamedSplit, batch_size: int, order: torch.Tensor | None, seed: int
    ) -> Iterator[Arrays]:
        chosen = split.indices if order is None else split.indices[order.cpu()]
        start = 0
        for inputs, targets in stream(split.samples, batch_size, chosen, _WORKERS, self.device, seed=seed):
            if self.facts.task == "regression":
                targets = (targets - self.target_mean) / self.target_deviation
            elif split.random_share is not None:
                drawn = split.random_share[chosen[start : start + len(targets)]].to(targets.device)
                targets = torch.where(drawn >= 0, drawn, targets)
            start += len(targets)
            yield self.normalized(inputs), targets


def load(config: RunConfig, source: Source, device: torch.device) -> Data:
    """Return the data of a resolved configuration on its device, split, and normalized as it is used."""
    facts, data = source.facts, config.data
    held = plan(config, facts)
    training = _as_split(source.training)
    if source.test is None:
        training, test = _parted(training, facts.test, config.seed, "test")
    else:
        test = _as_split(source.test)
    training = _first(training, data.limit)
    training, validation = _parted(training, held.validation, config.seed, "validation")
    if isinstance(data, Csv) and data.missing == "impute":
        training, validation, test = _imputed(training, validation, test)
    mean, deviation, variance = _target_scale(data, facts, training)
    scale, shift = _normalizer(data, facts, training, source.peak)
    noise = config.regularization.label_noise
    random_share = _random_labels(noise, facts, training, config.seed) if noise else None

    def placed(samples: Loaded, labels: torch.Tensor | None = None) -> AnySplit:
        if isinstance(samples, StreamedSplit):
            return StreamedSplit(samples.samples, samples.indices, labels)
        inputs, targets = samples
        if facts.task == "regression":
            targets = (targets - mean) / deviation
        split = Split(inputs.contiguous().to(device), targets.contiguous().to(device))
        return split if labels is None else _relabelled(split, labels)

    return Data(
        facts=facts,
        training=placed(training, random_share),
        validation=placed(validation),
        test=placed(test),
        scale=scale.to(device),
        shift=shift.to(device),
        channels_last=facts.is_image and is_channels_last(config.model),
        device=device,
        target_mean=mean.to(device),
        target_deviation=deviation.to(device),
        target_variance=variance.to(device),
    )


def with_label_noise(data: Data, share: float, seed: int) -> Data:
    """Return data with another share of its training labels drawn by chance, as `load` draws them."""
    split = data.training
    labels = _random_labels(share, data.facts, split, seed) if share else None
    if isinstance(split, StreamedSplit):
        return replace(data, training=replace(split, random_share=labels))
    return replace(data, training=_relabelled(split, labels))


def _relabelled(split: Split, labels: torch.Tensor | None) -> Split:
    """Return a split with other labels where they are not −1; with its real ones alone for None."""
    real = split.targets if split.real is None else split.real
    if labels is None:
        return Split(split.inputs, real)
    drawn = labels.to(real.device)
    return Split(split.inputs, torch.where(drawn >= 0, drawn, real), real)


def _as_split(samples: Samples) -> Loaded:
    if isinstance(samples, tuple):
        return samples
    return StreamedSplit(samples, torch.arange(len(samples)))  # type: ignore[arg-type]  # map-style: it has a length


def _first(samples: Loaded, limit: int) -> Loaded:
    """Return the first `limit` samples; 0 is all."""
    if isinstance(samples, StreamedSplit):
        return StreamedSplit(samples.samples, samples.indices[: limit or None])
    return samples[0][: limit or None], samples[1][: limit or None]


def _parted(samples: Loaded, held: int, seed: int, purpose: str) -> tuple[Loaded, Loaded]:
    """Return the samples without and with the `held` ones, drawn by class so that shares stay; order kept.

    Of streamed samples only those that come as files in class folders have labels known beforehand: they
    bring them as `targets`; others are drawn without regard to class.
    """
    if isinstance(samples, StreamedSplit):
        labels = getattr(samples.samples, "targets", None)
        known = torch.zeros(len(samples)) if labels is None else torch.as_tensor(labels)[samples.indices]
        out = held_out(known, held, seed, purpose)
        return (
            StreamedSplit(samples.samples, samples.indices[~out]),
            StreamedSplit(samples.samples, samples.indices[out]),
        )
    inputs, targets = samples
    out = held_out(targets, held, seed, purpose)
    return (inputs[~out], targets[~out]), (inputs[out], targets[out])


def held_out(targets: torch.Tensor, held: int, seed: int, purpose: str) -> torch.Tensor:
    """Return which samples are held out, as bool (samples,): so many of each class as its share asks for."""
    if targets.dtype.is_floating_point and targets.dim() == 2:
        ranks = targets[:, 0].argsort().argsort()
        targets = ranks * _BINS // max(len(ranks), 1)
    shuffled = torch.randperm(len(targets), generator=generator(seed, purpose))
    by_class = shuffled[torch.argsort(targets[shuffled], stable=True)]
    # Taking every (n / held)-th of samples sorted by class gives each class its share, to within one.
    picked = by_class[torch.arange(held) * len(targets) // max(held, 1)]
    out = torch.zeros(len(targets), dtype=torch.bool)
    out[picked] = True
    return out


def _imputed(training: Loaded, *others: Loaded) -> tuple[Arrays, Arrays, Arrays]:
    """Return the splits with the training split's column means where a figure is missing."""
    assert isinstance(training, tuple)
    means = torch.nanmean(training[0], dim=0).nan_to_num()  # a column without any figure is 0
    filled = []
    for split in (training, *others):
        assert isinstance(split, tuple)
        filled.append((torch.where(split[0].isnan(), means, split[0]), split[1]))
    return filled[0], filled[1], filled[2]


def _random_labels(share: float, facts: Facts, training: Loaded | Split, seed: int) -> torch.Tensor:
    """Return labels drawn from all classes for a share of the training samples, −1 for the others.

    For streamed samples the place in the result is the sample's index in its dataset.
    """
    chance = generator(seed, "label noise")
    size = len(training[1]) if isinstance(training, tuple) else len(training)
    drawn = torch.randint(0, facts.classes, (size,), generator=chance)
    noisy = torch.randperm(size, generator=chance)[: round(share * size)]
    labels = torch.full((size,), -1, dtype=torch.int64)
    labels[noisy] = drawn[noisy]
    if not isinstance(training, StreamedSplit):
        return labels
    placed = torch.full((int(training.indices.max()) + 1,), -1, dtype=torch.int64)
    placed[training.indices] = labels
    return placed


def _target_scale(
    data: DataChoice, facts: Facts, training: Loaded
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return mean and deviation (targets,) that targets are scaled with, and their variance after that."""
    nothing, one = torch.zeros(facts.targets), torch.ones(facts.targets)
    if facts.task == "classification":
        return nothing, one, one
    if isinstance(training, StreamedSplit):
        mean, deviation = _target_moments(training)
    else:
        targets = training[1].to(torch.float64)
        mean, deviation = targets.mean(0), targets.std(0, correction=0)
    constant = deviation <= 1e-12 * mean.abs()  # up to rounding: there is nothing to scale
    mean, deviation = mean.to(torch.float32), torch.where(constant, 1.0, deviation).to(torch.float32)
    if not getattr(data, "scale_target", False):
        return nothing, one, deviation.square()
    return mean, deviation, one


def _target_moments(training: StreamedSplit) -> tuple[torch.Tensor, torch.Tensor]:
    """Return mean and deviation (targets,) of streamed targets, in double, by one pass over them."""
    batches = stream(training.samples, 256, training.indices, _WORKERS)
    targets = torch.cat([targets.to(torch.float64) for _, targets in batches])
    return targets.mean(0), targets.std(0, correction=0)


def _normalizer(
    data: DataChoice, facts: Facts, training: Loaded, peak: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return scale and shift, so that input · scale + shift is normalized; fitted on `training` alone.

    Images first become 0–1. `standard` has one mean and deviation per channel or per column.
    """
    if data.normalize == "none":
        return torch.tensor(1 / peak), torch.tensor(0.0)
    if data.normalize == "half":
        return torch.tensor(2 / peak), torch.tensor(-1.0)
    if isinstance(training, StreamedSplit):
        mean, deviation = fitted(training.samples, order=training.indices, workers=_WORKERS)
    else:
        mean, deviation = _moments(training[0], is_image=facts.is_image)
    constant = deviation <= 1e-6 * mean.abs()  # up to rounding: there is nothing to scale
    scale = 1 / torch.where(constant, 1.0, deviation)
    shift = -mean * scale
    if facts.is_image:
        scale, shift = scale[:, None, None], shift[:, None, None]
    return scale.to(torch.float32), shift.to(torch.float32)


def _moments(inputs: torch.Tensor, *, is_image: bool) -> tuple[torch.Tensor, torch.Tensor]:
    """Return mean and deviation of each channel or column, in double."""
    dims = (0, 2, 3) if is_image else (0,)
    count, total, squares = 0, torch.zeros(()), torch.zeros(())
    for block in torch.split(inputs, 4096):  # in blocks: small in memory
        values = block.to(torch.float64)
        count += values[:, :1].numel() if is_image else len(values)
        total = total + values.sum(dims)
        squares = squares + values.square().sum(dims)
    mean = total / count
    return mean, (squares / count - mean.square()).clamp_min(0).sqrt()
