"""The rule of each optimizer for one weight, written out with what the optimizer remembers of it.

The rules are those of torch.optim, which follow the papers named with each choice of optimizer.
"""

from math import sqrt
from typing import assert_never

from dlcore.choices.optimizers import (
    Adadelta,
    Adagrad,
    Adam,
    AdamW,
    Momentum,
    Nesterov,
    Optimizer,
    RMSprop,
    Sgd,
)
from dlcore.training.looking.microscope.written import Part, Written, written

Memory = dict[str, float]
"""What an optimizer remembers of the weight before the step, by the names of `state_names`."""


def rule_of(optimizer: Optimizer, lr: float, weight: float, gradient: float, memory: Memory) -> list[Written]:
    """Return the lines from a gradient to the update of a weight, which is the last one's value."""
    match optimizer:
        case Sgd():
            return [_update(lr, "g", gradient)]
        case Momentum():
            if not optimizer.momentum:
                return [_update(lr, "g", gradient)]
            speed = _speed(optimizer.momentum, memory, gradient)
            return [speed, _update(lr, "v", speed["value"])]
        case Nesterov():
            return _nesterov(optimizer, lr, gradient, memory)
        case Adagrad():
            return _adagrad(optimizer, lr, gradient, memory)
        case Adadelta():
            return _adadelta(optimizer, lr, gradient, memory)
        case RMSprop():
            return _rmsprop(optimizer, lr, gradient, memory)
        case Adam() | AdamW():
            return _adam(optimizer, lr, weight, gradient, memory)
        case _:
            assert_never(optimizer)


def _update(lr: float, symbol: str, value: float) -> Written:
    return written("update", f"−lr·{symbol}", -lr * value, "−", lr, "·", value)


def _speed(momentum: float, memory: Memory, gradient: float, symbol: str = "g") -> Written:
    before = memory["momentum"]
    value = momentum * before + gradient
    return written("v", f"momentum·v before + {symbol}", value, momentum, "·", before, " + ", gradient)


def _mean_square(symbol: str, name: str, share: float, before: float, gradient: float) -> Written:
    value = share * before + (1 - share) * gradient * gradient
    rule = f"{name}·{symbol} before + (1 − {name})·g²"
    return written(symbol, rule, value, share, "·", before, " + ", 1 - share, "·", gradient, "²")


def _nesterov(optimizer: Nesterov, lr: float, gradient: float, memory: Memory) -> list[Written]:
    speed = _speed(optimizer.momentum, memory, gradient)
    ahead = gradient + optimizer.momentum * speed["value"]
    parts = (gradient, " + ", optimizer.momentum, "·", speed["value"])
    return [speed, written("d", "g + momentum·v", ahead, *parts), _update(lr, "d", ahead)]


def _adagrad(optimizer: Adagrad, lr: float, gradient: float, memory: Memory) -> list[Written]:
    before = memory["square_sum"]
    total = before + gradient * gradient
    update = -lr * gradient / (sqrt(total) + optimizer.eps)
    return [
        written("s", "s before + g²", total, before, " + ", gradient, "²"),
        written(
            "update", "−lr·g / (√s + eps)", update,
            "−", lr, "·", gradient, " / (√", total, " + ", optimizer.eps, ")",
        ),
    ]  # fmt: skip


def _adadelta(optimizer: Adadelta, lr: float, gradient: float, memory: Memory) -> list[Written]:
    square = _mean_square("s", "rho", optimizer.rho, memory["square_mean"], gradient)
    moved = memory["delta_mean"]
    step = sqrt(moved + optimizer.eps) / sqrt(square["value"] + optimizer.eps) * gradient
    parts = (
        "√(",
        moved,
        " + ",
        optimizer.eps,
        ") / √(",
        square["value"],
        " + ",
        optimizer.eps,
        ")·",
        gradient,
    )
    return [square, written("d", "√(u + eps) / √(s + eps)·g", step, *parts), _update(lr, "d", step)]


def _rmsprop(optimizer: RMSprop, lr: float, gradient: float, memory: Memory) -> list[Written]:
    square = _mean_square("s", "alpha", optimizer.alpha, memory["square_mean"], gradient)
    divided = gradient / (sqrt(square["value"]) + optimizer.eps)
    parts = (gradient, " / (√", square["value"], " + ", optimizer.eps, ")")
    lines = [square, written("d", "g / (√s + eps)", divided, *parts)]
    if not optimizer.momentum:
        return [*lines, _update(lr, "d", divided)]
    speed = _speed(optimizer.momentum, memory, divided, "d")
    return [*lines, speed, _update(lr, "v", speed["value"])]


def _adam(
    optimizer: Adam | AdamW, lr: float, weight: float, gradient: float, memory: Memory
) -> list[Written]:
    step = int(memory["step"]) + 1
    beta1, beta2, eps = optimizer.beta1, optimizer.beta2, optimizer.eps
    mean = beta1 * memory["mean"] + (1 - beta1) * gradient
    square = _mean_square("s", "beta2", beta2, memory["square_mean"], gradient)
    fair, fair_square = mean / (1 - beta1**step), square["value"] / (1 - beta2**step)
    update = -lr * fair / (sqrt(fair_square) + eps)
    rule = "−lr·m' / (√s' + eps)"
    parts: list[Part] = ["−", lr, "·", fair, " / (√", fair_square, " + ", eps, ")"]
    if isinstance(optimizer, AdamW):
        update -= lr * optimizer.weight_decay * weight
        rule, parts = (
            f"{rule} − lr·weight_decay·w",
            [*parts, " − ", lr, "·", optimizer.weight_decay, "·", weight],
        )
    m_rule = "beta1·m before + (1 − beta1)·g"
    of_square = (square["value"], " / (1 − ", beta2, "^", step, ")")
    return [
        written("m", m_rule, mean, beta1, "·", memory["mean"], " + ", 1 - beta1, "·", gradient),
        square,
        written("m'", f"m / (1 − beta1^t), t = {step}", fair, mean, " / (1 − ", beta1, "^", step, ")"),
        written("s'", f"s / (1 − beta2^t), t = {step}", fair_square, *of_square),
        written("update", rule, update, *parts),
    ]
