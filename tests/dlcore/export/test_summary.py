"""Summaries of runs in every state: what they say, and that nothing in them steers or breaks anything."""

import ast
import json
import math
import re
import shlex
import tomllib
from pathlib import Path

import pytest

from dlcore.config import RunConfig, to_toml
from dlcore.errors import DltuiError
from dlcore.events import (
    ActivationsMeasured,
    AttemptEnded,
    CommandApplied,
    CommandRefused,
    EpochEnded,
    Evaluated,
    Event,
    Layer,
    StepsEnded,
    Warned,
)
from dlcore.export import FORMATS, render
from dlcore.export.escape import for_markdown, for_spreadsheet
from dlcore.export.measured_tables import MOST_ROWS
from dlcore.export.tables import table, width
from dlcore.files.atomic import read_json, write_json
from dlcore.labels import relabel
from dlcore.oneline import parse
from dlcore.rundir import RunDir
from dlcore.summary import read_history, state_of, summarize
from tests.dlcore.export.said import (
    LAYERS,
    STEERING,
    an_epoch_and_a_half,
    block,
    document,
    epoch,
    evaluated,
    looked,
    make,
    markdown,
    prepared,
    records,
    steps,
    to_the_end,
    write,
)
from tests.dlcore.trained import Trained

TEXTS = tuple(format_.name for format_ in FORMATS if format_.is_text)


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
    for format_ in TEXTS:
        assert str(run.path) not in render(run, format_).decode()
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
    for format_ in TEXTS:
        assert not STEERING.search(render(run, format_).decode())
    assert text.splitlines()[0].startswith("# a\\|b\\\\x0a\\`\\`\\`\\\\x0a\\# \\\\x1b\\[31m")
    assert "\\<img src=x\\>" in text.splitlines()[0]
    assert tomllib.loads(block(text, "toml"))["name"] == name
    assert document(run)["name"] == name


def test_titles_have_the_name_that_somebody_gave_the_run(run: RunDir) -> None:
    relabel(run, name='the """good""" one')
    assert markdown(run).startswith("# the")
    assert document(run)["name"] == 'the """good""" one'
    assert "<title>the" in render(run, "html").decode()
    script = render(run, "script").decode()
    docstring = ast.get_docstring(ast.parse(script))
    assert docstring is not None
    assert docstring.startswith('the """good""" one: a run of dltui')


def test_an_answer_cannot_break_a_table(home: Path) -> None:
    refused = CommandRefused(
        step=4, id="1", command={"kind": "Set"}, reason="optimizer.lr = a | b\n| c: no number"
    )
    applied = CommandApplied(
        step=4,
        id="2",
        command={"kind": "Set", "key": "optimizer.lr", "value": 0.02},
        before=0.01,
        text="lr 0.01 → 0.02",
    )
    stepped = CommandApplied(step=5, id="3", command={"kind": "Step"}, text="on to step 6")
    run = make(home, RunConfig(), [*an_epoch_and_a_half(), refused, applied, stepped])
    text = markdown(run)
    assert "|     |    4 | refused | optimizer.lr = a \\| b\\\\x0a\\| c: no number |" in text
    assert "|   1 |    4 | applied | lr 0.01 → 0.02" in text
    assert "on to step 6" not in text
    assert "one edit was made while it ran" in text
    assert re.search(r"^ edits {20,}\^$", text, re.MULTILINE)
    found = document(run)
    assert [(answer["step"], answer["applied"]) for answer in found["answers"]] == [
        (4, False),
        (4, True),
        (5, True),
    ]
    assert found["edits"] == [
        {"step": 4, "key": "optimizer.lr", "value": 0.02, "before": 0.01, "text": "lr 0.01 → 0.02"}
    ]


def test_an_edit_that_takes_another_back_says_so(home: Path) -> None:
    first, back = (
        CommandApplied(
            step=step,
            id=name,
            command={"kind": "Set", "key": "optimizer.lr", "value": value, "takes_back": taken},
            before=before,
            text=f"lr {before} → {value}",
        )
        for step, name, value, before, taken in ((3, "1", 0.02, 0.01, None), (4, "2", 0.01, 0.02, "1"))
    )
    text = markdown(make(home, RunConfig(), [*an_epoch_and_a_half(), first, back]))
    assert re.search(r"^\|   1 \| +3 \| applied +\| lr 0.01 → 0.02 +\|$", text, re.MULTILINE)
    assert re.search(r"^\|   2 \| +4 \| undo +\| lr 0.02 → 0.01 +\|$", text, re.MULTILINE)


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
