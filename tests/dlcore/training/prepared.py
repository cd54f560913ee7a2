"""What a run starts from, made in the order of the trainer, on the CPU."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from dlcore.config import RunConfig
from dlcore.datasets.examine import settled
from dlcore.oneline import parse
from dlcore.training.data import AnySplit, Data, Split, load
from dlcore.training.models import build_model
from dlcore.training.sources import Arrays, Samples, Source, read

CPU = torch.device("cpu")
NOWHERE = Path("/nowhere")


@dataclass(frozen=True)
class Prepared:
    """A settled configuration, its samples as stored, and its data as they are learned from."""

    config: RunConfig
    source: Source
    data: Data

    def network(self) -> nn.Module:
        """The network with its first weights, the same at every call."""
        torch.manual_seed(self.config.seed)
        return build_model(self.config, self.source.facts)


def no_download(file: str, got: int, total: int) -> None:
    raise AssertionError(f"nothing is downloaded, but {file} is")


def unheard(file: str, got: int, total: int) -> None:
    """Hear of a download or of decoded images, and do nothing."""


def prepared(line: str | RunConfig, home: Path = NOWHERE) -> Prepared:
    """What a line or a configuration starts from."""
    config = parse(line) if isinstance(line, str) else line
    source = read(config, home, unheard if config.data.kind == "image_folder" else no_download)
    config = settled(config, source.facts)
    return Prepared(config, source, load(config, source, CPU))


def resident(split: AnySplit) -> Split:
    """A split that is in memory."""
    assert isinstance(split, Split)
    return split


def arrays(samples: Samples | None) -> Arrays:
    """Samples that are in memory."""
    assert isinstance(samples, tuple)
    return samples


def rows(split: AnySplit) -> list[tuple[Any, ...]]:
    """The samples as comparable rows, in order: input, then target or targets."""
    split = resident(split)
    inputs, targets = (values.reshape(len(split), -1).tolist() for values in (split.inputs, split.targets))
    return [(*values, *target) for values, target in zip(inputs, targets, strict=True)]


def batched(data: Data, split: AnySplit, batch_size: int = 64) -> Arrays:
    """All inputs and all targets of a split as the network gets them."""
    inputs, targets = zip(*data.batches(split, batch_size), strict=True)
    return torch.cat(inputs), torch.cat(targets)
