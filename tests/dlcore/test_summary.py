"""What came of a run, in one table: as scripts read it, and as `run.json` keeps it."""

import json
import math
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dlcore.files.atomic import read_json
from dlcore.history import RunHistory
from dlcore.rundir import RunDir
from dlcore.runs import run_row
from dlcore.summary import created, read_history, state_of, store_summary, summarize
from tests.conftest import MOMENT
from tests.dlcore.trained import Trained, train

KEYS = {
    "run",
    "state",
    "epochs",
    "steps",
    "seconds",
    "samples_per_second",
    "train",
    "validation",
    "test",
    "best",
    "message",
}


def test_the_summary_of_a_real_run(real_run: Trained) -> None:
    summary = summarize(real_run.run, real_run.history, "finished")
    assert set(summary) >= KEYS
    assert summary["run"] == real_run.run.id
    assert (summary["state"], summary["epochs"], summary["steps"]) == ("finished", 6, 12)
    assert summary["seconds"] > 0
    assert summary["samples_per_second"] > 0
    assert summary["message"] == ""
    for split in ("train", "validation", "test"):
        assert summary[split]["loss"] > 0
        assert 0 <= summary[split]["accuracy"] <= 1
    assert summary["best"]["split"] == "validation"
    assert json.loads(json.dumps(summary, allow_nan=False)) == summary


def test_the_trainer_keeps_the_summary_and_where_it_ran(real_run: Trained) -> None:
    facts = read_json(real_run.run.facts)
    assert facts["summary"] == json.loads(json.dumps(summarize(real_run.run, real_run.history, "finished")))
    assert (facts["device"], facts["threads"], facts["schema"]) == ("cpu", 1, 1)


def test_a_run_that_has_said_nothing_has_a_summary_too(fresh_run: RunDir) -> None:
    history = read_history(fresh_run)
    summary = summarize(fresh_run, history, "starting")
    assert (summary["steps"], summary["epochs"], summary["best"]) == (0, 0, None)
    assert not {"train", "validation", "test"} & set(summary)
    store_summary(fresh_run)
    assert "summary" not in read_json(fresh_run.facts)


def test_the_state_of_a_run_on_disk_follows_from_its_age(fresh_run: RunDir) -> None:
    for seconds, state in [(1, "starting"), (1000, "crashed")]:
        assert state_of(fresh_run, RunHistory(), MOMENT + timedelta(seconds=seconds)) == state
    assert state_of(fresh_run, RunHistory()) == "crashed"


def test_the_state_of_an_ended_run(real_run: Trained) -> None:
    assert state_of(real_run.run, real_run.history) == "finished"


@pytest.mark.parametrize("facts", [{}, {"created": None}, {"created": 5}, {"created": "yesterday"}])
def test_a_moment_that_cannot_be_read_is_none(facts: dict[str, object]) -> None:
    assert created(facts) is None


def test_when_a_run_was_made(fresh_run: RunDir) -> None:
    assert created(read_json(fresh_run.facts)) == MOMENT == datetime(2026, 3, 4, 5, 6, 7, 89_000, tzinfo=UTC)


def test_figures_of_the_history_are_numbers(real_run: Trained) -> None:
    assert all(math.isfinite(value) for value in real_run.history.loss.values)


def test_the_summary_and_the_row_of_a_real_regression(home: Path) -> None:
    trained = train(home, "diabetes mlp 8 e=2 n=64 b=32")
    summary = read_json(trained.run.facts)["summary"]
    assert set(summary["train"]) == {"loss", "r2"}
    for split in ("validation", "test"):
        assert set(summary[split]) == {"loss", "r2", "mae", "rmse"}
        assert summary[split]["mae"] <= summary[split]["rmse"]
    assert set(summary["best"]) == {"split", "r2", "step"}
    row = run_row(trained.run, datetime.now(UTC))
    assert (row.metric, row.score, row.split) == ("r2", summary["best"]["r2"], "validation")
    assert row.best == f"R² {row.score:.3f} validation"


def test_the_row_of_a_classification(real_run: Trained) -> None:
    row = run_row(real_run.run, datetime.now(UTC))
    assert row.metric == "accuracy"
    assert row.best.endswith(" % validation")
