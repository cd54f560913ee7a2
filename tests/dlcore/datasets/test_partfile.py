"""The beginning of a file: who may write to it, when it stays, and when it goes."""

import os
from pathlib import Path

import pytest

from dlcore.datasets.partfile import PartFile


def test_what_has_come_stays_and_is_appended_to(tmp_path: Path) -> None:
    first = PartFile(tmp_path, "images.gz")
    assert (first.size, first.pieced) == (0, False)
    first.write(b"one")
    first.release()
    second = PartFile(tmp_path, "images.gz")
    assert (second.size, second.pieced) == (3, True)
    second.write(b"two")
    second.publish(tmp_path / "images.gz")
    second.release()
    assert os.listdir(tmp_path) == ["images.gz"]
    assert (tmp_path / "images.gz").read_bytes() == b"onetwo"


def test_an_empty_one_goes(tmp_path: Path) -> None:
    part = PartFile(tmp_path, "images.gz")
    part.write(b"one")
    part.clear()
    assert part.path.exists()
    part.release()
    assert os.listdir(tmp_path) == []


def test_whoever_comes_second_has_a_file_of_its_own(tmp_path: Path) -> None:
    first = PartFile(tmp_path, "images.gz")
    first.write(b"one")
    second = PartFile(tmp_path, "images.gz")
    assert (second.size, second.path != first.path) == (0, True)
    second.write(b"two")
    second.release()
    assert os.listdir(tmp_path) == ["images.gz.part"]
    first.publish(tmp_path / "images.gz")
    third = PartFile(tmp_path, "images.gz")
    first.release()
    assert third.size == 0
    third.write(b"three")
    third.release()
    assert (tmp_path / "images.gz").read_bytes() == b"one"
    assert (tmp_path / "images.gz.part").read_bytes() == b"three"


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(b"mine")
    (tmp_path / "images.gz.part").symlink_to(tmp_path / "other")
    with pytest.raises(OSError, match="symbolic links"):
        PartFile(tmp_path, "images.gz")
    assert (tmp_path / "other").read_bytes() == b"mine"
