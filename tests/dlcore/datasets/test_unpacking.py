"""Tars in memory: the six files come out in order, and every odd tar is refused in a bounded way."""

import gzip
import io
import tarfile
from collections.abc import Callable

import pytest

from dlcore.datasets.unpacking import MOST_MEMBERS, RefusedError, members
from tests.dlcore.archives import BATCHES, CONTENT, FORM, SIZE, entry, good_tar, tar

FIRST, *OTHERS = FORM.members
MOST = 1_000_000


def with_first(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    """The good tar, but these in the place of its first file."""
    return tar([*members, *(entry(name, BATCHES[name]) for name in OTHERS)])


def read(stored: bytes) -> bytes:
    return members(io.BytesIO(stored), FORM.members, SIZE, MOST)


def test_the_order_is_that_of_the_names() -> None:
    assert read(good_tar()) == CONTENT


def test_a_leading_dot_is_passed_over() -> None:
    assert read(tar(entry(f"./{name}", content) for name, content in BATCHES.items())) == CONTENT


def pax_tar() -> bytes:
    """With a header before each member, as Python and BSD write it for a fraction of a second."""
    return tar(entry(name, content, mtime=1.5) for name, content in BATCHES.items())


def test_a_pax_header_is_understood() -> None:
    assert read(pax_tar()) == CONTENT


def endless() -> bytes:
    """A first member that claims to be of 2^60 bytes."""
    member, _ = entry("other", size=2**60)
    return member.tobuf(tarfile.GNU_FORMAT) + good_tar()


def odd_header() -> bytes:
    """A sparse member of GNU's newest kind, in whose list of holes there is no number."""
    header = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": str(SIZE)}
    return with_first(entry(FIRST, b"many\n" * 103, pax_headers=header))


ODD: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty": (lambda: b"", "corrupt"),
    "no tar": (lambda: b"?" * 5000, "corrupt"),
    "without members": (lambda: tar([]), f"no member {FIRST}"),
    "a member missing": (lambda: with_first(), f"no member {FIRST}"),
    "elsewhere": (lambda: with_first(entry(f"/{FIRST}", BATCHES[FIRST])), f"no member {FIRST}"),
    "upwards": (lambda: with_first(entry(f"../{FIRST}", BATCHES[FIRST])), f"no member {FIRST}"),
    "twice": (lambda: with_first(*[entry(FIRST, BATCHES[FIRST])] * 2), f"two members {FIRST}"),
    "short": (lambda: with_first(entry(FIRST, b"?")), f"{FIRST} is not a file of 30,730 bytes"),
    "long": (lambda: with_first(entry(FIRST, bytes(SIZE + 1))), f"{FIRST} is not a file of 30,730 bytes"),
    "link": (
        lambda: with_first(entry(FIRST, type=tarfile.SYMTYPE, linkname="/etc/passwd")),
        f"{FIRST} is not a file",
    ),
    "hard link": (
        lambda: with_first(entry(FIRST, type=tarfile.LNKTYPE, linkname=OTHERS[0])),
        "is not a file",
    ),
    "device": (lambda: with_first(entry(FIRST, type=tarfile.CHRTYPE)), "is not a file"),
    "folder": (lambda: with_first(entry(FIRST, type=tarfile.DIRTYPE)), "is not a file"),
    "cut": (lambda: good_tar()[:-20_000], "corrupt"),
    "many": (
        lambda: tar([entry(str(number)) for number in range(MOST_MEMBERS + 1)]),
        "more than 100 members",
    ),
    "large": (lambda: with_first(entry("other", bytes(MOST))), "more than 1,000,000 bytes of content"),
    "large after": (lambda: good_tar() + bytes(MOST), "more than 1,000,000 bytes of content"),
    "endless": (endless, "cut short"),
    "odd header": (odd_header, "corrupt"),
}


@pytest.mark.parametrize("oddity", ODD)
def test_an_odd_tar_is_refused(oddity: str) -> None:
    make, reason = ODD[oddity]
    with pytest.raises(RefusedError) as caught:
        read(make())
    assert reason in str(caught.value)


def test_a_sparse_member_is_refused() -> None:
    stored = bytearray(with_first(entry(FIRST, BATCHES[FIRST], type=tarfile.GNUTYPE_SPARSE)))
    stored[386:398] = stored[398:410] = b"00000000000\0"  # one hole, of no bytes
    stored[483:495] = b"%011o\0" % SIZE
    stored[148:156] = b" " * 8
    stored[148:156] = b"%06o\0 " % sum(stored[:512])
    with tarfile.open(fileobj=io.BytesIO(stored)) as archive:
        assert archive.next().issparse()  # type: ignore[union-attr]
    with pytest.raises(RefusedError, match="is not a file"):
        read(bytes(stored))


@pytest.mark.parametrize(
    ("stored", "reason"),
    [
        (gzip.compress(good_tar())[:-9], "cut short"),
        (gzip.compress(good_tar())[:-8] + bytes(8), "corrupt"),
        (gzip.compress(good_tar()) + b"?", "corrupt"),
        (b"\x1f\x8b" + b"?" * 100, "corrupt"),
        (gzip.compress(bytes(50_000_000)), f"no member {FIRST}|more than 1,000,000 bytes"),
    ],
    ids=["cut", "wrong sum", "garbage after", "no gzip", "bomb"],
)
def test_a_damaged_gzip_is_refused(stored: bytes, reason: str) -> None:
    with gzip.GzipFile(fileobj=io.BytesIO(stored)) as unpacked, pytest.raises(RefusedError, match=reason):
        members(unpacked, FORM.members, SIZE, MOST)
