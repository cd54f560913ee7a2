"""Event files as TensorBoard reads them, written without TensorFlow: records of small protocol buffers.

A file is a row of records (TensorFlow's TFRecord): the length of the data in eight bytes, a checksum of
those, the data, a checksum of the data. The checksum is CRC-32C (RFC 3720, appendix B.4), turned by 15 bits
and moved by a constant, so that the sum of data that hold sums is no fixed point. The data are one `Event`
each, a protocol buffer: fields with their number and wire type in front (protobuf.dev, "Encoding"). Of
TensorFlow's event.proto and summary.proto these fields are used:

    Event          1 wall_time (double)  2 step (int64)  3 file_version (string)  5 summary (Summary)
    Summary        1 value (Value, repeated)
    Value          1 tag (string)  2 simple_value (float)  8 tensor (Tensor)  9 metadata (Metadata)
    Tensor         1 dtype (7 is string)  2 shape (Shape)  8 string_val (bytes, repeated)
    Shape          2 dim (Dim, repeated)            Dim  1 size (int64)
    Metadata       1 plugin_data (PluginData)       PluginData  1 plugin_name (string)
"""

import struct

_POLYNOMIAL = 0x82F63B78
"""Of Castagnoli, its bits in reverse."""
_MASK = 0xA282EAD8
_STRING = 7


def _table() -> tuple[int, ...]:
    rows = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (_POLYNOMIAL if value & 1 else 0)
        rows.append(value)
    return tuple(rows)


_TABLE = _table()


def crc32c(data: bytes) -> int:
    """Return the CRC-32C of data."""
    table = _TABLE
    value = 0xFFFFFFFF
    for byte in data:
        value = table[(value ^ byte) & 0xFF] ^ value >> 8
    return value ^ 0xFFFFFFFF


def masked(data: bytes) -> int:
    """Return the checksum of data as a record has it."""
    value = crc32c(data)
    return (value >> 15 | value << 17 & 0xFFFFFFFF) + _MASK & 0xFFFFFFFF


def record(data: bytes) -> bytes:
    """Return a record around data."""
    length = struct.pack("<Q", len(data))
    return b"".join((length, struct.pack("<I", masked(length)), data, struct.pack("<I", masked(data))))


def version(wall_time: float) -> bytes:
    """Return the event that every file begins with; times are seconds since 1970."""
    return _double(1, wall_time) + _bytes(3, b"brain.Event:2")


def scalar(wall_time: float, step: int, tag: str, value: float) -> bytes:
    """Return the event of one figure at a step."""
    said = _bytes(1, tag.encode()) + struct.pack("<Bf", 2 << 3 | 5, value)
    return _event(wall_time, step, said)


def text(wall_time: float, step: int, tag: str, markdown: str) -> bytes:
    """Return the event of a text, which TensorBoard shows as Markdown."""
    shape = _bytes(2, _whole(1, 1))
    tensor = _whole(1, _STRING) + _bytes(2, shape) + _bytes(8, markdown.encode())
    plugin = _bytes(1, _bytes(1, b"text"))
    return _event(wall_time, step, _bytes(1, tag.encode()) + _bytes(8, tensor) + _bytes(9, plugin))


def _event(wall_time: float, step: int, value: bytes) -> bytes:
    return _double(1, wall_time) + _whole(2, step) + _bytes(5, _bytes(1, value))


def _double(field: int, value: float) -> bytes:
    return struct.pack("<Bd", field << 3 | 1, value)


def _whole(field: int, value: int) -> bytes:
    return bytes((field << 3,)) + _varint(value)


def _bytes(field: int, value: bytes) -> bytes:
    return bytes((field << 3 | 2,)) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    """Return a number that is not negative in groups of seven bits, the lowest first."""
    groups = bytearray()
    while value > 0x7F:
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    groups.append(value)
    return bytes(groups)
