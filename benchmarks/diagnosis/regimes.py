"""Runs that learn, and not well enough: too short, braked too early, or learning by heart."""

from benchmarks.diagnosis.candidates import Chance, Draft, Family
from benchmarks.diagnosis.networks import layers, rate
from dlcore.diagnose import Code

_LEARNED = (
    "digits",
    "moons",
    "few digits",
    "circles",
    "wine",
    "sum",
    "iris",
    "blobs",
    "cancer",
    "spiral",
    "mnist",
)


def _slow(chance: Chance) -> Draft:
    """Draw a run that goes the right way, and whose budget is over long before it has arrived."""
    task = chance.task(_LEARNED)
    optimizer = chance.of(("sgd", "momentum", "adam", "nesterov", "adamw"))
    depth = chance.whole(1, 3)
    divisor = chance.between(10, 60)
    epochs = max(2, task.epochs // 4)
    activation = chance.of(("relu", "tanh", "gelu", "elu"))
    sick = {**layers(activation, chance.of((32, 64)), depth), **rate(task, optimizer, depth, 1 / divisor)}
    fault = f"{epochs} epochs at 1/{divisor:g} of the rate of a good run"
    codes: tuple[Code, ...] = ("slow_convergence", "lr_too_low")
    more = {"e": f"e={3 * task.epochs}"}
    return Draft(task, {**sick, "e": f"e={epochs}"}, fault, f"{3 * task.epochs} epochs", more, codes)


def _plateau(chance: Chance) -> Draft:
    """Draw a rate that is taken away while there is still much to learn, or a start on a saddle."""
    task = chance.task(
        ("digits", "moons", "few digits", "circles", "spiral", "wine", "sine", "sum", "blobs", "mnist")
    )
    way = ("exponential", "piecewise", "power", "performance", "saddle")[chance.number % 5]
    optimizer = chance.of(("adam", "momentum", "sgd", "rmsprop"))
    depth = chance.whole(1, 3)
    activation = chance.of(("relu", "tanh", "gelu", "elu"))
    good = {**layers(activation, chance.of((32, 64)), depth), **rate(task, optimizer, depth)}
    early: tuple[Code, ...] = ("plateau", "lr_too_low", "slow_convergence", "underfitting")
    cure = {"schedule": "constant"}
    soon = chance.of((6, 10, 15, 20))
    match way:
        case "exponential":
            schedule = f"exp s={soon} gamma=.3"
        case "piecewise":
            schedule = f"piecewise schedule.boundaries={2 * soon}, schedule.factors=.002,"
        case "power":
            schedule = f"power s={max(1, soon // 6)} schedule.exponent=2"
        case "performance":
            schedule = "performance schedule.patience=1 schedule.factor=.1 training.evaluate_every=4"
        case _:
            width = chance.of((4, 8))
            std = chance.of((0.001, 0.003, 0.01))
            task = chance.task(("xor", "circles", "moons", "spiral"))
            sick = {**layers("tanh", width, 2), "init": f"normal model.init.std={std}", **rate(task, "sgd")}
            codes: tuple[Code, ...] = ("plateau", "not_learning", "vanishing_gradient", "slow_convergence")
            fault = f"weights that start at {std}, beside a saddle"
            return Draft(task, sick, fault, "xavier initialization", {"init": "xavier"}, codes)
    return Draft(
        task, {**good, "schedule": schedule}, f"a rate taken away: {schedule}", "a constant rate", cure, early
    )


def _by_heart(chance: Chance) -> Draft:
    """Draw a large network that learns wrong labels, or the noise of a regression, by heart."""
    optimizer = chance.of(("adam", "adamw", "rmsprop"))
    codes: tuple[Code, ...] = ("overfitting",)
    if chance.number % 4 == 3:
        task = chance.task(("diabetes",))
        sick = {**layers("relu", chance.of((96, 128)), 2), **rate(task, optimizer)}
        sick |= {"e": f"e={2 * task.epochs}", "n": "n=200"}
        small = {"l2": "l2=.1"}
        return Draft(task, sick, "a large network on 200 noisy samples", "an l2 penalty", small, codes)
    task = chance.task(
        ("digits", "few digits", "mnist", "blobs", "moons", "circles", "iris", "wine", "cancer")
    )
    share, samples = chance.of((0.2, 0.3, 0.4, 0.5)), chance.of((100, 200, 300))
    sick = {**layers(chance.of(("relu", "gelu", "tanh")), 128, 2), **rate(task, optimizer)}
    sick |= {"noise_of_labels": f"regularization.label_noise={share}", "n": f"n={samples}", "b": "b=16"}
    sick |= {"e": f"e={12_000 // min(samples, 150 if task.kind == 'table' else samples)}"}
    cure = {"noise_of_labels": "regularization.label_noise=0"}
    return Draft(task, sick, f"{share:.0%} of {samples} labels at random", "true labels", cure, codes)


REGIME_FAMILIES: tuple[Family, ...] = (
    Family("slow_convergence", 76, _slow, ("slow_convergence",)),
    Family("plateau", 60, _plateau, ("plateau",)),
    Family("overfitting", 64, _by_heart, ("overfitting",)),
)
