"""Small files: replaced as a whole or not at all, private, and harmless when they are damaged."""

import os
from pathlib import Path

import pytest

from dlcore.atomic import private_folder, read_json, write_atomic, write_json


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_file_is_replaced_and_private(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(0o644)
    write_atomic(path, b"new")
    assert path.read_bytes() == b"new"
    assert mode(path) == 0o600
    assert os.listdir(tmp_path) == ["file"]


def test_what_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "folder"
    path.mkdir()
    with pytest.raises(OSError, match="folder"):
        write_atomic(path, b"new")
    assert os.listdir(tmp_path) == ["folder"]
    with pytest.raises(FileNotFoundError):
        write_atomic(tmp_path / "none" / "file", b"")


def test_a_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_bytes(b"kept")
    link = tmp_path / "link"
    link.symlink_to(target)
    write_atomic(link, b"new")
    assert target.read_bytes() == b"kept"
    assert not link.is_symlink()


def test_a_private_folder_is_made_with_its_parents(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b"
    private_folder(path)
    private_folder(path)
    assert mode(path) == 0o700


def test_a_folder_that_exists_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "shared"
    path.mkdir()
    path.chmod(0o755)
    private_folder(path)
    assert mode(path) == 0o755


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
