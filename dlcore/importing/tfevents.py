"""TensorBoard's event files, read by hand: framed records, each an `Event` as a protocol buffer.

`dlcore/export/tfrecord.py` says how records and fields are laid out. A scalar is found in both of its forms:
the old `simple_value`, and a tensor of one number. Files are whatever somebody put there: every length is
checked against what is there, every checksum is verified, and what makes no sense is counted and passed over.
"""

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from dlcore.clean import clean
from dlcore.export.tfrecord import masked
from dlcore.files.plainfile import open_plain
from dlcore.importing.log import LONGEST_NAME, MOST_STEP

_MOST_BYTES = 1 << 16
"""A longer record holds a picture, a graph or a histogram: it is stepped over."""
_HEAD = struct.Struct("<QI")
_SUM = struct.Struct("<I")
_MOST_SHIFT = 63
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_NUMBERS = {1: ("<f", 5), 2: ("<d", 6), 3: ("<i", 7), 9: ("<q", 10)}
"""Type of a tensor → the form of its number in `tensor_content`, and the field that else holds it."""
_KINDS = {4: "image", 5: "histogram", 6: "audio"}
"""Fields of a value of the old forms."""

Field = tuple[int, int, int | bytes]
"""Number, wire type, and the content: a whole number of a varint, else the bytes."""


class MalformedError(Exception):
    """Bytes that are no protocol buffer."""


@dataclass(frozen=True, slots=True)
class Point:
    """What one record says under a tag."""

    tag: str
    step: int
    time: float
    value: float | None
    """None where it is no scalar."""
    kind: str = "scalar"


class EventFile:
    """One event file, read on from where the last reading ended."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.damage = ""
        """Why nothing behind can be read, if so: a sentence without full stop."""
        self.skipped = 0
        """Records whose content is not what its checksum says, or makes no sense."""
        self._offset = 0

    @property
    def is_new(self) -> bool:
        """Whether nothing of it has been read."""
        return not self._offset

    def read(self) -> Iterator[Point]:
        """Yield what has come since; a record that is not whole yet is left for the next time.

        Raises OSError where the file cannot be read.
        """
        if self.damage:
            return
        with open_plain(self.path) as file:
            size = os.fstat(file.fileno()).st_size
            if size < self._offset:
                self.damage = f"{clean(self.path.name)} was cut short while it was read"
            while not self.damage:
                file.seek(self._offset)
                content = self._record(file, size)
                if content is None:
                    return
                try:
                    yield from points(content)
                except MalformedError:
                    self.skipped += 1

    def _record(self, file: BinaryIO, size: int) -> bytes | None:
        """Return the content of the next record, empty where it is of no use; None where there is none."""
        head = file.read(_HEAD.size)
        if len(head) < _HEAD.size:
            return None
        length, expected = _HEAD.unpack(head)
        if masked(head[:8]) != expected:
            at = f"from byte {self._offset:,} on"
            self.damage = f"{clean(self.path.name)} is damaged {at}: a length has not the sum beside it"
            return None
        end = self._offset + _HEAD.size + length + _SUM.size
        if end > size:  # still being written, or cut off
            return None
        self._offset = end
        if length > _MOST_BYTES:
            return b""
        content = file.read(length)
        if len(content) != length or masked(content) != _SUM.unpack(file.read(_SUM.size))[0]:
            self.skipped += 1
            return b""
        return content


def points(event: bytes) -> Iterator[Point]:
    """Yield what an event says; raises MalformedError where it is none."""
    step, time = 0, 0.0
    summaries: list[bytes] = []
    for number, wire, content in fields(event):
        if number == 1 and wire == _FIXED64 and isinstance(content, bytes):
            (time,) = struct.unpack("<d", content)
        elif number == 2 and isinstance(content, int):
            step = content
        elif number == 5 and wire == _BYTES and isinstance(content, bytes):
            summaries.append(content)
    if not 0 <= step <= MOST_STEP:
        raise MalformedError
    for summary in summaries:
        for number, wire, content in fields(summary):
            if number == 1 and wire == _BYTES and isinstance(content, bytes):
                point = _point(content, step, time)
                if point is not None:
                    yield point


def _point(value: bytes, step: int, time: float) -> Point | None:
    tag, kind = "", ""
    figure: float | None = None
    for number, wire, content in fields(value):
        if number == 1 and wire == _BYTES and isinstance(content, bytes):
            tag = content[: 4 * LONGEST_NAME].decode(errors="replace")[:LONGEST_NAME]
        elif number == 2 and wire == _FIXED32 and isinstance(content, bytes):
            (figure,) = struct.unpack("<f", content)
        elif number == 8 and wire == _BYTES and isinstance(content, bytes):
            figure = _tensor(content)
            kind = kind or "tensor"
        elif number == 9 and wire == _BYTES and isinstance(content, bytes):
            kind = _plugin(content) or kind
        elif number in _KINDS:
            kind = _KINDS[number]
    if not tag:
        return None
    if kind not in ("", "tensor", "scalars"):  # a text may be a tensor of one, too
        figure = None
    return Point(tag, step, time, figure, "scalar" if figure is not None else kind or "no scalar")


def _plugin(metadata: bytes) -> str:
    """Return the name of the part of TensorBoard that shows a value."""
    for number, wire, content in fields(metadata):
        if number == 1 and wire == _BYTES and isinstance(content, bytes):
            for inner, inner_wire, name in fields(content):
                if inner == 1 and inner_wire == _BYTES and isinstance(name, bytes):
                    return name[:40].decode(errors="replace")
    return ""


def _tensor(tensor: bytes) -> float | None:
    """Return the number of a tensor that holds one alone."""
    found = list(fields(tensor))
    kind = next((content for number, wire, content in found if number == 1 and wire == _VARINT), 0)
    form, place = _NUMBERS.get(kind if isinstance(kind, int) else 0, ("", 0))
    if not form:
        return None
    size = struct.calcsize(form)
    for number, _, content in found:
        if number == 4 and isinstance(content, bytes) and len(content) == size:
            return float(struct.unpack(form, content)[0])
        if number == place:
            return _number(content, form, size)
    return 0.0 if not any(number in (4, place) for number, _, _ in found) and len(found) <= 2 else None


def _number(content: int | bytes, form: str, size: int) -> float | None:
    """Return a number that stands alone, or is the only one of a packed list."""
    if isinstance(content, int):
        return float(content)
    if form in ("<f", "<d"):
        return float(struct.unpack(form, content)[0]) if len(content) == size else None
    value, end = _varint(content, 0)
    return float(value) if end == len(content) else None


def fields(message: bytes) -> Iterator[Field]:
    """Yield the fields of a protocol buffer; raises MalformedError where its lengths do not fit."""
    at, end = 0, len(message)
    while at < end:
        key, at = _varint(message, at)
        number, wire = key >> 3, key & 7
        if number <= 0:
            raise MalformedError
        if wire == _VARINT:
            value, at = _varint(message, at)
            yield number, wire, value
            continue
        if wire == _BYTES:
            length, at = _varint(message, at)
        elif wire in (_FIXED64, _FIXED32):
            length = 8 if wire == _FIXED64 else 4
        else:
            raise MalformedError
        if not 0 <= length <= end - at:
            raise MalformedError
        yield number, wire, message[at : at + length]
        at += length


def _varint(message: bytes, at: int) -> tuple[int, int]:
    """Return a whole number of at most 64 bits with its sign, and where it ends."""
    value = shift = 0
    while True:
        if at >= len(message) or shift > _MOST_SHIFT:
            raise MalformedError
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            break
    value &= (1 << 64) - 1
    return value - (1 << 64) if value >> 63 else value, at
