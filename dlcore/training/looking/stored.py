"""Samples as they were before they were normalized, and which of them to look at."""

import torch

from dlcore.training.data import AnySplit, Arrays, Data


def evenly(total: int, wanted: int) -> torch.Tensor:
    """Return at most `wanted` indices from all over `total` samples, which may lie sorted."""
    wanted = min(total, wanted)
    return torch.arange(wanted) * total // max(wanted, 1)


def some(data: Data, split: AnySplit, wanted: int) -> Arrays:
    """Return (inputs, targets) of so many samples from all over a split, as the network gets them."""
    order = evenly(len(split), wanted)
    return next(iter(data.batches(split, len(order), order)))


def stored(data: Data, inputs: torch.Tensor) -> torch.Tensor:
    """Return inputs of the network in their own unit."""
    return (inputs - data.shift) / data.scale


def unscaled(data: Data, targets: torch.Tensor) -> torch.Tensor:
    """Return what a regression learns, or gives, in the targets' own unit."""
    return targets * data.target_deviation + data.target_mean
