"""Sentences on twins and repeats: their figures are those of the runs, and they say no more than these."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from dlcore.comparison.verdict import Outcome, outcome, sentence, verdict
from dlcore.config import RunConfig
from dlcore.events import AttemptEnded, CommandApplied, Evaluated, Event, GradientsMeasured
from dlcore.history import RunHistory
from dlcore.oneline import parse
from tests.tui.histories import history, looks, prepared, steps


def said(
    score: float | None, ratio: float = 1.0, reason: str = "finished", samples: int = 100, chance: float = 0.1
) -> RunHistory:
    """A run of 10 steps with two evaluations, the first of them the better one."""
    events: list[Event] = [prepared().model_copy(update={"chance": chance}), steps(10)]
    events.append(looks(range(1, 11), {"fc1": [ratio] * 10, "fc2": [0.1] * 10, "fc3": [1.0] * 10}))
    if score is not None:
        at: dict[str, Any] = {
            "split": "validation",
            "epoch": 1.0,
            "loss": 1.0,
            "samples": samples,
            "duration": 0.1,
        }
        events += [Evaluated(step=5, accuracy=score, **at), Evaluated(step=10, accuracy=score - 0.01, **at)]
    if reason:
        events.append(AttemptEnded(step=10, reason=reason))  # type: ignore[arg-type]
    return history(*events)


def pair(*words: str, line: str = "digits mlp 8,8") -> list[RunConfig]:
    return [parse(f"{line} {word}").resolved() for word in words]


def runs(configs: Sequence[RunConfig], *histories: RunHistory) -> list[tuple[RunConfig, RunHistory]]:
    return list(zip(configs, histories, strict=True))


# -- twins ------------------------------------------------------------------------------------------


def test_the_best_the_worst_and_why() -> None:
    found = verdict(runs(pair("relu", "sigmoid"), said(0.972), said(0.114, ratio=1e-6)))
    assert found == (
        "relu reached 97.20 % validation accuracy where sigmoid stayed at 11.40 %, which is chance; "
        "its first layer's gradient is 1.0e-06 of the last one's (seed 0 alone)."
    )


def test_of_many_runs_only_some_are_named() -> None:
    many = [Outcome(f"w{number}", 0, score=0.9 - number / 50, samples=10_000) for number in range(12)]
    assert sentence(many).startswith(
        "w0 reached 90.00 % validation accuracy, 10 others came between, where w11 reached 68.00 %"
    )
    alike = [replace(one, score=0.9) for one in many]
    assert "w7 90.00 % and 4 more" in sentence(alike)
    assert "w8" not in sentence(alike)
    seeds = [replace(one, seed=seed) for one in many for seed in (1, 2)]
    assert "(w2, w3, w4, w5, w6, w7, w8, w9 and 2 more came behind)" in sentence(
        [replace(one, score=one.score - index / 1000) for index, one in enumerate(seeds) if one.score]
    )


def test_what_lies_between_is_named_and_a_gradient_that_all_share_explains_nothing() -> None:
    configs = pair("relu", "sigmoid", "tanh")
    found = verdict(runs(configs, said(0.95, 1e-6), said(0.5, 1e-6), said(0.9, 1e-6)))
    assert found == (
        "relu reached 95.00 % validation accuracy, tanh reached 90.00 % where sigmoid reached 50.00 % "
        "(seed 0 alone)."
    )


def test_a_difference_within_what_so_many_samples_tell_may_be_chance() -> None:
    few = runs(pair("relu", "tanh"), said(0.97), said(0.94))
    assert (
        verdict(few)
        == "relu 97.00 %, tanh 94.00 %: on 100 validation samples that may be chance (seed 0 alone)."
    )
    many = runs(pair("relu", "tanh"), said(0.97, samples=10_000), said(0.94, samples=10_000))
    assert verdict(many).startswith("relu reached 97.00 % validation accuracy where tanh reached 94.00 %")


@pytest.mark.parametrize(("best", "worst", "samples"), [(1.0, 0.98, 50), (0.55, 0.45, 90)])
def test_the_threshold_is_that_of_two_standard_errors(best: float, worst: float, samples: int) -> None:
    for times in (1, 40):
        count = samples * times
        shares = [(one * count + 2) / (count + 4) for one in (best, worst)]
        error = sum(one * (1 - one) / (count + 4) for one in shares) ** 0.5
        one = verdict(runs(pair("relu", "tanh"), said(best, samples=count), said(worst, samples=count)))
        assert ("may be chance" in one) == (best - worst <= 2 * error)


def test_a_rate_is_told_by_its_number_and_a_failure_by_its_step() -> None:
    found = verdict(runs(pair("lr=0.01", "lr=3"), said(0.9), said(None, reason="failed")))
    assert found == "lr 0.01 reached 90.00 % validation accuracy; lr 3 failed at step 10."


def test_what_goes_on_is_told_as_it_stands() -> None:
    configs = pair("sgd", "adam")
    found = verdict(runs(configs, said(0.5, reason=""), said(0.9, reason="")))
    assert (
        found == "adam reached 90.00 % validation accuracy where sgd reached 50.00 % so far (seed 0 alone)."
    )
    assert verdict(runs(configs, said(None, reason=""), said(None, reason=""))) == (
        "None of them has been evaluated yet."
    )


def test_runs_that_differ_in_more_than_one_setting_are_no_twins() -> None:
    configs = pair("relu", "tanh b=32")
    assert verdict(runs(configs, said(0.9), said(0.1))) == (
        "They differ in data.batch_size, model.activation: what comes of one setting alone, these runs "
        "cannot say."
    )
    assert verdict([]) == verdict(runs(configs[:1], said(0.9))) == ""


def test_a_run_of_far_fewer_steps_is_told_with_them() -> None:
    long = Outcome("relu", 0, samples=100, score=0.9, state="finished", step=1000)
    short = replace(long, label="tanh", score=0.5, state="", step=40)
    assert sentence([long, short]) == (
        "relu reached 90.00 % validation accuracy where tanh reached 50.00 % in 40 steps so far "
        "(seed 0 alone)."
    )
    assert sentence([replace(long, step=1), replace(short, chance=0.5, step=2)]).startswith(
        "relu reached 90.00 % validation accuracy in 1 steps where tanh stayed at 50.00 %, which is chance"
    )


def test_runs_that_are_alike_or_were_steered_are_no_clean_twins() -> None:
    same = pair("relu", "relu")
    assert verdict(runs(same, said(0.9), said(0.8))) == (
        "They have one configuration and one seed: nothing but what was changed live tells them apart."
    )
    command = {"kind": "Set", "key": "optimizer.lr", "value": 0.1, "id": "x"}
    steered = said(0.5)
    steered.apply(CommandApplied(seq=steered.seq + 1, step=10, id="x", command=command, text="lr"))
    found = verdict(runs(pair("relu", "tanh"), said(0.9), steered))
    assert found.endswith("where tanh reached 50.00 % (seed 0 alone); tanh was changed live.")


def test_long_labels_are_cut_only_where_they_stay_apart() -> None:
    widths = ",".join(["16"] * 20)
    configs = pair(f"{widths},8", f"{widths},9", line="digits mlp")
    found = verdict(runs(configs, said(0.9), said(0.2)))
    assert f"hidden {widths},8 reached 90.00 %" in found
    assert f"hidden {widths},9 reached 20.00 %" in found


def test_scores_of_different_splits_do_not_compare() -> None:
    one = Outcome("a", 0, score=0.9)
    assert sentence([one, replace(one, label="b", split="test")]) == (
        "They are measured on different splits: their scores do not compare."
    )


# -- seeds ------------------------------------------------------------------------------------------


def repeats(label: str, *scores: float | None) -> list[Outcome]:
    return [Outcome(label, seed, samples=100, score=one, state="finished") for seed, one in enumerate(scores)]


def test_repeats_of_one_run_have_a_band() -> None:
    configs = pair("seed=0", "seed=1", "seed=2")
    found = verdict(runs(configs, said(0.96), said(0.97), said(0.98)))
    # 4.302653 · 0.01 / √3 = 0.02484
    assert found == (
        "Over 3 seeds validation accuracy lies between 96.00 % and 98.00 %; its mean is 97.00 % ± 2.48 "
        "(95 % t-interval)."
    )
    assert sentence(repeats("", 0.9, None, 0.8)).endswith("; 1 of 3 came to no figure.")
    assert (
        sentence(repeats("", None, 0.9)) == "One seed has been evaluated so far: validation accuracy 90.00 %."
    )


def test_three_wins_of_three_are_told_with_what_chance_does() -> None:
    found = sentence([*repeats("relu", 0.95, 0.96, 0.97), *repeats("sigmoid", 0.1, 0.11, 0.1)])
    # differences 0.85, 0.85, 0.87: 4.302653 · 0.011547 / √3 = 0.02868
    assert found == (
        "relu beat sigmoid on 3 of 3 seeds, by 85.67 points on average (95 % t-interval 82.80 to 88.54): "
        "likely real, though chance alone does as much, either way, in 1 of 4 cases."
    )


def test_two_wins_of_three_do_not_tell_them_apart() -> None:
    found = sentence([*repeats("relu", 0.95, 0.96, 0.90), *repeats("tanh", 0.94, 0.94, 0.92)])
    assert "relu beat tanh on 2 of 3 seeds, by 0.33 points on average" in found
    assert found.endswith("3 seeds do not tell them apart, for chance does as much in 1 of 1 cases.")


def test_pairs_are_of_the_same_seed_and_the_third_is_named() -> None:
    both = [
        *repeats("a", 0.9, 0.9, 0.9, None),
        *repeats("b", 0.5, 0.6, 0.5, 0.5),
        *repeats("c", 0.1, 0.1, 0.1),
    ]
    assert sentence(both).startswith("a beat b on 3 of 3 seeds (c came behind), by 36.67 points")
    apart = [*repeats("a", 0.9, None, None), *repeats("b", None, 0.5, 0.4)]
    assert sentence(apart) == "Fewer than two seeds have figures of both a and b so far."


def test_the_gradients_of_the_later_half_are_what_counts() -> None:
    found = history(
        prepared(), steps(8), looks(range(1, 9), {"fc1": [1.0] * 4 + [1e-5] * 4, "fc2": [1.0] * 8})
    )
    assert outcome("x", 0, found).ratio == pytest.approx(1e-5)
    assert outcome("x", 0, history(prepared(), steps(8))).ratio is None
    gone = history(
        prepared(), steps(2), GradientsMeasured(steps=(1,), norms={"fc1": (1.0,)}, every=1, cost=0.0)
    )
    assert outcome("x", 0, gone).ratio is None
