"""In which order the samples come: drawn from the seed for each epoch, and so the same for twins."""

import hashlib

import torch

from dlcore.config import Plan, RunConfig
from dlcore.training.seeds import generator

_MOST_EPOCHS = 32
_MOST_INDICES = 1 << 18
"""A fingerprint is made of the first epochs: of at least one, and of no more samples than this."""
_DIGITS = 16


def order_of(config: RunConfig, samples: int, epoch: int) -> torch.Tensor | None:
    """Return the indices (samples,) of the training split in the order of an epoch; None as they stand."""
    if not config.data.shuffle:
        return None
    return torch.randperm(samples, generator=generator(config.seed, "order", epoch))


def fingerprint(config: RunConfig, plan: Plan) -> str:
    """Return the first 16 hex digits of the SHA-256 of a run's order of batches.

    What goes in is, for each of the first epochs, its batch size and its order, as 64-bit integers with the
    lowest byte first. Runs with equal fingerprints see the same batches, if they have the same data.
    """
    digest = hashlib.sha256()
    within = max(1, _MOST_INDICES // max(plan.training, 1))
    for epoch in range(1, min(config.training.epochs, within, _MOST_EPOCHS) + 1):
        order = order_of(config, plan.training, epoch)
        indices = torch.arange(plan.training) if order is None else order
        for numbers in (torch.tensor([plan.batch_size_in(epoch)]), indices):
            digest.update(numbers.numpy().astype("<i8").tobytes())
    return digest.hexdigest()[:_DIGITS]
