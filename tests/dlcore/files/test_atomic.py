"""Small files: replaced as a whole or not at all, private, and harmless when they are damaged."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from dlcore.files import disk
from dlcore.files.atomic import (
    read_json,
    remove_leftovers,
    store_beside,
    write_atomic,
    write_json,
    write_new,
    write_whole,
)

Writer = Callable[[Path, bytes], None]


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.mark.parametrize("write", [write_atomic, write_whole])
def test_a_file_is_replaced_and_private(tmp_path: Path, write: Writer) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(0o644)
    write(path, b"new")
    assert path.read_bytes() == b"new"
    assert mode(path) == 0o600
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.parametrize("write", [write_atomic, write_whole])
def test_what_cannot_be_written_leaves_nothing(tmp_path: Path, write: Writer) -> None:
    path = tmp_path / "folder"
    path.mkdir()
    with pytest.raises(OSError, match="folder"):
        write(path, b"new")
    assert os.listdir(tmp_path) == ["folder"]
    with pytest.raises(FileNotFoundError):
        write(tmp_path / "none" / "file", b"")


def test_nobody_waits_for_what_can_be_done_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waited = []
    monkeypatch.setattr(disk, "sync", lambda descriptor: waited.append("file"))
    monkeypatch.setattr(disk, "sync_folder", lambda path: waited.append("folder"))
    write_whole(tmp_path / "file", b"new")
    assert waited == []
    write_atomic(tmp_path / "file", b"newer")
    assert waited == ["file", "folder"]


def test_a_new_file_takes_no_name_that_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_new(path, b"first")
    with pytest.raises(FileExistsError):
        write_new(path, b"second")
    assert path.read_bytes() == b"first"
    assert mode(path) == 0o600
    assert os.listdir(tmp_path) == ["file"]


def test_a_new_file_where_there_are_no_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(source: Path, target: Path) -> None:
        raise OSError(errno.EPERM, "no hard links")

    monkeypatch.setattr(disk, "link", no_links)
    test_a_new_file_takes_no_name_that_is_taken(tmp_path)


def test_a_name_may_be_as_long_as_names_can_be(tmp_path: Path) -> None:
    path = tmp_path / ("가" * 85)
    write_atomic(path, b"new")
    assert path.read_bytes() == b"new"


def test_what_killed_writers_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    write_atomic(tmp_path / "5.pt", b"whole")
    store_beside(tmp_path / "6.pt", b"half")
    (tmp_path / "mine.tmp").touch()
    remove_leftovers(tmp_path)
    remove_leftovers(tmp_path / "none")
    assert sorted(os.listdir(tmp_path)) == ["5.pt", "mine.tmp"]


def test_a_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_bytes(b"kept")
    link = tmp_path / "link"
    link.symlink_to(target)
    write_atomic(link, b"new")
    assert target.read_bytes() == b"kept"
    assert not link.is_symlink()


def test_json_reads_back_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    value = {"name": "höst \x1b", "n": 1.5, "none": None, "list": [1]}
    write_json(path, value)
    assert read_json(path) == value
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(path, {"loss": float("nan")})
    assert read_json(path) == value


@pytest.mark.parametrize(
    "content", [b"", b"{", b"5", b"[1]", b"null", b"\xff", b"[" * 100_000, b'{"a":' + b"9" * 5000 + b"}"]
)
def test_damaged_json_counts_as_empty(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "run.json"
    path.write_bytes(content)
    assert read_json(path) == {}


def test_absent_json_counts_as_empty(tmp_path: Path) -> None:
    assert read_json(tmp_path / "none") == {}
    assert read_json(tmp_path) == {}
