"""Files of published data sets: every honest form is read, and every damage is named with its cure."""

import gzip
import hashlib
import math
import random
import re
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from dlcore.datasets.published import (
    CIFAR10,
    FASHION_MNIST,
    KMNIST,
    MNIST,
    PUBLISHED,
    ROOM,
    SLACK,
    Archive,
    Idx,
    PublishedFile,
    PublishedSet,
    checked_content,
    data_folder,
    find,
    published,
    read_verified,
)
from dlcore.datasets.unpacking import RefusedError
from dlcore.errors import DataError
from tests.dlcore import archives

IMAGES = random.Random(1).randbytes(300_000)
PAGE = b"<!DOCTYPE html><title>Please sign in</title>"
IMAGES_FILE = PublishedFile("images-ubyte.gz", len(IMAGES), hashlib.sha256(IMAGES).hexdigest())


def put(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_find_in_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    assert find(MNIST, tmp_path / "nowhere") == {}


def test_every_set_is_known_by_its_kind() -> None:
    assert [known.kind for known in PUBLISHED] == ["mnist", "fashion_mnist", "kmnist", "cifar10"]
    assert [published(known.kind) for known in PUBLISHED] == list(PUBLISHED)
    with pytest.raises(KeyError):
        published("digits")


@pytest.mark.parametrize("known", PUBLISHED, ids=[known.kind for known in PUBLISHED])
def test_what_is_written_about_a_set_is_consistent(known: PublishedSet) -> None:
    assert all(re.fullmatch(r"https?://[a-z0-9.-]+/([\w~./-]+/)?", address) for address in known.addresses)
    assert known.addresses[0].startswith("https://")
    assert len({file.name for file in known.files}) == len(known.files)
    assert len({file.checksum for file in known.files}) == len(known.files)
    for file in known.files:
        assert re.fullmatch(r"[0-9a-f]{64}" if file.of == "content" else r"[0-9a-f]{32}", file.checksum)
        match file.form:
            case Idx(shape):
                assert file.size == 4 + 4 * len(shape) + math.prod(shape)
                assert f"-idx{len(shape)}-" in file.name
                assert ("train" in file.name) == (shape[0] == 60_000)
            case Archive() as form:
                assert file.size == len(form.members) * form.records * form.record
            case None:
                assert file.of == "content"


def test_all_sets_like_mnist_have_files_of_its_names_and_sizes() -> None:
    for known in (FASHION_MNIST, KMNIST):
        assert [(file.name, file.size) for file in known.files] == [
            (file.name, file.size) for file in MNIST.files
        ]


@pytest.mark.parametrize(
    ("known", "layout"),
    [(known, layout) for known in PUBLISHED for layout in known.layouts],
    ids=lambda value: value.kind if isinstance(value, PublishedSet) else value,
)
@pytest.mark.parametrize("ending", ["", ".gz"])
def test_find_knows_every_layout(tmp_path: Path, known: PublishedSet, layout: str, ending: str) -> None:
    folder = data_folder(tmp_path, known.kind)
    paths = {
        file.name: put(folder / layout / (file.name.removesuffix(".gz") + ending), b"")
        for file in known.files
    }
    assert find(known, folder) == paths


def test_find_takes_an_archives_folder_only_when_it_is_complete(tmp_path: Path) -> None:
    folder = data_folder(tmp_path, "cifar10")
    for name in archives.FORM.members:
        assert find(CIFAR10, folder) == {}
        put(folder / name, b"")
    assert find(CIFAR10, folder) == {"cifar-10-binary.tar.gz": folder / "cifar-10-batches-bin"}
    packed = put(folder / "cifar-10-binary.tar.gz", b"")
    assert find(CIFAR10, folder) == {"cifar-10-binary.tar.gz": packed}


DAMAGES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "empty": (lambda content: b"", "0 bytes of content instead of 300,000"),
    "cut": (lambda content: gzip.compress(content)[:-9], "cut short"),
    "cut in the header": (lambda content: gzip.compress(content)[:5], "cut short"),
    "corrupt": (lambda content: gzip.compress(content)[:-8] + bytes(8), "corrupt"),
    "too short": (lambda content: gzip.compress(content[1:]), "299,999 bytes of content instead of 300,000"),
    "too long": (lambda content: gzip.compress(content + b"?"), "more than 300,000 bytes of content"),
    "unpacked, too short": (lambda content: content[1:], "299,999 bytes of content instead of 300,000"),
    "unpacked, too long": (lambda content: content + b"?", "more than 300,000 bytes of content"),
    "large": (lambda content: bytes(len(content) + SLACK + 1), "more than 365,536 bytes"),
    "bomb": (lambda content: gzip.compress(bytes(50_000_000)), "more than 300,000 bytes of content"),
    "garbage after": (lambda content: gzip.compress(content) + b"?" * 99, "corrupt"),
    "another": (lambda content: gzip.compress(content[::-1]), "its checksum is wrong"),
    "page": (lambda content: PAGE, "a web page instead of the file"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_named_with_its_cure(tmp_path: Path, damage: str) -> None:
    spoil, reason = DAMAGES[damage]
    path = put(tmp_path / "images-ubyte.gz", spoil(IMAGES))
    with pytest.raises(DataError) as caught:
        read_verified(IMAGES_FILE, path)
    assert caught.value.message == f"{path} is not the file that was published: {reason}"
    assert caught.value.hint == "Delete it and start again: it will be downloaded anew."


@pytest.mark.parametrize(
    "stored",
    [
        IMAGES,
        gzip.compress(IMAGES, 0),
        gzip.compress(IMAGES[:1000]) + gzip.compress(IMAGES[1000:]),
        gzip.compress(IMAGES) + bytes(100),
    ],
    ids=["unpacked", "stored", "two members", "padded"],
)
def test_every_honest_form_of_a_file_is_read(tmp_path: Path, stored: bytes) -> None:
    assert read_verified(IMAGES_FILE, put(tmp_path / "images-ubyte.gz", stored)) == IMAGES


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read: No such file or directory"):
        read_verified(IMAGES_FILE, tmp_path / "gone.gz")
    with pytest.raises(DataError, match="cannot be read: Is a directory"):
        read_verified(IMAGES_FILE, tmp_path)


def labels(values: bytes) -> bytes:
    return struct.pack(">4BI", 0, 0, 8, 1, len(values)) + values


LABELS = labels(bytes(range(10)) * 1000)
IMAGE_BYTES = struct.pack(">4B3I", 0, 0, 8, 3, 10_000, 28, 28) + bytes(7_840_000)


def as_published(name: str, packed: bytes) -> PublishedFile:
    """Fashion-MNIST's file of this name, had it been published like this."""
    [file] = [file for file in FASHION_MNIST.files if file.name == name]
    return replace(file, checksum=hashlib.md5(packed, usedforsecurity=False).hexdigest())


@pytest.mark.parametrize(
    ("name", "content"),
    [("t10k-labels-idx1-ubyte.gz", LABELS), ("t10k-images-idx3-ubyte.gz", IMAGE_BYTES)],
    ids=["labels", "images"],
)
def test_a_file_with_a_checksum_of_its_packing_may_be_unpacked_or_packed_anew_by_hand(
    tmp_path: Path, name: str, content: bytes
) -> None:
    packed = gzip.compress(content, 1, mtime=0)
    file = as_published(name, packed)
    for number, stored in enumerate((packed, content, gzip.compress(content, 1, mtime=7))):
        path = put(tmp_path / str(number), stored)
        assert read_verified(file, path) == content
        if number == 0:
            assert checked_content(file, path, strict=True) == content
        else:
            with pytest.raises(RefusedError, match="its checksum is wrong"):
                checked_content(file, path, strict=True)


def test_whatever_was_published_is_taken_as_it_is(tmp_path: Path) -> None:
    packed = gzip.compress(labels(bytes(10_000)))
    file = as_published("t10k-labels-idx1-ubyte.gz", packed)
    assert read_verified(file, put(tmp_path / file.name, packed)) == labels(bytes(10_000))


ODD_LABELS = {
    "too few": (labels(bytes(range(10)) * 999), "9,998 bytes of content instead of 10,008"),
    "uneven": (
        labels(bytes(range(10)) * 999 + bytes([0, 0, *range(2, 10)])),
        "its checksum is wrong, and class 0 occurs 1,001 times instead of 1,000",
    ),
    "above nine": (
        labels(bytes(range(1, 11)) * 1000),
        "its checksum is wrong, and class 0 occurs 0 times instead of 1,000",
    ),
    "header": (
        LABELS[:7] + b"?" + LABELS[8:],
        "its checksum is wrong, and its header is not that of an IDX file of 10000 bytes",
    ),
    "magic": (
        b"\0\0\x08\x03" + LABELS[4:],
        "its checksum is wrong, and its header is not that of an IDX file of 10000 bytes",
    ),
}


@pytest.mark.parametrize("oddity", ODD_LABELS)
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["unpacked", "packed anew"])
def test_labels_without_a_checksum_must_have_the_published_form(
    tmp_path: Path, oddity: str, pack: Callable[[bytes], bytes]
) -> None:
    content, reason = ODD_LABELS[oddity]
    file = as_published("t10k-labels-idx1-ubyte.gz", gzip.compress(LABELS, mtime=0))
    path = put(tmp_path / file.name, pack(content))
    with pytest.raises(DataError) as caught:
        read_verified(file, path)
    assert caught.value.message == f"{path} is not the file that was published: {reason}"


def test_images_without_a_checksum_must_have_the_published_header(tmp_path: Path) -> None:
    file = as_published("t10k-images-idx3-ubyte.gz", b"")
    path = put(tmp_path / file.name, IMAGE_BYTES[:8] + bytes(len(IMAGE_BYTES) - 8))
    with pytest.raises(DataError, match="not that of an IDX file of 10000 × 28 × 28 bytes"):
        read_verified(file, path)


ANOTHER_PACKING = gzip.compress(archives.good_tar(), 0, mtime=7)


@pytest.mark.parametrize("stored", [archives.PACKED, ANOTHER_PACKING, archives.good_tar()])
def test_an_archive_is_read_in_every_packing(tmp_path: Path, stored: bytes) -> None:
    path = put(tmp_path / archives.FILE.name, stored)
    assert read_verified(archives.FILE, path) == archives.CONTENT
    assert [path.name for path in tmp_path.iterdir()] == [archives.FILE.name]


def test_an_archives_folder_is_read(tmp_path: Path) -> None:
    for name, content in archives.BATCHES.items():
        put(tmp_path / name, content)
    folder = tmp_path / archives.FORM.folder
    assert read_verified(archives.FILE, folder) == archives.CONTENT
    put(folder / "test_batch.bin", archives.BATCHES[archives.FORM.members[-1]] + b"?")
    with pytest.raises(DataError, match=r"published: test_batch\.bin is not a file of 30,730 bytes"):
        read_verified(archives.FILE, folder)
    (folder / "test_batch.bin").unlink()
    with pytest.raises(DataError, match="cannot be read: No such file"):
        read_verified(archives.FILE, folder)


def uneven_tar(which: int) -> bytes:
    batches = {**archives.BATCHES, archives.FORM.members[which]: bytes(archives.SIZE)}
    return archives.tar(archives.entry(name, content) for name, content in batches.items())


DAMAGED_ARCHIVES = {
    "empty": (b"", "corrupt"),
    "cut": (archives.PACKED[:-100], "cut short"),
    "cut in the header": (archives.PACKED[:5], "cut short"),
    "corrupt": (archives.PACKED[:-8] + bytes(8), "corrupt"),
    "page": (PAGE, "a web page instead of the file"),
    "large": (bytes(archives.FILE.size + ROOM + 1), "more than 16,961,596 bytes"),
    "bomb": (
        gzip.compress(archives.tar([archives.entry("zeros", bytes(18_000_000))])),
        "more than 16,961,596 bytes of content",
    ),
    "training": (uneven_tar(0), "its checksum is wrong, and class 0 occurs 14 times instead of 5"),
    "test": (uneven_tar(-1), "its checksum is wrong, and class 0 occurs 10 times instead of 1"),
}


@pytest.mark.parametrize("damage", DAMAGED_ARCHIVES)
def test_a_damaged_archive_is_named_with_its_cure(tmp_path: Path, damage: str) -> None:
    stored, reason = DAMAGED_ARCHIVES[damage]
    path = put(tmp_path / archives.FILE.name, stored)
    with pytest.raises(DataError) as caught:
        read_verified(archives.FILE, path)
    assert caught.value.message == f"{path} is not the file that was published: {reason}"
    assert caught.value.hint == "Delete it and start again: it will be downloaded anew."
