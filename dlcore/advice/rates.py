"""Advice on the size of steps: the learning rate, clipping, and what a penalty does to it."""

from collections.abc import Iterator
from typing import Any

from dlcore.advice.advice import Advice, Case, hidden_activations
from dlcore.choices.activations import Sigmoid
from dlcore.choices.losses import Huber, MeanAbsoluteError, MeanSquaredError
from dlcore.choices.optimizers import Adadelta, Adagrad, Adam, AdamW, Momentum, Nesterov, RMSprop, Sgd
from dlcore.choices.schedules import OneCycle
from dlcore.config import output_units

_FOLLOWS_SIZE = Sgd | Momentum | Nesterov
"""Optimizers whose step is as long as the gradient; all others divide its size away."""
_TINY_NORM = 0.01


def rate(case: Case) -> Iterator[Advice]:
    """A learning rate outside what its optimizer usually takes."""
    config = case.config
    optimizer, lr = config.optimizer, config.optimizer.lr
    times = _terms(case)
    lowest, highest = optimizer.usual
    if times is None or lowest <= lr * times <= highest * _slack(case):
        return
    usual = f"{optimizer.kind} usually takes {lowest:g} to {highest:g}"
    default = type(optimizer).model_fields["lr"].default
    changes: dict[str, Any] = {}
    if times > 1:
        changes["loss.reduction"] = "mean"
        said = f"with reduction = sum the rate counts {times:,} times, {lr:g} as {lr * times:g}, and {usual}"
    elif lr > highest:
        said = f"{usual}, and steps of {lr:g} throw the weights beyond what they aim at"
    else:
        run = f" in {case.plan.steps:,} steps" if case.plan is not None else ""
        said = f"{usual}, and with {lr:g} the weights hardly move{run}"
    if not lowest <= lr <= highest:
        changes["optimizer.lr"] = default
    yield Advice("optimizer.lr", said, changes)


def _terms(case: Case) -> int | None:
    """Return how often the rate counts: the terms of a summed loss; None while that is not known."""
    config = case.config
    if config.loss.reduction == "mean" or not isinstance(config.optimizer, _FOLLOWS_SIZE):
        return 1
    if case.plan is None or case.facts is None:
        return None
    is_each = isinstance(config.loss, MeanSquaredError | MeanAbsoluteError | Huber)
    return case.plan.batch_size * (output_units(config.loss, case.facts) if is_each else 1)


def _slack(case: Case) -> float:
    """Return how many times the usual rate is still no fault of this configuration."""
    config = case.config
    slack = 1.0
    if isinstance(config.optimizer, _FOLLOWS_SIZE):
        squashes = any(isinstance(one, Sigmoid) for one in hidden_activations(config.model))
        slack *= 10 if squashes or isinstance(config.loss, MeanSquaredError) else 1  # small slopes
        clip = config.regularization.clip_norm
        slack /= clip if 0 < clip < 1 else 1
    if isinstance(config.schedule, OneCycle):
        slack *= 3  # it is the top of the cycle, reached once
    return slack


def clipped(case: Case) -> Iterator[Advice]:
    """A gradient clipped to next to nothing."""
    config = case.config
    clip, lr = config.regularization.clip_norm, config.optimizer.lr
    if not 0 < clip < _TINY_NORM or not isinstance(config.optimizer, _FOLLOWS_SIZE):
        return
    farthest = lr * clip / (1 - getattr(config.optimizer, "momentum", 0.0))
    message = (
        f"no gradient may be longer than {clip:g}, so with lr = {lr:g} a step moves all weights together "
        f"by {farthest:.2g} at most"
    )
    yield Advice("regularization.clip_norm", message, {"regularization.clip_norm": 1.0})


def penalty(case: Case) -> Iterator[Advice]:
    """An l2 penalty behind an optimizer that divides each weight's gradient by its own size."""
    optimizer, l2 = case.config.optimizer, case.config.regularization.l2
    if not l2 or not isinstance(optimizer, Adam | AdamW | RMSprop | Adagrad | Adadelta):
        return
    message = (
        f"{optimizer.kind} divides the gradient of l2 = {l2:g} by each weight's own size of gradient, "
        "so the weights with the largest gradients shrink least"
    )
    changes: dict[str, Any] = {}
    if isinstance(optimizer, Adam | AdamW):
        # The gradient of l2 · w² is 2 · l2 · w.
        decay = float(f"{getattr(optimizer, 'weight_decay', 0.0) + 2 * l2:.12g}")
        changes = {"optimizer.weight_decay": decay, "regularization.l2": 0.0}
        if isinstance(optimizer, Adam):
            changes = {"optimizer.kind": "adamw", **changes}
    yield Advice("regularization.l2", message, changes)
