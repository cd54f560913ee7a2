"""`dltui verify`: the verdict in sentences or as JSON, and in the exit status."""

import json

import pytest
from click.testing import CliRunner

from dlcore import rundir
from dlcore.proof.verify import Compared, Progress, Verdict
from dlcore.rundir import RunDir
from tui import cli
from tui.subcommands import verify as command


def judged(monkeypatch: pytest.MonkeyPatch, verdict: Verdict) -> list[int | None]:
    """Let a verdict come of every run; return the list of steps that were asked for."""
    asked: list[int | None] = []

    def verify(run: RunDir, on_progress: Progress, steps: int | None = None) -> Verdict:
        asked.append(steps)
        on_progress(0, 8)
        on_progress(8, 8)
        return verdict

    monkeypatch.setattr(command, "verify", verify)
    return asked


def verdict(run: RunDir, differing: int) -> Verdict:
    first = 3 if differing else None
    evaluations = (Compared("test", "loss", 0.5, 0.5),)
    return Verdict(run.id, 8, 0, differing, first, 0.25 * differing, evaluations, ("it is another \x1b[2J",))


def test_an_equal_run_is_proven(fresh_run: RunDir, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = judged(monkeypatch, verdict(fresh_run, 0))
    result = CliRunner().invoke(cli.dltui, ["verify", "latest", "--steps", "8"])
    assert result.exit_code == 0
    assert result.stdout.startswith(f"{fresh_run.id} is proven: ")
    assert not result.stderr, "a line that changes is for terminals"
    assert asked == [8]


def test_a_difference_is_said_and_is_the_status(fresh_run: RunDir, monkeypatch: pytest.MonkeyPatch) -> None:
    judged(monkeypatch, verdict(fresh_run, 2))
    result = CliRunner().invoke(cli.dltui, ["verify", fresh_run.id])
    assert result.exit_code == 1
    assert "from step 3 on: in 2 of 8 losses, by 0.5 at most" in result.stdout
    assert "Likely reason: it is another \\x1b[2J." in result.stdout
    as_json = CliRunner().invoke(cli.dltui, ["verify", fresh_run.id, "--json"])
    assert as_json.exit_code == 1
    assert json.loads(as_json.stdout)["differing"] == 2


def test_a_run_that_is_not_there(fresh_run: RunDir) -> None:
    result = CliRunner().invoke(cli.dltui, ["verify", "20010101"])
    assert result.exit_code != 0
    assert str(rundir.home()) in str(result.exception)


def test_the_line_changes_on_a_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    line = command._Line(shown=True)
    line.tell(0, 1000)
    line.tell(1000, 1000)
    line.clear()
    said = capsys.readouterr().err
    assert "\rthe script has taken 1,000 of 1,000 steps" in said
    assert said.endswith(" \r")
