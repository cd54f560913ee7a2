"""Networks that cannot get anywhere: nothing reaches their weights, or there is not enough of them."""

from benchmarks.diagnosis.candidates import Chance, Draft, Family
from benchmarks.diagnosis.networks import CLASSES, CURVED, layers, mlp, rate, sound
from dlcore.diagnose import Code

_POOR: tuple[Code, ...] = ("underfitting", "plateau", "not_learning")


def _not_learning(chance: Chance) -> Draft:
    """Draw what keeps a network at chance without any of the better known causes."""
    way = ("zeros", "labels", "clip", "l2", "step", "labels")[chance.number % 6]
    task = chance.task(CLASSES if way != "step" else CURVED)
    sick = sound(chance, task, deepest=3)
    codes: tuple[Code, ...]
    match way:
        case "zeros":
            cure = {"init": sick["init"]}
            sick |= {"init": "zeros"}
            # A unit that starts at 0 never fires, and no gradient comes through: both are true, too.
            codes = ("not_learning", "vanishing_gradient", "dead_relu")
            return Draft(task, sick, "weights that start at zero", "an initialization", cure, codes)
        case "labels":
            sick |= {"noise_of_labels": "regularization.label_noise=1"}
            cure = {"noise_of_labels": "regularization.label_noise=0"}
            codes = ("not_learning", "overfitting")
            return Draft(task, sick, "labels drawn at random", "true labels", cure, codes)
        case "clip":
            sick |= {**rate(task, "sgd"), "clip": "clip=.0001"}
            codes = ("not_learning", "lr_too_low", "slow_convergence")
            return Draft(task, sick, "gradients clipped to nothing", "no clipping", {"clip": "clip=0"}, codes)
        case "l2":
            sick |= {**rate(task, chance.of(("sgd", "adam"))), "l2": f"l2={chance.between(0.3, 2)}"}
            codes = ("not_learning", "underfitting", "vanishing_gradient")
            return Draft(task, sick, "weights held at zero by l2", "no l2", {"l2": "l2=0"}, codes)
        case _:
            width, depth = 24, chance.whole(3, 5)
            sick |= {**layers("relu", width, depth), "activation": "step", **rate(task, "momentum", depth)}
            # No gradient comes through a step: that is vanishing, in a word.
            codes = ("not_learning", "vanishing_gradient", "underfitting", "plateau")
            return Draft(task, sick, f"{depth} step layers", "relu", layers("relu", width, depth), codes)


def _underfitting(chance: Chance) -> Draft:
    """Draw a network too small for the task, or held back too much."""
    way = ("narrow", "perceptron", "drop", "l2", "narrow", "l1")[chance.number % 6]
    if way == "perceptron":
        return _straight(chance)
    if way == "narrow":
        return _narrow(chance)
    task = chance.task(("digits", "moons", "few digits", "spiral", "blobs", "circles", "mnist"))
    sick = {**layers(chance.of(("relu", "tanh")), chance.of((32, 64)), 2)}
    sick |= rate(task, chance.of(("adam", "adamw")))
    figure = {
        "drop": chance.of((0.9, 0.95, 0.97)),
        "l2": chance.between(0.02, 0.3),
        "l1": chance.between(0.01, 0.1),
    }[way]
    return Draft(task, {**sick, way: f"{way}={figure}"}, f"{way} {figure}", "none", {way: f"{way}=0"}, _POOR)


def _straight(chance: Chance) -> Draft:
    """Draw a perceptron, on a task that no straight line will do for."""
    task = chance.task(CURVED)
    good = {**layers(chance.of(("relu", "tanh")), chance.of((32, 64)), 2), **rate(task, "adam")}
    sick = {**good, "model": "perceptron", "activation": "", "init": ""}
    codes: tuple[Code, ...] = ("underfitting", "linear_collapse", "plateau", "not_learning")
    return Draft(task, sick, "no hidden layer", "two hidden layers", good, codes)


def _narrow(chance: Chance) -> Draft:
    """Draw a network of one or two units a layer."""
    task = chance.task(("spiral", "circles", "digits", "few digits", "sine", "xor", "mnist"))
    width = chance.of((32, 64))
    good = {**layers(chance.of(("relu", "tanh")), width, 2), **rate(task, "adam")}
    small = mlp(1 if task.name == "xor" else chance.of((1, 2)), chance.of((1, 2)))
    sick = {**good, "model": small}
    return Draft(task, sick, f"a network of {small}", f"layers of {width} units", good, _POOR[:2])


STUCK_FAMILIES: tuple[Family, ...] = (
    Family("not_learning", 54, _not_learning, ("not_learning",)),
    Family("underfitting", 38, _underfitting, ("underfitting",)),
)
