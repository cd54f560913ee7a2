import os
from pathlib import Path

import pytest

from dlcore.process.log_tail import MOST_BYTES, LogTail


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "trainer.log"


def append(path: Path, text: bytes) -> None:
    with path.open("ab") as file:
        file.write(text)


def test_lines_come_as_they_are_written(path: Path) -> None:
    tail = LogTail(path)
    assert not tail.read()
    append(path, b"one\ntw")
    assert tail.read()
    assert list(tail.lines) == ["one", "tw"]
    assert not tail.read()
    append(path, b"o\nthree\n")
    assert tail.read()
    assert list(tail.lines) == ["one", "two", "three"]
    assert tail.added == 3


def test_lines_are_cleaned_and_bars_are_shown_as_they_end(path: Path) -> None:
    append(path, "a\x1b[2Jb [/x] 한글\n10 %\r20 %\r\nx\ty\n\xff\n".encode() + b"\xff\n")
    tail = LogTail(path)
    tail.read()
    assert list(tail.lines) == ["a\\x1b[2Jb [/x] 한글", "20 %", "x       y", "\xff", "�"]


def test_only_the_end_of_a_long_file_is_read(path: Path) -> None:
    append(path, b"".join(b"line %d\n" % number for number in range(200_000)))
    tail = LogTail(path)
    tail.read()
    assert tail.lines[-1] == "line 199999"
    assert len(tail.lines) <= 5000
    append(path, b"x" * 3 * MOST_BYTES + b"\nend\n")
    tail.read()
    assert tail.lines[-1] == "end"
    assert sum(map(len, tail.lines)) < MOST_BYTES


def test_a_line_without_end_takes_no_more_than_its_share(path: Path) -> None:
    tail = LogTail(path)
    for _ in range(20):
        append(path, b"y" * 100_000)
        tail.read()
    assert len(tail.lines) == 1
    assert len(tail.lines[0]) == 2000
    assert len(tail._open_end) <= MOST_BYTES


def test_a_file_that_was_cut_or_replaced_is_read_anew(path: Path) -> None:
    append(path, b"a long first line\n")
    tail = LogTail(path)
    tail.read()
    path.write_bytes(b"short\n")
    assert tail.read()
    assert list(tail.lines) == ["short"]
    other = path.with_name("other")
    other.write_bytes(b"another file\n")
    other.replace(path)
    assert tail.read()
    assert list(tail.lines) == ["another file"]


@pytest.mark.parametrize("kind", ["pipe", "folder", "link"])
def test_what_is_no_plain_file_has_no_lines(path: Path, kind: str) -> None:
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to(__file__)
    tail = LogTail(path)
    assert not tail.read()
    assert not tail.lines
