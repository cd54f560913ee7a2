"""Rules on the loss itself: it is no number, it ran away, or it asks for what the network cannot give."""

import math

from dlcore import figures
from dlcore.choices.architectures import CustomModel, Perceptron
from dlcore.choices.losses import MeanSquaredError
from dlcore.config import RunConfig
from dlcore.diagnose.finding import Remedy
from dlcore.diagnose.remedies import (
    batch_norm,
    clipping,
    fitting_loss,
    lower_rate,
    mean_reduction,
    normalized,
    offered,
    redrawn,
    scaled,
)
from dlcore.diagnose.rule import Symptom
from dlcore.diagnose.sight import Sight

_LAST = 10_000
"""More steps than a chunk has: the first loss that is no number ends the attempt."""
_AWAY = 3.0
"""A loss that is so many times that of chance, and of its own start, has run away."""
_FAR = 30.0
"""A loss that is so many times its start is away still, though it is falling."""
_FAIR = 0.1
_LITTLE = 0.75


def nan(sight: Sight) -> Symptom | None:
    """The loss left the numbers; the last finite one is shown."""
    history = sight.history
    if sight.step < history.step or not math.isnan(history.loss.last()):
        return None
    if history.ended is None or history.ended.reason != "failed":
        return None
    config = sight.config
    steps = range(max(1, sight.step - _LAST), sight.step)
    first = next((step for step in steps if math.isnan(history.loss.value_at(step))), sight.step)
    updates = {layer: value for layer, value in sight.updates.items() if math.isfinite(value)}
    layer = max(updates, key=lambda name: updates[name], default="")
    lowest, highest = config.optimizer.usual
    lr = config.optimizer.lr
    cause = (
        f"a learning rate of {lr:g}, where {config.optimizer.kind} usually takes {lowest:g} to {highest:g}"
        if lr > highest
        else "steps that overshoot until the numbers overflow"
    )
    return Symptom(
        code="nan",
        severity="error",
        layer=layer,
        since=first,
        message=f"The loss is not a number since step {first:,}",
        cause=cause,
        evidence={"step": float(first), "lr": lr},
        remedies=offered(
            config,
            *_smaller_steps(config),
            clipping(config),
        ),
        is_sure=True,
    )


def diverged(sight: Sight) -> Symptom | None:
    """The loss is far beyond chance and beyond its start, and stays there."""
    start = max(sight.chance_loss, min(sight.first_loss, 10 * sight.chance_loss))
    if not math.isfinite(sight.loss) or sight.loss < _AWAY * start or sight.step < 2 * sight.window:
        return None
    earlier = sight.mean_loss(sight.step - 2 * sight.window, sight.step - sight.window)
    is_back = sight.loss < min(0.5 * earlier, _FAR * start)
    if not earlier > _AWAY * start or is_back:
        return None
    config = sight.config
    times = sight.loss / start
    return Symptom(
        code="diverged",
        severity="error",
        message=f"The loss is {times:.3g} times that of an untrained network, and stays there",
        cause=f"steps that overshoot ever farther: a learning rate of {config.optimizer.lr:g} is too high",
        evidence={"loss": sight.loss, "start": start, "times": times},
        remedies=offered(
            config,
            *_smaller_steps(config),
            batch_norm(config),
        ),
    )


def _smaller_steps(config: RunConfig) -> tuple[Remedy | None, ...]:
    return redrawn(config), mean_reduction(config), scaled(config), lower_rate(config), normalized(config)


def loss_mismatch(sight: Sight) -> Symptom | None:
    """What stands behind the last layer cannot reach the targets, or leaves the loss no slope."""
    config, prepared = sight.config, sight.history.prepared
    if prepared is None or isinstance(config.model, CustomModel) or sight.share < _FAIR:
        return None
    output = config.model.output
    squashes = output in ("sigmoid", "softmax")
    if prepared.task == "regression" and squashes and sight.learned < _LITTLE:
        reason = f"{output} gives numbers between 0 and 1 alone, and the targets lie around 0, on both sides"
    elif prepared.task == "classification" and isinstance(config.loss, MeanSquaredError) and squashes:
        if sight.learned > min(0.85, 0.4 + sight.share):
            return None
        reason = f"mse behind {output} hardly slopes where the network is sure and wrong"
    else:
        return None
    return Symptom(
        code="loss_mismatch",
        severity="warning" if isinstance(config.model, Perceptron) else "error",
        message=f"Loss, output and targets do not fit: {_stands(sight)} is all that was learned",
        cause=reason,
        evidence={"learned": sight.learned, "share": sight.share},
        remedies=offered(config, fitting_loss(config)),
    )


def _stands(sight: Sight) -> str:
    return (
        f"{figures.SCORES[sight.history.metric]} {100 * max(sight.learned, 0.0):.0f} % of the way from chance"
    )
