"""CIFAR-10's binary version as tensors (Krizhevsky: Learning Multiple Layers of Features, 2009)."""

from collections.abc import Callable
from pathlib import Path

import numpy
import torch

from dlcore.datasets.download import fetch
from dlcore.datasets.published import CIFAR10, CLASSES, Archive, PublishedSet, read_verified
from dlcore.errors import DataError

Report = Callable[[str, int, int], object]
Arrays = tuple[torch.Tensor, torch.Tensor]

SHAPE = (3, 32, 32)
RECORD = 1 + 3 * 32 * 32


def records(content: bytes | memoryview) -> Arrays:
    """Return images (n, 3, 32, 32) as uint8, in planes of red, green and blue, and labels (n,) as int64.

    Each record is one byte of label and the bytes of an image. Raises `DataError` where the length is not
    that of whole records, or a label is above 9.
    """
    anew = "Delete the files of CIFAR-10: they will be downloaded anew."
    if not content or len(content) % RECORD:
        raise DataError(
            f"{len(content):,} bytes are not a number of CIFAR-10's {RECORD:,}-byte records", anew
        )
    stored = numpy.frombuffer(content, numpy.uint8).reshape(-1, RECORD)
    labels = stored[:, 0].astype(numpy.int64)
    wrong = numpy.flatnonzero(labels >= CLASSES)
    if len(wrong):
        first = int(wrong[0])
        raise DataError(
            f"record {first:,} of CIFAR-10 has the label {labels[first]}, and the last class is 9", anew
        )
    images = stored[:, 1:].copy().reshape(-1, *SHAPE)
    return torch.from_numpy(images), torch.from_numpy(labels)


def read_cifar10(home: Path, report: Report, published: PublishedSet = CIFAR10) -> tuple[Arrays, Arrays]:
    """Return (images, labels) of the training split and of the test split; downloads what is missing.

    `report(file, bytes so far, bytes in all)` is told of the download. Raises `DataError`.
    """
    [file] = published.files
    if not isinstance(file.form, Archive):
        raise TypeError(f"{file.name} is not an archive of records")
    content = memoryview(read_verified(file, fetch(published, home, report)[file.name]))
    training = len(file.form.training) * file.form.records * RECORD
    return records(content[:training]), records(content[training:])
