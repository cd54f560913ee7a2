"""Where randomness comes from, as code: a stream for each purpose and epoch, all from the run's seed."""

from dlcore.export.script.part import NOTHING, Part, joined

_SAID = (
    """# Each purpose has random numbers of its own, so that more of one kind change nothing of another."""
)


def streams(code: str) -> Part:
    """Return the functions that a script draws its seeds with, as far as `code` calls them."""
    if "stream(" not in code and "seed_for(" not in code:
        return NOTHING
    is_given = '("samples", seed=' in code
    takes, given, passed = ("", "{SEED}", "")
    if is_given:
        takes, given, passed = (", seed: int = SEED", "{seed}", ", seed")
    seed_for = Part(
        f"{_SAID}\n\n\n"
        f"def seed_for(purpose: str, epoch: int = 0{takes}) -> int:\n"
        '    """Return the seed of what is drawn for a purpose, in an epoch."""\n'
        f'    digest = hashlib.blake2b(f"{given}/{{purpose}}/{{epoch}}".encode(), digest_size=8).digest()\n'
        '    return int.from_bytes(digest, "big") >> 1',
        ("import hashlib",),
    )
    if "stream(" not in code:
        return seed_for
    stream = Part(
        f"def stream(purpose: str, epoch: int = 0{takes}) -> torch.Generator:\n"
        '    """Return a generator for a purpose, in an epoch."""\n'
        f"    return torch.Generator().manual_seed(seed_for(purpose, epoch{passed}))"
    )
    return joined((seed_for, stream), gap=2)
