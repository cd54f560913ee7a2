"""Packed content in memory: gzip and tar, with a bound on everything that a file could make us read."""

import gzip
import tarfile
import zlib
from collections.abc import Sequence
from io import BufferedIOBase

GZIP_MAGIC = b"\x1f\x8b"
MOST_MEMBERS = 100  # a tar of empty members would otherwise fill the memory with their headers
MOST_IN_VAIN = 10  # reads at the end of a stream
CHUNK = 1024 * 1024


class RefusedError(Exception):
    """Why a file or a mirror is not used, in a few words."""


def inflated(packed: bytes, most: int) -> bytes:
    """The content of all gzip members (RFC 1952), of which no more than `most` bytes are ever produced."""
    contents = []
    while packed and most > 0:
        engine = zlib.decompressobj(wbits=zlib.MAX_WBITS + 16)
        try:
            content = engine.decompress(packed, most)
        except zlib.error:
            raise RefusedError("corrupt") from None
        contents.append(content)
        most -= len(content)
        if most > 0 and not engine.eof:
            raise RefusedError("cut short")
        packed = engine.unused_data.lstrip(b"\0")  # padding with zeros is allowed
    return b"".join(contents)


def members(stream: BufferedIOBase, names: Sequence[str], size: int, most: int) -> bytes:
    """The content of the named members of a tar, one after the other in the order of `names`.

    Each must be an ordinary file of `size` bytes; the others are passed over. No more than `most` bytes of
    the stream are read, and nothing is written anywhere. Raises `RefusedError`.
    """
    bounded = _Bounded(stream, most)
    found: dict[str, bytes] = {}
    try:
        with tarfile.open(fileobj=bounded, mode="r|") as archive:
            for number, member in enumerate(archive):
                if number == MOST_MEMBERS:
                    raise RefusedError(f"more than {MOST_MEMBERS} members")
                name = member.name.removeprefix("./")
                if name in found:
                    raise RefusedError(f"two members {name}")
                if name in names:
                    found[name] = _member(archive, member, size)
        while bounded.read(CHUNK):  # the checksum of a gzip comes last
            pass
    except EOFError:
        raise RefusedError("cut short") from None
    # tarfile lets the ValueError of an odd header through.
    except (tarfile.TarError, gzip.BadGzipFile, zlib.error, ValueError):
        raise RefusedError("corrupt") from None
    for name in names:
        if name not in found:
            raise RefusedError(f"no member {name}")
    return b"".join(found[name] for name in names)


def _member(archive: tarfile.TarFile, member: tarfile.TarInfo, size: int) -> bytes:
    reader = archive.extractfile(member) if member.isreg() and not member.issparse() else None
    if reader is None or member.size != size:
        raise RefusedError(f"{member.name} is not a file of {size:,} bytes")
    return reader.read()


class _Bounded(BufferedIOBase):
    """A stream that refuses to yield more than `most` bytes, or to be read far beyond its end.

    tarfile skips a member of 2^60 bytes by reading that many, whether they are there or not.
    """

    def __init__(self, stream: BufferedIOBase, most: int) -> None:
        super().__init__()
        self._stream = stream
        self._most = most
        self._left = most
        self._in_vain = 0

    def read(self, size: int | None = -1, /) -> bytes:
        """The next bytes."""
        piece = self._stream.read(size)
        self._left -= len(piece)
        self._in_vain += not piece
        if self._in_vain > MOST_IN_VAIN:
            raise RefusedError("cut short")
        if self._left < 0:
            raise RefusedError(f"more than {self._most:,} bytes of content")
        return piece
