"""Published data sets: what their files must hold, where they lie, and how they are read.

Nothing is trusted because of its name. Where the checksum of the uncompressed content is known, any honest
mirror will do, however it packs. Otherwise the checksum is of the file packed as published. What a person
has unpacked or packed anew has no such checksum; it is taken when its size, its header and the number of
samples of each class are those that were published, and refused with a sentence when they are not.
"""

import gzip
import hashlib
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from dlcore.datasets.unpacking import GZIP_MAGIC, RefusedError, inflated, members
from dlcore.errors import DataError

SLACK = 64 * 1024  # what packing may add to content that cannot be packed
ROOM = 16 * 1024 * 1024  # what an archive may hold beside the members that are read
CLASSES = 10


@dataclass(frozen=True)
class Idx:
    """An array of bytes in the IDX format of the MNIST files; one of a single dimension holds labels."""

    shape: tuple[int, ...]

    def fault(self, content: bytes) -> str:
        """What distinguishes the content from the published one, or nothing."""
        header = struct.pack(f">4B{len(self.shape)}I", 0, 0, 8, len(self.shape), *self.shape)
        if not content.startswith(header):
            return f"its header is not that of an IDX file of {' × '.join(map(str, self.shape))} bytes"
        return _unevenness(content[len(header) :]) if len(self.shape) == 1 else ""


@dataclass(frozen=True)
class Archive:
    """A tar with a folder of files, each of `records` records of `record` bytes that begin with a label.

    Its content is that of the `training` files and then of the `test` file, in this order.
    """

    folder: str
    training: tuple[str, ...]
    test: str
    records: int
    record: int

    @property
    def members(self) -> tuple[str, ...]:
        """The names of the files, with the folder."""
        return tuple(f"{self.folder}/{name}" for name in (*self.training, self.test))

    def fault(self, content: bytes) -> str:
        """What distinguishes the content from the published one, or nothing."""
        labels = content[:: self.record]
        held_out = len(self.training) * self.records
        return _unevenness(labels[:held_out]) or _unevenness(labels[held_out:])


@dataclass(frozen=True)
class PublishedFile:
    """A file by its published name; `size` is of its content, uncompressed.

    `checksum` is the SHA-256 of the `content`, or the MD5 of the file as it is `packed` by its publisher.
    The latter needs `form`, by which content is judged that came in another packing.
    """

    name: str
    size: int
    checksum: str
    of: Literal["content", "packed"] = "content"
    form: Idx | Archive | None = None

    @property
    def most(self) -> int:
        """The most bytes that the file can take, packed or not."""
        return self.size + (ROOM if isinstance(self.form, Archive) else SLACK)


@dataclass(frozen=True)
class PublishedSet:
    """A data set and the base addresses that serve its files; a file is at `<address>/<name>`.

    `layouts` are the folders, below that of the data set, in which its files may lie.
    """

    kind: str
    title: str
    files: tuple[PublishedFile, ...]
    addresses: tuple[str, ...]
    layouts: tuple[str, ...] = ("",)


MNIST = PublishedSet(
    kind="mnist",
    title="MNIST",
    files=(
        PublishedFile(
            "train-images-idx3-ubyte.gz",
            47_040_016,
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        ),
        PublishedFile(
            "train-labels-idx1-ubyte.gz",
            60_008,
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        ),
        PublishedFile(
            "t10k-images-idx3-ubyte.gz",
            7_840_016,
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        ),
        PublishedFile(
            "t10k-labels-idx1-ubyte.gz",
            10_008,
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        ),
    ),
    addresses=("https://ossci-datasets.s3.amazonaws.com/mnist/", "http://yann.lecun.com/exdb/mnist/"),
    layouts=("", "MNIST/raw", "raw"),  # the last two are torchvision's
)


def _like_mnist(*checksums: str) -> tuple[PublishedFile, ...]:
    """MNIST's four files with other content, of which the MD5 of the packed files is known."""
    shapes = ((60_000, 28, 28), (60_000,), (10_000, 28, 28), (10_000,))
    return tuple(
        PublishedFile(file.name, file.size, checksum, "packed", Idx(shape))
        for file, checksum, shape in zip(MNIST.files, checksums, shapes, strict=True)
    )


FASHION_MNIST = PublishedSet(
    kind="fashion_mnist",
    title="Fashion-MNIST",
    files=_like_mnist(
        "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
        "25c81989df183df01b3e8a0aad5dffbe",
        "bef4ecab320f06d8554ea6380940ec79",
        "bb300cfdad3c16e7a12a480ee83cd310",
    ),
    addresses=(
        "https://fashion-mnist.s3.eu-central-1.amazonaws.com/",
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    ),
    layouts=("", "FashionMNIST/raw", "raw"),
)
KMNIST = PublishedSet(
    kind="kmnist",
    title="Kuzushiji-MNIST",
    files=_like_mnist(
        "bdb82020997e1d708af4cf47b453dcf7",
        "e144d726b3acfaa3e44228e80efcd344",
        "5c965bf0a639b31b8f53240b1b52f4d7",
        "7320c461ea6c1c855c0b718fb2a4b134",
    ),
    addresses=(
        "https://codh.rois.ac.jp/kmnist/dataset/kmnist/",
        "http://codh.rois.ac.jp/kmnist/dataset/kmnist/",
    ),
    layouts=("", "KMNIST/raw", "raw"),
)
CIFAR10 = PublishedSet(
    kind="cifar10",
    title="CIFAR-10",
    files=(
        PublishedFile(  # the binary version: the one for Python is a pickle, which could run anything
            "cifar-10-binary.tar.gz",
            184_380_000,
            "c32a1d4ab5d03f1284b67883e8d87530",
            "packed",
            Archive(
                folder="cifar-10-batches-bin",
                training=tuple(f"data_batch_{number}.bin" for number in range(1, 6)),
                test="test_batch.bin",
                records=10_000,
                record=1 + 3 * 32 * 32,
            ),
        ),
    ),
    addresses=("https://www.cs.toronto.edu/~kriz/", "http://www.cs.toronto.edu/~kriz/"),
)
PUBLISHED = (MNIST, FASHION_MNIST, KMNIST, CIFAR10)


def published(kind: str) -> PublishedSet:
    """The data set of this kind; raises KeyError for a kind that is not published."""
    return {known.kind: known for known in PUBLISHED}[kind]


def data_folder(home: Path, kind: str) -> Path:
    """Where the files of a data set lie."""
    return home / "data" / kind


def find(published: PublishedSet, folder: Path) -> dict[str, Path]:
    """The files of the set that exist in `folder`, by published name; their content is not looked at.

    An archive may also be there as the folder that comes out of it.
    """
    paths = {}
    for file in published.files:
        # os.path.isfile takes a folder that may not be entered for an empty one; Path.is_file raises.
        places = (place for layout in published.layouts for place in _places(file, folder / layout))
        path = next((path for path, needed in places if all(map(os.path.isfile, needed))), None)
        if path is not None:
            paths[file.name] = path
    return paths


def _places(file: PublishedFile, folder: Path) -> Iterator[tuple[Path, tuple[Path, ...]]]:
    """Where the file may be in the folder, and the files of which that place consists."""
    for name in dict.fromkeys((file.name, file.name.removesuffix(".gz"))):
        yield folder / name, (folder / name,)
    if isinstance(file.form, Archive):
        yield folder / file.form.folder, tuple(folder / member for member in file.form.members)


def read_verified(file: PublishedFile, path: Path) -> bytes:
    """The uncompressed content of `path`, packed or not, after a check of its size and checksum.

    Of an archive, or of the folder that came out of it, this is the content of its members, one after the
    other. Where only the checksum of the packed file is known and `path` is packed otherwise or not at all,
    its form is checked instead. Raises `DataError` when the file cannot be read, or is cut short, corrupt or
    another file.
    """
    anew = "delete it and start again: it will be downloaded anew."
    try:
        return checked_content(file, path)
    except RefusedError as error:
        raise DataError(f"{path} is not the file that was published: {error}", anew.capitalize()) from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise DataError(f"{path} cannot be read: {reason}", f"Make it readable, or {anew}") from error


def checked_content(file: PublishedFile, path: Path, strict: bool = False) -> bytes:
    """The uncompressed content of `path`; raises `RefusedError` where it is not what was published.

    `strict` is for what comes over the network: it must have the checksum, whatever its form.
    """
    form = file.form
    content = _archived(file, form, path) if isinstance(form, Archive) else _single(file, path)
    if file.of == "content":
        if hashlib.sha256(content).hexdigest() != file.checksum:
            raise RefusedError("its checksum is wrong")
    elif _md5(path) != file.checksum:
        if strict or form is None:
            raise RefusedError("its checksum is wrong")
        if fault := form.fault(content):
            raise RefusedError(f"its checksum is wrong, and {fault}")
    return content


def _single(file: PublishedFile, path: Path) -> bytes:
    """The content of a file that is its whole content, or a gzip of it."""
    with path.open("rb") as handle:
        stored = handle.read(file.most + 1)
    if len(stored) > file.most:
        raise RefusedError(f"more than {file.most:,} bytes")
    packed = stored.startswith(GZIP_MAGIC)
    # Some browsers unpack on the way and keep the name, so the content decides, not the name.
    content = inflated(stored, file.size + 1) if packed else stored
    if len(content) > file.size:
        raise RefusedError(f"more than {file.size:,} bytes of content")
    if len(content) < file.size:
        wrong_size = f"{len(content):,} bytes of content instead of {file.size:,}"
        is_page = not packed and _is_page(stored)
        raise RefusedError("a web page instead of the file" if is_page else wrong_size)
    return content


def _archived(file: PublishedFile, form: Archive, path: Path) -> bytes:
    """The content of the members of an archive, or of the files in the folder that came out of it."""
    size = form.records * form.record
    if path.is_dir():
        return b"".join(_sized(path.parent / member, size) for member in form.members)
    with path.open("rb") as handle:
        if os.fstat(handle.fileno()).st_size > file.most:
            raise RefusedError(f"more than {file.most:,} bytes")
        start = handle.read(512)
        handle.seek(0)
        if _is_page(start):
            raise RefusedError("a web page instead of the file")
        if not start.startswith(GZIP_MAGIC):
            return members(handle, form.members, size, file.most)
        with gzip.GzipFile(fileobj=handle) as unpacked:
            return members(unpacked, form.members, size, file.most)


def _sized(path: Path, size: int) -> bytes:
    with path.open("rb") as handle:
        content = handle.read(size + 1)
    if len(content) != size:
        raise RefusedError(f"{path.name} is not a file of {size:,} bytes")
    return content


def _is_page(start: bytes) -> bool:
    return start.lstrip().startswith(b"<")


def _md5(path: Path) -> str:
    """The MD5 of a file, against accidents of transport; a folder has none."""
    if path.is_dir():
        return ""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _unevenness(labels: bytes) -> str:
    """Says so unless the labels are 0 to 9, each equally often."""
    expected = len(labels) // CLASSES
    for label in range(CLASSES):
        if (count := labels.count(label)) != expected:
            return f"class {label} occurs {count:,} times instead of {expected:,}"
    return ""
