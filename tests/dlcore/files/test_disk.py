"""The one way to a disk: all goes out or an error says why, and no descriptor stays open."""

import errno
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dlcore.files import disk


@contextmanager
def opened(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def at_most(size: int) -> Iterator[None]:
    """No file may become larger."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("content", [b"", b"new", memoryview(b"new")])
def test_what_is_written_is_there(tmp_path: Path, content: bytes | memoryview) -> None:
    with opened(tmp_path / "file") as descriptor:
        disk.write(descriptor, b"old ")
        disk.write(descriptor, content)
        disk.sync(descriptor)
    assert (tmp_path / "file").read_bytes() == b"old " + bytes(content)


def test_what_went_out_in_part_is_tried_to_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write, sizes = os.write, []

    def two(descriptor: int, content: memoryview) -> int:
        sizes.append(len(content))
        return write(descriptor, content[:2])

    with opened(tmp_path / "file") as descriptor, monkeypatch.context() as patch:
        patch.setattr(os, "write", two)
        disk.write(descriptor, b"12345")
    assert (tmp_path / "file").read_bytes() == b"12345"
    assert sizes == [5, 3, 1]


def test_the_system_says_why_not_all_went_out(tmp_path: Path) -> None:
    with (
        opened(tmp_path / "file") as descriptor,
        at_most(3),
        pytest.raises(OSError, match="File too large"),
    ):
        disk.write(descriptor, b"12345")
    assert (tmp_path / "file").read_bytes() == b"123"


def test_a_disk_that_takes_nothing_and_says_nothing_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "write", lambda descriptor, content: 0)
    with pytest.raises(OSError, match="No space left") as caught:
        disk.write(-1, b"1")
    assert caught.value.errno == errno.ENOSPC


def test_a_file_gets_the_name_of_another(tmp_path: Path) -> None:
    (tmp_path / "old").write_bytes(b"old")
    (tmp_path / "new").write_bytes(b"new")
    disk.replace(tmp_path / "new", tmp_path / "old")
    assert os.listdir(tmp_path) == ["old"]
    assert (tmp_path / "old").read_bytes() == b"new"


def test_a_second_name_takes_no_other_ones_place(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).write_text(name)
    disk.link(tmp_path / "one", tmp_path / "three")
    with pytest.raises(FileExistsError):
        disk.link(tmp_path / "one", tmp_path / "two")
    assert [(tmp_path / name).read_text() for name in ("one", "two", "three")] == ["one", "two", "one"]


def test_a_folder_is_synced(tmp_path: Path) -> None:
    disk.sync_folder(tmp_path)
    with pytest.raises(FileNotFoundError):
        disk.sync_folder(tmp_path / "none")


@pytest.mark.parametrize(
    ("code", "raises"), [(errno.EINVAL, False), (errno.ENOTSUP, False), (errno.EIO, True)]
)
def test_a_folder_that_cannot_be_synced_is_no_error_and_a_sick_disk_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, raises: bool
) -> None:
    def fails(descriptor: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", fails)
    if raises:
        with pytest.raises(OSError, match="Input/output error"):
            disk.sync_folder(tmp_path)
    else:
        disk.sync_folder(tmp_path)


@pytest.mark.parametrize("fails", [False, True])
def test_what_is_stored_is_closed(tmp_path: Path, fails: bool) -> None:
    descriptor = os.open(tmp_path / "file", os.O_WRONLY | os.O_CREAT, 0o600)
    if fails:
        with at_most(2), pytest.raises(OSError, match="File too large"):
            disk.store(descriptor, b"123")
    else:
        disk.store(descriptor, b"123")
        assert (tmp_path / "file").read_bytes() == b"123"
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)
