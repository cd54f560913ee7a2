import json
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dlcore import launch
from dlcore.files.atomic import read_json, write_json
from dlcore.flat_config import flat_config
from dlcore.labels import relabel
from dlcore.oneline import parse
from dlcore.run_figures import NO_FIGURES
from dlcore.rundir import RunDir
from dlcore.runs import Fold, ended_row, read_facts, run_row
from dlcore.summary import read_history, summarize
from tests.conftest import MOMENT
from tests.dlcore.listed import ended, newborn, summary_of
from tests.dlcore.opening import files_opened
from tests.dlcore.trained import Trained
from tests.tui.fakes import FakeRun, layers_of

NOW = MOMENT + timedelta(hours=3)


def test_the_launcher_writes_what_lists_say(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "start", lambda root, run: None)
    config = parse("digits mlp 32,16 tanh adam name='my run'")
    run, _ = launch.launch(home, config, MOMENT)
    facts = read_json(run.facts)
    assert facts["name"] == "my run"
    assert facts["network"] == "mlp 32,16 tanh · adam"
    row = run_row(run, NOW)
    assert (row.name, row.network, row.made) == ("my run", "mlp 32,16 tanh · adam", MOMENT)
    assert row.settings.table() == facts["config"] == flat_config(config.resolved())
    assert row.settings.get("model.hidden") == "32,16"


def test_a_run_whose_facts_have_no_configuration_has_that_of_its_file(home: Path) -> None:
    run = ended(home)
    facts = read_json(run.facts)
    expected = run_row(run, NOW).settings
    write_json(run.facts, {key: value for key, value in facts.items() if key != "config"})
    assert run_row(run, NOW).settings == expected
    assert expected.get("optimizer") == "momentum"


def test_figures_come_from_the_summary_and_from_events_alike(home: Path) -> None:
    run = FakeRun(home).start().prepare().epochs(2)
    running = run_row(run.dir, NOW).figures
    row = run_row(run.end().dir, NOW)
    run.close()
    assert (
        running.parameters
        == row.figures.parameters
        == sum(layer.parameters for layer in layers_of(run.config))
    )
    assert running.loss == row.figures.loss
    assert row.figures.train_loss is not None
    assert row.figures.test_score is not None
    assert row.figures.seconds is not None


def test_figures_that_are_none_are_left_out(home: Path) -> None:
    run = ended(
        home,
        validation={"loss": "0.1"},
        train=[],
        test={"loss": float("1e30"), "accuracy": True},
        seconds=None,
    )
    assert run_row(run, NOW).figures == NO_FIGURES


def test_a_label_is_part_of_the_row(home: Path) -> None:
    run = ended(home)
    relabel(run, name="renamed", notes="seen")
    row = run_row(run, NOW)
    assert (row.name, row.own_name, row.label.notes) == ("renamed", "mnist mlp", "seen")


def test_an_ended_run_costs_one_file(home: Path) -> None:
    run = ended(home)
    with files_opened(home) as opened:
        row = run_row(run, NOW)
    assert opened == [run.facts]
    assert (row.state, row.epochs, row.steps, row.score) == ("finished", 2, 1688, 0.9236)
    assert row.best == "92.36 % validation"
    assert row.network == "mlp 128,64 relu · momentum"


def test_a_run_from_before_its_name_was_a_fact_is_named_by_its_configuration(home: Path) -> None:
    run = ended(home)
    facts = read_json(run.facts)
    write_json(run.facts, {key: value for key, value in facts.items() if key not in ("name", "network")})
    with files_opened(home) as opened:
        assert run_row(run, NOW).network == "mlp 128,64 relu · momentum"
    assert opened == [run.facts, run.config]


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": 7},
        {"name": ""},
        {"network": ["mlp"]},
        {"created": {"year": 2026}},
        {"created": "yesterday"},
        {"summary": "finished"},
        {"summary": []},
    ],
)
def test_a_fact_of_the_wrong_type_counts_as_absent(home: Path, wrong: dict[str, Any]) -> None:
    run = ended(home)
    expected = run_row(run, NOW)
    write_json(run.facts, read_json(run.facts) | wrong)
    row = run_row(run, NOW)
    assert (row.name, row.network, row.made) == (expected.name, expected.network, expected.made)


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": "running"},
        {"state": ["finished"]},
        {"state": None},
        {"epochs": "2"},
        {"epochs": True},
        {"epochs": -1},
        {"steps": 1.5},
        {"steps": 10**400},
    ],
)
def test_a_summary_that_is_damaged_is_none(home: Path, wrong: dict[str, Any]) -> None:
    run = ended(home, **wrong)
    assert ended_row(run, read_facts(run)[0]) is None
    row = run_row(run, NOW)
    assert (row.state, row.steps, row.score) == ("crashed", 0, None)


@pytest.mark.parametrize(
    "best",
    [None, 0.9, [], {}, {"accuracy": "0.9"}, {"accuracy": True}, {"r2": None}, {"accuracy": 10**400}],
)
def test_a_best_that_is_no_figure_is_left_out(home: Path, best: Any) -> None:
    assert run_row(ended(home, best=best), NOW).best == "–"


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_a_score_that_is_not_finite_is_left_out(home: Path, word: str) -> None:
    run = ended(home)
    run.facts.write_text(run.facts.read_text().replace("0.9236", word))
    assert run_row(run, NOW).score is None


def test_a_split_that_is_no_word_is_left_out(home: Path) -> None:
    assert run_row(ended(home, best={"accuracy": 0.5, "split": 3}), NOW).best == "50.00 % "


@pytest.mark.parametrize("created", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"])
def test_a_date_at_the_end_of_time_does_no_harm(home: Path, created: str) -> None:
    run = ended(home)
    write_json(run.facts, read_json(run.facts) | {"created": created})
    assert run_row(run, NOW).age(NOW) == "–"


def _pipe(run: RunDir) -> None:
    run.facts.unlink()
    os.mkfifo(run.facts)


def _folder(run: RunDir) -> None:
    run.facts.unlink()
    run.facts.mkdir()


HARM: dict[str, Callable[[RunDir], object]] = {
    "absent": lambda run: run.facts.unlink(),
    "empty": lambda run: run.facts.write_bytes(b""),
    "cut": lambda run: run.facts.write_bytes(run.facts.read_bytes()[:40]),
    "a list": lambda run: run.facts.write_text("[1, 2]"),
    "nested": lambda run: run.facts.write_text("[" * 100_000),
    "not text": lambda run: run.facts.write_bytes(b"\xff\xfe{\x00"),
    "digits": lambda run: run.facts.write_text(f'{{"schema": {"9" * 5000}}}'),
    "a pipe": _pipe,
    "a folder": _folder,
}


@pytest.mark.parametrize("harm", HARM)
def test_a_damaged_run_json_leaves_what_the_configuration_says(home: Path, harm: str) -> None:
    run = ended(home)
    HARM[harm](run)
    row = run_row(run, NOW)
    assert (row.name, row.network, row.state) == ("mnist mlp", "mlp 128,64 relu · momentum", "crashed")
    assert row.made == MOMENT, "the folder's name says when"


def test_a_huge_run_json_is_not_read(home: Path) -> None:
    run = ended(home)
    whole = json.loads(run.facts.read_text()) | {"network": "other", "more": "x" * 300_000}
    run.facts.write_text(json.dumps(whole))
    assert read_facts(run)[0] == {}
    with run.facts.open("wb") as file:
        file.truncate(1 << 40)  # a file with a hole: it takes no room on the disk
    assert run_row(run, NOW).network == "mlp 128,64 relu · momentum"


def test_half_a_surrogate_pair_is_a_letter_of_a_name(home: Path) -> None:
    run = ended(home)
    write_json(run.facts, read_json(run.facts) | {"name": "run \udc80"})
    assert (run_row(run, NOW).name, run_row(run, NOW).state) == ("run \udc80", "finished")


def test_texts_that_runs_share_are_one_in_memory(home: Path) -> None:
    rows = [run_row(ended(home), NOW) for _ in range(2)]
    assert rows[0].run != rows[1].run
    names = [row.settings.get("regularization.augment") for row in rows]
    assert names[0] is names[1]


def test_a_name_without_end_is_cut(home: Path) -> None:
    run = ended(home)
    write_json(run.facts, read_json(run.facts) | {"name": "n" * 100_000, "network": "w" * 100_000})
    row = run_row(run, NOW)
    assert len(row.name) == len(row.network) == 200


def test_a_run_of_which_nothing_can_be_read_says_so(home: Path) -> None:
    run = ended(home)
    run.facts.unlink()
    run.config.unlink()
    os.mkfifo(run.config)
    os.mkfifo(run.events)
    os.mkfifo(run.lock)
    row = run_row(run, NOW)
    assert (row.name, row.state, row.steps) == (run.id, "crashed", 0)
    assert row.network == "config.toml cannot be read"


def test_events_behind_a_link_are_not_followed_and_the_row_says_so(home: Path) -> None:
    run = newborn(home)
    elsewhere = home / "elsewhere"
    elsewhere.write_text("")
    run.events.symlink_to(elsewhere)
    assert run_row(run, NOW).network.startswith("events.jsonl cannot be read")


def test_a_file_in_the_place_of_a_run_has_a_row(home: Path) -> None:
    (home / "runs").mkdir(parents=True)
    run = RunDir(home / "runs" / "20260304T050607089Z-x")
    run.path.write_text("")
    row = run_row(run, NOW)
    assert (row.name, row.network, row.made) == (run.id, "config.toml cannot be read", MOMENT)


def test_a_row_from_events_agrees_with_the_summary_of_the_whole_history(real_run: Trained) -> None:
    stored = run_row(real_run.run, NOW)
    fold = Fold(real_run.run, read_facts(real_run.run)[0])
    assert fold.read()
    assert fold.row(NOW) == replace(stored, figures=stored.figures._replace(speed=None))
    history = read_history(real_run.run)
    summary = summarize(real_run.run, history, "finished")
    assert (stored.epochs, stored.steps) == (summary["epochs"], summary["steps"])
    assert stored.score == summary["best"]["accuracy"]


def test_a_long_run_is_read_in_pieces(home: Path) -> None:
    run = FakeRun(home).start().prepare().epochs(3)
    run.close()
    fold = Fold(run.dir, {})
    pieces = 1
    while not fold.read(0):
        pieces += 1
    assert pieces > 10
    assert fold.row(NOW) == run_row(run.dir, NOW)
    assert fold.row(NOW).steps == run.step


def test_a_newborn_run_is_starting_and_one_without_a_trainer_has_crashed(home: Path) -> None:
    run = newborn(home)
    assert run_row(run, MOMENT + timedelta(seconds=5)).state == "starting"
    assert run_row(run, MOMENT + timedelta(seconds=50)).state == "crashed"


@pytest.mark.parametrize(
    ("seconds", "said"), [(-5, "now"), (40, "now"), (60, "1 min"), (7200, "2 h"), (864_000, "10 d")]
)
def test_ages(home: Path, seconds: int, said: str) -> None:
    assert run_row(ended(home), NOW).age(MOMENT + timedelta(seconds=seconds)) == said


def test_the_summary_names_the_state_of_its_run(home: Path) -> None:
    for state in ("finished", "stopped", "failed"):
        assert run_row(ended(home, state=state), NOW).state == state
    assert summary_of(ended(home))["state"] == "finished"
    assert run_row(ended(home), datetime.now(UTC)).live is False
