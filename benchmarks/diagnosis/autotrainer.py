"""AutoTrainer's published rules on our histories: the baseline beside ours.

Zhang, Zhai, Ma and Shen: AUTOTRAINER, an automatic DNN training problem detection and repair system (ICSE
2021). Thresholds are the defaults of their published program. What they look at once an epoch we take from
the history at the end of each epoch: norms of dL/dW of the first and last layer, accuracy of training and
watched split. Three things differ, for want of the figures: the share of zero gradients is that of dead
units, weighted by the parameters of their layers; their gradients are of one fixed batch, ours of a recent
one; and in a regression R² stands for the accuracy.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from dlcore.diagnose import Code
from dlcore.history import RunHistory, score

_RATIO_LOW, _NORM_LOW, _RATIO_HIGH = 1e-3, 1e-4, 70.0
_ZEROS = 0.7
_SATISFIED = 0.7
"""Accuracy below which gradient problems are looked for at all."""
_SWING, _SWING_RATE = 0.03, 0.2
"""Accuracy between a peak and a valley, and the share of epochs with such a pair."""
_SLOW = 0.01
"""Largest gain of accuracy from one epoch to the next of a run that converges too slowly."""
_FIRST_LOOK = 0.3
"""Share of the epochs before which nothing is said of accuracy."""
_LOSS_HUGE = 1e5


@dataclass(frozen=True)
class Said:
    """A problem in our words; theirs has one for what explodes, be it gradient or loss."""

    codes: tuple[Code, ...]
    told: int


def autotrainer(history: RunHistory) -> Said | None:
    """Return the first problem that AutoTrainer would have stopped the run for; None for a run in order."""
    prepared = history.prepared
    if prepared is None:
        return None
    vanishes = explodes = dies = False
    train: list[float] = []
    watched: list[float] = []
    exploded: tuple[Code, ...] = ("exploding_gradient", "nan", "diverged")
    for epoch in history.epochs:
        train.append(_number(score(epoch, history.metric)))
        before = [one for one in history.as_it_went(history.watched) if one.step <= epoch.step]
        watched.append(_number(score(before[-1], history.metric)) if before else math.nan)
        loss = before[-1].loss if before else None
        if epoch.loss is None or loss is None or loss >= _LOSS_HUGE:
            return Said(exploded, epoch.step)
        first, last = _norms(history, epoch.step)
        if not (math.isfinite(first) and math.isfinite(last)):
            return Said(exploded, epoch.step)
        ratio = first / last if last > 0 else math.inf if first > 0 else 0.0
        vanishes |= ratio < _RATIO_LOW and first < _NORM_LOW
        explodes |= ratio > _RATIO_HIGH
        dies |= _zeros(history, epoch.step) >= _ZEROS
        if len(train) < _FIRST_LOOK * prepared.epochs:
            continue
        is_slow = _largest_gain(train) < _SLOW and _largest_gain(watched) < _SLOW
        if is_slow or max(train) < _SATISFIED or max(watched) < _SATISFIED:
            if dies:
                return Said(("dead_relu",), epoch.step)
            if explodes:
                return Said(exploded, epoch.step)
            if vanishes:
                return Said(("vanishing_gradient",), epoch.step)
            if is_slow:
                return Said(("slow_convergence",), epoch.step)
        elif _swings(train):
            return Said(("oscillating_loss",), epoch.step)
    if history.ended is not None and history.ended.reason == "failed":
        return Said(exploded, history.step)
    return None


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def _norms(history: RunHistory, step: int) -> tuple[float, float]:
    """Return the gradient norms of the first and last layer at the last look up to a step."""
    looks = sum(one <= step for one in history.gradients.steps)
    norms = list(history.gradients.at(looks - 1).values()) if looks else []
    return (norms[0], norms[-1]) if norms else (1.0, 1.0)


def _zeros(history: RunHistory, step: int) -> float:
    """Return the share of parameters whose gradient is zero because their unit is dead."""
    looks = [one for one in history.activations if one.step <= step]
    layers = history.prepared.layers if history.prepared is not None else ()
    total = sum(layer.parameters for layer in layers)
    if not looks or not total:
        return 0.0
    dead = looks[-1].dead
    return sum(layer.parameters * (dead.get(layer.name) or 0.0) for layer in layers) / total


def _largest_gain(scores: Sequence[float]) -> float:
    return max((after - before for before, after in pairwise(scores)), default=0.0)


def _swings(scores: Sequence[float]) -> bool:
    """Whether peaks and valleys of the accuracy, paired in their order, lie apart often enough."""
    peaks, valleys = [], []
    for before, here, after in zip(scores, scores[1:], scores[2:], strict=False):
        if here >= before and here >= after:
            peaks.append(here)
        if here <= before and here <= after:
            valleys.append(here)
    apart = sum(peak - valley >= _SWING for peak, valley in zip(peaks, valleys, strict=False))
    return apart >= _SWING_RATE * len(scores)
