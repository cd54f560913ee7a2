"""Faults put into networks that ought to learn, and the one remedy that takes each out again.

What a draft is called is no label yet: `criteria` looks at what came of it.
"""

from benchmarks.diagnosis.candidates import Chance, Draft, Family
from benchmarks.diagnosis.networks import (
    CURVED,
    OPTIMIZERS,
    layers,
    rate,
    sound,
)
from benchmarks.diagnosis.rates import RATE_FAMILIES
from benchmarks.diagnosis.regimes import REGIME_FAMILIES
from benchmarks.diagnosis.stuck import STUCK_FAMILIES
from dlcore.diagnose import Code

_FIRST_ORDER = ("sgd", "momentum", "nesterov")


def _vanishing(chance: Chance) -> Draft:
    """Draw a deep network through which gradients shrink: squashing layers, or small first weights."""
    way = chance.of(("sigmoid", "sigmoid", "small tanh", "small relu", "default relu", "sigmoid adam"))
    task = chance.task(("digits", "moons", "few digits", "circles", "wine", "blobs", "sum", "mnist"))
    width = chance.of((24, 32, 48, 64))
    depth = chance.whole(
        *{"default relu": (10, 14), "sigmoid": (4, 9), "sigmoid adam": (7, 10)}.get(way, (5, 9))
    )
    optimizer = chance.of(("adam", "rmsprop") if way == "sigmoid adam" else _FIRST_ORDER)
    sick = {**layers("relu", width, depth), **rate(task, optimizer, depth)}
    small = chance.of((0.01, 0.02, 0.03))
    if way.startswith("sigmoid"):
        init = chance.of(("default", "xavier", "he"))
        sick |= {"activation": "sigmoid", "init": init}
        fault = f"{depth} sigmoid layers"
    elif way == "default relu":
        sick |= {"init": "default"}
        fault = f"{depth} relu layers with the default initialization"
    else:
        sick |= {"activation": way.split()[1], "init": f"normal model.init.std={small}"}
        fault = f"{depth} {way.split()[1]} layers whose weights start at {small}"
    activation = chance.of(("relu", "tanh"))
    return Draft(
        task,
        sick,
        fault,
        f"{activation} with the initialization that goes with it",
        layers(activation, width, depth),
        ("vanishing_gradient",),
    )


def _exploding(chance: Chance) -> Draft:
    """Draw a deep network whose weights start so large that gradients grow from layer to layer."""
    task = chance.task(
        ("digits", "moons", "few digits", "blobs", "wine", "circles", "sum", "cancer", "mnist")
    )
    width, depth = chance.of((32, 48, 64)), chance.whole(5, 9)
    activation = chance.of(("relu", "leaky_relu", "elu", "silu", "gelu"))
    optimizer = chance.of(("sgd", "momentum", "adam", "rmsprop", "adam"))
    times = chance.between(1.5, 3.5) if optimizer in _FIRST_ORDER else chance.between(2.5, 6)
    std = times * (2 / width) ** 0.5
    sick = {
        **layers(activation, width, depth),
        "init": f"normal model.init.std={std:.3g}",
        **rate(task, optimizer, depth),
    }
    return Draft(
        task,
        sick,
        f"{depth} layers whose weights start {times:g} times too large",
        f"{activation} with the initialization that goes with it",
        layers(activation, width, depth),
        ("exploding_gradient",),
    )


def _dead(chance: Chance) -> Draft:
    """Draw relu layers so narrow, or with such a rate, that whole layers stop to fire."""
    way = chance.of(("narrow", "narrow", "hot", "hot", "raw"))
    leaky = {"activation": f"leaky_relu model.activation.slope={chance.of((0.1, 0.2))}"}
    if way == "raw":
        task = chance.task(("wine", "cancer"))
        sick = {
            **layers("relu", chance.of((16, 32)), chance.whole(2, 4)),
            **rate(task, chance.of(OPTIMIZERS[:3])),
        }
        raw = {"normalize": "data.normalize=none"}
        cured = {"normalize": "data.normalize=standard"}
        return Draft(
            task, {**sick, **raw}, "columns of raw figures", "standard columns", cured, ("dead_relu",)
        )
    if way == "narrow":
        task = chance.task(("moons", "circles", "blobs", "wine", "cancer", "iris", "xor"))
        width, depth = chance.whole(3, 5), chance.whole(7, 12)
        sick = {**layers("relu", width, depth), **rate(task, chance.of(("adam", "adamw", "rmsprop")), 2)}
        fault = f"{depth} relu layers of {width} units"
        return Draft(task, sick, fault, "leaky relu", leaky, ("dead_relu",))
    task = chance.task(("digits", "few digits", "moons", "circles", "blobs", "wine", "mnist"))
    depth, factor = chance.whole(2, 5), chance.between(4, 20)
    sick = {
        **layers("relu", chance.of((16, 32, 64)), depth),
        **rate(task, chance.of(OPTIMIZERS), depth, factor),
    }
    fault = f"a rate {factor:g} times that of a good run behind relu"
    return Draft(task, sick, fault, "leaky relu", leaky, ("dead_relu", "lr_too_high"))


def _saturated(chance: Chance) -> Draft:
    """Draw squashing layers that get so much that they are flat: large weights, or raw columns."""
    activation = chance.of(("tanh", "tanh", "sigmoid"))
    if chance.number % 3 == 2:
        task = chance.task(("cancer", "wine"))
        sick = {
            **layers(activation, chance.of((16, 32)), chance.whole(1, 3)),
            **rate(task, chance.of(OPTIMIZERS)),
        }
        raw = {"normalize": "data.normalize=none"}
        cured = {"normalize": "data.normalize=standard"}
        remedy = "standard columns"
        return Draft(
            task, {**sick, **raw}, "columns of raw figures", remedy, cured, ("saturated_activation",)
        )
    task = chance.task(("digits", "moons", "few digits", "circles", "wine", "sum", "cancer", "mnist", "sine"))
    width, depth = chance.of((32, 48, 64)), chance.whole(2, 5) if activation == "tanh" else chance.whole(1, 2)
    std = chance.between(0.8, 4.0)
    sick = {
        **layers(activation, width, depth),
        "init": f"normal model.init.std={std}",
        **rate(task, chance.of(OPTIMIZERS), depth),
    }
    deep: tuple[Code, ...] = ("exploding_gradient",) if activation == "tanh" and depth >= 3 else ()
    return Draft(
        task,
        sick,
        f"{depth} {activation} layers whose weights start at {std}",
        "xavier initialization",
        {"init": "xavier"},
        ("saturated_activation", *deep),
    )


def _collapse(chance: Chance) -> Draft:
    """Draw a deep network without any function between its layers, on a task that no line will do for."""
    task = chance.task(CURVED)
    width, depth = chance.of((16, 32, 64)), chance.whole(2, 5)
    sick = {
        **layers("identity", width, depth),
        **rate(task, chance.of(("adam", "momentum", "sgd", "rmsprop")), depth),
    }
    activation = chance.of(("relu", "tanh", "elu"))
    cure = layers(activation, width, depth)
    return Draft(task, sick, f"{depth} layers without a function", activation, cure, ("linear_collapse",))


def _mismatch(chance: Chance) -> Draft:
    """Draw an output or a loss that does not fit the targets."""
    if chance.number % 2:
        task = chance.task(("sine", "sum"))
        sick = {**sound(chance, task, deepest=3), "out": "out=sigmoid"}
        return Draft(
            task,
            sick,
            "a sigmoid before targets on both sides of 0",
            "linear output",
            {"out": "out=linear"},
            ("loss_mismatch",),
        )
    task = chance.task(("digits", "few digits", "blobs", "mnist"))
    output = chance.of(("softmax", "sigmoid"))
    sick = {**sound(chance, task, deepest=3, optimizers=_FIRST_ORDER), "loss": "mse", "out": f"out={output}"}
    cure = {"loss": "ce", "out": "out=linear"}
    fault = f"squared errors behind a {output} on classes"
    return Draft(task, sick, fault, "cross entropy on linear outputs", cure, ("loss_mismatch",))


FAMILIES: tuple[Family, ...] = (
    Family("vanishing_gradient", 38, _vanishing, ("vanishing_gradient",)),
    Family("exploding_gradient", 56, _exploding, ("exploding_gradient",)),
    Family("dead_relu", 100, _dead, ("dead_relu",)),
    Family("saturated_activation", 76, _saturated, ("saturated_activation",)),
    Family("linear_collapse", 38, _collapse, ("linear_collapse",)),
    Family("loss_mismatch", 40, _mismatch, ("loss_mismatch",)),
    *STUCK_FAMILIES,
    *RATE_FAMILIES,
    *REGIME_FAMILIES,
)
