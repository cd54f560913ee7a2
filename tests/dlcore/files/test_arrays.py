"""Files of arrays: what the format's own library writes and reads, and nothing that it would not."""

import io
import json
import struct
from array import array
from pathlib import Path
from typing import Any

import numpy
import pytest
import safetensors
import safetensors.numpy

from dlcore.datasets.unpacking import RefusedError
from dlcore.files.arrays import MOST_HEADER, Array, pack, unpack, width

ARRAYS = {
    "a.counts/fc1": Array.row(array("I", (0, 1, 4_000_000_000))),
    "levels": Array("U8", (2, 3), bytes(range(6))),
    "a.edges/fc1": Array.row(array("f", (-1.5, 0.0, 3e38, float("nan")))),
    '한글 "/\\ [x]': Array("F32", (1, 2, 1), struct.pack("<2f", 0.25, -0.5)),
    "nothing": Array("F32", (0, 5), b""),
    "one": Array("U32", (), struct.pack("<I", 7)),
}
NOTES = {"step": "12", "한": "\x1b[2J"}
MOST = 1 << 20


def numbers(one: Array) -> numpy.ndarray:
    return numpy.array(one.values()).reshape(one.shape)


def test_what_is_packed_is_unpacked() -> None:
    arrays, notes = unpack(io.BytesIO(pack(ARRAYS, NOTES)), MOST)
    assert arrays == ARRAYS
    assert notes == NOTES
    assert list(arrays["a.counts/fc1"].values()) == [0, 1, 4_000_000_000]
    assert arrays["one"].shape == ()
    assert [width(kind) for kind in ("U8", "U32", "F32")] == [1, 4, 4]


def test_the_format_s_own_library_reads_what_is_packed(tmp_path: Path) -> None:
    content = pack(ARRAYS, NOTES)
    found = safetensors.numpy.load(content)
    assert found.keys() == ARRAYS.keys()
    for name, one in ARRAYS.items():
        assert found[name].dtype == {"U8": "uint8", "U32": "uint32", "F32": "float32"}[one.kind]
        numpy.testing.assert_array_equal(found[name], numbers(one))
    (tmp_path / "a.safetensors").write_bytes(content)
    with safetensors.safe_open(tmp_path / "a.safetensors", framework="numpy") as opened:
        assert opened.metadata() == NOTES


def test_what_the_format_s_own_library_writes_is_unpacked() -> None:
    wanted: dict[str, numpy.ndarray] = {
        "z": numpy.arange(12, dtype=numpy.float32).reshape(3, 4) / 7,
        "a": numpy.arange(5, dtype=numpy.uint8),
        "m": numpy.array([[1, 2**32 - 1]], dtype=numpy.uint32),
    }
    arrays, notes = unpack(io.BytesIO(safetensors.numpy.save(wanted, {"step": "3"})), MOST)
    assert notes == {"step": "3"}
    assert arrays.keys() == wanted.keys()
    for name, one in arrays.items():
        numpy.testing.assert_array_equal(numbers(one), wanted[name])


class Counted(io.BytesIO):
    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self.taken = 0

    def read(self, size: int | None = -1, /) -> bytes:
        content = super().read(size)
        self.taken += len(content)
        return content


def test_only_what_is_wanted_is_read() -> None:
    large = {"large": Array("U8", (1_000_000,), bytes(1_000_000)), "small": Array("U8", (3,), b"abc")}
    file = Counted(pack(large, {}))
    arrays, _ = unpack(file, 2_000_000, lambda name: name == "small")
    assert arrays == {"small": large["small"]}
    assert file.taken < 1000


def file_of(header: object, content: bytes = b"", length: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + content


def entry(
    dtype: object = "U8", shape: object = (4,), offsets: object = (0, 4), **more: Any
) -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets, **more}


D, U, G = "describes no array", "of a type that is not known", "overlap, or leave a gap"
BAD: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "cut short"),
    "half a length": (b"\x05\0\0", "cut short"),
    "a header of 2^64 bytes": (b"\xff" * 8 + b"{}", "its header would have 18,446,744,073,709,551,615"),
    "a header beyond the end": (file_of({}, length=3), "cut short"),
    "a list": (file_of([]), "its header is no table"),
    "a number": (file_of(b"7"), "its header is no table"),
    "blanks first": (file_of(b" {}"), "its header is no table"),
    "half a letter": (file_of(b'{"\xf0": 1}'), "its header is no table"),
    "another encoding": (file_of("{}".encode("utf-16")), "its header is no table"),
    "deep lists": (file_of(b'{"a":' + b"[" * 200_000), "its header is no table"),
    "a number of 10^5 digits": (file_of(b'{"a":' + b"1" * 100_000 + b"}"), "its header is no table"),
    "the same name twice": (
        file_of(b'{"a":%s,"a":%s}' % ((json.dumps(entry()).encode(),) * 2), bytes(4)),
        "two entries of the same name",
    ),
    "notes that are numbers": (file_of({"__metadata__": {"step": 3}}), "its notes are no texts"),
    "notes that are a list": (file_of({"__metadata__": []}), "its notes are no texts"),
    "an entry that is a number": (file_of({"a": 5}), D),
    "an entry without a shape": (file_of({"a": {"dtype": "U8", "data_offsets": [0, 0]}}), D),
    "an entry with more": (file_of({"a": entry(strides=[1])}, bytes(4)), D),
    "a type of nobody": (file_of({"a": entry("X9")}, bytes(4)), U),
    "a type that is a list": (file_of({"a": entry(["U8"])}, bytes(4)), U),
    "a shape that is a number": (file_of({"a": entry(shape=4)}, bytes(4)), "an array without a shape"),
    "a side below nothing": (file_of({"a": entry(shape=[-2, -2])}, bytes(4)), "an array without a shape"),
    "a side of 2.0": (file_of({"a": entry(shape=[2.0, 2])}, bytes(4)), "an array without a shape"),
    "a side of true": (file_of({"a": entry(shape=[True, 4])}, bytes(4)), "an array without a shape"),
    "a side of 10^30": (file_of({"a": entry(shape=[10**30, 0], offsets=[0, 0])}), "an array without a shape"),
    "a hundred dimensions": (file_of({"a": entry(shape=[1] * 100)}, bytes(4)), "an array without a shape"),
    "one end": (file_of({"a": entry(offsets=[4])}, bytes(4)), "an array without a place"),
    "an endless end": (file_of(b'{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,1e999]}}'), "place"),
    "backwards": (file_of({"a": entry(offsets=[4, 0])}, bytes(4)), "shape and bytes do not agree"),
    "larger than its bytes": (file_of({"a": entry(shape=[1 << 40, 1 << 40])}, bytes(4)), "do not agree"),
    "smaller than its bytes": (file_of({"a": entry(shape=[3])}, bytes(4)), "do not agree"),
    "four bytes for a byte": (file_of({"a": entry("F32", [4])}, bytes(4)), "do not agree"),
    "beyond the end": (file_of({"a": entry()}, bytes(3)), "cut short"),
    "bytes of nobody": (file_of({"a": entry()}, bytes(5)), "bytes that belong to no array"),
    "bytes of nobody alone": (file_of({}, bytes(5)), "bytes that belong to no array"),
    "a gap in front": (file_of({"a": entry(offsets=[1, 5])}, bytes(5)), G),
    "a gap between": (file_of({"a": entry(), "b": entry(offsets=[5, 9])}, bytes(9)), G),
    "the same bytes": (file_of({"a": entry(), "b": entry()}, bytes(4)), G),
    "shared bytes": (file_of({"a": entry(), "b": entry(offsets=[2, 6])}, bytes(6)), G),
}  # fmt: skip


LENIENT = ("blanks first", "the same name twice", "an entry with more", "a hundred dimensions")
"""What the format forbids or does not speak of, and its library reads all the same."""


@pytest.mark.parametrize("name", BAD)
def test_anything_else_is_refused(name: str) -> None:
    content, said = BAD[name]
    with pytest.raises(RefusedError, match=said.replace("^", "\\^")):
        unpack(io.BytesIO(content), MOST)
    if name not in LENIENT:
        with pytest.raises((safetensors.SafetensorError, OverflowError, KeyError, TypeError, ValueError)):
            safetensors.numpy.load(content)


def test_a_header_or_a_file_too_large_is_not_read() -> None:
    file = Counted(file_of(b"{" + b" " * MOST_HEADER + b"}"))
    with pytest.raises(RefusedError, match=f"at most {MOST_HEADER:,} are read"):
        unpack(file, 1 << 30)
    assert file.taken == 8
    with pytest.raises(RefusedError, match="it has 100 bytes, at most 99 are read"):
        unpack(io.BytesIO(bytes(100)), 99)


def test_types_of_other_writers_are_not_known() -> None:
    content = safetensors.numpy.save({"a": numpy.zeros(3, dtype=numpy.float64)})
    with pytest.raises(RefusedError, match="a type that is not known"):
        unpack(io.BytesIO(content), MOST)
