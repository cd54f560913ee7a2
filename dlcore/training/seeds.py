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


def draw_on(
    states: dict[str, torch.Tensor], augmenting: torch.Generator | None, device: torch.device
) -> None:
    """Draw on from states that `drawing` gave, in the middle of an epoch.

    What was not drawn from there, in the parent of a branch, begins with its own.
    """
    torch.set_rng_state(states["torch"])
    if augmenting is not None and "augment" in states:
        augmenting.set_state(states["augment"])
    if device.type == "cuda" and "device" in states:
        torch.cuda.set_rng_state(states["device"], device)


def drawing(augmenting: torch.Generator | None, device: torch.device) -> dict[str, torch.Tensor]:
    """Return the states of the generators that the rest of an epoch draws from."""
    found = {"torch": torch.get_rng_state()}
    if augmenting is not None:
        found["augment"] = augmenting.get_state()
    if device.type == "cuda":
        found["device"] = torch.cuda.get_rng_state(device)
    return found
