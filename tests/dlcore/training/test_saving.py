"""A checkpoint of the best evaluation: kept through pruning, known to a resume, and never too often."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from dlcore.checkpoints import saved
from dlcore.config import RunConfig
from dlcore.oneline import parse
from dlcore.rundir import RunDir
from dlcore.training import checkpoint
from dlcore.training.record import Record
from dlcore.training.saving import Saver
from tests.dlcore.trained import make, train_run

MB = 1_000_000


class Clock:
    """The monotonic clock that a saver looks at; a save takes `cost` seconds."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, cost: float = 0.1) -> None:
        self.now = 1000.0
        write = checkpoint.save
        monkeypatch.setattr("dlcore.training.saving.monotonic", lambda: self.now)

        def save(*given: Any) -> tuple[str, int]:
            self.now += cost
            return write(*given)

        monkeypatch.setattr("dlcore.training.saving.checkpoint.save", save)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


@pytest.fixture
def record(fresh_run: RunDir) -> Iterator[Record]:
    record = Record(fresh_run, 1, 0)
    yield record
    record.close()


def saver_of(run: RunDir, record: Record, megabytes: int = 500) -> Saver:
    training = RunConfig().training.model_copy(update={"checkpoint_mb": megabytes})
    return Saver(run, record, RunConfig(training=training))


def evaluate(saver: Saver, clock: Clock, step: int, score: float | None, after: float = 5.0) -> bool:
    """Let time go by, evaluate, and save where it is due, as the loop does; return whether it was."""
    clock.now += after
    saver.hear(step, score)
    return is_saved(saver, step)


def is_saved(saver: Saver, step: int) -> bool:
    state = {"step": step, "saver": saver.state(step), "weights": torch.zeros(50_000)}
    return saver.is_due() and saver.save(step, state)


def test_each_better_evaluation_is_saved_and_the_best_stays(
    fresh_run: RunDir, record: Record, clock: Clock
) -> None:
    saver = saver_of(fresh_run, record)
    assert saver.save(0, {"saver": saver.state(0)})
    assert not evaluate(saver, clock, 0, 0.9), "the untrained network is saved anyway"
    assert evaluate(saver, clock, 100, 0.5)
    assert not evaluate(saver, clock, 200, 0.5)
    assert not evaluate(saver, clock, 300, math.nan)
    assert not evaluate(saver, clock, 350, None)
    assert evaluate(saver, clock, 400, 0.6)
    for step in range(500, 1000, 100):
        assert evaluate(saver, clock, step, 0.1, after=31.0), "by the clock"
    assert {0, 400, 800, 900} <= set(saved(fresh_run))
    assert 100 not in saved(fresh_run), "it was there for having been the best, and no longer is"


def test_a_budget_takes_all_but_the_first_the_newest_and_the_best(
    fresh_run: RunDir, record: Record, clock: Clock
) -> None:
    saver = saver_of(fresh_run, record, megabytes=1)
    for number in range(1, 12):
        assert evaluate(saver, clock, 100 * number, 0.9 if number == 4 else 0.1, after=31.0)
    kept = saved(fresh_run)
    assert {100, 400, 1000, 1100} <= set(kept)
    assert len(kept) <= 5
    assert sum(path.stat().st_size for path in kept.values()) <= MB


def test_what_comes_too_soon_is_let_go(fresh_run: RunDir, record: Record, clock: Clock) -> None:
    saver = saver_of(fresh_run, record)
    assert evaluate(saver, clock, 100, 0.5)
    assert not evaluate(saver, clock, 200, 0.6, after=3.9), "40 times the 0.1 s of the last save are not over"
    assert not evaluate(saver, clock, 250, 0.4, after=0.2)
    assert evaluate(saver, clock, 300, 0.55, after=0.1), "better than what has a checkpoint"
    assert not evaluate(saver, clock, 400, 0.55)


def test_a_save_that_came_for_another_reason_is_an_ordinary_one(
    fresh_run: RunDir, record: Record, clock: Clock
) -> None:
    saver = saver_of(fresh_run, record)
    assert evaluate(saver, clock, 100, 0.5, after=31.0)
    for step in (200, 300, 400):
        assert evaluate(saver, clock, step, 0.5 + step / 1000)
    assert list(saved(fresh_run)) == [100, 300, 400]


def test_a_resume_knows_the_best_and_a_branch_forgets_what_it_has_not(
    fresh_run: RunDir, record: Record, clock: Clock
) -> None:
    saver = saver_of(fresh_run, record)
    for step, score in ((100, 0.5), (200, 0.6), (300, 0.7)):
        assert evaluate(saver, clock, step, score)
    assert is_saved_by_clock(saver, clock, 350)
    later = saver_of(fresh_run, record)
    later.restore(checkpoint.load(fresh_run, 350)["saver"], 350)
    assert later.step == 350
    assert later.state(360) == saver.state(360)
    assert not evaluate(later, clock, 400, 0.65)
    assert evaluate(later, clock, 500, 0.8)
    state = checkpoint.load(fresh_run, 500)["saver"]
    (fresh_run.checkpoints / "500.pt").unlink()
    branch = saver_of(fresh_run, record)
    branch.restore(state, 500)
    assert evaluate(branch, clock, 600, 0.2), "its own best so far"


def is_saved_by_clock(saver: Saver, clock: Clock, step: int) -> bool:
    clock.now += 31.0
    return is_saved(saver, step)


def test_a_run_keeps_its_best_weights(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dlcore.training.saving._REST", 0)
    run = make(home, parse("digits mlp 16, adam lr=.02 n=300 b=16 e=12 device=cpu training.threads=1"))
    trained = train_run(run)
    best = trained.history.best()
    assert best is not None
    assert {0, best.step, trained.history.step} <= set(saved(run))
    [score, step, _] = checkpoint.load(run, trained.history.step)["saver"]["best"]
    assert (score, step) == (pytest.approx(best.accuracy), best.step)
    evaluations = trained.history.as_it_went("validation")
    assert len(saved(run)) < len(evaluations), "not every one that was the best once stays"
