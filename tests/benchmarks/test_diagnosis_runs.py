"""Candidates are drawn from a seed and are enough; outcomes, labels and the baseline come from real runs."""

import json
import math
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import get_args

import pytest

from benchmarks.diagnosis.autotrainer import autotrainer
from benchmarks.diagnosis.candidates import Candidate
from benchmarks.diagnosis.labels import ALL, KEPT, Labels, candidates
from benchmarks.diagnosis.outcomes import outcome
from benchmarks.diagnosis.tasks import config_of
from dlcore.diagnose import Code
from dlcore.events import (
    ActivationsMeasured,
    AttemptEnded,
    EpochEnded,
    Evaluated,
    Event,
    GradientsMeasured,
    Layer,
    Prepared,
    StepsEnded,
)
from dlcore.history import RunHistory


@pytest.fixture(scope="module")
def drawn() -> list[Candidate]:
    return candidates(every=4)


def test_there_are_enough_of_all() -> None:
    counts = {family.name: family.count for family in ALL}
    possible = {code for family in ALL for code in family.codes}
    assert possible == set(get_args(Code))
    assert counts.pop("healthy") >= 200
    assert min(counts.values()) >= 24


def test_they_follow_from_the_seed(drawn: list[Candidate]) -> None:
    assert {one.key for one in candidates(["healthy"], 16)} < {one.key for one in drawn}
    assert len({one.key for one in drawn}) == len(drawn)
    halves = Counter(one.half for one in drawn)
    assert min(halves.values()) > 0.4 * len(drawn)


def test_every_line_can_be_trained_and_differs_from_its_twin(drawn: list[Candidate]) -> None:
    for one in drawn[::3]:
        config = config_of(one.line)
        assert config.training.evaluate_every != "epoch"
        if one.cured:
            assert config_of(one.cured) != config


def test_the_kept_labels_are_those_of_these_candidates(drawn: list[Candidate]) -> None:
    labels = Labels()
    labels.read(KEPT)
    assert all(labels.has(one) for one in drawn), "make them anew: python -m benchmarks.diagnosis label"
    assert KEPT.stat().st_size < 1_000_000
    kept = json.loads(KEPT.read_text())["candidates"].values()
    sick = [row for row in kept if row.get("code")]
    assert all(row["evidence"] and row["remedy"] and row["code"] in row["codes"] for row in sick)
    counts = Counter(row["code"] for row in sick)
    assert set(counts) == set(get_args(Code))
    assert sum(row.get("code", "") is None for row in kept) >= 200
    assert min(counts.values()) >= 24


def history_of(
    losses: list[float], norms: list[tuple[float, float]], scores: list[float], dead: float
) -> RunHistory:
    """A run of one step an epoch."""
    found = RunHistory()
    layers = tuple(
        Layer(name=name, text="", shape=(4,), activation="relu", parameters=10) for name in ("fc1", "fc2")
    )
    prepared = Prepared(
        device="cpu",
        threads=1,
        layers=layers,
        parameters=20,
        training_samples=8,
        validation_samples=4,
        test_samples=4,
        batch_size=8,
        steps_per_epoch=1,
        total_steps=len(losses),
        epochs=len(losses),
        chance=0.5,
    )
    said: list[Event] = [
        prepared,
        Evaluated(split="validation", epoch=0, loss=0.7, accuracy=0.5, samples=4, duration=0),
    ]
    for step, (loss, (first, last), score) in enumerate(zip(losses, norms, scores, strict=True), 1):
        told = None if math.isnan(loss) else loss
        said += [
            StepsEnded(
                step=step, loss=(told,), accuracy=(score,), lr=(0.1,), samples=step, training_seconds=step
            ),
            GradientsMeasured(
                step=step, steps=(step,), norms={"fc1": (first,), "fc2": (last,)}, every=1, cost=0
            ),
            ActivationsMeasured(
                step=step, samples=4, mean={}, deviation={}, low={}, high={}, dead={"fc1": dead, "fc2": dead}
            ),
            EpochEnded(step=step, epoch=step, loss=told, accuracy=score, duration=1),
            Evaluated(
                split="validation", step=step, epoch=step, loss=told, accuracy=score, samples=4, duration=0
            ),
        ]
    steps = len(losses)
    said += [
        Evaluated(split="test", step=steps, epoch=steps, loss=0.3, accuracy=0.6, samples=12, duration=0),
        AttemptEnded(step=steps, reason="failed" if math.isnan(losses[-1]) else "finished"),
    ]
    for seq, event in enumerate(said):
        found.apply(event.model_copy(update={"seq": seq}))
    return found


FLAT = [(1.0, 1.0)] * 10
RISING = [0.1 * number for number in range(1, 11)]


def test_an_outcome_is_that_of_whole_splits() -> None:
    found = outcome(history_of([0.5] * 9 + [0.2], FLAT, [0.6] * 9 + [0.8], 0.25))
    assert found is not None
    assert found.score == pytest.approx((4 * 0.8 + 12 * 0.6) / 16)
    assert found.share(0.9, 0.7) == pytest.approx(0.5)
    assert (found.dead, found.saturated, found.not_finite) == (0.25, 0.0, None)
    assert [point.step for point in found.last(0.2)] == [9, 10]
    assert found.final_loss == pytest.approx(0.2)
    failed = outcome(history_of([0.5] * 8 + [math.nan], FLAT[:9], [0.6] * 9, 0.0))
    assert failed is not None
    assert (failed.score, failed.not_finite, failed.final_loss) == (0.5, 9, math.inf)


@pytest.mark.parametrize(
    ("losses", "norms", "scores", "dead", "said"),
    [
        ([0.5] * 10, FLAT, RISING, 0.0, None),
        ([0.5] * 9 + [math.nan], FLAT, RISING, 0.0, ("exploding_gradient", 10)),
        ([0.5] * 10, [(9e-5, 0.1)] * 10, [0.5] * 10, 0.0, ("vanishing_gradient", 3)),
        ([0.5] * 10, [(1.1e-4, 0.2)] * 10, [0.5] * 10, 0.0, ("slow_convergence", 3)),
        ([0.5] * 10, [(71.0, 1.0)] * 10, [0.5] * 10, 0.0, ("exploding_gradient", 3)),
        ([0.5] * 10, [(69.0, 1.0)] * 10, [0.5] * 10, 0.0, ("slow_convergence", 3)),
        ([0.5] * 10, FLAT, [0.5] * 10, 0.7, ("dead_relu", 3)),
        (
            [0.5] * 10,
            FLAT,
            [0.9, 0.95, 0.9, 0.95, 0.9, 0.95, 0.9, 0.95, 0.9, 0.95],
            0.0,
            ("oscillating_loss", 4),
        ),
    ],
)
def test_the_baseline_has_the_published_thresholds(
    losses: list[float],
    norms: list[tuple[float, float]],
    scores: list[float],
    dead: float,
    said: tuple[Code, int] | None,
) -> None:
    found = autotrainer(history_of(losses, norms, scores, dead))
    assert (found and (found.codes[0], found.told)) == said


@pytest.mark.process
def test_runs_are_trained_once_and_judged_as_often_as_wanted(tmp_path: Path) -> None:
    chosen = ["--keep", str(tmp_path / "kept"), "--only", "linear_collapse", "--every", "14"]
    command = [sys.executable, "-m", "benchmarks.diagnosis", "dev", *chosen]
    first, second = (
        subprocess.run(command, capture_output=True, text=True, check=True, timeout=100) for _ in range(2)
    )
    assert "runs, " in first.stderr
    assert second.stderr == ""
    assert first.stdout == second.stdout
    assert "| against the target | measured | wanted |" in first.stdout
