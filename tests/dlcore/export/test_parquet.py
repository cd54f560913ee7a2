"""Tables with types: by pyarrow's own reader."""

import io
import math
from pathlib import Path
from typing import Any

import pytest

from dlcore.config import RunConfig
from dlcore.events import Event
from dlcore.export import export, render
from dlcore.oneline import parse
from tests.dlcore.export.said import evaluated, looked, make, prepared, steps, to_the_end

parquet = pytest.importorskip("pyarrow.parquet")


def read(content: bytes) -> Any:
    return parquet.read_table(io.BytesIO(content))


def test_a_row_for_each_step_with_everything_that_was_measured_at_it(home: Path) -> None:
    run = make(home, RunConfig(), to_the_end())
    table = read(render(run, "parquet"))
    rows = table.to_pylist()
    assert [row["step"] for row in rows] == list(range(9))
    assert [row["epoch"] for row in rows] == [0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2]
    assert [row["batch_loss"] for row in rows] == [None, 2.5, 2.25, 2.0, 1.75, 1.5, 1.25, 1.0, 0.75]
    assert [row["validation_loss"] for row in rows if row["validation_loss"] is not None] == [2.5, 1.5, 0.5]
    assert {step: row["grad_norm_fc1"] for step, row in enumerate(rows) if row["grad_norm_fc1"]} == {
        1: 0.5,
        2: 0.25,
        6: 0.125,
    }
    assert (rows[4]["train_loss"], rows[8]["test_accuracy"]) == (2.125, 0.6875)
    assert str(table.schema.field("step").type) == "int64"
    assert str(table.schema.field("lr").type) == "double"
    assert table.schema.metadata[b"dltui.run"].decode() == run.id
    assert table.schema.metadata[b"dltui.line"].startswith(b"digits mlp ")


def test_what_is_not_finite_is_no_gap(home: Path) -> None:
    said: list[Event] = [prepared(), evaluated(0, math.inf, None), steps(2, (1.0, math.nan))]
    said.append(looked((1,), (math.nan,), (1,)))
    rows = read(render(make(home, RunConfig(), said), "parquet")).to_pylist()
    assert rows[0]["validation_loss"] == math.inf
    assert rows[0]["validation_accuracy"] is None if "validation_accuracy" in rows[0] else True
    assert math.isnan(rows[2]["batch_loss"])
    assert math.isnan(rows[1]["grad_norm_fc1"])


def test_a_run_that_has_not_begun_has_one_empty_row(home: Path) -> None:
    (row,) = read(render(make(home, RunConfig(), []), "parquet")).to_pylist()
    assert (row["step"], row["batch_loss"], row["lr"]) == (0, None, None)


def test_a_watched_script_may_tell_its_loss_alone(home: Path) -> None:
    """Its scores are behind its losses in number, and are a gap."""
    said: list[Event] = [prepared()]
    said += [steps(at, (1.0, 0.5)).model_copy(update={"accuracy": ()}) for at in (2, 4)]
    rows = read(render(make(home, RunConfig(), said), "parquet")).to_pylist()
    assert [row["batch_loss"] for row in rows] == [None, 1.0, 0.5, 1.0, 0.5]
    assert not any(row["batch_accuracy"] is not None and row["batch_accuracy"] >= 0 for row in rows)


def test_several_runs_are_a_row_each(home: Path, tmp_path: Path) -> None:
    lines = ("digits lr=.1", "digits 32,16 lr=.2 model.residual=true", "digits 8, lr=1")
    runs = [make(home, parse(line), to_the_end()) for line in lines]
    assert list(export(runs, ["parquet"], tmp_path))
    table = read((tmp_path / f"3-runs-{runs[0].id}.parquet").read_bytes())
    rows = table.to_pylist()
    assert [row["run"] for row in rows] == [run.id for run in runs]
    assert [row["optimizer.lr"] for row in rows] == [0.1, 0.2, 1.0]
    assert [row["model.residual"] for row in rows] == [False, True, False]
    assert [row["best_step"] for row in rows] == [4, 4, 4]
    assert str(table.schema.field("best").type) == "double"
