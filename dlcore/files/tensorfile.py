"""Files of tensors as `torch.save` writes them, judged before anything in them is used; needs no torch.

Such a file is a zip of members that are not compressed: a pickle, and the bytes of each tensor. Everything
else that a zip or a pickle can be is refused: compressed members, that become any size; members that share
their bytes; the formats of older versions and of TorchScript, which are read by running what is in them.
"""

import pickletools
import stat
import struct
import zipfile
import zlib
from typing import BinaryIO

from dlcore.datasets.unpacking import RefusedError

MOST_LISTED = 8 << 20
"""Bytes of the list of members: enough for 80,000 tensors."""
MOST_PICKLED = 4 << 20
"""Bytes of the pickle: a tensor has about 150. An object in memory can be a hundred times its pickle."""

_START = b"PK\x03\x04"
_END = struct.Struct("<4s4H2IH")
_END_LARGE = struct.Struct("<4sQ2H2I4Q")
_LOCATOR = struct.Struct("<4sIQI")
_FAULTS = (
    OSError,
    ValueError,
    LookupError,
    EOFError,
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
)
"""What zipfile is known to raise on broken archives."""
_STORAGES = ("Bool", "Byte", "Char", "Short", "Int", "Long", "Half", "BFloat16", "Float", "Double", "Untyped")
_GLOBALS = {
    "torch._utils _rebuild_tensor_v2",
    "collections OrderedDict",
    "torch Size",
    *(f"torch {name}Storage" for name in _STORAGES),
}
"""All that a pickle may name: what makes a tensor of bytes, and a dictionary."""
_OPERATIONS = frozenset((
    "PROTO", "STOP", "MARK", "GLOBAL", "REDUCE", "BUILD", "BINPERSID", "BINPUT", "LONG_BINPUT", "BINGET",
    "LONG_BINGET", "NONE", "NEWTRUE", "NEWFALSE", "BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT",
    "BINUNICODE", "EMPTY_TUPLE", "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3", "EMPTY_LIST", "APPEND", "APPENDS",
    "EMPTY_DICT", "SETITEM", "SETITEMS",
))  # fmt: skip
"""All that a pickle may do: what one of tensors and plain values needs, as torch writes it."""


def judge(file: BinaryIO, most: int) -> None:
    """Raise RefusedError where a file holds anything but at most `most` bytes of tensors."""
    size = file.seek(0, 2)
    if size > most:
        raise RefusedError(f"it has {size:,} bytes, and there is room for {most:,}")
    file.seek(0)
    if file.read(4) != _START:
        raise RefusedError("it is not in the format that torch.save writes today")
    if _listed(file, size) > MOST_LISTED:
        raise RefusedError("it has more members than a network has tensors")
    try:
        with zipfile.ZipFile(file) as archive:
            _judge_members(archive.infolist(), size)
            damaged = archive.testzip()
            if damaged is not None:
                raise RefusedError("it is damaged: the checksum of a member is wrong")
            name = archive.infolist()[0].filename.partition("/")[0]
            _judge_pickle(archive.read(f"{name}/data.pkl"))
    except _FAULTS:
        raise RefusedError("it is damaged, or cut short") from None
    finally:
        file.seek(0)


def _listed(file: BinaryIO, size: int) -> int:
    """Return the bytes of the list of members; every reader has to find the same list, at the very end."""
    cut = RefusedError("it is damaged, or cut short")
    if size < _END.size:
        raise cut
    file.seek(size - _END.size)
    signature, *_, length, start, comment = _END.unpack(file.read(_END.size))
    end = size - _END.size
    if signature != b"PK\x05\x06" or comment:
        raise cut
    large = end - _LOCATOR.size - _END_LARGE.size
    if large >= 0:
        file.seek(large)
        record = _END_LARGE.unpack(file.read(_END_LARGE.size))
        locator = _LOCATOR.unpack(file.read(_LOCATOR.size))
        if locator[0] == b"PK\x06\x07":
            if record[0] != b"PK\x06\x06" or locator[2] != large:
                raise cut
            length, start, end = record[-2], record[-1], large
    if start + length != end:
        raise cut
    return int(length)


def _judge_members(members: list[zipfile.ZipInfo], size: int) -> None:
    names = [member.filename for member in members]
    root = names[0].partition("/")[0] if names else ""
    if len(set(names)) < len(names):
        raise RefusedError("two of its members have the same name")
    for member in members:
        parts = member.filename.split("/")
        is_link = stat.S_ISLNK(member.external_attr >> 16)
        if (
            parts[0] != root
            or len(parts) < 2
            or {"", ".", ".."} & set(parts)
            or "\\" in member.filename
            or is_link
        ):
            raise RefusedError("it has a member that is none of torch's")
        if member.compress_type != zipfile.ZIP_STORED or member.compress_size != member.file_size:
            raise RefusedError("it has a compressed member, which torch never writes")
        if member.flag_bits & 1:
            raise RefusedError("it has an encrypted member")
        if parts[1] in ("code", "constants.pkl"):
            raise RefusedError("it is a TorchScript program, not tensors")
    if sum(member.file_size for member in members) > size:
        raise RefusedError("its members claim more bytes than the file has")
    pickled = next((member.file_size for member in members if member.filename == f"{root}/data.pkl"), None)
    if pickled is None:
        raise RefusedError("it is an archive, but not one of tensors")
    if pickled > MOST_PICKLED:
        raise RefusedError(f"its list of tensors has {pickled:,} bytes, at most {MOST_PICKLED:,} are read")


def _judge_pickle(pickled: bytes) -> None:
    """Look through a pickle, without running it, for anything but tensors and plain values."""
    end = 0
    for operation, argument, place in pickletools.genops(pickled):
        if operation.name == "GLOBAL" and argument not in _GLOBALS:
            raise RefusedError(
                "it names things that are neither tensors nor plain values, so it could run code"
            )
        if operation.name not in _OPERATIONS:
            raise RefusedError("it does things that no list of tensors needs")
        end = place or 0
    if end + 1 != len(pickled):
        raise RefusedError("it is damaged, or cut short")
