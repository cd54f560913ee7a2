"""Event files: by TensorBoard's own reader, and by the checksum's published values."""

import math
from pathlib import Path
from typing import Any

import pytest

from dlcore.config import RunConfig
from dlcore.events import CommandApplied
from dlcore.export import export, tfrecord
from tests.dlcore.export.said import make, to_the_end
from tests.dlcore.trained import Trained


@pytest.mark.parametrize(
    ("data", "checksum"),
    [
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
        (b"123456789", 0xE3069283),
        (b"", 0),
    ],
)
def test_the_checksum_is_that_of_rfc_3720(data: bytes, checksum: int) -> None:
    assert tfrecord.crc32c(data) == checksum


@pytest.mark.parametrize(("number", "written"), [(0, b"\0"), (127, b"\x7f"), (300, b"\xac\x02")])
def test_numbers_are_in_groups_of_seven_bits(number: int, written: bytes) -> None:
    assert tfrecord._varint(number) == written


@pytest.mark.filterwarnings("ignore")  # of TensorBoard's own making
def test_tensorboard_reads_what_was_measured(home: Path, real_run: Trained, tmp_path: Path) -> None:
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    edit = {"kind": "Set", "key": "optimizer.lr", "value": 0.02}
    applied = CommandApplied(step=8, id="1", command=edit, before=0.01, text="*lr* 0.01 → 0.02")
    run = make(home, RunConfig(), [*to_the_end()[:-1], applied, to_the_end()[-1]])
    assert list(export([run, real_run.run], ["tensorboard"], tmp_path))

    def read(name: str) -> Any:
        found = accumulator.EventAccumulator(str(tmp_path / name), size_guidance={"scalars": 0})
        found.Reload()
        return found

    made = read(run.id)
    tags = made.Tags()["scalars"]
    assert {"train/loss", "validation/accuracy", "test/loss", "gradient_norm/fc1", "learning_rate/lr"} <= set(
        tags
    )
    steps = [(one.step, one.value) for one in made.Scalars("train_step/loss")]
    assert steps == list(enumerate((2.5, 2.25, 2.0, 1.75, 1.5, 1.25, 1.0, 0.75), 1))
    norms = [(one.step, one.value) for one in made.Scalars("gradient_norm/fc2")]
    assert norms == [(1, 1.0), (2, 1.0), (6, 0.5)]
    (told,) = made.Tensors("edits")
    assert told.tensor_proto.string_val[0].decode() == "    step 8: *lr* 0.01 → 0.02"
    real = read(real_run.run.id)
    scalars = real.Scalars("train_step/loss")
    assert [one.value for one in scalars] == pytest.approx(list(real_run.history.loss.values))
    times = [one.wall_time for one in scalars]
    assert times == sorted(times)
    assert math.isfinite(times[0])
