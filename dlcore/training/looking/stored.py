"""Which samples to look at, and what they were before they were normalized."""

import torch

from dlcore.training.data import AnySplit, Data, StreamedSplit
from dlcore.training.sources import Arrays
from dlcore.training.streaming import stream


def evenly(total: int, wanted: int) -> torch.Tensor:
    """Return at most `wanted` indices from all over `total` samples, which may lie sorted."""
    wanted = min(total, wanted)
    return torch.arange(wanted) * total // max(wanted, 1)


def samples_at(data: Data, split: AnySplit, order: torch.Tensor) -> Arrays:
    """Return (inputs, targets) of the samples at `order`, as the network gets them, in one batch.

    Streamed ones are read in this process: for a few, workers would take longer to start.
    """
    if not isinstance(split, StreamedSplit):
        return data.normalized(split.inputs[order]), split.targets[order]
    inputs, targets = next(stream(split.samples, len(order), split.indices[order]))
    if data.facts.task == "regression":
        targets = (targets - data.target_mean) / data.target_deviation
    return data.normalized(inputs), targets


def stored(data: Data, inputs: torch.Tensor) -> torch.Tensor:
    """Return inputs of the network in their own unit."""
    return (inputs - data.shift) / data.scale


def unscaled(data: Data, targets: torch.Tensor) -> torch.Tensor:
    """Return what a regression learns, or gives, in the targets' own unit."""
    return targets * data.target_deviation + data.target_mean
