"""A regression, a run that stops early and a user's own table, by real trainers."""

import json
import random
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dlcore.config import to_toml
from dlcore.events import AttemptEnded
from dlcore.files.atomic import read_json
from dlcore.oneline import parse
from dlcore.rundir import RunDir, create
from tests.process.laboratory import Laboratory, read_events

TRAINER = [sys.executable, "-P", "-m", "dlcore.training"]


def write_table(laboratory: Laboratory) -> Path:
    """A table of two columns and their sum, 120 rows."""
    chance = random.Random(0)
    lines = ["left;right;sum"]
    for _ in range(120):
        left, right = chance.uniform(-1, 1), chance.uniform(100, 200)
        lines.append(f"{left:.4f};{right:.3f};{50 * left + right:.3f}")
    path = laboratory.folder / "table.csv"
    path.write_text("\n".join(lines))
    return path


def summary_of(run: RunDir) -> dict[str, Any]:
    """What the trainer left in `run.json`."""
    summary: dict[str, Any] = read_json(run.facts)["summary"]
    return summary


def last_word(run: RunDir) -> AttemptEnded:
    """The last event."""
    ended = read_events(run)[-1]
    assert isinstance(ended, AttemptEnded)
    return ended


def test_a_regression_has_figures_of_its_own(laboratory: Laboratory) -> None:
    done = laboratory.dltui("run", "diabetes mlp 8, e=20", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    summary = json.loads(done.stdout)
    stored = summary_of(laboratory.run())
    assert {key: stored[key] for key in ("train", "validation", "test", "best")} == {
        key: summary[key] for key in ("train", "validation", "test", "best")
    }
    assert set(summary["test"]) == set(summary["validation"]) == {"loss", "r2", "mae", "rmse"}
    assert set(summary["train"]) == {"loss", "r2"}
    assert summary["test"]["r2"] > 0.25
    assert 35 < summary["test"]["mae"] < 60  # of a figure between 25 and 346
    assert summary["test"]["rmse"] > summary["test"]["mae"]
    assert summary["best"]["split"] == "validation"
    assert "r2" in summary["best"]
    assert "accuracy" not in done.stdout


def test_a_run_that_stops_early_says_so(laboratory: Laboratory) -> None:
    done = laboratory.dltui("run", "noise mlp 64, adam lr=.01 stop=3 e=500", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    run = laboratory.run()
    summary, word = json.loads(done.stdout), last_word(run)
    assert (word.reason, word.hint) == ("finished", "")
    assert word.message == summary["message"] == summary_of(run)["message"]
    epochs = summary["epochs"]
    assert 3 < epochs < 500
    kept = epochs - 3
    assert word.message == (
        f"Stopped early after epoch {epochs}. "
        f"The weights of epoch {kept} are kept, which had the lowest validation loss"
    )
    assert summary["state"] == "finished"


def test_a_table_of_one_s_own_is_learned(laboratory: Laboratory) -> None:
    path = write_table(laboratory)
    done = laboratory.dltui("run", f"csv perceptron adam lr=.05 e=60 b=16 data.file={path.name}", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    summary = json.loads(done.stdout)
    assert summary["test"]["r2"] > 0.95
    assert 0 < summary["test"]["mae"] < 10
    # The path is made absolute: the trainer may work elsewhere.
    assert f'file = "{path}"' in laboratory.run().config.read_text()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("csv data.file=none.csv", "none.csv: there is no such file"),
        ("image_folder data.folder=none", "There is no folder "),
        ("csv", "csv needs the path of a file"),
        ("csv cnn data.file=table.csv", "cnn needs images, and csv has rows of 2 numbers"),
        ("csv ce data.file=table.csv", "cross_entropy is for classes, and these data are a regression"),
    ],
)
def test_what_does_not_fit_is_refused_before_a_run_is_made(
    laboratory: Laboratory, line: str, said: str
) -> None:
    write_table(laboratory)
    done = laboratory.dltui("run", line)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("dltui: ")
    assert said in done.stderr
    assert laboratory.runs() == []


def test_a_table_that_is_gone_when_the_trainer_opens_it(laboratory: Laboratory) -> None:
    path = write_table(laboratory)
    config = parse(f"csv perceptron e=1 data.file={path} device=cpu").resolved()
    run = create(laboratory.home, config.name, datetime.now(UTC), to_toml(config), {})
    path.unlink()
    done = laboratory.finish(laboratory.start_program([*TRAINER, str(run.path)]))
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")
    word = last_word(run)
    assert (word.reason, word.step) == ("failed", 0)
    assert word.message == f"{path}: there is no such file"
    assert word.hint == "Give the path of a CSV file in data.file."
    assert summary_of(run)["state"] == "failed"
    shown = laboratory.dltui("show", "latest").stdout
    assert "failed" in shown
    assert "there is no such file" in shown


def test_a_table_that_has_changed_into_another_task_ends_with_a_sentence(laboratory: Laboratory) -> None:
    path = write_table(laboratory)
    config = parse(f"csv perceptron mse e=1 data.file={path} data.task=regression device=cpu").resolved()
    run = create(laboratory.home, config.name, datetime.now(UTC), to_toml(config), {})
    path.write_text(path.read_text().replace(";sum", ";sum\nx;y;word"))
    done = laboratory.finish(laboratory.start_program([*TRAINER, str(run.path)]))
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")
    word = last_word(run)
    assert word.reason == "failed"
    assert str(path) in word.message
    assert word.hint
