"""A run as it was seen up to a step: the windows and ratios that rules judge by. No rule looks behind it."""

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from dlcore.config import RunConfig
from dlcore.curves.layerwise import LayerFigures
from dlcore.curves.series import Column, Series
from dlcore.events import ActivationsMeasured, Evaluated
from dlcore.history import RunHistory, score

_WINDOW = 0.06
"""Share of the run that 'now' is the mean of: long enough that no single batch speaks."""
_LEAST_STEPS = 10
_LEAST_LOSS = 1e-12
"""What a loss is a multiple of: that of chance is 0 where all targets are the same number."""
_STRAIGHT = 0.85
"""How far from chance a network gets that can draw only straight lines."""
_NOISE = 0.25
"""How far from chance a regression may stay although all is well: the rest may be noise."""


@dataclass(frozen=True)
class Sight:
    """What is known of a run at a step; figures that are not known are nan."""

    config: RunConfig
    """Resolved, as the run has it."""
    history: RunHistory
    step: int

    # -- time -----------------------------------------------------------------------------------------

    @cached_property
    def total(self) -> int:
        """Steps that the run is to have."""
        prepared = self.history.prepared
        return max(prepared.total_steps if prepared is not None else 0, self.history.step, 1)

    @property
    def share(self) -> float:
        """How much of the run is over."""
        return self.step / self.total

    @property
    def window(self) -> int:
        """Steps that 'now' is made of; early in a run half of what there is."""
        return max(min(round(_WINDOW * self.total), self.step // 2), min(_LEAST_STEPS, self.step), 1)

    def before(self, share: float) -> int:
        """Return the step that lies so large a share of the run back, at least the window."""
        return max(0, self.step - max(round(share * self.total), self.window))

    # -- loss and score -------------------------------------------------------------------------------

    def stretch(self, series: Series, first: int, last: int) -> Column:
        """Return minimum, maximum and mean of a series over the steps first + 1 … last."""
        found = series.columns(1, first + 1, max(last, first + 1))
        return found[0] if found else Column(first + 1, last, math.nan, math.nan, math.nan, 0)

    def mean_loss(self, first: int, last: int) -> float:
        """Return the mean training loss over the steps first + 1 … last."""
        return self.stretch(self.history.loss, first, last).mean

    def losses(self, first: int, parts: int) -> list[float]:
        """Return the mean training losses of equal parts from a step up to now."""
        return [one.mean for one in self.history.loss.columns(parts, first + 1, self.step) if one.count]

    @cached_property
    def loss(self) -> float:
        """Training loss now."""
        return self.mean_loss(self.step - self.window, self.step)

    @cached_property
    def peak(self) -> float:
        """The highest training loss up to now."""
        return self.stretch(self.history.loss, 0, self.step).high

    @cached_property
    def chance_loss(self) -> float:
        """Loss of the best constant answer; where that is not known, the untrained network's. Never 0."""
        prepared = self.history.prepared
        known = prepared.chance_loss if prepared is not None else None
        return max(known or self.first_loss, _LEAST_LOSS)

    @cached_property
    def first_loss(self) -> float:
        """Loss of the untrained network; of the first steps where it was not evaluated."""
        first = next((one.loss for one in self.evaluations if one.step == 0), None)
        return first if first is not None else self.mean_loss(0, min(self.step, 5))

    @cached_property
    def evaluations(self) -> list[Evaluated]:
        """The evaluations of the watched split up to now, the oldest first."""
        return [one for one in self.history.as_it_went(self.history.watched) if one.step <= self.step]

    @cached_property
    def trained_share(self) -> float:
        """How far training is from chance now, on its own samples: 0 is chance, 1 is perfect."""
        found = self.stretch(self.history.score, self.step - self.window, self.step).mean
        return self.above_chance(found)

    @cached_property
    def held_out(self) -> float:
        """How far the watched split is from chance: the middle of its newest three evaluations."""
        found = [score(one, self.history.metric) for one in self.evaluations if one.step][-3:]
        return median([self.above_chance(math.nan if one is None else one) for one in found])

    @cached_property
    def best_held_out(self) -> float:
        """The farthest that the watched split was from chance."""
        found = [score(one, self.history.metric) for one in self.evaluations if one.step]
        return max((self.above_chance(one) for one in found if one is not None), default=math.nan)

    def fall(self, share: float) -> float:
        """Return by how much the loss has fallen over such a share of the run, as a share of what it was."""
        then = self.before(share)
        if then < self.window:
            return math.nan
        earlier = self.mean_loss(then - self.window, then)
        return 1 - self.loss / earlier if earlier > 0 else math.nan

    def gain(self, share: float) -> float:
        """Return how much higher the best evaluation of the last share of the run is than the best before."""
        then = self.before(share)
        scores = [(one.step, score(one, self.history.metric)) for one in self.evaluations]
        late = [self.above_chance(one) for step, one in scores if step > then and one is not None]
        early = [self.above_chance(one) for step, one in scores if step <= then and one is not None]
        return max(late) - max(early) if late and early else math.nan

    @cached_property
    def learned(self) -> float:
        """How far the network is from chance now: the better of training, and the newest evaluation."""
        newest = self.evaluations[-1] if self.evaluations else None
        shares = [self.trained_share]
        if newest is not None and newest.step:
            found = score(newest, self.history.metric)
            shares.append(self.above_chance(math.nan if found is None else found))
        return max((one for one in shares if math.isfinite(one)), default=math.nan)

    def above_chance(self, value: float) -> float:
        """Return an accuracy or R² as a share of the way from chance to perfect."""
        prepared = self.history.prepared
        chance = prepared.chance if prepared is not None else None
        chance = 0.0 if chance is None else min(chance, 0.99)
        return (value - chance) / (1 - chance)

    # -- layers ---------------------------------------------------------------------------------------

    @cached_property
    def norms(self) -> dict[str, float]:
        """Typical norm of dL/dW of each layer now, from input to output."""
        return self._typical(self.history.gradients)

    @cached_property
    def updates(self) -> dict[str, float]:
        """Typical share by which a step moves each layer's weights now."""
        return self._typical(self.history.updates)

    @property
    def moved(self) -> float:
        """The largest share by which a step moves the weights of a layer now."""
        return max((one for one in self.updates.values() if math.isfinite(one)), default=math.nan)

    @cached_property
    def thrown(self) -> float:
        """The largest share by which one of the first steps moved the weights of a layer."""
        first = max(_LEAST_STEPS, round(_WINDOW * self.total))
        stop = bisect_right(self.history.updates.steps, min(first, self.step))
        kept = (one for shares in self.history.updates.figures.values() for one in shares[:stop])
        return max((one for one in kept if math.isfinite(one)), default=math.nan)

    @cached_property
    def first_ratio(self) -> float:
        """The first layer's gradient norm over the last one's, when training began."""
        gradients = self.history.gradients
        known = bisect_right(gradients.steps, self.step)
        looks = [list(gradients.at(index).values()) for index in range(min(4, known))]
        return median([norms[0] / norms[-1] for norms in looks if len(norms) > 1 and norms[-1] > 0])

    def _typical(self, figures: LayerFigures) -> dict[str, float]:
        stop = bisect_right(figures.steps, self.step)
        start = bisect_right(figures.steps, self.step - self.window)
        start = min(start, max(0, stop - 3))
        return {layer: median(kept[start:stop]) for layer, kept in figures.figures.items()}

    @cached_property
    def ratio(self) -> float:
        """The first layer's gradient norm over the last one's, now."""
        norms = list(self.norms.values())
        return norms[0] / norms[-1] if len(norms) > 1 and norms[-1] > 0 else math.nan

    @cached_property
    def looks(self) -> list[ActivationsMeasured]:
        """The looks at activations within the window, at least the newest three, the newest last."""
        known = [one for one in self.history.activations if one.step <= self.step]
        recent = [one for one in known if one.step > self.step - self.window]
        return recent if len(recent) >= 3 else known[-3:]

    def steadily(self, figure: str) -> dict[str, float]:
        """Return of each layer the least that all of these looks agree on: of `dead` or `saturated`."""
        layers: dict[str, list[float]] = {}
        for look in self.looks:
            for layer, value in getattr(look, figure).items():
                layers.setdefault(layer, []).append(math.nan if value is None else value)
        return {layer: min(values) for layer, values in layers.items()}

    @cached_property
    def lr(self) -> float:
        """The learning rate of the newest step."""
        return self.rate_at(self.step)

    @property
    def is_regression(self) -> bool:
        """Whether numbers are predicted: who knows how much of them can be known."""
        return self.history.metric == "r2"

    def least(self, of_classes: float = _STRAIGHT) -> float:
        """Return how far from chance a network is to get at least; less where numbers are predicted."""
        return _NOISE if self.is_regression else of_classes

    def rate_at(self, step: float) -> float:
        """Return the learning rate at a step; now, where that is still to come."""
        last = max(1, min(round(step), self.step))
        return self.stretch(self.history.lr, last - 1, last).mean


def median(values: Sequence[float]) -> float:
    """Return the middle of the finite values; nan without any."""
    known = sorted(one for one in values if math.isfinite(one))
    if not known:
        return math.nan
    middle = len(known) // 2
    return known[middle] if len(known) % 2 else (known[middle - 1] + known[middle]) / 2
