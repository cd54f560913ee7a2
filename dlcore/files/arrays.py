"""Files of arrays in the safetensors format, judged before anything in them is used; needs no numpy.

Such a file is the length of its header in eight bytes; the header, a table in JSON that says of each array
its type, its shape, and from where to where its bytes stand; and the bytes of all arrays without a gap.
Nothing in it can be run, and nothing is larger than it is. Three of the format's types are read.
"""

import json
import math
import struct
import sys
from array import array
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from dlcore.datasets.unpacking import RefusedError

MOST_HEADER = 1 << 20
"""Bytes of a header: enough for 8,000 arrays."""

_LENGTH = struct.Struct("<Q")
_NOTES = "__metadata__"
_CODES = {"U8": "B", "U32": "I", "F32": "f"}
"""The types that are read, with Python's own letters for them."""
_WIDTHS = {
    "BOOL": 1,
    "U8": 1,
    "I8": 1,
    "F16": 2,
    "BF16": 2,
    "I16": 2,
    "U32": 4,
    "I32": 4,
    "F32": 4,
    "I64": 8,
    "F64": 8,
}
"""The types that are written, with the bytes of one number."""
_MOST_DIMENSIONS = 8
_LONGEST = 1 << 40
"""No side of an array is longer: so that the product of all sides is a number that can be computed."""
_ALIGNED = 8
"""The arrays begin at a multiple of so many bytes, as other readers like it."""


@dataclass(frozen=True)
class Array:
    """Numbers of one type in a shape, row by row."""

    kind: str
    """The format's name of the type: U8, U32 or F32; of weights that are handed on, any that torch knows."""
    shape: tuple[int, ...]
    content: bytes
    """The numbers with the lowest byte first."""

    @staticmethod
    def row(numbers: "array[Any]") -> "Array":
        """Return numbers as an array of one dimension."""
        kind = next(kind for kind, code in _CODES.items() if code == numbers.typecode)
        if sys.byteorder == "big":
            numbers = numbers[:]
            numbers.byteswap()
        return Array(kind, (len(numbers),), numbers.tobytes())

    def values(self) -> "array[Any]":
        """Return all numbers, one after the other."""
        found = array(_CODES[self.kind])
        found.frombytes(self.content)
        if sys.byteorder == "big":
            found.byteswap()
        return found


@dataclass(frozen=True)
class _Place:
    kind: str
    shape: tuple[int, ...]
    start: int
    stop: int


def width(kind: str) -> int:
    """Return the bytes of one number of a type."""
    return _WIDTHS[kind]


def pack(arrays: Mapping[str, Array], notes: Mapping[str, str]) -> bytes:
    """Return the content of a file with these arrays and notes; larger types come first, as they are read."""
    header: dict[str, Any] = {_NOTES: dict(notes)}
    ordered = sorted(arrays.items(), key=lambda item: -width(item[1].kind))
    start = 0
    for name, one in ordered:
        stop = start + len(one.content)
        header[name] = {"dtype": one.kind, "shape": one.shape, "data_offsets": (start, stop)}
        start = stop
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % _ALIGNED)
    return b"".join((_LENGTH.pack(len(text)), text, *(one.content for _, one in ordered)))


def unpack(
    file: BinaryIO, most: int, wanted: Callable[[str], bool] = lambda name: True
) -> tuple[dict[str, Array], dict[str, str]]:
    """Return the wanted arrays of a file of at most `most` bytes by name, in its order, and its notes.

    Raises RefusedError where the file is anything else than the format allows, and OSError.
    """
    size = file.seek(0, 2)
    if size > most:
        raise RefusedError(f"it has {size:,} bytes, at most {most:,} are read")
    file.seek(0)
    begin, table = _header(file, size)
    notes = _notes(table.pop(_NOTES, {}))
    places = {name: _place(entry) for name, entry in table.items()}
    _check_gapless(list(places.values()), size - begin)
    arrays = {}
    for name, place in places.items():
        if wanted(name):
            file.seek(begin + place.start)
            content = file.read(place.stop - place.start)
            if len(content) != place.stop - place.start:
                raise RefusedError("it is cut short")
            arrays[name] = Array(place.kind, place.shape, content)
    return arrays, notes


def _header(file: BinaryIO, size: int) -> tuple[int, dict[str, Any]]:
    """Return where the bytes of the arrays begin, and the table before them."""
    if size < _LENGTH.size:
        raise RefusedError("it is cut short")
    (length,) = _LENGTH.unpack(file.read(_LENGTH.size))
    if length > MOST_HEADER:
        raise RefusedError(f"its header would have {length:,} bytes, at most {MOST_HEADER:,} are read")
    if length > size - _LENGTH.size:
        raise RefusedError("it is cut short")
    content = file.read(length)
    try:
        if not content.startswith(b"{"):
            raise ValueError
        table = json.loads(content.decode(), object_pairs_hook=_without_doubles)
    except (ValueError, RecursionError):
        raise RefusedError("its header is no table") from None
    return _LENGTH.size + length, table


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) != len(pairs):
        raise RefusedError("its header has two entries of the same name")
    return table


def _notes(found: object) -> dict[str, str]:
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise RefusedError("its notes are no texts")
    return found


def _place(entry: object) -> _Place:
    """Return what an entry of the header says, once it fits together."""
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise RefusedError("its header has an entry that describes no array")
    kind, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(kind, str) or kind not in _CODES:
        raise RefusedError("it has numbers of a type that is not known here")
    if not _are_counts(shape) or len(shape) > _MOST_DIMENSIONS:
        raise RefusedError("it has an array without a shape")
    if not _are_counts(offsets) or len(offsets) != 2:
        raise RefusedError("it has an array without a place")
    start, stop = offsets
    if stop - start != math.prod(shape) * width(kind):
        raise RefusedError("it has an array whose shape and bytes do not agree")
    return _Place(kind, tuple(shape), start, stop)


def _are_counts(value: object) -> bool:
    return isinstance(value, list) and all(type(one) is int and 0 <= one <= _LONGEST for one in value)


def _check_gapless(places: list[_Place], size: int) -> None:
    """Raise where arrays share bytes, leave some out, or reach beyond the end."""
    end = 0
    for place in sorted(places, key=lambda place: (place.start, place.stop)):
        if place.start != end:
            raise RefusedError("its arrays overlap, or leave a gap")
        end = place.stop
    if end != size:
        raise RefusedError("it is cut short" if end > size else "it has bytes that belong to no array")
