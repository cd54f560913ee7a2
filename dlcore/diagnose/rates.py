"""Rules on the size of steps: too large to settle, too small to arrive, or taken away too early."""

import math

from dlcore.diagnose.finding import Remedy
from dlcore.diagnose.remedies import (
    adam,
    constant_rate,
    higher_rate,
    is_narrow,
    larger_batch,
    less_momentum,
    lower_rate,
    mean_reduction,
    more_epochs,
    no_clipping,
    offered,
    redrawn,
    scaled,
)
from dlcore.diagnose.rule import Symptom
from dlcore.diagnose.sight import Sight, median

_PARTS = 12
_JUMPS = 0.5
_LARGE = 0.03
"""Share by which steps move the weights, above which they overshoot."""
_WAY = 0.1
"""Share of their size that the weights can move in a whole run, below which it ends where it began."""
_USUAL = 5e-3
"""Share by which steps move the weights of a network that learns quickly."""
_THROWN = 0.3
"""A step that moves a layer by so large a share of its weights does not go where its gradient points."""
_ENOUGH = 0.8
_BLOWN_UP = 5.0
"""A loss that was once so many times that of chance has thrown the weights to where they are."""
_FAR = 1.5
"""A loss that is so many times that of chance is far off, whatever the score."""
_POOR = 0.6
_STRETCH = 0.1


def lr_too_high(sight: Sight) -> Symptom | None:
    """Steps move the weights by large shares, and the loss is high and jumps, or stays above chance."""
    if getattr(sight.config.model, "dropout", 0.0) > 0.5:  # its training loss is no measure
        return None
    is_far = sight.loss > _FAR * sight.chance_loss
    config = sight.config
    moved = sight.moved
    lr, (_, highest) = config.optimizer.lr, config.optimizer.usual
    peak, start = sight.peak / sight.chance_loss, sight.first_loss / sight.chance_loss
    is_drawn_well = redrawn(config) is None and start < _BLOWN_UP / 2
    is_thrown = peak > _BLOWN_UP or (sight.thrown > _THROWN and peak > _FAR)
    blown_up = is_drawn_well and is_thrown and sight.held_out < _ENOUGH
    is_high = sight.loss > 1.1 * sight.chance_loss
    is_unusual = lr > highest
    jumps = _jumps(sight)
    is_poor = sight.learned < _POOR or is_far
    overshoots = is_poor and moved > _LARGE and (is_high or jumps > _JUMPS)
    is_too_high = is_poor and is_unusual and (is_high or moved > _LARGE / 3)
    if sight.share < 0.06 or not (overshoots or is_too_high or blown_up):
        return None
    return Symptom(
        code="lr_too_high",
        severity="error",
        message=_how_far(sight, is_high=is_high),
        cause=f"a learning rate of {sight.lr:g} is too high for this network",
        evidence={"moved": moved, "loss": sight.loss, "chance": sight.chance_loss, "jumps": jumps},
        remedies=offered(
            config,
            redrawn(config),
            mean_reduction(config),
            scaled(config),
            lower_rate(config),
            lower_rate(config, 100),
        ),
    )


def _how_far(sight: Sight, *, is_high: bool) -> str:
    """Return what is seen; how far steps move the weights is not known where nobody looked."""
    chance = sight.chance_loss
    if sight.peak > _BLOWN_UP * chance and not is_high:
        stands = f"rose to {sight.peak / chance:.2g} times that of chance"
    else:
        stands = f"is {sight.loss / chance:.2g} times that of chance"
    if not math.isfinite(sight.moved):
        return f"The loss {stands}"
    return f"Each step moves the weights by {100 * sight.moved:.2g} % of their size, and the loss {stands}"


def oscillating_loss(sight: Sight) -> Symptom | None:
    """The loss swings widely, and the swings do not become smaller."""
    if sight.share < 0.14:
        return None
    first = sight.before(0.12)
    parts = sight.losses(first, 2 * _PARTS)
    if len(parts) < _PARTS or sight.learned > 0.9:
        return None
    middle = median(parts)
    swing = (sorted(parts)[-3] - sorted(parts)[2]) / middle if middle > 0 else math.nan
    turns = sum((b - a) * (c - b) < 0 for a, b, c in zip(parts, parts[1:], parts[2:], strict=False))
    earlier = sight.mean_loss(max(0, 2 * first - sight.step), first)
    if not (swing > 1.0 and turns >= _PARTS / 2 and sum(parts) / len(parts) > 0.8 * earlier):
        return None
    config = sight.config
    return Symptom(
        code="oscillating_loss",
        severity="warning",
        message=f"The loss swings by {100 * swing:.0f} % of its middle and comes no further",
        cause=_why_swinging(sight),
        evidence={"swing": swing, "turns": float(turns), "parts": float(len(parts))},
        remedies=offered(
            config, less_momentum(config), larger_batch(config), lower_rate(config), lower_rate(config, 3)
        ),
    )


def _why_swinging(sight: Sight) -> str:
    config = sight.config
    momentum = getattr(config.optimizer, "momentum", 0.0)
    if momentum > 0.95:
        return f"momentum {momentum:g} carries steps far beyond the bottom of the valley"
    if config.data.batch_size != "full" and config.data.batch_size < 16:
        return f"batches of {config.data.batch_size} whose gradients point in many directions"
    return f"a learning rate of {sight.lr:g}, at the edge of what this network bears"


def lr_too_low(sight: Sight) -> Symptom | None:
    """Every layer moves by a tiny share a step, and the loss falls steadily and too slowly to arrive."""
    if sight.share < 0.08 or sight.learned > _POOR:
        return None
    moved = sight.moved
    config = sight.config
    way = moved * sight.total
    is_stuck = way < 2.5 * _WAY and sight.learned < 0.1 and sight.thrown < _LARGE
    if not (way < _WAY or is_stuck) or not sight.ratio > 0 or redrawn(config) is not None:
        return None
    return Symptom(
        code="lr_too_low",
        severity="error",
        message=(
            f"Each step moves the weights by {100 * moved:.1g} % of their size: "
            f"at most {100 * moved * sight.total:.2g} % over the whole run"
        ),
        cause=_why_small(sight),
        evidence={"moved": moved, "lr": sight.lr, "learned": sight.learned},
        remedies=offered(
            config,
            no_clipping(config),
            constant_if_faded(sight),
            higher_rate(config, _wanted(moved)),
            higher_rate(config, 100),
            adam(config),
        ),
    )


def _why_small(sight: Sight) -> str:
    config = sight.config
    if no_clipping(config) is not None:
        return "gradients are clipped to next to nothing"
    if sight.lr < 0.02 * config.optimizer.lr:
        return f"the schedule has taken the learning rate from {config.optimizer.lr:g} to {sight.lr:.2g}"
    return f"a learning rate of {sight.lr:.3g} is too low for this network in {sight.total:,} steps"


def constant_if_faded(sight: Sight) -> Remedy | None:
    """Return the remedy of a constant rate, where a schedule has taken most of it away."""
    return constant_rate(sight.config) if sight.lr < 0.1 * sight.config.optimizer.lr else None


def _wanted(moved: float) -> float:
    """Return by how much the rate must grow for steps that move the weights as it is usual."""
    return min(max(_USUAL / moved, 3.0), 1000.0) if moved > 0 else 10.0


def slow_convergence(sight: Sight) -> Symptom | None:
    """The loss falls steadily, and would need many times the epochs that the run has."""
    gain = sight.gain(0.2)
    if is_narrow(sight.config):  # it will not get there however long it takes
        return None
    if sight.share < 0.14 or not sight.held_out < 0.75 or not (sight.held_out > 0.1 or gain > 0.02):
        return None
    if sight.is_regression and not gain > 0.01:
        return None
    left = sight.loss / sight.chance_loss
    per_run = sight.fall(_STRETCH) * left / _STRETCH
    if not per_run > 0.05 or not left > 0.25 or per_run * (1 - sight.share) > 0.5 * left:
        return None
    config = sight.config
    return Symptom(
        code="slow_convergence",
        severity="warning",
        message=(
            f"The loss falls by {100 * sight.fall(_STRETCH):.1g} % in a tenth of the run: "
            f"at this rate {left / per_run:.1f} more runs as long would be needed"
        ),
        cause=_why_slow(sight),
        evidence={"fall": sight.fall(_STRETCH), "left": left, "runs": left / per_run},
        remedies=offered(
            config,
            no_clipping(config),
            constant_if_faded(sight),
            redrawn(config),
            higher_rate(config, _wanted(sight.moved)),
            adam(config),
            more_epochs(config),
        ),
    )


def _why_slow(sight: Sight) -> str:
    config = sight.config
    lowest, highest = config.optimizer.usual
    if config.optimizer.lr < math.sqrt(lowest * highest):
        return f"a learning rate of {config.optimizer.lr:g}, low for {config.optimizer.kind}"
    return f"{config.training.epochs} epochs are few for this network and these data"


def plateau(sight: Sight) -> Symptom | None:
    """Progress that was there has stopped, short of what training could reach."""
    if sight.share < 0.1 or not sight.learned < 0.85:
        return None
    faded = sight.rate_at(0.6 * sight.total) < 0.02 * sight.config.optimizer.lr
    if not abs(sight.fall(0.08)) < 0.03 or not faded:
        return None
    config = sight.config
    return Symptom(
        code="plateau",
        severity="warning",
        message=(
            "The loss has stopped moving: "
            f"it stands at {sight.loss / sight.chance_loss:.2g} of that of chance"
        ),
        cause=f"the schedule has taken the learning rate from {config.optimizer.lr:g} to {sight.lr:.2g}",
        evidence={"loss": sight.loss, "lr": sight.lr, "learned": sight.learned},
        remedies=offered(config, constant_rate(config), higher_rate(config), adam(config)),
    )


def _jumps(sight: Sight) -> float:
    """Return how far the loss jumps: the spread of short stretches of the window over their middle."""
    parts = sight.losses(sight.step - 2 * sight.window, _PARTS)
    middle = median(parts)
    if len(parts) < 4 or not middle > 0:
        return math.nan
    return (max(parts) - min(parts)) / middle
