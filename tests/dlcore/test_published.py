"""Files of published data sets: every honest form is read, and every damage is named with its cure."""

import gzip
import hashlib
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from dlcore.errors import DataError
from dlcore.published import MNIST, SLACK, PublishedFile, data_folder, find, read_verified

IMAGES = random.Random(1).randbytes(300_000)
PAGE = b"<!DOCTYPE html><title>Please sign in</title>"
IMAGES_FILE = PublishedFile("images-ubyte.gz", len(IMAGES), hashlib.sha256(IMAGES).hexdigest())


def put(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_find_in_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    assert find(MNIST, tmp_path / "nowhere") == {}


@pytest.mark.parametrize("layout", ["", "raw", "MNIST/raw"])
@pytest.mark.parametrize("ending", ["", ".gz"])
def test_find_knows_every_layout(tmp_path: Path, layout: str, ending: str) -> None:
    folder = data_folder(tmp_path, "mnist")
    paths = {
        file.name: put(folder / layout / (file.name.removesuffix(".gz") + ending), b"")
        for file in MNIST.files
    }
    assert find(MNIST, folder) == paths


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
