"""Where randomness comes from: one stream for each purpose and epoch, all from the run's seed.

The weights are drawn after a plain `torch.manual_seed(seed)`, so that a script of a few lines gets the same
network. Order, dropout, splits and drawn samples have streams of their own, so that one more epoch, another
batch size or a probe changes nothing else.
"""

import hashlib

import torch


def derive(seed: int, purpose: str, epoch: int = 0) -> int:
    """Return a 63-bit seed that belongs to a purpose and an epoch."""
    digest = hashlib.blake2b(f"{seed}/{purpose}/{epoch}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) >> 1


def generator(seed: int, purpose: str, epoch: int = 0) -> torch.Generator:
    """Return a CPU generator for a purpose and an epoch."""
    return torch.Generator().manual_seed(derive(seed, purpose, epoch))
