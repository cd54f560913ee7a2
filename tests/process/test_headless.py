"""`dltui train` and `dltui run`: training without the app."""

import json

from dlcore.files.lock import lock_holder
from dlcore.summary import read_history
from tests.process.conftest import Finished, Live
from tests.process.laboratory import Laboratory, figures_of

EPOCHS = "[training]\nepochs = 40\n"


def test_json_is_one_object_with_the_figures_of_the_run(finished: Finished) -> None:
    summary = json.loads(finished.output)
    assert (finished.status, finished.errors) == (0, "")
    assert (summary["run"], summary["state"]) == (finished.run.id, "finished")
    assert (summary["epochs"], summary["steps"]) == (3, 63)
    assert summary["seconds"] > 0
    assert summary["samples_per_second"] > 0
    assert {split: summary[split] for split in ("train", "validation", "test")} == figures_of(finished.run)
    assert all(set(summary[split]) >= {"loss", "accuracy"} for split in ("train", "validation", "test"))
    [found] = summary["findings"]  # three epochs are few
    assert found["code"] == "slow_convergence"
    assert {"training.epochs": 12} in [remedy["set"] for remedy in found["remedies"]]


def test_show_says_the_same(finished: Finished) -> None:
    shown = finished.laboratory.dltui("show", "latest", "--json")
    assert json.loads(shown.stdout) == json.loads(finished.output)
    text = finished.laboratory.dltui("show", finished.run.id[:12]).stdout
    assert text.startswith(f"{finished.run.id}  finished\ndigits mlp 128,64 relu")


def test_a_file_with_settings_gives_plain_lines_with_figures(laboratory: Laboratory) -> None:
    (laboratory.folder / "file.toml").write_text(EPOCHS)
    done = laboratory.dltui("train", "file.toml", "--set", "training.epochs=2", "--set", "optimizer.lr=0.1")
    run = laboratory.run()
    history = read_history(run)
    first, *lines, last = done.stdout.splitlines()
    assert (done.returncode, done.stderr) == (0, "")
    assert first == f"{run.id}  digits mlp 128,64 relu momentum b=64 lr=.1 m=.9 e=2 seed=0"
    assert len(lines) == len(history.evaluations)
    assert "epoch     2  step      42  train loss" in done.stdout
    for line, evaluated in zip(lines, history.evaluations, strict=True):
        assert f"{evaluated.split} loss {evaluated.loss:.4f}" in line
    assert last.startswith(f"{run.id}: finished, best validation accuracy")
    assert "\x1b" not in done.stdout
    assert "\r" not in done.stdout


def test_detach_returns_while_the_run_goes_on(paused: Live) -> None:
    assert (paused.status, paused.errors) == (0, "")
    assert json.loads(paused.output) == {"run": paused.run.id, "path": str(paused.run.path)}
    assert lock_holder(paused.run) is not None
    assert paused.watch.history.step > 0


def test_a_loss_that_is_not_finite_fails_the_run(laboratory: Laboratory) -> None:
    done = laboratory.dltui("run", "digits sgd lr=1e30 e=2")
    *_, line = done.stderr.splitlines()  # advice comes before it
    assert done.returncode == 1
    assert line.startswith("dltui: The loss is not finite since step ")
    assert "learning rate below 1e+30" in line
    assert f"{laboratory.run().id}: failed" in done.stdout
    summary = json.loads(laboratory.dltui("show", "latest", "--json").stdout)
    assert summary["state"] == "failed"
    assert summary["message"] == line.removeprefix("dltui: ")
