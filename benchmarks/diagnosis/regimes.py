"""Runs that learn, and not well enough: too short, braked too early, or learning by heart."""

from benchmarks.diagnosis.candidates import Chance, Draft, Family
from benchmarks.diagnosis.networks import layers, rate
from dlcore.diagnose import Code


def _slow(chance: Chance) -> Draft:
    """Draw a run that goes the right way, and whose budget is over long before it has arrived."""
    task = chance.task(
        (
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
    )
    optimizer = chance.of(("sgd", "momentum", "adam", "nesterov", "adamw"))
    depth = chance.whole(1, 3)
    divisor = chance.between(6, 30)
    more = 8 if task.name != "mnist" else 6
    epochs = int(task.slots["e"].partition("=")[2])
    activation = chance.of(("relu", "tanh", "gelu", "elu"))
    sick = {**layers(activation, chance.of((32, 64)), depth), **rate(task, optimizer, depth, 1 / divisor)}
    codes: tuple[Code, ...] = ("slow_convergence", "lr_too_low")
    fault = f"a rate 1/{divisor:g} of that of a good run, and no more epochs"
    return Draft(task, sick, fault, f"{more} times the epochs", {"e": f"e={more * epochs}"}, codes)


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
    """Draw a large network on few samples or wrong labels, for long."""
    way = ("labels", "few", "labels", "table")[chance.number % 4]
    codes: tuple[Code, ...] = ("overfitting",)
    if way == "table":
        task = chance.task(("diabetes", "sum"))
        good = {
            **layers("relu", chance.of((128, 256)), 2),
            **rate(task, "adam"),
            "e": f"e={chance.of((80, 120))}",
        }
        penalty = f"l2={chance.of((0.01, 0.03))}"
        return Draft(
            task, {**good, "l2": "l2=0"}, "a large network and little signal", penalty, {"l2": penalty}, codes
        )
    task = chance.task(
        ("digits", "few digits", "blobs", "moons", "cancer", "mnist")
        if way == "labels"
        else ("digits", "moons", "spiral", "cancer", "blobs")
    )
    optimizer = chance.of(("adam", "adamw", "rmsprop"))
    good = {**layers(chance.of(("relu", "gelu", "tanh")), chance.of((128, 192)), 2), **rate(task, optimizer)}
    if way == "labels":
        share = chance.of((0.2, 0.3, 0.4, 0.5))
        epochs = int(task.slots["e"].partition("=")[2]) * (3 if task.kind == "image" else 6)
        sick = {**good, "noise_of_labels": f"regularization.label_noise={share}", "e": f"e={epochs}"}
        cure = {"noise_of_labels": "regularization.label_noise=0"}
        return Draft(task, sick, f"{share:.0%} of the labels at random", "true labels", cure, codes)
    few = chance.of((60, 90, 120))
    noisy = {"data": "moons samples=1000 noise=.35"} if task.name == "moons" else {}
    noisy = {"data": "blobs samples=800 classes=5 noise=2 data.seed=2"} if task.name == "blobs" else noisy
    sick = {**good, **noisy, "n": f"n={few}", "b": "b=16", "e": f"e={chance.of((60, 100))}"}
    return Draft(task, sick, f"{few} samples", "all samples", {"n": "n=0", "e": task.slots["e"]}, codes)


REGIME_FAMILIES: tuple[Family, ...] = (
    Family("slow_convergence", 70, _slow, ("slow_convergence",)),
    Family("plateau", 80, _plateau, ("plateau",)),
    Family("overfitting", 72, _by_heart, ("overfitting",)),
)
