"""Checked lines: whole ones come out as they went in, and damage never turns into a value."""

import errno
import os
import random
import resource
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlcore import events
from dlcore.files import disk, journal
from dlcore.files.journal import Appender, Tail, frame, unframe
from dlcore.history import RunHistory
from dlcore.summary import read_history
from tests.dlcore.trained import Trained
from tests.torture.damage import spoil

FIRST, SECOND, THIRD = b'{"a":1}', b'{"b":"\xc3\xa9"}', b"{}"


def write(path: Path, *contents: bytes) -> Path:
    appender = Appender(path)
    for content in contents:
        appender.append(content)
    appender.close()
    return path


def read(path: Path) -> tuple[list[bytes], int]:
    tail = Tail(path)
    return list(tail.read()), tail.damaged


def test_the_form_of_a_line() -> None:
    assert frame(b"123456789") == b"cbf43926 123456789\n"  # the check value of CRC-32
    assert frame(b"") == b"00000000 \n"


@given(st.binary(max_size=50).filter(lambda content: b"\n" not in content))
@settings(derandomize=True)
def test_a_line_gives_back_its_content(content: bytes) -> None:
    assert unframe(frame(content).removesuffix(b"\n")) == content


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"cbf43926",
        b"cbf43926123456789",
        b"cbf43926_123456789",
        b"cbf43927 123456789",
        b"cbf43926 12345678",
        b"cbf43926 123456789 ",
        b"xbf43926 123456789",
        b"\xff\xff\xff\xff\xff\xff\xff\xff 1",
    ],
)
def test_a_line_with_a_wrong_sum_has_none(line: bytes) -> None:
    assert unframe(line) is None


def test_what_was_appended_is_read(tmp_path: Path) -> None:
    path = write(tmp_path / "log", FIRST, SECOND)
    write(path, THIRD)
    assert read(path) == ([FIRST, SECOND, THIRD], 0)
    assert path.stat().st_mode & 0o777 == 0o600


def test_lines_are_read_as_they_come(tmp_path: Path) -> None:
    path = tmp_path / "log"
    tail = Tail(path)
    assert list(tail.read()) == []
    write(path, FIRST, SECOND)
    assert next(iter(tail.read())) == FIRST  # stopping early loses nothing
    assert list(tail.read()) == [SECOND]
    assert list(tail.read()) == []
    write(path, THIRD)
    assert list(tail.read()) == [THIRD]


def test_half_a_line_is_waited_for(tmp_path: Path) -> None:
    path = write(tmp_path / "log", FIRST)
    tail = Tail(path)
    assert list(tail.read()) == [FIRST]
    line = frame(SECOND)
    for position in range(len(line)):
        assert list(tail.read()) == []
        with path.open("ab") as file:
            file.write(line[position : position + 1])
    assert list(tail.read()) == [SECOND]
    assert tail.damaged == 0


@pytest.mark.parametrize("kept", range(1, len(frame(SECOND)) - 1))
def test_a_torn_tail_is_sealed_by_the_next_writer(tmp_path: Path, kept: int) -> None:
    path = write(tmp_path / "log", FIRST, SECOND)
    content = path.read_bytes()
    path.write_bytes(content[: len(frame(FIRST)) + kept])
    write(path, THIRD)
    assert read(path) == ([FIRST, THIRD], 1)


def test_a_line_that_lacks_only_its_newline_stays_unread(tmp_path: Path) -> None:
    path = write(tmp_path / "log", FIRST)
    path.write_bytes(path.read_bytes()[:-1])
    assert read(path) == ([], 0)
    write(path, SECOND)
    assert read(path) == ([SECOND], 1)


def test_what_failed_is_never_read_beside_what_was_said_in_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "log"
    appender = Appender(path)
    with monkeypatch.context() as patch:
        patch.setattr(disk, "write", all_but_the_newline)
        with pytest.raises(OSError, match="full"):
            appender.append(FIRST)
    appender.append(SECOND)
    appender.close()
    assert read(path) == ([SECOND], 1)


def all_but_the_newline(descriptor: int, content: bytes) -> None:
    os.write(descriptor, content[:-1])
    raise OSError(errno.ENOSPC, "full")


def test_a_new_file_is_synced_with_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[Path] = []
    monkeypatch.setattr(disk, "sync_folder", synced.append)
    appender = Appender(tmp_path / "log")
    appender.append(FIRST)
    appender.sync()
    appender.sync()
    appender.close()
    assert synced == [tmp_path]


def test_a_damaged_line_is_skipped_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(frame(FIRST) + b"\n\n" + frame(SECOND).replace(b"b", b"c") + b"junk\r\n" + frame(THIRD))
    contents, damaged = read(path)
    assert contents == [FIRST, THIRD]
    assert damaged == 2


def test_a_block_of_zeros_larger_than_a_line_hides_nothing_behind_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "_MAX_LINE", 4096)
    monkeypatch.setattr(journal, "_BLOCK", 1024)
    path = tmp_path / "log"
    path.write_bytes(frame(FIRST) + bytes(10_000) + b"\n" + frame(THIRD))
    contents, damaged = read(path)
    assert contents == [FIRST, THIRD]
    assert damaged > 0


def test_a_log_of_many_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "_BLOCK", 64)
    contents = [b"%d" % number * (number % 90) for number in range(300)]
    assert read(write(tmp_path / "log", *contents)) == (contents, 0)


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    path = write(tmp_path / "log", FIRST)
    link = tmp_path / "link"
    link.symlink_to(path)
    with pytest.raises(OSError, match="symbolic links"):
        Appender(link)
    with pytest.raises(OSError, match="symbolic links"):
        list(Tail(link).read())


def test_a_full_disk_is_an_error_and_the_next_line_is_whole(tmp_path: Path) -> None:
    path = write(tmp_path / "log", FIRST)
    appender = Appender(path)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 10, hard))
    try:
        with pytest.raises(OSError, match="File too large"):
            appender.append(SECOND)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    appender.append(THIRD)
    appender.close()
    assert read(path) == ([FIRST, THIRD], 1)


def assert_nothing_wrong(spoilt: RunHistory, whole: RunHistory) -> None:
    """A figure is either gone or what it was, and at the step where it was."""
    for name in ("loss", "score", "lr"):
        before, after = getattr(whole, name).values, getattr(spoilt, name).values
        assert len(after) <= len(before)
        for step, value in enumerate(after):
            assert value != value or value == before[step], (name, step)
    norms = {step: whole.gradients.at(index) for index, step in enumerate(whole.gradients.steps)}
    for index, step in enumerate(spoilt.gradients.steps):
        assert spoilt.gradients.at(index) == norms[step]
    assert all(one in whole.evaluations for one in spoilt.evaluations)
    assert all(one in whole.epochs for one in spoilt.epochs)
    assert spoilt.ended in (None, whole.ended)


def test_no_damage_of_a_real_log_gives_a_wrong_value(real_run: Trained, tmp_path: Path) -> None:
    content = real_run.run.events.read_bytes()
    known = {unframe(line) for line in content.splitlines()}
    assert len(known) > 20
    whole = read_history(real_run.run, whole=True)
    chance = random.Random(20260304)
    path = tmp_path / "events.jsonl"
    damaged_logs = 0
    for _ in range(300):
        path.write_bytes(spoil(content, chance))
        tail = Tail(path)
        history = RunHistory(whole=True)
        for line in tail.read():
            assert line in known
            event = events.decode(line)
            assert event is not None
            history.apply(event)
        assert_nothing_wrong(history, whole)
        damaged_logs += tail.damaged > 0
    assert damaged_logs > 100


def test_a_sum_that_happens_to_fit_is_all_that_stands_between() -> None:
    """The check is CRC-32: what it accepts was framed by a writer, or is one in four billion."""
    content = b'{"loss":[1.5]}'
    other = b'{"loss":[1.6]}'
    assert unframe(b"%08x %s" % (zlib.crc32(content), other)) is None
