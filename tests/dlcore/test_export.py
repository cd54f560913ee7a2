"""Exports of runs in every state; the runs are written with the real journal, as a trainer writes them."""

import csv
import errno
import io
import json
import math
import os
import re
import shlex
import stat
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlcore import events
from dlcore.atomic import read_json, write_json
from dlcore.config import RunConfig, to_toml
from dlcore.errors import DltuiError
from dlcore.events import (
    ActivationsMeasured,
    AttemptEnded,
    AttemptStarted,
    CommandApplied,
    CommandRefused,
    EpochEnded,
    Evaluated,
    Event,
    GradientsMeasured,
    Layer,
    Prepared,
    StepsEnded,
    Warned,
)
from dlcore.export import FORMATS, export, render
from dlcore.export.escape import for_markdown, for_spreadsheet
from dlcore.export.measured_tables import MOST_ROWS
from dlcore.export.tables import table, width
from dlcore.export.textplot import Curve, Scale, plot
from dlcore.journal import Appender
from dlcore.oneline import parse
from dlcore.rundir import RunDir, create
from dlcore.summary import read_history, state_of, summarize
from tests.dlcore.trained import Trained

STEERING = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
LAYERS = (
    Layer(name="fc1", text="64 → 8", shape=(8,), activation="relu", parameters=520),
    Layer(name="fc2", text="8 → 10", shape=(10,), activation="", parameters=90),
)


def prepared(epochs: int = 2, validation: int = 144) -> Prepared:
    return Prepared(
        seconds=1.0,
        device="cpu",
        threads=1,
        layers=LAYERS,
        parameters=610,
        training_samples=40,
        validation_samples=validation,
        test_samples=359,
        batch_size=10,
        steps_per_epoch=4,
        total_steps=4 * epochs,
        epochs=epochs,
    )


def evaluated(
    step: int, loss: float, accuracy: float | None = 0.5, split: str = "validation", seconds: float = 2.0
) -> Evaluated:
    return Evaluated.model_validate(
        {
            "step": step,
            "seconds": seconds,
            "split": split,
            "epoch": step / 4,
            "loss": loss,
            "accuracy": accuracy,
            "samples": 144,
            "duration": 0.1,
        }
    )


def steps(last: int, loss: tuple[float, ...], lr: float = 0.01) -> StepsEnded:
    return StepsEnded(
        step=last,
        loss=loss,
        accuracy=(0.25,) * len(loss),
        lr=(lr,) * len(loss),
        samples=10 * last,
        training_seconds=0.1 * last,
    )


def epoch(number: int, loss: float) -> EpochEnded:
    return EpochEnded(
        step=4 * number, seconds=2.0 + number, epoch=number, loss=loss, accuracy=0.25, duration=0.4
    )


def looked(at: tuple[int, ...], fc1: tuple[float, ...], fc2: tuple[float, ...]) -> GradientsMeasured:
    return GradientsMeasured(step=at[-1], steps=at, norms={"fc1": fc1, "fc2": fc2}, every=2, cost=0.01)


def an_epoch_and_a_half() -> list[Event]:
    return [
        prepared(),
        evaluated(0, 2.5, 0.125),
        evaluated(0, 2.625, 0.0625, split="test"),
        steps(4, (2.5, 2.25, 2.0, 1.75)),
        looked((1, 2), (0.5, 0.25), (1.0, 1.0)),
        epoch(1, 2.125),
        evaluated(4, 1.5, 0.75),
        steps(6, (1.5, 1.25)),
        looked((6,), (0.125,), (0.5,)),
    ]


def to_the_end() -> list[Event]:
    return [
        *an_epoch_and_a_half(),
        steps(8, (1.0, 0.75)),
        epoch(2, 1.125),
        evaluated(8, 0.5, 0.6875),
        evaluated(8, 0.625, 0.6875, split="test"),
        AttemptEnded(step=8, seconds=5.0, reason="finished"),
    ]


def write(run: RunDir, said: list[Event]) -> RunDir:
    """Write the run's events, numbered, after the one that every trainer begins with."""
    appender = Appender(run.events)
    started = AttemptStarted(time="2026-03-04T05:06:07.089+00:00", pid=1, host="here")
    for number, event in enumerate([started, *said]):
        appender.append(events.encode(event.model_copy(update={"seq": number})))
    appender.close()
    return run


def make(home: Path, config: RunConfig, said: list[Event]) -> RunDir:
    facts = {"versions": {"dltui": "0.1.0", "python": "3.11.7", "torch": "2.9.0"}}
    moment = datetime(2026, 3, 4, 5, 6, 7, 89_000, tzinfo=UTC)
    return write(create(home, config.name, moment, to_toml(config.resolved()), facts), said)


@pytest.fixture
def run(home: Path) -> RunDir:
    """A finished run of two epochs."""
    return make(home, RunConfig(), to_the_end())


@pytest.fixture
def held(run: RunDir) -> Iterator[RunDir]:
    """A run in the middle of its second epoch, whose lock another process holds."""
    run.events.unlink()
    write(run, an_epoch_and_a_half())
    hold = (
        "import sys, pathlib; from dlcore.lock import Lock; from dlcore.rundir import RunDir;"
        "lock = Lock(RunDir(pathlib.Path(sys.argv[1]))); print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(run.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        yield run
        holder.communicate()


def markdown(run: RunDir) -> str:
    return render(run, "markdown").decode()


def document(run: RunDir) -> dict[str, Any]:
    def refuse(word: str) -> NoReturn:
        raise AssertionError(f"{word} is not JSON")

    found: dict[str, Any] = json.loads(render(run, "json"), parse_constant=refuse)
    return found


def records(run: RunDir) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(render(run, "csv").decode(), newline="")))


def block(text: str, language: str) -> str:
    """What stands in the first fenced block of a language."""
    found = re.search(rf"^```{language}\n(.*?)\n```$", text, re.DOTALL | re.MULTILINE)
    assert found is not None
    return found[1]


# -- files ------------------------------------------------------------------------------------------


def test_the_formats_are_in_plain_sight() -> None:
    assert [(format_.name, format_.ending) for format_ in FORMATS] == [
        ("markdown", ".md"),
        ("json", ".json"),
        ("csv", ".csv"),
    ]


def test_a_file_for_each_format_that_only_its_owner_reads(run: RunDir, tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    paths = export(run, ["csv", "markdown", "csv"], folder, force=False)
    assert paths == [folder / f"{run.id}.csv", folder / f"{run.id}.md"]
    assert sorted(folder.iterdir()) == sorted(paths)
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in paths)
    assert paths[1].read_bytes() == render(run, "markdown")


def test_an_existing_file_is_refused_before_anything_is_written(run: RunDir, tmp_path: Path) -> None:
    mine = tmp_path / f"{run.id}.csv"
    mine.write_text("mine")
    with pytest.raises(DltuiError) as caught:
        export(run, ["markdown", "json", "csv"], tmp_path, force=False)
    assert str(mine) in caught.value.message
    assert "--force" in caught.value.hint
    assert mine.read_text() == "mine"
    assert not list(tmp_path.glob("*.md"))


def test_a_dangling_link_is_an_existing_file(run: RunDir, tmp_path: Path) -> None:
    (tmp_path / f"{run.id}.md").symlink_to(tmp_path / "nowhere")
    with pytest.raises(DltuiError, match="exists"):
        export(run, ["markdown"], tmp_path, force=False)
    assert not (tmp_path / "nowhere").exists()


def test_force_replaces_a_file_and_follows_no_link(run: RunDir, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("other")
    (tmp_path / f"{run.id}.md").symlink_to(other)
    (path,) = export(run, ["markdown"], tmp_path, force=True)
    assert not path.is_symlink()
    assert path.read_bytes() == render(run, "markdown")
    assert other.read_text() == "other"


@pytest.mark.parametrize("links", [True, False])
def test_a_file_that_appears_in_between_is_not_overwritten(
    run: RunDir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    mine = tmp_path / f"{run.id}.csv"
    mine.write_text("mine")
    monkeypatch.setattr(os.path, "lexists", lambda path: False)
    if not links:
        monkeypatch.setattr(os, "link", no_links)
    with pytest.raises(DltuiError, match="exists"):
        export(run, ["markdown", "csv"], tmp_path, force=False)
    assert mine.read_text() == "mine"
    assert [path for path in tmp_path.iterdir() if path.is_file()] == [mine]


def no_links(source: object, target: object) -> NoReturn:
    raise OSError(errno.EPERM, "Operation not permitted")


def test_a_file_system_without_links_will_do(
    run: RunDir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "link", no_links)
    (path,) = export(run, ["json"], tmp_path / "out", force=False)
    assert path.read_bytes() == render(run, "json")
    assert list(path.parent.iterdir()) == [path]


def test_a_folder_that_cannot_be_made_is_named(run: RunDir, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DltuiError) as caught:
        export(run, ["json"], tmp_path / "file" / "folder", force=False)
    assert str(tmp_path / "file" / "folder") in caught.value.message
    assert caught.value.hint


def test_an_unknown_format_names_the_known_ones(run: RunDir, tmp_path: Path) -> None:
    with pytest.raises(DltuiError) as caught:
        export(run, ["json", "pdf"], tmp_path / "out", force=False)
    assert "'pdf'" in caught.value.message
    assert "markdown, json, csv" in caught.value.hint
    with pytest.raises(DltuiError, match="No export format"):
        export(run, [], tmp_path / "out", force=False)
    assert not (tmp_path / "out").exists()


# -- states -----------------------------------------------------------------------------------------


def test_a_real_run(real_run: Trained) -> None:
    text = markdown(real_run.run)
    assert "**Finished** after 6 of 6 epochs (12 steps, " in text
    assert parse(shlex.split(block(text, "sh"))[2]) == parse(
        "digits mlp 8,8 momentum ce n=64 b=32 e=6 device=cpu out=linear data.normalize=half "
        "training.threads=1"
    )
    assert document(real_run.run)["steps"] == 12
    assert [row["step"] for row in records(real_run.run)] == ["0", "2", "4", "6", "8", "10", "12"]


def test_a_finished_run(run: RunDir) -> None:
    text = markdown(run)
    assert "**Finished** after 2 of 2 epochs (8 steps, 5 s)." in text
    assert "| train      | 1.1250 |  25.00 % | running mean over the steps of epoch 2 |" in text
    assert "| validation | 0.5000 |  68.75 % | 144 samples, evaluated at step 8       |" in text
    assert "Best validation accuracy: 75.00 % at step 4 (epoch 1)." in text
    assert "2026-03-04 05:06:07 UTC" in text
    assert "100 samples/s, training steps alone" in text
    assert str(run.path.parent) not in text
    assert text.endswith("|\n")


def test_a_live_run_says_as_of_which_step(held: RunDir) -> None:
    assert "**Running**: all figures are as of step 6 (1.5 of 2 epochs)." in markdown(held)
    assert "| 359" not in markdown(held)
    assert "144 samples, evaluated at step 0, untrained" in markdown(held)
    assert document(held)["state"] == "running"
    assert [row["step"] for row in records(held)] == ["0", "4"]


def test_a_crashed_run(home: Path) -> None:
    run = make(home, RunConfig(), an_epoch_and_a_half())
    assert "**Crashed**: the trainer ended without a last word after 1.5 of 2 epochs" in markdown(run)
    assert document(run)["state"] == "crashed"


def test_a_failed_run_says_why_without_its_path(home: Path) -> None:
    run = make(home, RunConfig(), [])
    run.events.unlink()
    ended = AttemptEnded(
        step=2, reason="failed", message="ValueError: a|b", hint=f"The whole story is in {run.log}."
    )
    write(run, [prepared(), steps(2, (2.0, math.nan)), Warned(message=f"see {run.log}"), ended])
    text = markdown(run)
    assert f"> ValueError: a\\|b. The whole story is in {run.id}/trainer.log." in text
    assert f"- Step 0: see {run.id}/trainer.log" in text
    assert "1 of 2 training steps have no finite loss, and no point here." in text
    for format_ in FORMATS:
        assert str(run.path) not in render(run, format_.name).decode()
    assert document(run)["message"].endswith(f"{run.id}/trainer.log.")


@pytest.mark.parametrize("said", [[], [prepared()], [prepared(), evaluated(0, 2.5)]])
def test_a_run_that_has_hardly_begun(home: Path, said: list[Event]) -> None:
    run = make(home, RunConfig(), said)
    assert "## Configuration" in markdown(run)
    assert "## Curves" not in markdown(run)
    assert document(run)["steps"] == 0
    assert len(records(run)) == (1 if len(said) > 1 else 0)


def test_foreign_facts_do_no_harm(run: RunDir) -> None:
    write_json(run.facts, {"created": 3, "versions": ["torch"]})
    assert "created" not in markdown(run)
    assert document(run)["versions"] == {}
    run.facts.write_text("nonsense")
    assert document(run)["created"] is None


def test_a_configuration_that_cannot_be_read_is_an_error_with_a_cure(run: RunDir) -> None:
    run.config.write_text("[optimizer]\nkind = 'sgdd'\n")
    with pytest.raises(DltuiError, match="sgd"):
        render(run, "json")


# -- markdown ---------------------------------------------------------------------------------------


def test_the_line_and_the_file_stand_for_the_configuration(home: Path) -> None:
    config = parse("digits 16, tanh adam lr=.002 e=2 seed=7 'name=it is \"mine\"'").resolved()
    text = markdown(make(home, config, to_the_end()))
    assert shlex.split(block(text, "sh"))[:2] == ["dltui", "run"]
    assert parse(shlex.split(block(text, "sh"))[2]) == config
    assert block(text, "toml") + "\n" == to_toml(config)


def test_a_name_steers_neither_table_nor_terminal(home: Path) -> None:
    name = "a|b\n```\n# \x1b[31m\x9b2J <img src=x> `x` ‮evil\x7f \ud7ff [l](u)"
    config = RunConfig().resolved()
    config = RunConfig(general=config.general.model_copy(update={"name": name})).resolved()
    run = make(home, config, to_the_end())
    text = markdown(run)
    for format_ in FORMATS:
        assert not STEERING.search(render(run, format_.name).decode())
    assert text.splitlines()[0].startswith("# a\\|b\\\\x0a\\`\\`\\`\\\\x0a\\# \\\\x1b\\[31m")
    assert "\\<img src=x\\>" in text.splitlines()[0]
    assert tomllib.loads(block(text, "toml"))["name"] == name
    assert document(run)["name"] == name


def test_an_answer_cannot_break_a_table(home: Path) -> None:
    refused = CommandRefused(
        step=4, id="1", command={"kind": "Set"}, reason="optimizer.lr = a | b\n| c: no number"
    )
    applied = CommandApplied(
        step=4, id="2", command={"kind": "Set", "key": "optimizer.lr", "value": 0.02}, text="lr 0.01 → 0.02"
    )
    stepped = CommandApplied(step=5, id="3", command={"kind": "Step"}, text="on to step 6")
    run = make(home, RunConfig(), [*an_epoch_and_a_half(), refused, applied, stepped])
    text = markdown(run)
    assert "|    4 | refused | optimizer.lr = a \\| b\\\\x0a\\| c: no number |" in text
    assert "on to step 6" not in text
    assert "one edit was made while it ran" in text
    assert [(edit["step"], edit["applied"]) for edit in document(run)["edits"]] == [
        (4, False),
        (4, True),
        (5, True),
    ]


def test_every_table_lines_up(run: RunDir) -> None:
    tables = re.findall(r"(?:^\|.*\|\n)+", markdown(run), re.MULTILINE)
    assert len(tables) == 5
    for found in tables:
        lines = found.splitlines()
        assert len({len(line) for line in lines}) == 1
        assert len({line.count("|") for line in lines}) == 1


def test_gradients_at_first_and_last_look(run: RunDir) -> None:
    text = markdown(run)
    assert "| fc1          | 5.0e-01 | 1.2e-01 |" in text
    assert "| first ÷ last |     0.5 |    0.25 |" in text


def test_a_long_table_is_thinned_and_says_so(home: Path) -> None:
    said: list[Event] = [prepared(epochs=300)]
    for number in range(1, 301):
        said += [steps(4 * number, (1.0,) * 4), epoch(number, 1.0)]
        said.append(evaluated(4 * number, 1.0, 0.75 if number == 101 else 0.5))
    run = make(home, RunConfig(), said)
    text = markdown(run)
    assert f"These are {MOST_ROWS} of 300 rows; the CSV export has all of them." in text
    assert "|   101 |   404 |" in text
    assert "|     1 |     4 |" in text
    assert "|   300 | 1,200 |" in text
    assert len(records(run)) == 300


def test_a_watched_test_split_flatters_and_the_summary_says_so(home: Path) -> None:
    said: list[Event] = [
        prepared(validation=0),
        evaluated(0, 2.5, split="test"),
        steps(4, (1.0,) * 4),
        epoch(1, 1.0),
    ]
    text = markdown(make(home, RunConfig(), said))
    assert "the test split itself picked this step" in text
    assert "o test" in text


def test_wide_letters_take_two_cells() -> None:
    assert width("数字") == 4
    assert width("e\u0301") == 1
    assert table(["名"], [["abcde"]], "l") == ["| 名    |", "|-------|", "| abcde |"]


def test_plain_names_stay_readable() -> None:
    assert for_markdown("classic_mnist 2.0 (relu)") == "classic_mnist 2.0 (relu)"
    assert for_markdown("_very_ *bold*") == "\\_very\\_ \\*bold\\*"


# -- json -------------------------------------------------------------------------------------------


def test_the_document_is_the_summary_and_more(run: RunDir) -> None:
    found = document(run)
    history = read_history(run)
    summary = summarize(run, history, state_of(run, history))
    assert {key: found[key] for key in summary} == json.loads(json.dumps(summary))
    assert found["format"] == 1
    assert found["config"]["optimizer"]["lr"] == 0.01
    assert found["network"]["layers"][1]["text"] == "8 → 10"
    assert found["per_epoch"][1] == {
        "epoch": 2,
        "step": 8,
        "seconds": 4.0,
        "duration": 0.4,
        "lr": 0.01,
        "running_mean": {"loss": 1.125, "accuracy": 0.25},
    }
    assert [one["split"] for one in found["evaluations"]].count("test") == 2
    assert found["gradients"]["first_last_ratio"] == 0.25
    assert found["gradients"]["steps"] == [1, 2, 6]
    assert found["gradients"]["norms"]["fc1"] == [0.5, 0.25, 0.125]
    assert found["versions"] == read_json(run.facts)["versions"]


def test_what_is_not_finite_is_null(home: Path) -> None:
    said: list[Event] = [
        prepared(),
        evaluated(0, math.inf, None),
        steps(2, (1.0, math.nan)),
        looked((1,), (math.nan,), (1,)),
    ]
    found = document(make(home, RunConfig(), said))
    assert found["evaluations"][0]["loss"] is None
    assert found["gradients"]["norms"]["fc1"] == [None]
    assert found["gradients"]["first_last_ratio"] is None


# -- csv --------------------------------------------------------------------------------------------


def test_a_row_for_each_epoch_and_evaluation(run: RunDir) -> None:
    first, second, third = records(run)
    assert list(first) == [
        *("epoch", "step", "seconds", "lr", "train_loss", "train_accuracy"),
        *("validation_loss", "validation_accuracy", "test_loss", "test_accuracy"),
        *("grad_norm_fc1", "grad_norm_fc2", "findings"),
    ]
    assert list(first.values()) == ["0", "0", "2", "", "", "", "2.5", "0.125", "2.625", "0.0625", "", "", ""]
    assert second["lr"] == "0.01"
    assert (second["grad_norm_fc1"], second["grad_norm_fc2"]) == ("0.25", "1")
    assert (second["train_loss"], second["validation_loss"], second["test_loss"]) == ("2.125", "1.5", "")
    assert (third["step"], third["test_accuracy"], third["grad_norm_fc1"]) == ("8", "0.6875", "0.125")


def test_what_is_not_finite_is_a_word_and_what_is_not_there_is_empty(home: Path) -> None:
    said: list[Event] = [prepared(), evaluated(0, math.inf, None), steps(4, (1.0,) * 4)]
    said += [looked((3,), (math.nan,), (1,)), evaluated(4, -math.inf), evaluated(6, math.nan)]
    rows = records(make(home, RunConfig(), said))
    assert [row["validation_loss"] for row in rows] == ["inf", "-inf", "nan"]
    assert [row["validation_accuracy"] for row in rows] == ["", "0.5", "0.5"]
    assert [row["grad_norm_fc1"] for row in rows] == ["", "nan", "nan"]
    assert [row["lr"] for row in rows] == ["", "0.01", ""]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@sum", " =1+1"])
def test_text_is_no_formula(text: str) -> None:
    assert for_spreadsheet(text) == f"'{text}"
    assert for_spreadsheet(f"a{text}") == f"a{text}"


@pytest.mark.parametrize(
    ("text", "written"), [("\tx", "\\x09x"), ("\r=1", "\\x0d=1"), ("\x1b[2J", "\\x1b[2J")]
)
def test_text_in_a_table_steers_no_terminal(text: str, written: str) -> None:
    assert for_spreadsheet(text) == written


# -- regressions, classes, best weights ------------------------------------------------------------


def regression() -> list[Event]:
    """What a regression of one epoch says, with one batch that was far off."""

    def scored(step: int, r2: float, split: str) -> Evaluated:
        event = evaluated(step, 0.5, None, split)
        return event.model_copy(update={"r2": r2, "mae": 41.25, "rmse": 54.5})

    told = StepsEnded(
        step=4,
        loss=(1.5, 1.0, 0.75, 0.5),
        r2=(-9.0, 0.001, 0.25, 0.5),
        lr=(0.01,) * 4,
        samples=40,
        training_seconds=1,
    )
    return [
        prepared().model_copy(update={"task": "regression"}),
        scored(0, -0.125, "validation"),
        told,
        EpochEnded(step=4, seconds=3.0, epoch=1, loss=0.875, r2=0.25, duration=0.4),
        scored(4, 0.48, "validation"),
        scored(4, 0.45, "test"),
        AttemptEnded(step=4, seconds=5.0, reason="finished"),
    ]


def test_a_regression_is_told_by_r2_and_its_errors(home: Path) -> None:
    run = make(home, parse("diabetes e=1"), regression())
    text = markdown(run)
    assert "accuracy" not in text
    assert "%" not in text
    assert "| split      |   loss |    R² |   MAE |  RMSE | how" in text
    assert "| train      | 0.8750 | 0.250 |     – |     – | running mean" in text
    assert "| validation | 0.5000 | 0.480 | 41.25 | 54.50 | 144 samples" in text
    assert "Best validation R²: 0.480 at step 4 (epoch 1)." in text
    assert "R² (cut at -1) " in text
    assert "log scale" not in text
    assert "| train loss † | train R² † | val. loss | val. R² |" in text
    found = document(run)
    assert found["task"] == "regression"
    assert found["best"] == {"split": "validation", "r2": 0.48, "step": 4}
    assert found["test"] == {"loss": 0.5, "r2": 0.45, "mae": 41.25, "rmse": 54.5}
    assert found["per_epoch"][0]["running_mean"] == {"loss": 0.875, "r2": 0.25}
    assert (found["evaluations"][0]["r2"], found["evaluations"][0]["rmse"]) == (-0.125, 54.5)
    assert found["per_class"] is None
    first, second = records(run)
    assert list(first)[4:] == [
        *("train_loss", "train_r2", "validation_loss", "validation_r2", "validation_mae", "validation_rmse"),
        *("test_loss", "test_r2", "test_mae", "test_rmse", "findings"),
    ]
    assert (second["train_r2"], second["test_r2"], second["test_mae"]) == ("0.25", "0.45", "41.25")


def stopped_early() -> list[Event]:
    """What a run says that ended with the weights of step 4."""
    said = to_the_end()[:-2]
    back = [evaluated(8, 1.5, 0.75), evaluated(8, 1.625, 0.703125, split="test")]
    ended = AttemptEnded(step=8, reason="finished", message="Stopped early after epoch 2")
    return [*said, *(one.model_copy(update={"weights": 4}) for one in back), ended]


def test_best_weights_that_were_taken_back_are_labelled(home: Path) -> None:
    run = make(home, RunConfig(), stopped_early())
    text = markdown(run)
    assert "> Stopped early after epoch 2.\n" in text
    assert "| validation | 1.5000 |  75.00 % | 144 samples, best weights, step 4      |" in text
    assert "The best weights were taken back at the end: those of step 4, which had the lowest" in text
    assert "Best validation accuracy: 75.00 % at step 4 (epoch 1)." in text
    assert "The row of step 4 also has what was measured at the end" in text
    found = document(run)
    assert found["best_weights"] == 4
    assert [one["weights"] for one in found["evaluations"]] == [None, None, None, None, 4, 4]
    rows = {row["step"]: row for row in records(run)}
    assert list(rows) == ["0", "4", "8"]
    assert (rows["4"]["test_accuracy"], rows["4"]["epoch"], rows["4"]["seconds"]) == ("0.703125", "1", "2")
    assert (rows["8"]["validation_loss"], rows["8"]["test_loss"]) == ("0.5", "")
    assert block(text, "text").count("o") >= 3  # one in each evaluation's place, and in the legend


def test_without_best_weights_nothing_is_said_of_them(run: RunDir) -> None:
    assert "best weights" not in markdown(run).lower()
    assert document(run)["best_weights"] is None


def test_each_class_has_its_row_and_its_name(home: Path) -> None:
    said = to_the_end()
    said[0] = prepared().model_copy(update={"classes": ("a|b", "\x1b[31m")})
    classes = {
        "precision": (0.5, 1.0, 0.25),
        "recall": (1.0, 0.5, 0.0),
        "f1": (0.625, 0.75, 0.0),
        "top5": 0.9,
    }
    said[-2] = said[-2].model_copy(update=classes)
    run = make(home, RunConfig(), said)
    text = markdown(run)
    assert "Of the test split: 144 samples, evaluated at step 8." in text
    assert re.search(r"\| a\\\|b +\|   50\.00 % \| 100\.00 % \| 62\.50 % \|", text)
    assert re.search(r"\| 2 +\|   25\.00 % \|   0\.00 % \|  0\.00 % \|", text)
    assert not STEERING.search(text)
    assert "| test       | 0.6250 |  68.75 % | 90.00 % | 144 samples" in text
    found = document(run)["per_class"]
    assert (found["split"], found["step"]) == ("test", 8)
    assert found["classes"][0] == {"name": "a|b", "precision": 0.5, "recall": 1.0, "f1": 0.625}


def test_convolutions_say_what_they_see(home: Path) -> None:
    seeing = Layer(
        name="conv1", text="3×3", shape=(4, 8, 8), activation="relu", parameters=40, receptive_field=3
    )
    said: list[Event] = [
        prepared().model_copy(update={"layers": (seeing, *LAYERS), "input_shape": (1, 8, 8)})
    ]
    run = make(home, RunConfig(), said)
    text = markdown(run)
    assert "Input 1 × 8 × 8, 610 parameters." in text
    assert re.search(r"\| conv1 +\| 3×3 .*\| +3 × 3 \|", text)
    assert re.search(r"\| fc1 .*\| +– \|", text)
    network = document(run)["network"]
    assert network["input_shape"] == [1, 8, 8]
    assert [layer["receptive_field"] for layer in network["layers"]] == [3, None, None]


def test_activations_are_told_by_layer(home: Path) -> None:
    measured = ActivationsMeasured(
        step=8,
        samples=144,
        mean={"fc1": 0.125, "fc2": math.nan},
        deviation={"fc1": 1.5},
        low={"fc1": -2},
        high={"fc1": 2.5},
    )
    run = make(home, RunConfig(), [*to_the_end()[:-1], measured])
    text = markdown(run)
    assert "| fc1   |      0.125 |        1.5 |         -2 |        2.5 |" in text
    assert "over 144 samples of the validation split at step 8" in text
    assert document(run)["activations"]["deviation"] == {"fc1": 1.5}


# -- plots ------------------------------------------------------------------------------------------


def drawn(*points: tuple[float, float], percent: bool = False) -> list[str]:
    scale: Scale = "percent" if percent else "auto"
    return plot("loss", [Curve("train", "*", points)], (0.0, 2.0), "epoch", scale=scale)


def test_points_stand_at_their_labels() -> None:
    lines = drawn((0, 1.0), (1, 0.6), (2, 0.0))
    assert lines[0].split() == ["loss", "*", "train"]
    marked = [line for line in lines[1:] if "*" in line]
    assert [line[:7].strip() for line in marked] == ["1.0", "0.6", "0.0"]
    assert marked[0] == "    1.0┤*"
    assert marked[2].index("*") == max(map(len, lines)) - 1


def test_shares_are_percent() -> None:
    lines = drawn((0, 0.0), (1, 1.0), percent=True)
    assert lines[1].startswith("  100 %┤")
    assert not any("log" in line for line in lines)


def test_many_decades_make_a_log_axis() -> None:
    lines = drawn((0, 2.0), (1, 3e27), (2, 400.0))
    assert lines[0].startswith("loss (log scale)")
    assert any(line.startswith("   1e25┤") for line in lines)
    lines = drawn((0, 2.0), (1, 0.2), (2, 0.002))
    assert [line[:7].strip() for line in lines if "┤" in line] == ["1", "0.1", "0.01"]


def test_a_linear_axis_stays_linear() -> None:
    points = [(0, 0.001), (1, 0.5), (2, 1.0)]
    lines = plot("R²", [Curve("train", "*", points)], (0.0, 2.0), "epoch", scale="linear")
    assert lines[0].split() == ["R²", "*", "train"]
    assert [line[:7].strip() for line in lines if "┤" in line][:2] == ["1.0", "0.8"]


def test_epochs_of_different_lengths_lie_where_they_were(home: Path) -> None:
    def ended(number: int, step: int) -> EpochEnded:
        return epoch(number, 1.0).model_copy(update={"step": step})

    said: list[Event] = [prepared(), steps(4, (4.0,) * 4), ended(1, 4), steps(6, (1.0,) * 2), ended(2, 6)]
    lines = block(markdown(make(home, RunConfig(), said)), "text").splitlines()
    columns = {index for line in lines[1:] for index, mark in enumerate(line) if mark == "*"}
    last = max(map(len, lines)) - 1
    assert max(columns) == last, "step 6 is the end of epoch 2, though an epoch began with four steps"


def test_without_a_finite_point_there_is_no_plot() -> None:
    assert drawn((0, math.nan), (1, math.inf)) == []
    assert drawn((3, 1.0)) == []
    assert plot("loss", [Curve("train", "*", [(0, 1.0)])], (0.0, 0.0), "epoch") == []


def test_later_curves_lie_above() -> None:
    curves = [Curve("a", "*", [(0, 1), (1, 1)]), Curve("b", "o", [(1, 1)])]
    text = "\n".join(plot("", curves, (0, 1), "")[1:])
    assert text.count("*") == text.count("o") == 1


@given(
    st.lists(st.tuples(st.floats(0, 2), st.floats()), min_size=1),
    st.booleans(),
)
def test_any_figures_can_be_drawn(points: list[tuple[float, float]], percent: bool) -> None:
    if percent:
        points = [(x, min(max(y, 0.0), 1.0)) for x, y in points]
    lines = drawn(*points, percent=percent)
    assert all(len(line) <= 78 for line in lines)
    assert len(lines) <= 24
    assert bool(lines) == any(abs(y) < 1e300 for _, y in points)
