"""Published data sets: what their files must hold, where they lie, and how they are read.

Sizes and checksums are of the uncompressed content, so any honest mirror will do; nothing is trusted
because of its name.
"""

import hashlib
import os
import zlib
from dataclasses import dataclass
from pathlib import Path

from dlcore.errors import DataError

SLACK = 64 * 1024  # what packing may add to content that cannot be packed
LAYOUTS = ("", "MNIST/raw", "raw")  # the last two are torchvision's
GZIP_MAGIC = b"\x1f\x8b"


@dataclass(frozen=True)
class PublishedFile:
    """A file by its published name; `size` and `sha256` are of its uncompressed content."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class PublishedSet:
    """A data set and the base addresses that serve its files; a file is at `<address>/<name>`."""

    kind: str
    title: str
    files: tuple[PublishedFile, ...]
    addresses: tuple[str, ...]


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
)


class RefusedError(Exception):
    """Why a file or a mirror is not used, in a few words."""


def data_folder(home: Path, kind: str) -> Path:
    """Where the files of a data set lie."""
    return home / "data" / kind


def find(published: PublishedSet, folder: Path) -> dict[str, Path]:
    """The files of the set that exist in `folder`, by published name; their content is not looked at."""
    paths = {}
    for file in published.files:
        names = dict.fromkeys((file.name, file.name.removesuffix(".gz")))
        candidates = (folder / layout / name for layout in LAYOUTS for name in names)
        # os.path.isfile takes a folder that may not be entered for an empty one; Path.is_file raises.
        path = next((path for path in candidates if os.path.isfile(path)), None)
        if path is not None:
            paths[file.name] = path
    return paths


def read_verified(file: PublishedFile, path: Path) -> bytes:
    """The uncompressed content of `path`, packed or not, after a check of its size and checksum.

    Raises `DataError` when the file cannot be read, or is cut short, corrupt or another file.
    """
    anew = "delete it and start again: it will be downloaded anew."
    try:
        return checked_content(file, path)
    except RefusedError as error:
        raise DataError(f"{path} is not the file that was published: {error}", anew.capitalize()) from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise DataError(f"{path} cannot be read: {reason}", f"Make it readable, or {anew}") from error


def checked_content(file: PublishedFile, path: Path) -> bytes:
    """The uncompressed content of `path`; raises `RefusedError` where it is not what was published."""
    most = file.size + SLACK
    with path.open("rb") as handle:
        stored = handle.read(most + 1)
    if len(stored) > most:
        raise RefusedError(f"more than {most:,} bytes")
    packed = stored.startswith(GZIP_MAGIC)
    # Some browsers unpack on the way and keep the name, so the content decides, not the name.
    content = _inflated(stored, file.size + 1) if packed else stored
    if len(content) > file.size:
        raise RefusedError(f"more than {file.size:,} bytes of content")
    if len(content) < file.size:
        is_page = not packed and stored.lstrip().startswith(b"<")
        wrong_size = f"{len(content):,} bytes of content instead of {file.size:,}"
        raise RefusedError("a web page instead of the file" if is_page else wrong_size)
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise RefusedError("its checksum is wrong")
    return content


def _inflated(packed: bytes, most: int) -> bytes:
    """The content of all gzip members (RFC 1952), of which no more than `most` bytes are ever produced."""
    contents = []
    while packed and most > 0:
        engine = zlib.decompressobj(wbits=zlib.MAX_WBITS + 16)
        try:
            content = engine.decompress(packed, most)
        except zlib.error:
            raise RefusedError("corrupt") from None
        contents.append(content)
        most -= len(content)
        if most > 0 and not engine.eof:
            raise RefusedError("cut short")
        packed = engine.unused_data.lstrip(b"\0")  # padding with zeros is allowed
    return b"".join(contents)
