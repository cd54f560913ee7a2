"""Benchmarks read real runs, and leave no trainer behind."""

from pathlib import Path

import psutil
import pytest

from benchmarks.attached import Pace, held
from benchmarks.training_runs import BLIND, COMPILED, clock, fault, of_run, trained, trainer
from benchmarks.watching import watched
from dlcore.errors import DltuiError
from dlcore.events import CompilationEnded
from dlcore.history import RunHistory
from dlcore.summary import read_history
from tests.process.terminal import wait_until

pytestmark = pytest.mark.process

LINE = "digits mlp 8 val=0 device=cpu training.threads=1 seed=0"


def test_the_clock_is_that_of_the_epochs(tmp_path: Path) -> None:
    with trainer(tmp_path, f"{LINE} e=3") as (run, process):
        process.wait(60)
        found = of_run(run, LINE, 1.0)
        history = read_history(run)
    seconds = clock(history)
    assert len(seconds) == found.epochs == 3
    assert found.threads == 1
    assert found.rate == pytest.approx(2 * 1438 / sum(seconds[1:]))
    assert found.fault == ""
    assert sum(seconds) >= sum(epoch.duration for epoch in history.epochs)


def test_an_app_is_attached(tmp_path: Path) -> None:
    found = trained(tmp_path, f"{LINE} e=200", watched=True)
    assert found.fault == ""
    assert "kB/s to the terminal" in found.note


def test_a_held_app_computes_nothing_and_goes_on_afterwards(tmp_path: Path) -> None:
    with trainer(tmp_path, f"{LINE} e=1000000") as (run, _), watched(tmp_path, run) as terminal:
        app, pace = psutil.Process(terminal.process.pid), Pace(run)
        assert pace.so_far() > 0
        with held(terminal):
            wait_until(lambda: app.status() == psutil.STATUS_STOPPED, "a held app")
            wait_until(lambda: pace.so_far() > 0, "a trainer that goes on")
        wait_until(lambda: app.status() != psutil.STATUS_STOPPED, "an app that goes on")


def test_a_trainer_ends_with_its_block(tmp_path: Path) -> None:
    with pytest.raises(KeyError), trainer(tmp_path, f"{LINE} e=1000000") as (_, process):
        raise KeyError
    assert process.poll() is not None


def test_a_run_that_failed_is_no_figure(tmp_path: Path) -> None:
    with trainer(tmp_path, f"{LINE} lr=1e30 sgd e=3") as (run, process):
        process.wait(60)
        with pytest.raises(DltuiError, match="is failed: The loss is not finite"):
            of_run(run, LINE, 1.0)


def test_a_graph_that_is_not_used_is_told() -> None:
    history = RunHistory()
    line = f"{LINE} {BLIND} {COMPILED}"
    assert fault(history, line) == "not compiled: nobody tried"
    history.apply(CompilationEnded(seq=0, attempt=1, step=0, seconds=1.0, used=False, reason="no compiler"))
    assert fault(history, line) == "not compiled: no compiler"
    history.apply(CompilationEnded(seq=1, attempt=1, step=0, seconds=1.0, used=True))
    assert fault(history, line) == ""
