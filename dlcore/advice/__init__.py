"""Advice before a run: what is allowed, but unlikely to be meant; each with its reason and a change.

What makes no sense at all is refused in `dlcore.crosschecks`. A rule is a small generator; it is silent where
a configuration can be healthy, because a false alarm costs more trust than a missed hint.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

from dlcore.advice.advice import Advice, Case
from dlcore.advice.data import batch_size, flips, honest_test, scales, sorted_samples
from dlcore.advice.initialization import (
    one_deviation,
    rectified_depth,
    saturated,
    self_normalizing,
    zeros,
)
from dlcore.advice.losses import squared_classes, squashed_numbers
from dlcore.advice.network import (
    dropped,
    fading_sigmoid,
    flat_step,
    linear_stack,
    no_shortcut,
    straight_line,
)
from dlcore.advice.rates import clipped, penalty, rate
from dlcore.advice.schedules import (
    growth,
    late_boundaries,
    late_patience,
    late_stopping,
    long_warmup,
)
from dlcore.changes import is_sound, with_changes
from dlcore.choices.dataset import Facts
from dlcore.config import RunConfig, plan

__all__ = ["Advice", "advise", "applied"]

RULES: tuple[Callable[[Case], Iterator[Advice]], ...] = (
    zeros,
    flat_step,
    straight_line,
    linear_stack,
    rate,
    squashed_numbers,
    fading_sigmoid,
    scales,
    rectified_depth,
    self_normalizing,
    one_deviation,
    saturated,
    squared_classes,
    flips,
    sorted_samples,
    honest_test,
    dropped,
    clipped,
    penalty,
    late_boundaries,
    late_patience,
    long_warmup,
    growth,
    late_stopping,
    batch_size,
    no_shortcut,
)
"""The most important first: what learns nothing, then what learns badly, then what does nothing."""


def advise(config: RunConfig, facts: Facts | None) -> tuple[Advice, ...]:
    """Return what could be better, the most important first; nothing for a healthy configuration.

    `facts` are those of data that must be opened to be known; without them fewer rules have a say.
    """
    facts = facts or config.data.facts
    case = Case(config.resolved(facts), facts, plan(config, facts) if facts is not None else None)
    return tuple(_sound(config, facts, advice) for rule in RULES for advice in rule(case))


def applied(config: RunConfig, advice: Advice) -> RunConfig:
    """Return the configuration with the changes of an advice made to it; raises ConfigError if refused."""
    return with_changes(config, advice.changes)


def _sound(config: RunConfig, facts: Facts | None, advice: Advice) -> Advice:
    """Return the advice, without its changes where they would be refused: the reason still holds."""
    return advice if is_sound(config, advice.changes, facts) else replace(advice, changes={})
