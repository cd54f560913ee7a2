"""`dltui import`, from the command line."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from dlcore.errors import DataError, DltuiError
from tests.dlcore.importing.test_csv_logs import KERAS
from tests.dlcore.importing.test_runs import event_file
from tui.cli import dltui


def run(*arguments: str) -> str:
    result = CliRunner().invoke(dltui, ["import", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_it_says_what_stands_for_what(home: Path, tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text(KERAS.replace("val_accuracy", "val_f1"))
    said = run(str(tmp_path / "log.csv"), "--name", "mine")
    assert "(Keras CSV)" in said
    assert "train_loss           loss  (2 figures)" in " ".join(said.split("\n")) or "train_loss" in said
    assert "not imported: val_f1" in said
    found = json.loads(run(str(tmp_path / "log.csv"), "--json", "--map", "val_f1=validation_accuracy"))
    assert found[0]["series"]["validation_accuracy"] == "val_f1"
    listed = CliRunner().invoke(dltui, ["runs"]).output
    assert listed.count("imported from Keras CSV") == 2
    assert "-mine" in listed


def test_several_runs_at_once(home: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        event_file(tmp_path / name, [("loss", 1, 1.0)])
    found = json.loads(run(str(tmp_path), "--json"))
    assert [Path(one["from"]).name for one in found] == ["a", "b"]


def test_it_is_shown_and_not_resumed(home: Path, tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text(KERAS)
    run(str(tmp_path / "log.csv"))
    shown = CliRunner().invoke(dltui, ["show", "latest"], catch_exceptions=False).output
    assert f"imported from {tmp_path / 'log.csv'} (Keras CSV)" in shown
    with pytest.raises(DltuiError):
        CliRunner().invoke(dltui, ["resume", "latest"], catch_exceptions=False)


@pytest.mark.parametrize(
    ("content", "said"),
    [("a,b\n1,2\n", "among a, b"), ("a,b\nx,y\n", "holds no figures")],
)
def test_nothing_that_is_known(content: str, said: str, home: Path, tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text(content)
    with pytest.raises(DataError, match=said):
        run(str(tmp_path / "log.csv"))
    assert not (home / "runs").exists() or not list((home / "runs").iterdir())


def test_a_mapping_without_a_series(home: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(dltui, ["import", str(tmp_path), "--map", "loss"])
    assert result.exit_code == 2
    assert "NAME=SERIES" in result.output
