"""`dltui lr-find`: what it says of one configuration and of several seeds, and of what cannot be swept."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dlcore.errors import DltuiError
from dlcore.training import known as kept
from tests.tui.sweeping import SweepingInspector
from tui import cli

SMALL = "digits mlp 16, n=300 b=32 momentum lr=.0005"


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(cli.dltui, ["lr-find", *arguments])


@pytest.fixture(autouse=True)
def sweeping(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SweepingInspector]:
    fake = SweepingInspector()
    monkeypatch.setattr("tui.inspector.Inspector", lambda: fake)
    kept._sources.clear()
    yield fake
    kept._sources.clear()


def test_a_band_is_told_with_its_reason_and_what_the_configuration_has() -> None:
    result = invoke(SMALL)
    assert result.exit_code == 0
    line, take, why, present = result.output.splitlines()
    assert line.startswith("digits mlp 16, ")
    assert take.startswith("take lr=0.")
    assert "from the band 0." in take
    assert why.startswith("The loss falls from 2.")
    assert present.startswith("The configuration has lr=0.0005: ")


def test_seeds_are_told_one_by_one_and_how_far_they_differ() -> None:
    *_, first, second, verdict = invoke(*SMALL.split(), "--seeds", "2").output.splitlines()
    assert first.startswith("seed 0: take lr=")
    assert second.startswith("seed 1: take lr=")
    assert "differs by a factor of " in verdict


def test_json_has_all_losses_of_a_file_with_settings(tmp_path: Path) -> None:
    path = tmp_path / "small.toml"
    path.write_text('seed = 4\n[model]\nhidden = [16]\n[data]\nlimit = 300\n[optimizer]\nkind = "adam"\n')
    found = json.loads(invoke(str(path), "--set", "data.batch_size=32", "--json").output)
    assert (found["optimizer"], found["config"]["data"]["batch_size"]) == ("adam", 32)
    (result,) = found["results"]
    assert result["seed"] == 4
    assert result["low"] < result["lr"] < result["high"]
    assert len(result["losses"]) == 3
    assert all(len(losses) <= len(result["rates"]) for losses in result["losses"])
    assert found["spread"] is None


def test_what_cannot_be_swept_is_one_sentence(sweeping: SweepingInspector) -> None:
    assert "Give a configuration or a preset" in invoke("digits", "--preset", "classic").output
    faulty = invoke(f"digits {'x' * 300}=1")
    assert "no key of anything" in str(faulty.exception)
    faulty = invoke("digits", "--set", "optimizer.lr=-1")
    assert isinstance(faulty.exception, DltuiError)
    sweeping.problem = "The network is too large. Take a smaller one."
    failed = invoke("--preset", "digits")
    assert str(failed.exception) == sweeping.problem
    assert sweeping.asked[-1]["fetch"], "data that are not here are downloaded"
