"""A small CIFAR-10 of 60 records, and tars of it, good and bad."""

import gzip
import hashlib
import io
import random
import tarfile
from collections.abc import Iterable

from dlcore.datasets.published import Archive, PublishedFile, PublishedSet

FORM = Archive(
    folder="cifar-10-batches-bin",
    training=tuple(f"data_batch_{number}.bin" for number in range(1, 6)),
    test="test_batch.bin",
    records=10,
    record=3073,
)
SIZE = FORM.records * FORM.record


def batch(seed: int) -> bytes:
    """Ten records, one of each class."""
    drawn = random.Random(seed)
    return b"".join(bytes([label]) + drawn.randbytes(FORM.record - 1) for label in range(10))


BATCHES = {name: batch(number) for number, name in enumerate(FORM.members)}
CONTENT = b"".join(BATCHES.values())


def entry(name: str, content: bytes = b"", **fields: object) -> tuple[tarfile.TarInfo, bytes]:
    """A member of a tar; `fields` override what its header says."""
    member = tarfile.TarInfo(name)
    member.size = len(content)
    for field, value in fields.items():
        setattr(member, field, value)
    return member, content


def tar(members: Iterable[tuple[tarfile.TarInfo, bytes]]) -> bytes:
    """A tar of these members."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for member, content in members:
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def good_tar() -> bytes:
    """As the real one: in another order than that of the records, with a folder and other files."""
    others = [
        entry("cifar-10-batches-bin", type=tarfile.DIRTYPE),
        entry(f"{FORM.folder}/readme.html", b"<p>"),
    ]
    return tar([*others, *(entry(name, BATCHES[name]) for name in reversed(FORM.members))])


PACKED = gzip.compress(good_tar(), mtime=0)
FILE = PublishedFile(
    "cifar-10-binary.tar.gz",
    len(CONTENT),
    hashlib.md5(PACKED, usedforsecurity=False).hexdigest(),
    "packed",
    FORM,
)


def small_cifar10(*addresses: str) -> PublishedSet:
    """CIFAR-10 in small, served at these addresses."""
    return PublishedSet("cifar10", "CIFAR-10", (FILE,), addresses)
