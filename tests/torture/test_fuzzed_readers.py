"""Every reader of files meets thousands of damaged ones; nothing but a sentence may come out of it."""

import gzip
import io
import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy
import pytest
import torch

from dlcore import commands, frames
from dlcore.config import RunConfig, to_toml
from dlcore.datasets.tables import read_table
from dlcore.datasets.unpacking import RefusedError, inflated, members
from dlcore.errors import DltuiError
from dlcore.export.csv_ import to_csv
from dlcore.export.json_ import to_json
from dlcore.export.markdown import to_markdown
from dlcore.export.report import gather
from dlcore.files.arrays import Array, pack
from dlcore.files.journal import frame, unframe
from dlcore.oneline import parse
from dlcore.reading import read_file
from dlcore.rundir import RunDir
from dlcore.runs import run_row
from dlcore.training.images import decode
from dlcore.training.safe_load import load_tensors
from dlcore.training.sources import idx
from tests.dlcore.archives import FORM, PACKED, SIZE, good_tar
from tests.torture.ledger import Promise, chance, fault, times
from tests.torture.test_hostile_files import (
    CONFIG,
    EVALUATED,
    FACTS,
    NORMS,
    PREPARED,
    SET,
    STARTED,
    STEPS,
    made_run,
    said,
)
from tui.widgets.panes.binned import axis_for, binned, shared_out

NOW = datetime(2026, 1, 31, tzinfo=UTC)
TOKENS = (
    b"", b"0", b"-1", b"1e999", b"nan", b"NaN", b"-Infinity", b"null", b"true", b"[]", b"{}", b'""', b"[[",
    b"\x00", b"\xff", b"\xff\xff\xff\x7f", b"\x80\x00\x00\x00", b"9" * 30, b"9" * 5000, b"1_0", b"\n", b"\r",
    b"\x1b[2J", b'"\\ud800"', "é中🙂".encode(), b"=", b".", b",", b'"', b"'", b"a.b", b"1979-05-27", b"inf",
    b" ", b"[" * 300,
)  # fmt: skip
"""What has hurt readers before."""
VALUES: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    10**30,
    1.5,
    1e308,
    "",
    "x" * 300,
    "\ud800",
    [],
    [[]],
    {},
    {"kind": 7},
    [None, 1e300],
)


def damaged(content: bytes, drawn: random.Random) -> bytes:
    """Return the content with a few bytes flipped, cut out, doubled, or put in."""
    kept = bytearray(content)
    for _ in range(drawn.choice((1, 1, 1, 2, 5))):
        start = drawn.randrange(len(kept) + 1)
        stop = min(len(kept), start + drawn.choice((1, 2, 4, 30)))
        match drawn.randrange(5):
            case 0 if start < len(kept):
                kept[start] ^= 1 << drawn.randrange(8)
            case 1:
                del kept[start:stop]
            case 2:
                kept[start:start] = kept[start:stop]
            case 3:
                kept[start:stop] = drawn.choice(TOKENS)
            case _:
                other = drawn.randrange(len(kept) + 1)
                kept[start:stop] = kept[other : other + stop - start]
    return bytes(kept)


def damaged_table(content: bytes, drawn: random.Random) -> bytes:
    """Return JSON in which a value somewhere is another one, or a key is gone."""
    table = json.loads(content)
    places: list[tuple[dict[str, object] | list[object], str | int]] = []
    pending = [table]
    while pending:
        inner = pending.pop()
        keys = list(inner) if isinstance(inner, dict) else range(len(inner))
        places += [(inner, key) for key in keys]
        pending += [inner[key] for key in keys if isinstance(inner[key], dict | list)]
    inner, key = drawn.choice(places)
    if drawn.random() < 0.1:
        del inner[key]  # type: ignore[arg-type]
    else:
        inner[key] = drawn.choice(VALUES)  # type: ignore[index]
    return json.dumps(table).encode()


def damaged_lines(content: bytes, drawn: random.Random) -> bytes:
    """Return lines of which some say something odd, with a right checksum all the same."""
    lines = [unframe(line) or b"{}" for line in content.splitlines()]
    for _ in range(drawn.choice((1, 2, 6))):
        number = drawn.randrange(len(lines))
        try:
            lines[number] = drawn.choice((damaged, damaged_table))(lines[number], drawn).replace(b"\n", b" ")
        except ValueError:  # it is no JSON any more
            lines[number] = damaged(lines[number], drawn).replace(b"\n", b" ")
    return b"".join(map(frame, lines))


@dataclass(frozen=True)
class Reader:
    """A reader of files, and what it is happy with."""

    good: bytes
    read: Callable[[Path, bytes], object]
    full: int
    """Inputs of the full tier, at most; the quick one has a few."""
    quick: int = 200
    damage: Callable[[bytes, random.Random], bytes] = damaged


def _file(name: str, read: Callable[[Path], object]) -> Callable[[Path, bytes], object]:
    def write_and_read(folder: Path, content: bytes) -> object:
        (folder / name).write_bytes(content)
        return read(folder / name)

    return write_and_read


def _run(name: str) -> Callable[[Path, bytes], object]:
    """Write one file of a run, and read the run in every way there is."""

    def write_and_read(folder: Path, content: bytes) -> None:
        run = RunDir(folder / "run")
        if not run.path.exists():
            made_run(run.path)
            run.events.write_bytes(EVENTS)
        (run.path / name).write_bytes(content)
        run_row(run, NOW)
        report = gather(run)
        for to_text in (to_json, to_csv, to_markdown):
            to_text(report)

    return write_and_read


EVENTS = said(
    STARTED, PREPARED, STEPS, STEPS | {"step": 5, "loss": [0.5] * 4, "accuracy": [0.5] * 4, "lr": [0.1] * 4},
    NORMS | {"steps": [1, 3], "norms": {"fc1": [1.0, 2.0], "fc2": [0.5, None]}},
    SET | {"command": {"kind": "Set"}},
    EVALUATED | {"precision": [0.5] * 3, "recall": [0.5] * 3, "f1": [0.5] * 3},
    {"kind": "EpochEnded", "epoch": 1, "loss": 0.5, "accuracy": 0.5, "duration": 1.0, "step": 5},
    {"kind": "CheckpointSaved", "file": "checkpoints/5.pt", "bytes": 10, "step": 5},
    {"kind": "Warned", "message": "careful", "step": 5},
    {"kind": "AttemptEnded", "reason": "finished", "step": 5},
)  # fmt: skip
SUMMARY = {
    "state": "finished",
    "epochs": 1,
    "steps": 5,
    "best": {"split": "test", "accuracy": 0.5, "step": 1},
}
TABLE = b"a,b,c\n" + b"".join(b'%d,"x%d",%d\n' % (n, n % 3, n % 2) for n in range(40))
ARRAY = b"\x00\x00\x08\x02\x00\x00\x00\x05\x00\x00\x00\x04" + bytes(range(20))


def _checkpoint() -> bytes:
    content = io.BytesIO()
    torch.save(
        {"weights": {"a": torch.arange(6.0).reshape(2, 3)}, "step": 7, "state": [1, 2.5, None]}, content
    )
    return content.getvalue()


def _frame() -> bytes:
    floats, counts = numpy.linspace(-1, 1, 9, dtype="<f4"), numpy.arange(8, dtype="<u4")
    arrays = {
        f"{what}.{name}/fc1": Array(kind, (len(values),), values.tobytes())
        for what in ("gradients", "weights", "activations")
        for name, kind, values in (
            ("edges", "F32", floats), ("counts", "U32", counts), ("figures", "F32", floats[:2])
        )
    }  # fmt: skip
    arrays["confusion"] = Array("U32", (2, 2), counts[:4].tobytes())
    return pack(arrays, {"step": "7", "confusion_step": "5", "confusion_split": "test"})


def _seen(path: Path) -> None:
    """Look at all that a frame shows."""
    frame = frames.load(path)
    assert frame.confusion() is None or frame.confusion() is not None
    for what in ("gradients", "weights", "activations"):
        for layer in frame.layers(what):
            if (found := frame.histogram(what, layer)) is not None:
                assert len(found.edges) == len(found.counts) + 1
                one = binned(what, found)
                assert len(shared_out(one, axis_for(what, [one]), 30)) == 30


def damaged_header(content: bytes, drawn: random.Random) -> bytes:
    """Return a frame whose header says something odd, and whose length is right all the same."""
    length = int.from_bytes(content[:8], "little")
    header = content[8 : 8 + length]
    try:
        header = drawn.choice((damaged, damaged_table))(header, drawn)
    except ValueError:
        header = damaged(header, drawn)
    return len(header).to_bytes(8, "little") + header + content[8 + length :]


def _image(kind: str) -> bytes:
    from PIL import Image

    content = io.BytesIO()
    pixels = numpy.arange(32 * 32 * 3, dtype=numpy.uint8).reshape(32, 32, 3)
    Image.fromarray(pixels).save(content, kind)
    return content.getvalue()


def _members(folder: Path, content: bytes) -> bytes:
    return members(io.BytesIO(content), FORM.members, FORM.records * FORM.record, SIZE * 10)


def _packed_members(folder: Path, content: bytes) -> bytes:
    with gzip.GzipFile(fileobj=io.BytesIO(content)) as unpacked:
        return members(unpacked, FORM.members, FORM.records * FORM.record, SIZE * 10)


def _command(folder: Path, content: bytes) -> None:
    if (command := commands.decode(content)) is not None:
        commands.encode(command)


READERS: dict[str, Reader] = {
    "configuration": Reader(to_toml(RunConfig()).encode(), _file("run.toml", read_file), 4_000),
    "short configuration": Reader(CONFIG, _file("run.toml", read_file), 4_000),
    "line": Reader(
        b"mnist mlp 128,64 relu he ce momentum lr=.01 m=.9 b=64 e=10 data.normalize=none name='a b'",
        lambda _, content: parse(content.decode(errors="replace")),
        4_000,
    ),
    "events": Reader(EVENTS, _run("events.jsonl"), 2_000, 150),
    "events with right checksums": Reader(EVENTS, _run("events.jsonl"), 6_000, 300, damaged_lines),
    "facts": Reader(
        json.dumps({**json.loads(FACTS), "name": "a", "network": "mlp", "summary": SUMMARY}).encode(),
        _run("run.json"), 2_000, 150, damaged_table,
    ),
    "bytes of facts": Reader(FACTS, _run("run.json"), 1_000, 100),
    "configuration of a run": Reader(CONFIG, _run("config.toml"), 1_000, 100),
    "commands": Reader(
        b'{"id":"a","kind":"Set","key":"optimizer.lr","value":0.1}', _command, 20_000, 500, damaged_table
    ),
    "bytes of commands": Reader(b'{"id":"a","kind":"Step","count":5,"unit":"epoch"}', _command, 20_000, 500),
    "checkpoint": Reader(_checkpoint(), _file("7.pt", load_tensors), 6_000, 300),
    "frame": Reader(_frame(), _file("7.safetensors", _seen), 6_000, 300),
    "header of a frame": Reader(_frame(), _file("7.safetensors", _seen), 12_000, 300, damaged_header),
    "table": Reader(TABLE, _file("table.csv", lambda path: read_table(path, target="")), 6_000, 300),
    "png": Reader(_image("PNG"), _file("a.png", lambda path: decode(str(path), 16, True)), 4_000, 200),
    "jpeg": Reader(_image("JPEG"), _file("a.jpg", lambda path: decode(str(path), 16, False)), 4_000, 200),
    "gif": Reader(_image("GIF"), _file("a.gif", lambda path: decode(str(path), 16, True)), 2_000, 100),
    "bmp": Reader(_image("BMP"), _file("a.bmp", lambda path: decode(str(path), 16, True)), 2_000, 100),
    "webp": Reader(_image("WEBP"), _file("a.webp", lambda path: decode(str(path), 16, True)), 2_000, 100),
    "ppm": Reader(_image("PPM"), _file("a.ppm", lambda path: decode(str(path), 16, True)), 2_000, 100),
    "array": Reader(ARRAY, lambda _, content: idx(content, Path("array")), 4_000),
    "gzip": Reader(gzip.compress(TABLE, mtime=0), lambda _, content: inflated(content, 100_000), 4_000),
    "tar": Reader(good_tar(), _members, 1_000, 100),
    "packed tar": Reader(PACKED, _packed_members, 500, 50),
}  # fmt: skip


_FULL_SECONDS = 13.0
"""For each reader in the full tier: five minutes for all of them."""


@pytest.mark.parametrize("name", READERS)
@pytest.mark.filterwarnings("ignore")  # of what is odd in an image: the reader is asked, not pillow
def test_a_damaged_file_is_read_or_refused(tmp_path: Path, name: str) -> None:
    reader = READERS[name]
    reader.read(tmp_path, reader.good)
    drawn = chance(f"fuzzed {name}")
    until = time.monotonic() + _FULL_SECONDS
    for number in range(times(reader.quick, reader.full)):
        if number >= reader.quick and time.monotonic() > until:
            break
        content = reader.damage(reader.good, drawn)
        with fault(Promise.HOSTILE_FILE):
            try:
                reader.read(tmp_path, content)
            except (DltuiError, RefusedError):
                pass
            except Exception as error:
                error.add_note(f"{name}: {content[:3000]!r}")
                raise
