"""A first look at a long run: some of its lines, read here and there, so that it can be drawn at once."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from dlcore import events
from dlcore.events import EpochEnded, Evaluated, GradientsMeasured, StepsEnded
from dlcore.files.journal import unframe
from dlcore.files.plainfile import open_plain
from dlcore.history import RunHistory

LONG = 8 << 20
"""Bytes of a file that are read at once without anybody waiting."""
_HEAD = 256 << 10
_TAIL = 512 << 10
_LONGEST_TAIL = 32 << 20
"""Looked through only where no steps are told behind it: a line may be that long."""
_PIECES = 600
"""A plot has fewer columns."""
_PIECE = 64 << 10
_FIGURES = (StepsEnded, GradientsMeasured, Evaluated, EpochEnded)
"""What counts wherever it stands; a command in between says little about the state at the end."""


def preview(path: Path) -> tuple[RunHistory, int]:
    """Return a history made of the head, of pieces in between and of the tail; and where the tail ends.

    Its curves have gaps, and its best evaluation may be none. State and newest figures are right, as far as
    the tail tells them. Raises OSError when the file cannot be read.
    """
    history = RunHistory()
    with open_plain(path, follow=False) as file:
        size = os.fstat(file.fileno()).st_size
        tail = _tail(file, size)
        start = tail[0][0] if tail else size
        for _, content, _ in _lines(file, 0, min(_HEAD, size)):
            _take(history, content, everything=True)
        for number in range(_PIECES):
            place = _HEAD + number * (start - _HEAD) // _PIECES
            if _HEAD <= place < start:
                _take_piece(history, file, place)
        for _, content, _ in tail:
            _take(history, content, everything=True)
        end = tail[-1][2] if tail else 0
    return history, end


def _tail(file: BinaryIO, size: int) -> list[tuple[int, bytes, int]]:
    """Return the last lines: as many as it takes to have steps among them."""
    length = _TAIL
    while True:
        lines = list(_lines(file, max(0, size - length), size))
        told = (events.decode(content) for _, content, _ in reversed(lines))
        if length >= min(size, _LONGEST_TAIL) or any(isinstance(event, StepsEnded) for event in told):
            return lines
        length *= 4


def _take_piece(history: RunHistory, file: BinaryIO, start: int) -> None:
    """Take in the first steps that are told behind a place, and what is said before and right after them."""
    steps_seen = False
    for _, content, _ in _lines(file, start, start + _PIECE):
        is_steps = _take(history, content, everything=False)
        if steps_seen:
            return
        steps_seen = is_steps


def _take(history: RunHistory, content: bytes, *, everything: bool) -> bool:
    """Take a line in; return whether it tells steps."""
    event = events.decode(content)
    if event is None:
        return False
    if everything or isinstance(event, _FIGURES):
        history.apply(event)
    return isinstance(event, StepsEnded)


def _lines(file: BinaryIO, start: int, stop: int) -> Iterator[tuple[int, bytes, int]]:
    """Yield where each undamaged line that is whole in [start, stop) begins, its content, and its end."""
    before = max(0, start - 1)  # a newline there means that a line begins at start
    file.seek(before)
    block = file.read(stop - before)
    first = block.find(b"\n") + 1 if start else 0
    last = block.rfind(b"\n") + 1
    end = before + first
    for line in block[first:last].splitlines(keepends=True) if first < last else ():
        begin, end = end, end + len(line)
        content = unframe(line.rstrip(b"\n"))
        if content is not None:
            yield begin, content, end
