"""Event files: scalars in both forms are read, and no bytes of anybody's do any harm."""

import base64
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlcore.export.tfrecord import record, scalar, text, version
from dlcore.importing.tfevents import EventFile, MalformedError, Point, fields, points


def varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])


def chunk(number: int, content: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(content)) + content


def tensor_event(step: int, tag: str, tensor: bytes, plugin: str = "scalars") -> bytes:
    metadata = chunk(1, chunk(1, plugin.encode()))
    value = chunk(1, tag.encode()) + chunk(9, metadata) + chunk(8, tensor)
    return struct.pack("<Bd", 9, 1.7e9) + b"\x10" + varint(step) + chunk(5, chunk(1, value))


FORMS = {
    "floats": b"\x08\x01" + chunk(2, b"") + chunk(5, struct.pack("<f", 0.25)),
    "one float": b"\x08\x01" + b"\x2d" + struct.pack("<f", 0.25),
    "content": b"\x08\x01" + chunk(4, struct.pack("<f", 0.25)),
    "double": b"\x08\x02" + chunk(6, struct.pack("<d", 0.25)),
    "double content": b"\x08\x02" + chunk(4, struct.pack("<d", 0.25)),
}


WRITTEN_BY_TENSORBOARD = (
    "NB{r;00000{*p+Y2_9rqFOtC8K^hHWa$#w1E=6`_Zge^_QZ5QCbY*UHZ*pR9VRB?Hb9HTPVRCsccXDZTWpXZMc4cmKUuJ1+W"
    "nXu4X>?_BfC35PAOHXW00000Deb9H2><{9K>SqMK@bBf6ABRu3QTWvb1!sqVQFp^0000#+dC2kD*ylh00000h8x362><{<K>"
    "SqMK@bEg9ts=^18!w^LI?-}Dg*!kKtD<g3JD4ab7Ns_VRCa~)5yRw000000000a8CL8G004kM{8ZUN5CtkF3L^>zWN&q1Y-"
    "K_W2m&$)00000007WGN(%}J3I}szVQgV?b7<Y&0XzTz000000LZtaQV9S606_dy*+D8X3NH#0Zf|sDb1!sdcywQLb!}~7a(O"
    "}z2nP}b5&{STLIr4LY;12z2nq%Y1axJ1bbDU<x&"
)
"""A whole file of TensorBoard 2.21 as torch's SummaryWriter makes it: scalars of both forms, and a text."""


def test_a_file_of_tensorboard_s_own(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(base64.b85decode(WRITTEN_BY_TENSORBOARD))
    file = EventFile(tmp_path / "x")
    found = list(file.read())
    assert figures(found) == [
        ("Loss/train", 3, 0.5),
        ("new", 4, 0.75),
        ("double", 5, 0.25),
        ("notes/text_summary", 0, None),
    ]
    assert [point.time for point in found] == [1.7e9, 1.7e9 + 1, 1.7e9 + 2, 1.7e9]
    assert not file.damage
    assert not file.skipped


def write(path: Path, *events: bytes) -> Path:
    path.write_bytes(b"".join(map(record, events)))
    return path


def read(path: Path) -> list[Point]:
    return list(EventFile(path).read())


def figures(found: list[Point]) -> list[tuple[str, int, float | None]]:
    return [(point.tag, point.step, point.value) for point in found]


def test_scalars_of_the_old_form(tmp_path: Path) -> None:
    path = write(tmp_path / "x", version(1.7e9), scalar(1.7e9, 3, "a", 0.5), scalar(1.7e9 + 1, 4, "b", -2))
    found = read(path)
    assert figures(found) == [("a", 3, 0.5), ("b", 4, -2.0)]
    assert [point.time for point in found] == [1.7e9, 1.7e9 + 1]


@pytest.mark.parametrize("form", FORMS)
def test_scalars_as_tensors(form: str, tmp_path: Path) -> None:
    found = read(write(tmp_path / "x", tensor_event(7, "epoch_loss", FORMS[form])))
    assert figures(found) == [("epoch_loss", 7, 0.25)]


def test_what_is_no_scalar_is_named(tmp_path: Path) -> None:
    many = b"\x08\x01" + chunk(5, struct.pack("<3f", 1, 2, 3))
    path = write(
        tmp_path / "x",
        tensor_event(1, "weights", many, "histograms"),
        text(1.7e9, 0, "notes", "hello"),
        struct.pack("<Bd", 9, 1.7e9) + chunk(5, chunk(1, chunk(1, b"picture") + chunk(4, b"..."))),
    )
    found = read(path)
    assert [(point.tag, point.value, point.kind) for point in found] == [
        ("weights", None, "histograms"),
        ("notes", None, "text"),
        ("picture", None, "image"),
    ]


def test_a_file_cut_off_anywhere_gives_what_is_whole(tmp_path: Path) -> None:
    whole = b"".join(map(record, (version(1.7e9), scalar(1.7e9, 1, "a", 1.0), scalar(1.7e9, 2, "a", 2.0))))
    ends = [len(whole) - len(record(scalar(1.7e9, 2, "a", 2.0))), len(whole)]
    path = tmp_path / "x"
    for size in range(len(whole) + 1):
        path.write_bytes(whole[:size])
        file = EventFile(path)
        assert len(list(file.read())) == sum(size >= end for end in ends)
        assert not file.damage


def test_a_file_that_grows_is_read_on(tmp_path: Path) -> None:
    path = tmp_path / "x"
    one, other = (record(scalar(1.7e9, step, "a", 1.0)) for step in (1, 2))
    path.write_bytes(one + other[:9])
    file = EventFile(path)
    assert [point.step for point in file.read()] == [1]
    path.write_bytes(one + other)
    assert [point.step for point in file.read()] == [2]
    assert list(file.read()) == []
    path.write_bytes(one)
    assert list(file.read()) == []
    assert "cut short" in file.damage


def test_a_wrong_sum_of_the_content_loses_one_record(tmp_path: Path) -> None:
    records = [bytearray(record(scalar(1.7e9, step, "a", 1.0))) for step in (1, 2, 3)]
    records[1][20] ^= 1
    path = tmp_path / "x"
    path.write_bytes(b"".join(records))
    file = EventFile(path)
    assert [point.step for point in file.read()] == [1, 3]
    assert file.skipped == 1


def test_a_wrong_length_ends_the_file(tmp_path: Path) -> None:
    records = [bytearray(record(scalar(1.7e9, step, "a", 1.0))) for step in (1, 2, 3)]
    records[1][0] ^= 1
    path = tmp_path / "x"
    path.write_bytes(b"".join(records))
    file = EventFile(path)
    assert [point.step for point in file.read()] == [1]
    assert f"from byte {len(records[0]):,} on" in file.damage


def test_a_length_beyond_the_file_is_waited_for(tmp_path: Path) -> None:
    from dlcore.export.tfrecord import masked

    head = struct.pack("<Q", 1 << 62)
    path = tmp_path / "x"
    path.write_bytes(head + struct.pack("<I", masked(head)) + b"abc")
    file = EventFile(path)
    assert list(file.read()) == []
    assert not file.damage


def test_a_large_record_is_stepped_over(tmp_path: Path) -> None:
    big = struct.pack("<Bd", 9, 1.7e9) + chunk(5, chunk(1, chunk(1, b"p") + chunk(4, b"x" * 70_000)))
    path = tmp_path / "x"
    plain = struct.pack("<Q", len(big))
    from dlcore.export.tfrecord import masked

    unsummed = plain + struct.pack("<I", masked(plain)) + big + b"\0\0\0\0"
    path.write_bytes(unsummed + record(scalar(1.7e9, 5, "a", 1.0)))
    file = EventFile(path)
    assert [point.step for point in file.read()] == [5]


@pytest.mark.parametrize(
    "event",
    [
        b"\x10" + varint(-1),  # a step before the first
        b"\x10" + b"\x80" * 10 + b"\x01",  # a number of more than 64 bits
        b"\x2a\x7f",  # a length beyond the end
        b"\x0b",  # a group
        b"\x00",  # a field without a number
        b"\x10",  # a number without an end
    ],
)
def test_malformed_events_are_counted(event: bytes, tmp_path: Path) -> None:
    path = write(tmp_path / "x", event, scalar(1.7e9, 1, "a", 1.0))
    file = EventFile(path)
    assert [point.step for point in file.read()] == [1]
    assert file.skipped == 1


@given(st.binary(max_size=300))
def test_any_bytes_are_fields_or_malformed(content: bytes) -> None:
    for parse in (fields, points):
        try:
            found = list(parse(content))
        except MalformedError:
            continue
        assert len(found) <= len(content)


def test_a_pipe_is_refused(tmp_path: Path) -> None:
    import os

    os.mkfifo(tmp_path / "x")
    with pytest.raises(OSError, match="plain file"):
        read(tmp_path / "x")
