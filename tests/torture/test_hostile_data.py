"""Hostile checkpoints and data files: no code is run, no memory is wasted, and the file is named."""

import gzip
import io
import json
import math
import pickle
import struct
import tarfile
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch

from dlcore.errors import DltuiError
from dlcore.training.safe_load import fitting, load_tensors
from tests.torture.ledger import Promise, fault
from tests.torture.sandbox import Sandbox
from tests.torture.test_hostile_files import STRANGE, Planted


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    sandbox = Sandbox(tmp_path_factory.mktemp("home"))
    yield sandbox
    sandbox.close()


@dataclass
class Code:
    """Unpickled, it makes a file: the mark of code that ran."""

    path: Path

    def __reduce__(self) -> tuple[Any, ...]:
        return open, (str(self.path), "w")


# -- checkpoints -------------------------------------------------------------------------------------------


def saved(value: Any, **options: Any) -> bytes:
    content = io.BytesIO()
    torch.save(value, content, **options)
    return content.getvalue()


GOOD = saved({"weights": torch.arange(1000.0), "step": 7})


def archive(
    parts: dict[str, bytes] | list[tuple[str, bytes]], compression: int = zipfile.ZIP_STORED
) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", compression) as packed, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of names that come twice
        for name, part in parts.items() if isinstance(parts, dict) else parts:
            packed.writestr(name, part)
    return content.getvalue()


def parts(content: bytes = GOOD) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def with_pickle(pickled: bytes) -> bytes:
    return archive(parts() | {"archive/data.pkl": pickled})


def lying(content: bytes, place: int) -> bytes:
    """Return an archive whose list gives the sizes of its last member as 100 GB."""
    begin = content.rindex(b"PK\x01\x02") + place
    return content[:begin] + struct.pack("<I", 0xFFFFFFF0) + content[begin + 4 :]


def linked() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as packed:
        for name, part in parts().items():
            packed.writestr(name, part)
        link = zipfile.ZipInfo("archive/link")
        link.external_attr = 0o120777 << 16
        packed.writestr(link, "/etc/passwd")
    return content.getvalue()


def script(mark: Path) -> bytes:
    content = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch would rather have another format
        torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), content)
    return content.getvalue()


CHECKPOINTS: dict[str, Callable[[Path], bytes]] = {
    "a pickle": lambda mark: pickle.dumps(Code(mark)),
    "a pickle of protocol 0": lambda mark: pickle.dumps({"a": Code(mark)}, 0),
    "a table with code": lambda mark: saved({"weights": torch.ones(2), "x": Code(mark)}),
    "code in the older format": lambda mark: saved({"x": Code(mark)}, _use_new_zipfile_serialization=False),
    "tensors in the older format": lambda mark: saved(
        {"x": torch.ones(3)}, _use_new_zipfile_serialization=False
    ),
    "code in protocol 4": lambda mark: with_pickle(pickle.dumps({"x": Code(mark)}, 4)),
    "code behind the end of the pickle": lambda mark: with_pickle(
        parts()["archive/data.pkl"] + pickle.dumps(Code(mark), 2)
    ),
    "a whole module": lambda mark: saved(torch.nn.Linear(2, 2)),
    "no table": lambda mark: saved([torch.ones(2)]),
    "a program": script,
    "constants of a program": lambda mark: archive(
        parts() | {"archive/constants.pkl": pickle.dumps(Code(mark), 2)}
    ),
    "a bomb": lambda mark: archive(parts() | {"archive/data/0": bytes(60_000_000)}, zipfile.ZIP_DEFLATED),
    "a bomb of another kind": lambda mark: archive(
        parts() | {"archive/data/1": bytes(9_000_000)}, zipfile.ZIP_BZIP2
    ),
    "sizes that lie": lambda mark: lying(GOOD, 24),
    "packed sizes that lie": lambda mark: lying(lying(GOOD, 20), 24),
    "the same member twice": lambda mark: archive(
        [*parts().items(), ("archive/data.pkl", pickle.dumps(Code(mark), 2))]
    ),
    "a member outside": lambda mark: archive(parts() | {"archive/../../x": b"x"}),
    "a member at the root": lambda mark: archive(parts() | {"/x": b"x"}),
    "a linked member": lambda mark: linked(),
    "more members than tensors": lambda mark: archive(
        parts() | {f"archive/data/{n}x{'y' * 400}": b"" for n in range(20_000)}
    ),
    "a comment behind": lambda mark: GOOD[:-2] + b"\x05\x00" + b"hello",
    "something in front": lambda mark: b"#!/bin/sh\n" + GOOD,
    "something between": lambda mark: (
        GOOD[: GOOD.rindex(b"PK\x01\x02")] + b"x" + GOOD[GOOD.rindex(b"PK\x01\x02") :]
    ),
    "cut short": lambda mark: GOOD[:-500],
    "nothing": lambda mark: b"",
    "four bytes": lambda mark: b"PK\x03\x04",
    "an end alone": lambda mark: b"PK\x05\x06" + bytes(18),
    "another archive": lambda mark: archive({"readme.txt": b"hello"}),
    "a flipped bit of a tensor": lambda mark: GOOD.replace(
        struct.pack("<f", 500.0), struct.pack("<f", 501.0)
    ),
    "a tensor larger than its bytes": lambda mark: saved({"x": torch.zeros(1).expand(10**12)}),
    "a storage larger than its bytes": lambda mark: with_pickle(
        parts()["archive/data.pkl"].replace(struct.pack("<H", 1000), struct.pack("<H", 65_000))
    ),
    "a table of a gigabyte": lambda mark: with_pickle(
        b"\x80\x02cbuiltins\nbytearray\n\x8a\x05" + struct.pack("<q", 10**11)[:5] + b"\x85R."
    ),
    "a pickle of 100 MB": lambda mark: with_pickle(b"\x80\x02(" + b"]" * 100_000_000 + b"t."),
    "a pickle without an end": lambda mark: with_pickle(b"\x80\x02}q\x00X\xff\xff\xff\x7f"),
    "an empty pickle": lambda mark: with_pickle(b""),
    "a pickle that pops nothing": lambda mark: with_pickle(b"\x80\x02tRsu."),
    "a storage that is not there": lambda mark: archive(
        {name: part for name, part in parts().items() if name != "archive/data/0"}
    ),
    "a tensor on a machine unknown": lambda mark: with_pickle(
        parts()["archive/data.pkl"].replace(b"cpu", b"\x1b[2")
    ),
    "a lone name": lambda mark: with_pickle(b"\x80\x02ctorch\nFloatStorage\n."),
    "a table in itself": lambda mark: with_pickle(b"\x80\x02}q\x00X\x01\x00\x00\x00ah\x00s."),
}


HARMLESS = ("a table in itself", "a tensor on a machine unknown")
"""Odd, but tensors and plain values all the same: they come to the CPU, whatever the file says."""


@pytest.mark.parametrize("name", CHECKPOINTS)
def test_a_checkpoint(sandbox: Sandbox, tmp_path: Path, name: str) -> None:
    path, mark = tmp_path / "7.pt", tmp_path / "mark"
    path.write_bytes(CHECKPOINTS[name](mark))
    mark.unlink(missing_ok=True)
    with fault(Promise.HOSTILE_FILE):
        outcome = sandbox.open("checkpoint", path)
        assert not mark.exists()
        if name in HARMLESS:
            assert outcome.status == 0, outcome
        else:
            assert outcome.is_refusal, outcome
            assert outcome.errors.startswith(f"dltui: {path} cannot be used: "), outcome
            assert outcome.errors.count("\n") == 1


@pytest.mark.parametrize("planted", STRANGE)
def test_a_checkpoint_that_is_no_file(sandbox: Sandbox, tmp_path: Path, planted: Planted) -> None:
    planted(tmp_path / "7.pt")
    with fault(Promise.HOSTILE_FILE):
        assert sandbox.open("checkpoint", tmp_path / "7.pt").is_refusal


def test_a_link_to_a_good_checkpoint_is_not_followed(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "7.pt").write_bytes(GOOD)
    (tmp_path / "8.pt").symlink_to("7.pt")
    with fault(Promise.HOSTILE_FILE):
        assert sandbox.open("checkpoint", tmp_path / "7.pt").output == "['step', 'weights']\n"
        assert "it is a link" in sandbox.open("checkpoint", tmp_path / "8.pt").errors


def test_a_checkpoint_larger_than_there_is_room_for(tmp_path: Path) -> None:
    (tmp_path / "7.pt").write_bytes(GOOD)
    with fault(Promise.HOSTILE_FILE), pytest.raises(DltuiError, match="there is room for 1,000"):
        load_tensors(tmp_path / "7.pt", most=1000)


# -- frames ------------------------------------------------------------------------------------------------


def frame_of(header: Any, content: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + content


def entry(kind: str, length: int, start: int = 0) -> dict[str, Any]:
    return {"dtype": kind, "shape": [length], "data_offsets": [start, start + 4 * length]}


NOTES = {"__metadata__": {"step": "7"}}
FRAMES: dict[str, Callable[[Path], bytes]] = {
    "a pickle": lambda mark: pickle.dumps(Code(mark)),
    "a checkpoint with code": lambda mark: saved({"x": Code(mark)}),
    "a header of 2^63 bytes": lambda mark: struct.pack("<Q", 1 << 63) + b"{}",
    "a header of 2 GB": lambda mark: struct.pack("<Q", 2 << 30) + b"{" * 100,
    "a header of brackets": lambda mark: frame_of(b'{"a":' + b"[" * 1_000_000),
    "a header of lists": lambda mark: frame_of(b'{"a":[' + b"[]," * 340_000 + b"[]]}"),
    "a header of names": lambda mark: frame_of(b"{" + b",".join(b'"%d":0' % n for n in range(90_000)) + b"}"),
    "a number of 10^6 digits": lambda mark: frame_of(b'{"a":' + b"1" * 1_000_000 + b"}"),
    "an array of 10^12 numbers": lambda mark: frame_of({**NOTES, "a": entry("F32", 10**12)}, bytes(64)),
    "arrays on the same bytes": lambda mark: frame_of(
        {**NOTES, **{f"weights.counts/{n}": entry("U32", 250_000) for n in range(9_000)}}, bytes(1_000_000)
    ),
    "arrays of another kind": lambda mark: frame_of(
        {**NOTES, "a": {"dtype": "F64", "shape": [1], "data_offsets": [0, 8]}}, bytes(8)
    ),
    "64 MB": lambda mark: frame_of({**NOTES, "a": entry("F32", 1 << 24)}, bytes(1 << 26)),
    "no step": lambda mark: frame_of({"a": entry("F32", 2)}, bytes(8)),
    "a step of a million digits": lambda mark: frame_of({"__metadata__": {"step": "1" * 1_000_000}}),
    "cut short": lambda mark: frame_of({**NOTES, "a": entry("F32", 4)}, bytes(15)),
    "nothing": lambda mark: b"",
}


@pytest.mark.parametrize("name", FRAMES)
def test_a_frame(sandbox: Sandbox, tmp_path: Path, name: str) -> None:
    path, mark = tmp_path / "frames" / "7.safetensors", tmp_path / "mark"
    path.parent.mkdir()
    path.write_bytes(FRAMES[name](mark))
    mark.unlink(missing_ok=True)
    with fault(Promise.HOSTILE_FILE):
        outcome = sandbox.open("frame", tmp_path)
        assert not mark.exists()
        assert outcome.is_refusal, outcome
        assert outcome.errors.startswith(f"dltui: {path} cannot be used: "), outcome
        assert outcome.errors.count("\n") == 1


def test_a_frame_of_odd_arrays(sandbox: Sandbox, tmp_path: Path) -> None:
    """Whole as a file: what is no histogram in it is passed over."""
    odd = struct.pack("<4f", math.nan, math.inf, -math.inf, 3e38)
    header = NOTES | {f"weights.{part}/fc1": entry("F32", 4, 16 * n) for n, part in enumerate(PARTS)}
    (tmp_path / "frames").mkdir()
    (tmp_path / "frames" / "7.safetensors").write_bytes(frame_of(header, odd * 3))
    with fault(Promise.HOSTILE_FILE):
        assert sandbox.open("frame", tmp_path).output == "'fc1' False\nFalse\n"


PARTS = ("edges", "counts", "figures")


@pytest.mark.parametrize("planted", STRANGE)
def test_a_frame_that_is_no_file(sandbox: Sandbox, tmp_path: Path, planted: Planted) -> None:
    (tmp_path / "frames").mkdir()
    planted(tmp_path / "frames" / "7.safetensors")
    with fault(Promise.HOSTILE_FILE):
        assert sandbox.open("frame", tmp_path).is_refusal


WANTED = {"a": torch.zeros(2, 3), "b": torch.zeros(4)}


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ({"a": WANTED["a"]}, "lacks b"),
        (WANTED | {"\x1b[2J": WANTED["a"]}, "has \\x1b[2J"),
        (WANTED | {"b": [0.0] * 4}, "no tensor for b"),
        (WANTED | {"b": torch.zeros(5)}, "b is 5 float32, and not 4 float32"),
        (WANTED | {"a": torch.zeros(3, 2)}, "a is 3×2 float32, and not 2×3 float32"),
        (WANTED | {"a": torch.zeros(2, 3, dtype=torch.float64)}, "a is 2×3 float64"),
        (WANTED | {"b": torch.zeros(())}, "b is a single float32"),
        ({}, "lacks a"),
    ],
)
def test_tensors_of_another_network(found: dict[str, Any], said: str) -> None:
    assert fitting(WANTED, WANTED, "the weights") == WANTED
    with fault(Promise.HOSTILE_FILE), pytest.raises(DltuiError) as refused:
        fitting(found, WANTED, "the weights")
    assert said in str(refused.value)
    assert "the weights" in str(refused.value)


# -- tables --------------------------------------------------------------------------------------------------

ROWS = b"".join(b"%d,%d,%d\n" % (number, number * 7 % 5, number % 2) for number in range(100))
TABLES: dict[str, Callable[[], bytes]] = {
    "eight million columns": lambda: b"," * 8_000_000 + b"\n" + b"," * 8_000_000 + b"\n",
    "names of 100 KB": lambda: b",".join(b"n%d" % n + b"x" * 100_000 for n in range(100)) + b"\n" + ROWS,
    "classes of 100 KB": lambda: (
        b"a,b\n" + b"".join(b"%d,%s\n" % (n, b"xy"[n % 2 : n % 2 + 1] * 90_000) for n in range(99))
    ),
    "a line of 100 MB": lambda: b"1" * 100_000_000,
    "an open quotation mark": lambda: b'a,b,c\n"' + ROWS * 20_000,
    "zero bytes": lambda: b"a,b\n" + bytes(50_000_000),
    "another encoding": lambda: ROWS.decode().encode("utf-16"),
    "numbers beyond numbers": lambda: b"a,b\n" + b"1e999,1\n" * 20,
    "numbers of many digits": lambda: b"a,b\n" + (b"1" * 100_000 + b",1\n") * 20,
    "nothing but newlines": lambda: b"\n" * 20_000_000,
    "ragged": lambda: ROWS + b"1\n",
    "program": lambda: b"#!/bin/sh\ntouch mark\n",
    "nothing": lambda: b"",
}


@pytest.mark.parametrize("name", TABLES)
def test_a_table(sandbox: Sandbox, tmp_path: Path, name: str) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(TABLES[name]())
    with fault(Promise.HOSTILE_FILE):
        outcome = sandbox.open("data", f"csv data.file={path}", megabytes=700)
        assert outcome.is_refusal, outcome
        assert str(path) in outcome.errors


@pytest.mark.parametrize("planted", STRANGE)
def test_a_table_that_is_no_file(sandbox: Sandbox, tmp_path: Path, planted: Planted) -> None:
    planted(tmp_path / "table.csv")
    with fault(Promise.HOSTILE_FILE):
        assert sandbox.open("data", f"csv data.file={tmp_path / 'table.csv'}").is_refusal


# -- images --------------------------------------------------------------------------------------------------


def png(width: int, height: int, stored: bytes | None = None) -> bytes:
    """A black picture; `stored` is its packed content, where that lies."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
        )

    if stored is None:
        engine = zlib.compressobj(9)
        stored = b"".join(engine.compress(bytes(width + 1)) for _ in range(height)) + engine.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = chunk(b"IHDR", header), chunk(b"IDAT", stored), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


SMALL = png(16, 16)
POSTSCRIPT = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 16 16\n(mark) (w) file closefile showpage\n%%EOF\n"

IMAGES: dict[str, Planted] = {
    "a bomb": lambda path: path.write_bytes(png(30_000, 30_000, b"")),
    "a bomb that is whole": lambda path: path.write_bytes(png(10_000, 9_500)),
    "cut short": lambda path: path.write_bytes(png(500, 500)[:-60]),
    "a program for a printer": lambda path: path.write_bytes(POSTSCRIPT),
    "a pickle": lambda path: path.write_bytes(pickle.dumps(Code(path.parent / "mark"))),
    "nothing": lambda path: path.write_bytes(b""),
    "sides of 2^31": lambda path: path.write_bytes(png(2**31 - 1, 2**31 - 1, b"")),
    "no sides": lambda path: path.write_bytes(png(0, 0, b"")),
    "a link to what is no image": lambda path: path.symlink_to("/etc/passwd"),
    "a pipe": STRANGE[0],
    "an endless device": STRANGE[1],
    "a link to itself": STRANGE[2],
    "a hole": STRANGE[4],
}


@pytest.mark.parametrize("name", IMAGES)
def test_a_folder_with_an_image_that_is_none(sandbox: Sandbox, tmp_path: Path, name: str) -> None:
    _make_images(tmp_path)
    IMAGES[name](tmp_path / "b" / "zz.png")
    with fault(Promise.HOSTILE_FILE):
        outcome = sandbox.open("data", f"image_folder data.folder={tmp_path}")
        assert outcome.is_refusal, outcome
        assert "zz.png" in outcome.errors
        assert not list(tmp_path.rglob("mark"))


def _make_images(folder: Path) -> None:
    for name in ("a", "b"):
        (folder / name).mkdir()
        for number in range(6):
            (folder / name / f"{number}.png").write_bytes(SMALL)


def test_large_images_are_decoded_one_after_the_other(sandbox: Sandbox, tmp_path: Path) -> None:
    _make_images(tmp_path)
    large = png(7_500, 7_500)
    for name in "ab":
        for number in range(2):
            (tmp_path / name / f"large {number}.png").write_bytes(large)
    with fault(Promise.HOSTILE_FILE):
        outcome = sandbox.open("data", f"image_folder data.folder={tmp_path}", megabytes=900)
        assert outcome.status == 0, outcome


# -- published data sets -------------------------------------------------------------------------------


def test_an_archive_that_inflates_without_end(sandbox: Sandbox) -> None:
    folder = sandbox.home / "data" / "mnist"
    folder.mkdir(parents=True)
    engine = zlib.compressobj(9, wbits=31)
    bomb = b"".join(engine.compress(bytes(1 << 20)) for _ in range(60)) + engine.flush()
    for name in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"):
        (folder / f"{name}-ubyte.gz").write_bytes(bomb)
    with fault(Promise.HOSTILE_FILE):
        outcome = sandbox.open("data", "mnist")
        assert outcome.is_refusal, outcome
        assert "more than 47,040,016 bytes of content" in outcome.errors


@pytest.mark.parametrize(
    "header", [b"\x00\x00\x08\xff" + b"\xff" * 1020, b"\x00\x00\x08\x03" + b"\xff" * 12, b"\0"]
)
def test_arrays_whose_headers_lie(sandbox: Sandbox, header: bytes) -> None:
    folder = sandbox.home / "data" / "fashion_mnist"
    folder.mkdir(parents=True, exist_ok=True)
    sizes = {"train-images-idx3": 47_040_016, "train-labels-idx1": 60_008, "t10k-images-idx3": 7_840_016}
    for name, size in (sizes | {"t10k-labels-idx1": 10_008}).items():
        (folder / f"{name}-ubyte").write_bytes(header + bytes(size - len(header)))
    with fault(Promise.HOSTILE_FILE):
        outcome = sandbox.open("data", "fashion_mnist")
        assert outcome.is_refusal, outcome
        assert "its header is not that of an IDX file" in outcome.errors


def _tar(*members: tuple[str, bytes]) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as packed:
        for name, part in members:
            member = tarfile.TarInfo(name)
            member.size = len(part)
            packed.addfile(member, io.BytesIO(part))
    return content.getvalue()


def _header(size: int, kind: bytes) -> bytes:
    """The header of a member that claims a size which no file has."""
    member = tarfile.TarInfo("cifar-10-batches-bin/data_batch_1.bin")
    member.size, member.type = size, kind
    return member.tobuf(tarfile.GNU_FORMAT)


CIFAR: dict[str, Callable[[Path], bytes]] = {
    "pickles": lambda mark: gzip.compress(
        _tar(*((f"cifar-10-batches-py/data_batch_{n}", pickle.dumps(Code(mark))) for n in range(1, 6)))
    ),
    "pickles by the right name": lambda mark: gzip.compress(
        _tar(*((f"cifar-10-batches-bin/data_batch_{n}.bin", pickle.dumps(Code(mark))) for n in range(1, 6)))
    ),
    "members outside": lambda mark: gzip.compress(_tar(("../../mark", b"x"), (str(mark), b"x"))),
    "a member of an exabyte": lambda mark: gzip.compress(_header(1 << 60, b"0") + bytes(10_000)),
    "a name of an exabyte": lambda mark: gzip.compress(_header(1 << 60, b"L") + bytes(10_000)),
    "a header of an exabyte": lambda mark: gzip.compress(_header(1 << 60, b"x") + bytes(10_000)),
    "a bomb": lambda mark: gzip.compress(bytes(250_000_000), 1),
    "a page": lambda mark: b"<html>",
}


@pytest.mark.parametrize("name", CIFAR)
def test_an_archive_of_pictures(sandbox: Sandbox, tmp_path: Path, name: str) -> None:
    folder = sandbox.home / "data" / "cifar10"
    folder.mkdir(parents=True, exist_ok=True)
    mark = tmp_path / "mark"
    (folder / "cifar-10-binary.tar.gz").write_bytes(CIFAR[name](mark))
    with fault(Promise.HOSTILE_FILE):
        outcome = sandbox.open("data", "cifar10", megabytes=900)
        assert outcome.is_refusal, outcome
        assert "cifar-10-binary.tar.gz is not the file that was published" in outcome.errors
        assert not mark.exists()
        assert not list(sandbox.home.parent.glob("mark"))
