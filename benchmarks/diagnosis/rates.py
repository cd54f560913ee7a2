"""Learning rates that are wrong: far too high, a little too high, and too low."""

from benchmarks.diagnosis.candidates import Chance, Draft, Family
from benchmarks.diagnosis.networks import BENT, LEARNED_BY_ALL, layers, rate, small_cnn, sound
from dlcore.diagnose import Code

_TOO_HIGH: tuple[Code, ...] = ("nan", "diverged", "lr_too_high", "oscillating_loss")
"""What becomes of a rate that is too high, the worst first: the outcome says which."""


def _unbounded(chance: Chance) -> Draft:
    """Draw a rate with which the loss leaves the numbers, or all bounds."""
    way = chance.of(("regression", "deep", "deep", "sum"))
    optimizer = chance.of(("sgd", "momentum", "nesterov"))
    factor = chance.between(20, 3000)
    if way == "sum":
        task = chance.task(LEARNED_BY_ALL)
        sick = {**sound(chance, task, deepest=3), **rate(task, optimizer), "red": "red=sum"}
        fault = "the loss summed over the batch at the rate of its mean"
        return Draft(
            task, sick, fault, "the mean over the batch", {"red": "red=mean"}, (*_TOO_HIGH, "loss_mismatch")
        )
    task = chance.task(("sine", "sum") if way == "regression" else LEARNED_BY_ALL)
    depth = chance.whole(1, 2) if way == "regression" else chance.whole(3, 6)
    bent = chance.of(("relu", "leaky_relu", "gelu", "elu", "silu"))
    sick = {**layers(bent, 32, depth), **rate(task, optimizer, depth, factor)}
    fault = f"a rate {factor:g} times that of a good run"
    return Draft(task, sick, fault, "the rate of a good run", rate(task, optimizer, depth), _TOO_HIGH)


def _too_high(chance: Chance) -> Draft:
    """Draw a rate with which nothing, or not much, is learned."""
    task = chance.task((*LEARNED_BY_ALL, "spiral", "xor", "digits", "mnist"))
    optimizer = chance.of(("adam", "momentum", "sgd", "adamw", "rmsprop", "adam"))
    is_scaled = optimizer in ("adam", "adamw", "rmsprop")
    factor = chance.between(*(30, 400) if is_scaled else (8, 60))
    depth = chance.whole(2, 5) if is_scaled else chance.whole(1, 4)
    good = rate(task, optimizer, depth)
    if task.kind == "image" and chance.number % 4 == 3 and task.name != "mnist":
        net = small_cnn(chance, task)
        good = {"optimizer": net["optimizer"], "lr": net["lr"]}
        optimizer, depth = net["optimizer"], 2
        sick = {**net, **rate(task, optimizer, depth, factor)}
    else:
        bent = chance.of(BENT if is_scaled else ("tanh", "tanh", "relu"))
        sick = {**layers(bent, chance.of((24, 32, 64)), depth), **rate(task, optimizer, depth, factor)}
    fault = f"a rate {factor:g} times that of a good run"
    return Draft(task, sick, fault, "the rate of a good run", good, _TOO_HIGH)


def _swinging(chance: Chance) -> Draft:
    """Draw what makes the loss swing: a rate at the edge, or far too much momentum."""
    way = chance.of(("edge", "edge", "momentum", "small batches"))
    task = chance.task(
        ("digits", "few digits", "spiral", "sine", "moons", "xor", "digits", "spiral", "mnist")
    )
    depth = chance.whole(2, 4)
    bent = layers(chance.of(("relu", "tanh", "gelu", "elu", "leaky_relu")), chance.of((32, 64)), depth)
    if way == "momentum":
        share = chance.of((0.99, 0.995, 0.998))
        sick = {**bent, **rate(task, "momentum", depth, chance.between(0.7, 3)), "m": f"m={share}"}
        return Draft(task, sick, f"momentum {share}", "momentum 0.9", {"m": "m=.9"}, _TOO_HIGH)
    optimizer = chance.of(("sgd", "momentum", "adam", "adamw", "rmsprop"))
    factor = chance.between(*(4, 16) if optimizer in ("sgd", "momentum") else (15, 120))
    sick = {**bent, **rate(task, optimizer, depth, factor)}
    if way == "small batches" and task.name != "mnist":
        sick |= {"b": "b=8", "e": f"e={max(3, task.epochs // 2)}"}
    fault = f"a rate {factor:g} times that of a good run"
    return Draft(task, sick, fault, "the rate of a good run", rate(task, optimizer, depth), _TOO_HIGH)


def _too_low(chance: Chance) -> Draft:
    """Draw a rate so low that the budget is over before anything has happened."""
    task = chance.task((*LEARNED_BY_ALL, "spiral", "xor", "sine", "iris", "mnist"))
    optimizer = chance.of(("adam", "momentum", "sgd", "adamw", "rmsprop", "nesterov"))
    depth = chance.whole(1, 4)
    factor = 1 / chance.between(50, 3000)
    if task.kind == "image" and chance.number % 4 == 3 and task.name != "mnist":
        good = small_cnn(chance, task)
        optimizer, depth = good["optimizer"], 2
    else:
        good = {**layers(chance.of(BENT), chance.of((24, 32, 64)), depth), **rate(task, optimizer, depth)}
    sick = {**good, **rate(task, optimizer, depth, factor)}
    cure = {"lr": good["lr"]}
    fault = f"a rate 1/{1 / factor:.0f} of that of a good run"
    return Draft(task, sick, fault, "the rate of a good run", cure, ("lr_too_low", "slow_convergence"))


def _runaway(chance: Chance) -> Draft:
    """Draw a rate that drives the weights far away, where bounded layers or scaled steps keep them finite."""
    task = chance.task(("digits", "few digits", "blobs", "moons", "spiral", "circles", "xor", "sine"))
    depth = chance.whole(2, 4)
    if chance.number % 2:
        optimizer, bent = chance.of(("sgd", "momentum")), "tanh"
        factor = chance.between(20, 200)
    else:
        optimizer, bent = chance.of(("adam", "adamw", "rmsprop")), chance.of(("tanh", "relu", "gelu"))
        factor = chance.between(100, 1000)
    sick = {**layers(bent, chance.of((32, 64)), depth), **rate(task, optimizer, depth, factor)}
    fault = f"a rate {factor:g} times that of a good run"
    return Draft(task, sick, fault, "the rate of a good run", rate(task, optimizer, depth), _TOO_HIGH)


RATE_FAMILIES: tuple[Family, ...] = (
    Family("nan", 48, _unbounded, ("nan", "diverged", "lr_too_high", "oscillating_loss")),
    Family("diverged", 40, _runaway, ("nan", "diverged", "lr_too_high", "oscillating_loss")),
    Family("lr_too_high", 76, _too_high, ("nan", "diverged", "lr_too_high", "oscillating_loss")),
    Family("oscillating_loss", 144, _swinging, ("nan", "diverged", "lr_too_high", "oscillating_loss")),
    Family("lr_too_low", 42, _too_low, ("lr_too_low",)),
)
