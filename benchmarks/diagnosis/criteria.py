"""From outcomes to labels: what a run is called follows from what came of it and of its remedied twin.

A run is **sick** when it ends below `FAILS` of the way from chance to what the task is known to reach, and
the remedy alone brings it to `REACHES`. Between the two nothing is said, and the candidate is dropped: an
honest person could call it either. It is **healthy** when it ends at `REACHES`, stays there, and does not
overfit. Each code adds a criterion of its own, below; where several names fit, the label is a set.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from benchmarks.diagnosis.candidates import Candidate
from benchmarks.diagnosis.outcomes import Outcome, Point
from dlcore.diagnose import Code

VERSION = 1
"""To be raised with every change of a criterion: labels of another version are made anew."""
REACHES, FAILS = 0.9, 0.8
"""Shares of the way from chance to the reach."""
GROWN = 3.0
"""Times its start, from which on a training loss has grown far beyond it."""
WORSE, NO_WORSE = 1.4, 1.2
"""Final validation loss over its best: overfitting from the first on, none up to the second."""
SWINGS = 0.2
"""Share of its size by which a loss that swings jumps, from window to window or evaluation to evaluation."""
AT_CHANCE = 0.15
"""Share of the reach up to which a score is no better than chance, but for luck."""
LEARNED = 0.5
"""Share of the reach from which on a run has understood something at times."""
WHOLE_LAYER = 0.9


@dataclass(frozen=True)
class Reach:
    """What a task is known to reach with a seed."""

    score: float
    step: int
    """The step at which the best good configuration first had `REACHES` of it."""
    scores: tuple[float, ...] = ()
    """Of all good configurations: the evidence."""


@dataclass(frozen=True)
class Label:
    """What a run is, with the evidence."""

    code: Code | None
    """The name that fits best; None for a healthy run."""
    codes: tuple[Code, ...] = ()
    """All names that an honest person may give it."""
    besides: tuple[Code, ...] = ()
    """What is true of it, too: no answer to what is wrong, but no false finding either."""
    onset: int = 0
    """The step from which on it is sick, by its own criterion."""
    evidence: dict[str, Any] = field(default_factory=dict)


class Dropped(Exception):
    """A candidate is neither sick in the way that it was meant to be, nor healthy; it says why."""


def healthy(run: Outcome, reach: Reach) -> Label:
    """Return the label of a healthy run, or raise Dropped.

    It must not only end well: half of its last evaluations must be as good as its end has to be, and none of
    the last below `FAILS`, so that a run that is good by luck at its last step does not count.
    """
    share = run.share(reach.score)
    late = sorted(run.share(reach.score, one.score) for one in run.last(0.2))
    if run.not_finite is not None:
        raise Dropped("it left the numbers")
    if share < REACHES:
        raise Dropped("it does not reach what the task is known to reach")
    if not late or late[len(late) // 2] < REACHES or late[0] < FAILS:
        raise Dropped("it reaches it, and does not stay there")
    if run.final_loss > NO_WORSE * run.best_loss.loss + 0.01:
        raise Dropped("its validation loss has worsened")
    return Label(None, evidence={"score": _round(run.score), "share": _round(share)})


def sick(candidate: Candidate, run: Outcome, cured: Outcome, reach: Reach) -> Label:
    """Return the label of a sick run beside its remedied twin, or raise Dropped."""
    if candidate.family == "overfitting":
        return _overfitting(candidate, run, cured)
    share, remedied = run.share(reach.score), cured.share(reach.score)
    if share >= FAILS:
        raise Dropped("it reaches it all the same")
    if remedied < REACHES:
        raise Dropped("the remedy alone does not cure it")
    code, codes, onset, more = CRITERIA[candidate.family](candidate, run, reach)
    besides = [one for one in _facts(run) if one not in codes]
    evidence = {"score": _round(run.score), "share": _round(share), "remedied": _round(cured.score)}
    evidence |= {"remedied_share": _round(remedied), **more}
    return Label(code, codes, tuple(besides), onset, evidence)


Verdict = tuple[Code, tuple[Code, ...], int, dict[str, Any]]
Criterion = Callable[[Candidate, Outcome, Reach], Verdict]


def _injected(candidate: Candidate, run: Outcome, reach: Reach) -> Verdict:
    """The fault was put in before the first step, and taking it out cures: the fault is what is wrong.

    For vanishing and exploding gradients, linear collapse and loss mismatch nothing more is asked for. What
    explodes may as well be called by what becomes of it: a loss that is no number, or beyond all bounds.
    """
    codes = list(candidate.codes)
    if candidate.family == "exploding_gradient":
        codes += _broken(run)
    return codes[0], tuple(dict.fromkeys(codes)), 0, {}


def _dead(candidate: Candidate, run: Outcome, reach: Reach) -> Verdict:
    """A slope below zero alone, or sane inputs, cures; and half the units of some layer fire no more."""
    if run.dead < 0.5:
        raise Dropped("no layer is half dead")
    return "dead_relu", (*candidate.codes, *_broken(run)), 0, {"dead": _round(run.dead)}


def _saturated(candidate: Candidate, run: Outcome, reach: Reach) -> Verdict:
    """Smaller weights or sane inputs cure; and half the values of some layer end on a flat part."""
    if run.saturated < 0.5:
        raise Dropped("no layer is half saturated")
    return "saturated_activation", candidate.codes, 0, {"saturated": _round(run.saturated)}


def _rate(candidate: Candidate, run: Outcome, reach: Reach) -> Verdict:
    """The rate alone cures; the outcome says what too high a rate came to.

    Not finite: `nan`. The loss of the last tenth at least `GROWN` times that of the start: `diverged`. It had
    understood something at times, and its loss swings: `oscillating_loss`. Else `lr_too_high`. That
    the rate is too high is true of all of them, and an answer to all. Where a whole layer is dead or flat in
    the end, that is an answer as well: it is what holds the run down by then.
    """
    killed: list[Code] = ["dead_relu"] if run.dead >= WHOLE_LAYER else []
    killed += ["saturated_activation"] if run.saturated >= WHOLE_LAYER else []
    named = ("loss_mismatch",) if "loss_mismatch" in candidate.codes else ()
    swing = run.swing()
    best = max(run.share(reach.score, one.score) for one in run.watched)
    more = {"swing": _round(swing), "best_share": _round(best)}
    if run.not_finite is not None:
        codes: tuple[Code, ...] = ("nan", "diverged", "lr_too_high", "exploding_gradient", *named)
        return "nan", codes, run.not_finite, more
    if has_grown(run):
        grown = grown_since(run)
        codes = ("diverged", "lr_too_high", "exploding_gradient", "oscillating_loss", *killed, *named)
        return "diverged", codes, grown, more
    if swing >= SWINGS and best >= LEARNED:
        return "oscillating_loss", ("oscillating_loss", "lr_too_high", *killed, *named), 0, more
    swings: tuple[Code, ...] = ("oscillating_loss",) if swing >= SWINGS or best >= LEARNED else ()
    return "lr_too_high", ("lr_too_high", *swings, *killed, *named), 0, more


def _slow(candidate: Candidate, run: Outcome, reach: Reach) -> Verdict:
    """More epochs alone cure, and the training loss was still falling in the last quarter.

    It is slow from when the best good configuration of the task had what it should have.
    """
    third, fourth = _mean(run.windows[-10:-5]), _mean(run.windows[-5:])
    if not fourth < 0.99 * third:
        raise Dropped("its loss no longer fell")
    return "slow_convergence", candidate.codes, min(reach.step, run.steps), {}


def _too_low(candidate: Candidate, run: Outcome, reach: Reach) -> Verdict:
    """A larger rate alone cures: from the first step on its steps lie far below the useful band."""
    return "lr_too_low", candidate.codes, 0, {}


def _plateau(candidate: Candidate, run: Outcome, reach: Reach) -> Verdict:
    """The score has stopped at least for the last third of the run, short of what the task is known to allow.

    It stands still from the first evaluation on after which no score is more than a twentieth of the reach
    above it.
    """
    onset = settled_since(run, reach)
    if onset > 2 / 3 * run.steps:
        raise Dropped("it had not come to a stop")
    codes = candidate.codes
    at_chance = run.share(reach.score) <= AT_CHANCE
    more: tuple[Code, ...] = ("not_learning",) if at_chance and "not_learning" not in codes else ()
    return "plateau", (*codes, *more), onset, {"settled": onset}


def _not_learning(candidate: Candidate, run: Outcome, reach: Reach) -> Verdict:
    """At chance, or within luck of it, at nine in ten evaluations."""
    shares = sorted(run.share(reach.score, one.score) for one in run.watched)
    high = shares[int(0.9 * (len(shares) - 1))]
    if high > AT_CHANCE:
        raise Dropped("it was above chance at times")
    return "not_learning", candidate.codes, 0, {"high_share": _round(high)}


def _underfitting(candidate: Candidate, run: Outcome, reach: Reach) -> Verdict:
    """Training is as poor as validation, and has settled; more room, or less holding back, alone cures."""
    train = run.share(reach.score, run.train_score)
    if train >= REACHES:
        raise Dropped("training itself is not poor")
    onset = settled_since(run, reach)
    if onset > 2 / 3 * run.steps:
        raise Dropped("it had not come to a stop")
    return "underfitting", candidate.codes, onset, {"train_share": _round(train)}


def _overfitting(candidate: Candidate, run: Outcome, cured: Outcome) -> Label:
    """The validation loss ends far above its best while the training loss went on falling.

    `WORSE` times its best, which lies in the first three quarters; the training loss of the last windows is
    at most two thirds of what it was then. It is no matter of the reach: a network can be as right as before
    and surer of its mistakes. The remedy alone keeps the loss within `NO_WORSE` times its own best, or below
    the best of the sick run.
    """
    best = run.best_loss
    if run.not_finite is not None or not math.isfinite(run.final_loss):
        raise Dropped("it left the numbers")
    if not is_overfitting(run, best):
        raise Dropped("its validation loss has not worsened so far")
    if cured.final_loss > max(NO_WORSE * cured.best_loss.loss, best.loss):
        raise Dropped("the remedy alone does not cure it")
    evidence = {"loss": _round(run.final_loss), "best_loss": _round(best.loss), "best_step": best.step}
    evidence |= {"remedied_loss": _round(cured.final_loss), "score": _round(run.score)}
    return Label("overfitting", candidate.codes, tuple(_facts(run, besides=True)), best.step, evidence)


CRITERIA: dict[str, Criterion] = {
    "vanishing_gradient": _injected,
    "exploding_gradient": _injected,
    "linear_collapse": _injected,
    "loss_mismatch": _injected,
    "dead_relu": _dead,
    "saturated_activation": _saturated,
    "nan": _rate,
    "diverged": _rate,
    "lr_too_high": _rate,
    "oscillating_loss": _rate,
    "lr_too_low": _too_low,
    "slow_convergence": _slow,
    "plateau": _plateau,
    "not_learning": _not_learning,
    "underfitting": _underfitting,
}


def is_overfitting(run: Outcome, best: Point) -> bool:
    """Whether the final validation loss is far above its best, and the training loss went on falling."""
    at = min(len(run.windows) - 1, int(best.step / max(run.steps, 1) * len(run.windows)))
    fell = _mean(run.windows[-2:]) <= run.windows[at] * 2 / 3
    return run.final_loss >= WORSE * best.loss and best.step <= 0.75 * run.steps and fell


def has_grown(run: Outcome) -> bool:
    """Whether the training loss of the last tenth is far beyond the untrained network's."""
    return _mean(run.windows[-2:]) >= GROWN * run.watched[0].loss


def grown_since(run: Outcome) -> int:
    """Return the first step of the windows from which on the loss stays far beyond its start."""
    since = len(run.windows)
    while since and run.windows[since - 1] >= GROWN * run.watched[0].loss:
        since -= 1
    return since * run.steps // len(run.windows)


def settled_since(run: Outcome, reach: Reach) -> int:
    """Return the step of the first evaluation that no later one surpasses by a twentieth of the reach."""
    shares = [(one.step, run.share(reach.score, one.score)) for one in run.watched]
    for index, (step, share) in enumerate(shares):
        later = max((one for _, one in shares[index + 1 :]), default=share)
        if later <= share + 0.05:
            return step
    return run.steps


def _broken(run: Outcome) -> list[Code]:
    """What a loss came to that was not bounded."""
    if run.not_finite is not None:
        return ["nan", "diverged"]
    return ["diverged"] if has_grown(run) else []


def _facts(run: Outcome, *, besides: bool = False) -> list[Code]:
    """What is plainly true of a run, whatever else is the matter with it."""
    found = _broken(run)
    if not besides and run.not_finite is None and is_overfitting(run, run.best_loss):
        found.append("overfitting")
    found += ["dead_relu"] if run.dead >= WHOLE_LAYER else []
    found += ["saturated_activation"] if run.saturated >= WHOLE_LAYER else []
    return found


def _mean(values: tuple[float, ...]) -> float:
    return math.fsum(values) / len(values) if all(map(math.isfinite, values)) else math.inf


def _round(figure: float) -> float:
    return round(figure, 4) if math.isfinite(figure) else figure
