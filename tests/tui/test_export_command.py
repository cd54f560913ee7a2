"""`dltui export`: several runs, lineages, formats that fail, and what standard output takes."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from dlcore.export import FORMATS
from tests.tui.fakes import FakeRun
from tui.cli import dltui

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def runs(make_run: Any) -> list[FakeRun]:
    """Two runs that have ended."""
    return [make_run(line).start().prepare().steps(30).end() for line in ("digits", "digits lr=.05")]


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(dltui, ["export", *arguments])


def test_several_runs_are_written_one_by_one_and_together(runs: list[FakeRun], tmp_path: Path) -> None:
    ids = [run.dir.id for run in runs]
    result = invoke(*ids, "--format", "html,csv", "-o", str(tmp_path))
    assert result.exit_code == 0
    expected = [f"{name}{ending}" for name in (*ids, f"2-runs-{ids[0]}") for ending in (".html", ".csv")]
    assert [Path(line).name for line in result.output.splitlines()] == expected
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == sorted(expected)
    again = invoke(*ids, "--format", "html,csv", "-o", str(tmp_path))
    assert again.exit_code != 0


def test_a_lineage_of_one_is_that_run(runs: list[FakeRun], tmp_path: Path) -> None:
    result = invoke(runs[0].dir.id, "--lineage", "-o", str(tmp_path))
    assert [Path(line).name for line in result.output.splitlines()] == [f"{runs[0].dir.id}.md"]


def test_what_cannot_be_had_is_said_and_the_rest_is_written(runs: list[FakeRun], tmp_path: Path) -> None:
    result = invoke(runs[0].dir.id, "--format", "safetensors,tensorboard", "-o", str(tmp_path))
    assert result.exit_code == 2
    assert "has no checkpoint yet" in result.stderr
    assert result.stdout.splitlines() == [str(tmp_path / runs[0].dir.id / "events.out.tfevents.dltui")]


@pytest.mark.parametrize(
    ("formats", "both", "said"),
    [
        ("json,csv", False, "takes one format, not 2"),
        ("json", True, "takes one run, not 2"),
        ("onnx", False, "no text"),
    ],
)
def test_standard_output_takes_one_text(runs: list[FakeRun], formats: str, both: bool, said: str) -> None:
    ids = [run.dir.id for run in (runs if both else runs[:1])]
    result = invoke(*ids, "--format", formats, "-o", "-")
    assert result.stdout == ""
    assert said in str(result.exception)


def test_help_names_every_format() -> None:
    text = CliRunner().invoke(dltui, ["export", "--help"]).output
    assert ", ".join(form.name for form in FORMATS) in " ".join(text.split())
    assert "Example: dltui export" in text
