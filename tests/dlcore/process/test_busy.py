from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from dlcore.events import Prepared
from dlcore.process.busy import busy
from tests.conftest import MOMENT
from tests.tui.fakes import FakeRun

MakeRun = Callable[..., FakeRun]


@pytest.fixture
def live(home: Path) -> Iterator[MakeRun]:
    """Make live runs, the later the newer."""
    made: list[FakeRun] = []

    def make(device: str = "cpu", threads: int = 1) -> FakeRun:
        run = FakeRun(home, moment=MOMENT + timedelta(minutes=len(made))).hold().start()
        made.append(run)
        fields = dict.fromkeys(("training_samples", "validation_samples", "test_samples"), 1)
        sizes = dict.fromkeys(("batch_size", "steps_per_epoch", "total_steps", "epochs", "parameters"), 1)
        run.say(Prepared, device=device, threads=threads, layers=(), **fields, **sizes)
        return run

    yield make
    for run in made:
        run.close()


@pytest.fixture(autouse=True)
def four_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dlcore.process.busy.available", lambda: 4)


def test_nothing_is_busy_without_runs(home: Path) -> None:
    assert busy(home, "auto") == ""


def test_the_cpu_is_busy_when_the_runs_take_all_cores(home: Path, live: MakeRun) -> None:
    first = live(threads=3)
    assert busy(home, "cpu") == ""
    second = live()
    said = busy(home, "auto")
    assert said == f"All 4 cores are in use by {second.dir.id}, {first.dir.id}: each will be slower"
    assert busy(home, "cuda") == ""
    assert busy(home, "cpu", besides=second.dir) == ""
    first.die()
    assert busy(home, "cpu") == ""


def test_a_gpu_is_busy_with_one_run(home: Path, live: MakeRun) -> None:
    run = live("cuda")
    for wanted in ("auto", "cuda", "cuda:0"):
        assert busy(home, wanted) == f"cuda:0 is in use by {run.dir.id}: each will be slower"
    assert busy(home, "cuda:1") == ""
    assert busy(home, "cpu") == ""


def test_many_runs_are_not_all_named(home: Path, live: MakeRun) -> None:
    for _ in range(5):
        live()
    assert busy(home, "cpu").count("Z-") == 2
    assert "and 3 more" in busy(home, "cpu")


def test_a_run_that_has_not_said_yet_counts_by_its_configuration(home: Path) -> None:
    run = FakeRun(home, "digits device=cuda:0").hold()
    try:
        assert run.dir.id in busy(home, "auto")
    finally:
        run.close()
