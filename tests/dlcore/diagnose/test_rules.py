"""Each code: histories that must raise it, and histories close by that must not."""

import math
from dataclasses import replace
from typing import Any

import pytest

from dlcore.changes import with_changes
from dlcore.diagnose import Diagnosis, diagnose
from dlcore.diagnose.rules import EXPLAINS, RULES
from tests.dlcore.diagnose.made import Course, Made, fixed

CHANCE = math.log(10)
STUCK: dict[str, Any] = {
    "loss": fixed(CHANCE),
    "score": fixed(0.1),
    "held_out_loss": fixed(CHANCE),
    "held_out_score": fixed(0.1),
}
"""A run that stays at chance."""
HALFWAY: dict[str, Any] = {
    "loss": fixed(0.5 * CHANCE),
    "score": fixed(0.5),
    "held_out_loss": fixed(0.5 * CHANCE),
    "held_out_score": fixed(0.5),
}


def layers(*values: float) -> dict[str, Course]:
    return {f"fc{number}": fixed(value) for number, value in enumerate(values, 1)}


def made(line: str = "digits mlp 32,32 relu", **changes: Any) -> Made:
    return replace(Made(line), **changes)


SICK: dict[str, list[Made]] = {
    "nan": [made(loss=lambda share: 2.0 if share < 0.5 else math.nan, ends="failed")],
    "diverged": [
        made(loss=lambda share: CHANCE * (1 + 9 * share), score=fixed(0.1), held_out_score=fixed(0.1)),
        made(
            "diabetes mlp 32, lr=.5",
            task="regression",
            chance=0.0,
            chance_loss=1.0,
            loss=lambda share: 1 + 50 * share,
            score=fixed(-50.0),
            held_out_score=fixed(-50.0),
        ),
    ],
    "loss_mismatch": [
        made(
            "diabetes mlp 32, out=sigmoid",
            task="regression",
            chance=0.0,
            chance_loss=1.0,
            loss=fixed(0.75),
            score=fixed(0.25),
            held_out_score=fixed(0.25),
        )
    ],
    "linear_collapse": [
        made(
            "moons mlp 16,16 identity",
            chance=0.5,
            chance_loss=math.log(2),
            loss=fixed(0.3),
            score=fixed(0.87),
            held_out_loss=fixed(0.3),
            held_out_score=fixed(0.87),
        )
    ],
    "exploding_gradient": [made("digits mlp 32,32 tanh normal", norms=layers(400, 20, 2), **STUCK)],
    "vanishing_gradient": [
        made("digits mlp 32,32 sigmoid", norms=layers(1e-6, 1e-4, 1e-2), **STUCK),
        made("digits mlp 32,32 relu", norms=layers(4e-3, 1e-2, 1e-1), **STUCK),
    ],
    "dead_relu": [made(dead=layers(0.2, 0.95), **STUCK)],
    "saturated_activation": [made("digits mlp 32,32 tanh", saturated=layers(0.9, 0.5), **STUCK)],
    "lr_too_high": [
        made(
            "digits mlp 32,32 relu sgd lr=5",
            updates=layers(0.2, 0.1, 0.1),
            **{**STUCK, "loss": lambda share: CHANCE * (1.3 + 0.3 * math.sin(500 * share))},
        ),
    ],
    "oscillating_loss": [
        made(
            "digits mlp 32,32 relu momentum m=.99",
            **{**HALFWAY, "loss": lambda share: 0.6 * CHANCE * (1 + 0.9 * math.sin(300 * share))},
        ),
    ],
    "lr_too_low": [
        made(
            "digits mlp 32,32 relu sgd lr=1e-5",
            updates=layers(1e-6, 1e-6, 1e-6),
            **{**STUCK, "loss": lambda share: CHANCE * (1 - 0.01 * share)},
        ),
    ],
    "slow_convergence": [
        made(
            "digits mlp 32,32 relu sgd lr=.002",
            updates=layers(2e-4, 2e-4, 2e-4),
            **{
                **HALFWAY,
                "loss": lambda share: CHANCE * (1 - 0.2 * share),
                "score": lambda share: 0.1 + 0.3 * share,
                "held_out_score": lambda share: 0.1 + 0.3 * share,
            },
        ),
    ],
    "plateau": [
        made("digits mlp 32,32 relu exponential", lr=lambda share: 0.01 * 1e-6**share, **HALFWAY),
    ],
    "not_learning": [made("noise mlp 32,", **STUCK)],
    "underfitting": [made("digits mlp 2, relu", **HALFWAY)],
    "overfitting": [
        made(held_out_loss=lambda share: 0.3 + 2 * math.exp(-20 * share) + 0.8 * share),
    ],
}

HEALTHY: dict[str, Made] = {
    "learns well": made(),
    "half of a layer silent": made(dead=layers(0.5, 0.6)),
    "nearly all silent, and it learns": made(dead=layers(0.95, 0.3)),
    "a small ratio, and it learns": made("digits mlp 32,32 sigmoid", norms=layers(1e-3, 1e-2, 0.5)),
    "a large ratio, and it learns": made(norms=layers(100, 10, 1)),
    "a plateau before the breakthrough": made(
        "digits mlp 32,32 tanh",
        norms=layers(0.05, 0.1, 0.3),
        loss=lambda share: CHANCE * (1 if share < 0.15 else max(0.02, 1 - 5 * (share - 0.15))),
        score=lambda share: 0.1 if share < 0.15 else min(0.98, 0.1 + 4 * (share - 0.15)),
    ),
    "a noisy loss": made(loss=lambda share: 0.2 + 0.15 * math.sin(700 * share) + 2 * math.exp(-12 * share)),
    "one bad batch": made(loss=lambda share: 50.0 if share == 0.5 else 0.1 + 2 * math.exp(-12 * share)),
    "a regression": made(
        "diabetes mlp 32,",
        task="regression",
        chance=0.0,
        chance_loss=1.0,
        loss=lambda share: 0.45 + 0.55 * math.exp(-12 * share),
        score=lambda share: 0.55 - 0.55 * math.exp(-12 * share),
        held_out_loss=lambda share: 0.5 + 0.5 * math.exp(-12 * share),
        held_out_score=lambda share: 0.5 - 0.5 * math.exp(-12 * share),
    ),
    "a validation loss that stays": made(held_out_loss=lambda share: 0.3 + 2 * math.exp(-20 * share)),
}


def test_every_rule_has_its_history() -> None:
    assert set(SICK) == set(RULES)


@pytest.mark.parametrize(("code", "run"), [(code, run) for code, runs in SICK.items() for run in runs])
def test_what_must_be_told(code: str, run: Made) -> None:
    causes = frozenset(cause for cause, symptoms in EXPLAINS.items() if code in symptoms)
    found = diagnose(run.config, run.history(), causes)
    assert code in [one.code for one in found]
    one = next(one for one in found if one.code == code)
    assert one.message
    assert one.cause
    assert all(math.isfinite(value) for value in one.evidence.values())
    assert 0 < one.step <= one.told <= run.steps or one.code == "overfitting"


def test_a_run_is_judged_by_what_is_known_of_it() -> None:
    """Nothing is made up where nobody looked inside, or where chance is not known or costs nothing."""
    nobody_looked: dict[str, Any] = {"norms": {}, "updates": {}, "dead": {}, "saturated": {}}
    for unknown in (nobody_looked, {"chance_loss": None}, {"chance_loss": 0.0}):
        for run in (replace(one, **unknown) for runs in SICK.values() for one in runs):
            for found in run.findings():
                assert "nan" not in found.message.replace("%", "").split(), found
                assert all(math.isfinite(value) for value in found.evidence.values())


def test_targets_that_are_all_the_same() -> None:
    still: dict[str, Any] = {key: fixed(0.0) for key in ("loss", "score", "held_out_loss", "held_out_score")}
    run = made("diabetes mlp 8,", task="regression", chance=0.0, chance_loss=0.0, **still)
    assert not {"diverged", "lr_too_high", "exploding_gradient"} & set(run.codes())


def test_a_rate_that_is_too_high_is_told_although_nobody_looked() -> None:
    course: Course = lambda share: CHANCE * (40.0 if share < 0.1 else 0.9)  # noqa: E731
    run = made("digits mlp 32,32 relu lr=5", norms={}, updates={}, **(STUCK | {"loss": course}))
    found = next(one for one in run.findings() if one.code == "lr_too_high")
    assert found.message == "The loss rose to 40 times that of chance"
    assert "moved" not in found.evidence


@pytest.mark.parametrize("run", HEALTHY.values(), ids=HEALTHY)
def test_what_must_not(run: Made) -> None:
    assert [run.codes(until) for until in (0.1, 0.3, 0.6, 1.0)] == [[]] * 4


@pytest.mark.parametrize("code", SICK)
def test_remedies_change_the_configuration_and_are_taken(code: str) -> None:
    for run in SICK[code]:
        config = run.config
        for finding in run.findings():
            for remedy in finding.remedies:
                assert with_changes(config, remedy.set) != config


def test_a_cause_leaves_its_symptoms_unsaid() -> None:
    run = made("digits mlp 32,32 sigmoid", norms=layers(1e-6, 1e-4, 1e-2), **STUCK)
    assert run.codes() == ["vanishing_gradient"]
    without = diagnose(run.config, run.history(), frozenset({"vanishing_gradient"}))
    assert "vanishing_gradient" not in [one.code for one in without]
    assert "not_learning" in [one.code for one in without]
    assert all(set(symptoms) < set(RULES) for symptoms in EXPLAINS.values())


def test_live_and_afterwards_the_judgement_is_the_same() -> None:
    run = made("digits mlp 32,32 sigmoid", norms=layers(1e-6, 1e-4, 1e-2), **STUCK)
    live = Diagnosis(run.config)
    for until in (0.1, 0.2, 0.5, 0.9, 1.0):
        found = live.see(run.history(until))
    assert found == run.findings()
    assert found[0].told <= 0.2 * run.steps


def test_a_finding_neither_comes_from_one_look_nor_flickers() -> None:
    ratio: Course = lambda share: 1e-5 if 0.30 < share <= 0.32 else 0.3  # noqa: E731
    once = made("digits mlp 32,32 sigmoid", norms={**layers(1, 1, 1), "fc1": ratio}, **STUCK)
    assert "vanishing_gradient" not in once.codes(0.4)
    gap: Course = lambda share: 0.3 if 0.50 < share <= 0.52 else 1e-5  # noqa: E731
    mostly = made("digits mlp 32,32 sigmoid", norms={**layers(1, 1, 1), "fc1": gap}, **STUCK)
    assert all("vanishing_gradient" in mostly.codes(until) for until in (0.3, 0.52, 0.54, 0.6, 1.0))


def test_a_run_that_goes_back_is_judged_anew() -> None:
    run = made("digits mlp 32,32 sigmoid", norms=layers(1e-6, 1e-4, 1e-2), **STUCK)
    live = Diagnosis(run.config)
    assert live.see(run.history(0.5))
    assert not live.see(made().history(0.3))
