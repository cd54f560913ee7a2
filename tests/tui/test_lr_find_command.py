"""`dltui lr-find`: what it says of one configuration and of several seeds, and of what cannot be swept."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dlcore.checkpoints import saved
from dlcore.errors import DltuiError
from dlcore.training import known as kept
from tests.dlcore.trained import train
from tests.tui.fakes import FakeRun
from tests.tui.sweeping import SweepingInspector
from tui import cli

SMALL = "digits mlp 16, n=300 b=32 momentum lr=.0005"


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(cli.dltui, ["lr-find", *arguments])


@pytest.fixture(autouse=True)
def sweeping(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SweepingInspector]:
    fake = SweepingInspector()
    monkeypatch.setattr("tui.asking.inspector.Inspector", lambda: fake)
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


def test_a_sweep_starts_from_the_checkpoint_that_is_nearest(home: Path) -> None:
    run = train(home, "digits mlp 16, n=300 b=32 momentum lr=.05 e=12").run
    first, *_, last = saved(run)
    plain, before = (
        invoke(SMALL, "--set", "optimizer.lr=.05", "--json"),
        invoke("--run", f"latest@{first + 1}"),
    )
    assert before.exit_code == 0, before.output
    assert before.output.splitlines()[0] == f"from the weights of {run.id} at step {first}"
    trained = json.loads(invoke("--run", run.id, "--set", "optimizer=adam", "--json").output)
    assert trained["start"] == {"run": run.id, "step": last}
    assert trained["optimizer"] == "adam"
    fresh = json.loads(plain.output)
    assert fresh["start"] is None
    losses = [found["results"][0]["losses"][0][0] for found in (fresh, trained)]
    assert losses[1] < losses[0] / 2, "it begins with what has been learned"


def test_what_no_checkpoint_can_start_is_told(home: Path, make_run: Callable[..., FakeRun]) -> None:
    run = make_run(SMALL).start().prepare().epochs(1).dir
    assert "has no checkpoint to go on from" in str(invoke("--run", "latest").exception)
    (run.checkpoints).mkdir(mode=0o700)
    (run.checkpoints / "0.pt").write_bytes(b"no tensors")
    assert "0.pt cannot be used" in str(invoke("--run", "latest").exception)
    assert "do not fit" in str(invoke("--run", "latest", "--set", "model.hidden=9").exception)
    assert "no step. Write, for example" in invoke("--run", "latest@x").output
    for more in (["digits"], ["--seeds", "2"], ["--preset", "digits"]):
        assert "--run has a configuration" in invoke("--run", "latest", *more).output
