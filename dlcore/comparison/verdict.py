"""One plain sentence on runs that differ in one setting, or in their seed: what the figures say, and no more.

Everything here is a pure function of configurations and histories. The figure is the best score on the split
that is watched during a run, which lists show as well.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import TypeVar

from dlcore import figures
from dlcore.comparison.significance import band, flip_test
from dlcore.config import RunConfig
from dlcore.curves.layerwise import LayerFigures, typical
from dlcore.family.alike import labels, settings_of
from dlcore.history import Metric, RunHistory, score

_SHRUNK = 1e-3
"""A first layer whose gradient is a smaller part of the last one's hardly learns."""
_MOST_NAMED = 8
"""So many settings are named in which runs differ, or so many runs."""
_NEARLY = 0.9
"""Runs with a smaller share of the longest one's steps have them told."""
Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one run has come to."""

    label: str
    """What sets it apart from its twins, as in `relu`."""
    seed: int
    metric: Metric = "accuracy"
    split: str = "validation"
    samples: int = 0
    """Of the split."""
    score: float | None = None
    """The best so far; None before the first evaluation."""
    chance: float | None = None
    """What the best constant answer would score."""
    ratio: float | None = None
    """Norm of the first layer's gradient over that of the last layer, in the later half of the looks."""
    state: str = ""
    """finished, stopped or failed; '' while it goes on."""
    step: int = 0

    @property
    def is_chance(self) -> bool:
        """Whether the score is no better than that of a constant answer, by two standard errors."""
        if self.score is None or self.chance is None:
            return False
        error = math.sqrt(self.chance * (1 - self.chance) / max(self.samples, 1))
        return self.score <= self.chance + (2 * error if self.metric == "accuracy" else 0.01)

    def figure(self) -> str:
        """Return the score as in `97.20 %` or `R² 0.483`."""
        sign = "" if self.metric == "accuracy" else f"{figures.SCORES[self.metric]} "
        return f"{sign}{figures.score(self.score, self.metric)}"


def outcome(label: str, seed: int, history: RunHistory) -> Outcome:
    """Return what a run has come to."""
    best, prepared, ended = history.best(), history.prepared, history.ended
    return Outcome(
        label=label,
        seed=seed,
        metric=history.metric,
        split=history.watched,
        samples=best.samples if best is not None else 0,
        score=score(best, history.metric) if best is not None else None,
        chance=prepared.chance if prepared is not None else None,
        ratio=_ratio(history.gradients),
        state=ended.reason if ended is not None else "",
        step=history.step,
    )


def _ratio(gradients: LayerFigures) -> float | None:
    """Return the first layer's typical norm over the last one's; None where there is no such ratio."""
    half = len(gradients.steps) // 2
    norms = [typical(kept[half:]) for kept in gradients.figures.values()]
    if len(norms) < 2 or not all(map(math.isfinite, (norms[0], norms[-1]))) or norms[-1] <= 0:
        return None
    return norms[0] / norms[-1]


def verdict(runs: Sequence[tuple[RunConfig, RunHistory]]) -> str:
    """Return one sentence, with its full stop, on runs that differ in one setting or in their seed.

    '' where there are fewer than two; where they differ in too much, the sentence says that.
    """
    if len(runs) < 2:
        return ""
    configs = [config for config, _ in runs]
    settings = [key for key in settings_of(configs) if key != "seed"]
    if len(settings) > 1:
        return f"They differ in {_listed(settings)}: what comes of one setting alone, these runs cannot say."
    if not settings and len({config.seed for config in configs}) < len(configs):
        return "They have one configuration and one seed: nothing but what was changed live tells them apart."
    names = labels(configs)
    named = zip(names if settings else [""] * len(runs), runs, strict=True)
    said = sentence([outcome(label, config.seed, history) for label, (config, history) in named])
    steered = [name for name, (_, history) in zip(names, runs, strict=True) if history.edits]
    if not steered:
        return said
    were = f"{' and '.join(dict.fromkeys(steered))} {'were' if len(steered) > 1 else 'was'}"
    return f"{said.removesuffix('.')}; {were} changed live."


def _listed(words: Sequence[str]) -> str:
    """Return words in a row, the first of them where they are many."""
    more = len(words) - _MOST_NAMED
    return ", ".join(words[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def sentence(outcomes: Sequence[Outcome]) -> str:
    """Return the same on outcomes."""
    if len({(one.metric, one.split) for one in outcomes}) > 1:
        return "They are measured on different splits: their scores do not compare."
    by_label = _grouped(outcomes, lambda one: one.label)
    if len(by_label) == 1:
        return of_seeds(outcomes)
    is_once = all(len(group) == 1 for group in by_label.values())
    return of_twins(outcomes) if is_once else of_pairs(by_label)


def _grouped(outcomes: Sequence[Outcome], key: Callable[[Outcome], Key]) -> dict[Key, list[Outcome]]:
    groups: dict[Key, list[Outcome]] = {}
    for one in outcomes:
        groups.setdefault(key(one), []).append(one)
    return groups


# -- one run each -----------------------------------------------------------------------------------


def of_twins(outcomes: Sequence[Outcome]) -> str:
    """Return the sentence on runs of one seed, the best and the worst of which are told apart."""
    known = sorted((one for one in outcomes if one.score is not None), key=_score, reverse=True)
    without = [one for one in outcomes if one.score is None]
    if not known:
        return "None of them has been evaluated yet."
    top, low = known[0], known[-1]
    so_far = " so far" if any(not one.state for one in outcomes) else ""
    if len(known) == 1:
        other = " and ".join(f"{one.label} {_came_to_nothing(one)}" for one in without)
        return f"{top.label} reached {_full(top)}{so_far}; {other}."
    longest = max(one.step for one in outcomes)
    if not _differ(top, low):
        names = _listed([f"{one.label} {one.figure()}" for one in known])
        return f"{names}{so_far}: on {low.samples:,} {low.split} samples that may be chance{_seeds(known)}."
    between = "".join(f", {one.label} {_reached(one, longest)}" for one in known[1:-1])
    if len(known) - 2 > _MOST_NAMED:
        between = f", {len(known) - 2} others came between,"
    best = f"{top.label} reached {_full(top)}{_late(top, longest)}"
    said = f"{best}{between} where {low.label} {_reached(low, longest)}{so_far}"
    lost = "".join(f"; {one.label} {_came_to_nothing(one)}" for one in without)
    return f"{said}{_cause(top, low)}{lost}{_seeds(known)}."


def _score(one: Outcome) -> float:
    return one.score if one.score is not None else -math.inf


def _full(one: Outcome) -> str:
    name = f" {figures.SCORES['accuracy']}" if one.metric == "accuracy" else ""
    return f"{one.figure()} {one.split}{name}"


def _reached(one: Outcome, longest: int) -> str:
    late = _late(one, longest)
    if one.is_chance:
        return f"stayed at {one.figure()}{late}, which is chance"
    failed = f" and failed at step {one.step:,}" if one.state == "failed" else late
    return f"reached {one.figure()}{failed}"


def _late(one: Outcome, longest: int) -> str:
    """Return how many steps a run had, where it is not nearly as many as another's."""
    return f" in {one.step:,} steps" if one.step < _NEARLY * longest else ""


def _came_to_nothing(one: Outcome) -> str:
    return f"failed at step {one.step:,}" if one.state == "failed" else "has not been evaluated yet"


def _cause(top: Outcome, low: Outcome) -> str:
    """Return what the gradients say of the difference, where they say anything."""
    if low.ratio is None or low.ratio >= _SHRUNK or (top.ratio is not None and top.ratio < _SHRUNK):
        return ""
    return f"; its first layer's gradient is {figures.ratio(low.ratio)} of the last one's"


def _seeds(known: Sequence[Outcome]) -> str:
    return f" (seed {known[0].seed} alone)" if len({one.seed for one in known}) == 1 else " (seeds differ)"


def _differ(top: Outcome, low: Outcome) -> bool:
    """Whether two scores differ by more than two standard errors of what so many samples can tell.

    Shares have two successes and failures added (Agresti and Coull, 1998): 100 % of few samples is no
    certainty. An R² has no such error, and differs where its three decimals do.
    """
    if top.metric != "accuracy":
        return figures.score(top.score, "r2") != figures.score(low.score, "r2")
    variance = 0.0
    for one in (top, low):
        share = (_score(one) * one.samples + 2) / (one.samples + 4)
        variance += share * (1 - share) / (one.samples + 4)
    return _score(top) - _score(low) > 2 * math.sqrt(variance)


# -- several seeds ----------------------------------------------------------------------------------


def of_seeds(outcomes: Sequence[Outcome]) -> str:
    """Return the sentence on runs that differ in their seed alone: how far their scores lie apart."""
    found = [_score(one) for one in outcomes if one.score is not None]
    if not found:
        return "None of them has been evaluated yet."
    metric, split = outcomes[0].metric, outcomes[0].split
    name = f"{split} {figures.SCORES[metric]}"
    if len(found) == 1:
        return f"One seed has been evaluated so far: {name} {figures.score(found[0], metric)}."
    over = band(found)
    low, high, mean = (figures.score(one, metric) for one in (over.low, over.high, over.mean))
    lost = len(outcomes) - over.number
    but = f"; {lost} of {len(outcomes)} came to no figure" if lost else ""
    return (
        f"Over {over.number} seeds {name} lies between {low} and {high}; its mean is {mean}"
        f" ± {_reach(over.reach, metric)} (95 % t-interval){but}."
    )


def of_pairs(by_label: Mapping[str, Sequence[Outcome]]) -> str:
    """Return the sentence on two settings or more, each on the same seeds: is the difference real?"""
    scores = {
        label: {one.seed: one.score for one in group if one.score is not None}
        for label, group in by_label.items()
    }
    ranked = sorted(scores, key=lambda label: fmean(scores[label].values() or [-math.inf]), reverse=True)
    first, second, *rest = ranked
    seeds = sorted(scores[first].keys() & scores[second].keys())
    metric = next(iter(by_label.values()))[0].metric
    if len(seeds) < 2:
        return f"Fewer than two seeds have figures of both {first} and {second} so far."
    pairs = [scores[first][seed] - scores[second][seed] for seed in seeds]
    wins, over = sum(one > 0 for one in pairs), band(pairs)
    others = f" ({_listed(rest)} came behind)" if rest else ""
    won = f"{first} beat {second} on {wins} of {len(seeds)} seeds{others}"
    reach = _interval(over.mean, over.reach, metric)
    by = f"by {_points(over.mean, metric)} on average (95 % t-interval {reach})"
    chance = flip_test(pairs)
    as_often = f"{chance.numerator} of {chance.denominator} cases"
    if wins == len(seeds) and over.mean - over.reach > 0:
        return f"{won}, {by}: likely real, though chance alone does as much, either way, in {as_often}."
    return f"{won}, {by}: {len(seeds)} seeds do not tell them apart, for chance does as much in {as_often}."


def _points(value: float, metric: Metric) -> str:
    """Return a difference of scores: in points of a hundred for an accuracy."""
    return f"{100 * value:.2f} points" if metric == "accuracy" else f"{value:.3f}"


def _interval(mean: float, reach: float, metric: Metric) -> str:
    scale, digits = (100, 2) if metric == "accuracy" else (1, 3)
    return f"{scale * (mean - reach):.{digits}f} to {scale * (mean + reach):.{digits}f}"


def _reach(value: float, metric: Metric) -> str:
    return f"{100 * value:.2f}" if metric == "accuracy" else f"{value:.3f}"
