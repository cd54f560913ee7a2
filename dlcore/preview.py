"""A first look at a long run: some of its lines, read here and there, so that it can be drawn at once."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from dlcore import events
from dlcore.events import EpochEnded, Evaluated, GradientsMeasured, StepsEnded
from dlcore.history import RunHistory
from dlcore.journal import unframe

LONG = 8 << 20
"""Bytes of a file that are read at once without anybody waiting."""
_HEAD = 256 << 10
_TAIL = 512 << 10
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
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        size = os.fstat(descriptor).st_size
        for content, _ in _lines(file, 0, min(_HEAD, size)):
            _take(history, content, everything=True)
        for number in range(_PIECES):
            start = _HEAD + number * (size - _HEAD - _TAIL) // _PIECES
            if start > 0:
                _take_piece(history, file, start)
        end = max(0, size - _TAIL)
        for content, stop in _lines(file, end, size):
            _take(history, content, everything=True)
            end = stop
    return history, end


def _take_piece(history: RunHistory, file: BinaryIO, start: int) -> None:
    """Take in the first steps that are told behind a place, and what is said before and right after them."""
    steps_seen = False
    for content, _ in _lines(file, start, start + _PIECE):
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


def _lines(file: BinaryIO, start: int, stop: int) -> Iterator[tuple[bytes, int]]:
    """Yield the content of each undamaged line that is whole in [start, stop), and where it ends."""
    file.seek(max(0, start - 1))
    block = file.read(stop - max(0, start - 1))
    first = block.find(b"\n") + 1 if start else 0
    last = block.rfind(b"\n") + 1
    end = max(0, start - 1) + first
    for line in block[first:last].splitlines(keepends=True) if first < last else ():
        end += len(line)
        content = unframe(line.rstrip(b"\n"))
        if content is not None:
            yield content, end
