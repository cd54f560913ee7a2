"""Labels follow from outcomes alone, at the edge of each criterion; counts and pages follow from labels."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks.diagnosis import counting, keeping
from benchmarks.diagnosis.autotrainer import Said
from benchmarks.diagnosis.candidates import Candidate
from benchmarks.diagnosis.criteria import Dropped, Label, Reach, healthy, sick
from benchmarks.diagnosis.figures import Share, middle
from benchmarks.diagnosis.judging import Judged
from benchmarks.diagnosis.outcomes import WINDOWS, Outcome, Point
from benchmarks.diagnosis.page import page
from benchmarks.diagnosis.tasks import task
from dlcore.diagnose import Code, Finding, Remedy
from dlcore.errors import DltuiError

REACH = Reach(score=0.95, step=50)
STEPS = 200
FALLING = tuple(1.0 - 0.045 * number for number in range(WINDOWS))


def watched(*scores: float, loss: float = 0.5) -> tuple[Point, ...]:
    """Evaluations, evenly over the run, the untrained network's first."""
    last = len(scores) - 1
    return tuple(Point(STEPS * index // last, loss, score) for index, score in enumerate(scores))


GOOD = Outcome(
    steps=STEPS,
    chance=0.1,
    score=0.95,
    watched=watched(0.1, 0.8, *[0.95] * 9),
    final_loss=0.5,
    windows=FALLING,
    train_score=0.97,
    not_finite=None,
    dead=0.0,
    saturated=0.0,
)
POOR = replace(GOOD, score=0.3, watched=watched(0.1, 0.2, *[0.3] * 9), train_score=0.3)


def score_at(share: float) -> float:
    return GOOD.chance + share * (REACH.score - GOOD.chance)


def candidate(family: str, *codes: Code) -> Candidate:
    return Candidate(family, 0, task("digits"), 0, "digits", "a fault", "a remedy", "digits mlp 8,", codes)


def label(family: str, run: Outcome, *codes: Code) -> Label:
    return sick(candidate(family, *codes), run, GOOD, REACH)


def test_healthy_is_what_reaches_and_stays() -> None:
    assert healthy(GOOD, REACH).code is None
    assert healthy(replace(GOOD, score=score_at(0.91)), REACH).code is None
    for run, reason in (
        (replace(GOOD, score=score_at(0.89)), "does not reach"),
        (replace(GOOD, watched=watched(0.1, *[0.95] * 9, 0.5)), "does not stay"),
        (replace(GOOD, final_loss=0.62), "worsened"),
        (replace(GOOD, not_finite=3), "left the numbers"),
    ):
        with pytest.raises(Dropped, match=reason):
            healthy(run, REACH)


def test_sick_needs_a_remedy_that_cures() -> None:
    fault = candidate("linear_collapse", "linear_collapse")
    assert sick(fault, replace(POOR, score=score_at(0.79)), GOOD, REACH).code == "linear_collapse"
    with pytest.raises(Dropped, match="all the same"):
        sick(fault, replace(POOR, score=score_at(0.81)), GOOD, REACH)
    with pytest.raises(Dropped, match="does not cure"):
        sick(fault, POOR, replace(GOOD, score=score_at(0.89)), REACH)


def test_the_outcome_says_what_a_rate_came_to() -> None:
    finite = replace(POOR, watched=watched(0.1, *[0.3] * 10, loss=2.0), windows=(2.0,) * WINDOWS)
    assert label("lr_too_high", finite).code == "lr_too_high"
    lost = replace(finite, not_finite=7, windows=(2.0, *[float("inf")] * (WINDOWS - 1)))
    found = label("lr_too_high", lost)
    assert (found.code, found.onset) == ("nan", 7)
    assert "lr_too_high" in found.codes
    grown = replace(finite, windows=(*[2.0] * 10, *[6.1] * 10))
    found = label("lr_too_high", grown)
    assert (found.code, found.onset) == ("diverged", STEPS // 2)
    assert label("nan", replace(grown, windows=(*[2.0] * 10, *[5.9] * 10))).code == "lr_too_high"
    swinging = replace(
        finite, windows=(1.0, 2.0) * (WINDOWS // 2), watched=watched(0.1, 0.9, *[0.3] * 9, loss=2)
    )
    assert label("oscillating_loss", swinging).code == "oscillating_loss"
    assert label("oscillating_loss", replace(swinging, watched=finite.watched)).code == "lr_too_high"


def test_what_kills_units_is_seen_in_them() -> None:
    assert label("dead_relu", replace(POOR, dead=0.5), "dead_relu").code == "dead_relu"
    with pytest.raises(Dropped, match="half dead"):
        label("dead_relu", replace(POOR, dead=0.49), "dead_relu")
    assert label("saturated_activation", replace(POOR, saturated=0.5), "saturated_activation").onset == 0
    with pytest.raises(Dropped, match="half saturated"):
        label("saturated_activation", replace(POOR, saturated=0.49), "saturated_activation")
    killed = label("lr_too_high", replace(POOR, dead=0.9, watched=watched(0.1, *[0.3] * 10, loss=2.0)))
    assert killed.codes == ("lr_too_high", "dead_relu")


def test_slow_is_what_was_still_falling() -> None:
    found = label("slow_convergence", POOR, "slow_convergence", "lr_too_low")
    assert found.onset == REACH.step
    with pytest.raises(Dropped, match="no longer fell"):
        label("slow_convergence", replace(POOR, windows=(1.0,) * WINDOWS), "slow_convergence")


def test_a_plateau_has_come_to_a_stop() -> None:
    assert label("plateau", POOR, "plateau").onset == STEPS // 5
    rising = replace(POOR, watched=watched(*[0.1 + 0.05 * number for number in range(11)]))
    with pytest.raises(Dropped, match="come to a stop"):
        label("plateau", rising, "plateau")
    at_chance = replace(POOR, score=0.1, watched=watched(*[0.1] * 11))
    assert label("plateau", at_chance, "plateau").codes == ("plateau", "not_learning")


def test_not_learning_is_at_chance_nearly_always() -> None:
    at_chance = replace(POOR, score=0.1, watched=watched(0.1, 0.3, *[0.1] * 18))
    assert label("not_learning", at_chance, "not_learning").code == "not_learning"
    with pytest.raises(Dropped, match="above chance"):
        label("not_learning", POOR, "not_learning")


def test_underfitting_is_poor_in_training_too() -> None:
    assert label("underfitting", POOR, "underfitting").onset == STEPS // 5
    with pytest.raises(Dropped, match="not poor"):
        label("underfitting", replace(POOR, train_score=0.95), "underfitting")


def test_overfitting_is_a_matter_of_the_losses() -> None:
    turned = (Point(0, 2.0, 0.1), Point(50, 0.4, 0.9), Point(STEPS, 0.57, 0.95))
    run = replace(GOOD, watched=turned, final_loss=0.57)
    found = label("overfitting", run, "overfitting")
    assert (found.code, found.onset) == ("overfitting", 50)
    for other, reason in (
        (replace(run, final_loss=0.55), "not worsened"),
        (replace(run, windows=(0.5,) * WINDOWS), "not worsened"),
        (replace(run, not_finite=9), "left the numbers"),
    ):
        with pytest.raises(Dropped, match=reason):
            label("overfitting", other, "overfitting")
    with pytest.raises(Dropped, match="does not cure"):
        sick(candidate("overfitting", "overfitting"), run, replace(GOOD, final_loss=0.61), REACH)


def test_what_is_true_besides_is_no_answer() -> None:
    found = label("lr_too_low", replace(POOR, dead=0.95), "lr_too_low")
    assert (found.codes, found.besides) == (("lr_too_low",), ("dead_relu",))


@pytest.mark.parametrize(
    ("share", "interval"),
    [
        (Share(0, 10), (0.0, 0.2775)),
        (Share(8, 10), (0.4902, 0.9433)),
        (Share(10, 10), (0.7225, 1.0)),
        (Share(0, 0), (0.0, 1.0)),
    ],
)
def test_wilson(share: Share, interval: tuple[float, float]) -> None:
    assert share.interval() == pytest.approx(interval, abs=1e-4)


def test_middle() -> None:
    assert middle([3.0, 1.0, 2.0]) == 2.0
    assert middle([4.0, 1.0, 2.0, 3.0]) == 2.5


def finding(code: Code, told: int) -> Finding:
    remedies = (Remedy("half the rate", {"optimizer.lr": 0.1}),)
    return Finding(code, "error", told, told, "", "it is so", "it was so", {}, remedies)


def judged(
    code: Code | None, *findings: Finding, onset: int = 0, said: Said | None = None, **more: object
) -> Judged:
    codes: tuple[Code, ...] = (code,) if code else ()
    label = Label(code, codes, ("overfitting",) if code else (), onset, {"share": 0.1})
    one = candidate(code or "healthy")
    return Judged(one, label, STEPS, findings, said, **more)  # type: ignore[arg-type]  # cured alone


FOUND = [
    judged("nan", finding("nan", 40), finding("overfitting", 9), cured=True),
    judged("nan", finding("nan", 41), said=Said(("exploding_gradient", "nan", "diverged"), 50), cured=False),
    judged("nan", finding("plateau", 9), cured=False),
    judged("plateau", finding("plateau", 140), onset=100, cured=True),
    judged(None),
    judged(None, finding("plateau", 9)),
]


def test_counts() -> None:
    words, others = counting.ours(FOUND), counting.theirs(FOUND)
    assert counting.something(FOUND, words) == Share(4, 4)
    assert counting.something(FOUND, others) == Share(1, 4)
    assert counting.false_alarms(FOUND, words) == Share(1, 2)
    assert counting.recall(FOUND, words, "nan") == Share(2, 3)
    assert counting.recall(FOUND, others, "nan") == Share(1, 3)
    assert counting.mean_recall(FOUND, words) == pytest.approx((2 / 3 + 1) / 2)
    assert counting.precision(FOUND, words, "plateau") == Share(1, 3)
    assert counting.precision(FOUND, words, "overfitting") == Share(1, 1)
    assert counting.in_time(FOUND, "nan") == Share(1, 3)
    assert counting.in_time(FOUND, "plateau") == Share(1, 1)
    assert counting.cures(FOUND) == Share(2, 4)
    assert counting.delays(FOUND, "plateau") == ([0.7], [0.2])
    assert counting.confusion(FOUND, words, "nan") == {"nan": 2, "plateau": 1}
    assert counting.confusion(FOUND, words, None) == {"nothing": 1, "plateau": 1}


def test_the_page_says_all_of_it() -> None:
    found = page(FOUND, {}, is_treated=True, says_each=True)
    assert [one.met for one in found.targets] == [True, False, True, False, True, False]
    text = found.text()
    assert "| `nan` | 0.67 (0.21 – 0.94; 2/3) |" in text
    assert "told **plateau at 9**" in text
    assert len(page(FOUND[4:], {}, is_treated=True, says_each=True).targets) == 1, "of none there is no share"
    assert "Missed" not in page(FOUND, {}, is_treated=True, says_each=False).text()


def test_the_first_result_stays(tmp_path: Path) -> None:
    path = tmp_path / "diagnosis.md"
    keeping.check(again=False, path=path)
    text = page(FOUND, {}, is_treated=True, says_each=False).text()
    keeping.store(text, "a machine", path=path, now=datetime(2026, 1, 2, tzinfo=UTC))
    first = path.read_text()
    assert "measured on 2026-01-02" in first
    with pytest.raises(DltuiError, match="has been measured"):
        keeping.check(again=False, path=path)
    for day in (3, 4):
        keeping.check(again=True, path=path)
        keeping.store("| new |", "a machine", path=path, now=datetime(2026, 1, day, tzinfo=UTC))
        second = path.read_text()
        assert f"**again** on 2026-01-0{day}" in second
        assert second.count("## The first result") == 1
        assert "measured on 2026-01-02" in second
        assert "| against the target, at first |" in second
        assert "| against the target | " not in second
