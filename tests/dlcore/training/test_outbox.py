"""Lines wait in order where the disk is full; the reserve makes room for the first of them."""

import errno
from pathlib import Path

import pytest

from dlcore.files import disk
from dlcore.files.journal import Tail
from dlcore.training.outbox import Outbox, Reserve


class Room:
    """A disk with so much room, as `disk.write` would find it."""

    def __init__(self, left: int) -> None:
        self.left = left
        self._write = disk.write

    def write(self, descriptor: int, content: bytes | memoryview) -> None:
        if len(content) > self.left:
            raise OSError(errno.ENOSPC, "full")
        self.left -= len(content)
        self._write(descriptor, content)


def lines(path: Path) -> list[bytes]:
    return list(Tail(path).read())


def test_the_reserve_takes_room_and_gives_it_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "reserve"
    reserve = Reserve(path)
    size = path.stat().st_size
    assert path.stat().st_mode & 0o777 == 0o600
    reserve.give_up()
    assert not path.exists()
    monkeypatch.setattr(disk, "write", Room(size - 1).write)
    with pytest.raises(OSError, match="full"):
        reserve.take()
    assert not path.exists()
    assert not reserve.is_held


def test_without_room_for_the_reserve_nothing_is_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk, "write", Room(100).write)
    with pytest.raises(OSError, match="full"):
        Outbox(tmp_path / "events", tmp_path / "reserve")


def test_lines_wait_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, room = tmp_path / "events", Room(10_000_000)
    monkeypatch.setattr(disk, "write", room.write)
    outbox = Outbox(path, tmp_path / "reserve")
    assert not outbox.send(b"one")
    room.left = 0
    assert outbox.send(b"two")  # the first to wait
    assert not outbox.send(b"three")
    assert (outbox.kept, outbox.kept_bytes) == (2, 8)
    with pytest.raises(OSError, match="full"):
        outbox.sync()
    assert not outbox.try_again()
    room.left = 20  # for the second, by and by, but not for the reserve
    assert not outbox.try_again()
    assert not outbox.flush()
    assert lines(path) == [b"one", b"two"]
    room.left = 10_000_000
    assert outbox.try_again()
    assert lines(path) == [b"one", b"two", b"three"]
    assert (outbox.kept, outbox.kept_bytes, outbox.error) == (0, 0, None)
    outbox.sync()
    outbox.close()
    assert not (tmp_path / "reserve").exists()
