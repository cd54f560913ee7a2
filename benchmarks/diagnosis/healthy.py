"""Trainings that ought to be healthy; many of them look odd, each in a way that fools rules of thumb."""

from benchmarks.diagnosis.candidates import Chance, Draft, Family
from benchmarks.diagnosis.networks import LEARNED_BY_ALL, layers, mlp, rate, small_cnn, sound
from benchmarks.diagnosis.tasks import Slots

_ALL = (
    *LEARNED_BY_ALL,
    "spiral",
    "xor",
    "sine",
    "iris",
    "diabetes",
    "mnist",
)


def _plain(chance: Chance) -> Draft:
    """Draw a sound run as anybody makes it."""
    task = chance.task(_ALL)
    schedule = chance.of(("", "cosine", "one_cycle", "", ""))
    return Draft(task, {**sound(chance, task), "schedule": schedule}, "nothing odd")


def _small(chance: Chance) -> Draft:
    """Draw a network of a handful of units: a dead one is a large share of its layer."""
    task = chance.task(("iris", "blobs", "wine", "cancer", "moons", "xor", "sum"))
    width = chance.of((4, 6, 8))
    activation = chance.of(("relu", "tanh", "leaky_relu"))
    return Draft(task, {**layers(activation, width, chance.whole(1, 2)), **rate(task, "adam")}, "a few units")


def _perceptron(chance: Chance) -> Draft:
    """Draw a network without hidden layers, or without functions, where straight lines do."""
    task = chance.task(("digits", "iris", "wine", "cancer", "sum", "diabetes", "few digits"))
    optimizer = chance.of(("adam", "momentum", "sgd"))
    if chance.number % 2:
        slots = {**layers("identity", 32, chance.whole(1, 3)), **rate(task, optimizer)}
        return Draft(task, slots, "no function between the layers, and none needed")
    return Draft(task, {"model": "perceptron", **rate(task, optimizer)}, "no hidden layer, and none needed")


def _warm(chance: Chance) -> Draft:
    """Draw a rate that rises over a good part of the run: hardly anything is learned before."""
    task = chance.task(LEARNED_BY_ALL)
    steps = chance.of((60, 90, 120))
    schedule = f"cosine warmup={steps}" if chance.number % 2 else "one_cycle schedule.start=100"
    return Draft(task, {**sound(chance, task, deepest=3), "schedule": schedule}, f"a warm-up: {schedule}")


def _noisy(chance: Chance) -> Draft:
    """Draw batches so small, or labels so noisy, that the loss jumps while the score is fine."""
    task = chance.task(("moons", "blobs", "circles", "wine", "digits", "cancer"))
    slots = sound(chance, task, deepest=2)
    if chance.number % 3 == 2:
        epochs = max(5, task.epochs // 2)
        noise = {"noise_of_labels": f"regularization.label_noise={chance.of((0.1, 0.2))}", "e": f"e={epochs}"}
        return Draft(task, {**slots, **noise, "model": mlp(16, 1)}, "noisy labels, and a modest network")
    small = {"b": f"b={chance.of((4, 8))}", "e": f"e={max(3, task.epochs // 4)}"}
    return Draft(task, {**slots, **rate(task, "sgd", 2, 0.5), **small}, "very small batches")


def _dropout(chance: Chance) -> Draft:
    """Draw so much dropout that training looks worse than validation."""
    task = chance.task(("digits", "few digits", "wine", "cancer", "blobs", "moons"))
    share = chance.of((0.4, 0.5, 0.6))
    slots = {**layers("relu", 128, chance.whole(1, 2)), **rate(task, "adam"), "drop": f"drop={share}"}
    return Draft(task, slots, f"{share:.0%} dropout")


def _penalized(chance: Chance) -> Draft:
    """Draw a sparse network: an l1 penalty makes most weights, and gradients, nothing."""
    task = chance.task(("digits", "few digits", "cancer", "wine", "sum", "blobs"))
    penalty = {"l1": f"l1={chance.of((0.0001, 0.0003))}"} if chance.number % 2 else {"clip": "clip=1"}
    return Draft(task, {**sound(chance, task, deepest=3), **penalty}, f"{next(iter(penalty.values()))}")


def _tiny_data(chance: Chance) -> Draft:
    """Draw a run on a hundred samples, or four: whole batches, and few of them."""
    if chance.number % 3 == 0:
        task = chance.task(("xor",))
        corners: Slots = {"data": "xor", "b": "b=full", "e": "e=400"}
        slots = {**layers("tanh", chance.of((8, 16)), 1), **rate(task, "adam"), **corners}
        return Draft(task, slots, "four points")
    task = chance.task(("iris", "wine", "blobs", "cancer"))
    slots = {**sound(chance, task, deepest=2, optimizers=("adam", "rmsprop")), "b": "b=full", "e": "e=150"}
    return Draft(
        task, {**slots, "n": "n=100"} if task.name == "cancer" else slots, "all samples in one batch"
    )


def _regression(chance: Chance) -> Draft:
    """Draw a regression, whose loss ends far from zero because its noise cannot be learned."""
    task = chance.task(("sine", "sum", "diabetes"))
    loss = chance.of(("mse", "huber", "mae", "mse"))
    slots = {**sound(chance, task, deepest=2), "loss": loss}
    if task.name == "diabetes":
        slots |= {"model": mlp(chance.of((4, 8)), 1), **rate(task, "adam", 1, 0.5)}
    return Draft(task, slots, f"a regression with {loss}")


def _late(chance: Chance) -> Draft:
    """Draw a run that stands still for long, and then learns it all."""
    task = chance.task(("spiral", "xor", "circles", "moons", "digits"))
    epochs = task.epochs * (3 if task.kind == "plane" else 2)
    std = chance.of((0.03, 0.05, 0.1))
    width, depth = chance.of((16, 32)), 2 if task.kind == "plane" else 3
    slots = {
        **layers(chance.of(("tanh", "relu")), width, depth),
        "init": f"normal model.init.std={std}",
        **rate(task, chance.of(("momentum", "adam")), depth),
    }
    return Draft(task, {**slots, "e": f"e={epochs}"}, "a long plateau before the breakthrough")


def _deep(chance: Chance) -> Draft:
    """Draw a deep network with the initialization that it needs."""
    task = chance.task(("digits", "few digits", "moons", "circles", "mnist", "blobs"))
    depth = chance.whole(6, 10)
    activation, width = chance.of(("relu", "relu", "tanh", "leaky_relu", "elu")), chance.of((48, 64))
    more: Slots = {"norm": "norm=batch"} if chance.number % 5 == 4 else {}
    optimizer = chance.of(("momentum", "sgd", "adam"))
    slots = {**layers(activation, width, depth), **rate(task, optimizer, depth), **more}
    return Draft(task, slots, f"{depth} {activation} layers with the initialization that they need")


def _idle(chance: Chance) -> Draft:
    """Draw a CNN or a wide network most of whose units seldom fire, and which learns well."""
    if chance.number % 2:
        task = chance.task(("digits", "few digits"))
        epochs = {"e": f"e={task.epochs + 5}"}
        return Draft(task, {**small_cnn(chance, task), **epochs}, "a CNN with idle units")
    task = chance.task(("moons", "iris", "blobs", "cancer", "digits"))
    slots = {**layers("relu", 192, chance.whole(1, 2)), **rate(task, "adam", 1, 0.5)}
    return Draft(task, slots, "many more units than needed")


def _shallow_sigmoid(chance: Chance) -> Draft:
    """Draw sigmoid or tanh layers that do well: squashing is no sickness."""
    task = chance.task(("digits", "few digits", "wine", "iris", "cancer", "blobs", "mnist"))
    activation = chance.of(("sigmoid", "softplus", "tanh"))
    slots = {**layers(activation, 64, chance.whole(1, 2)), **rate(task, chance.of(("adam", "rmsprop")))}
    return Draft(task, slots, f"{activation} layers, few enough")


def _unusual_loss(chance: Chance) -> Draft:
    """Draw losses whose figures have other sizes than cross entropy's."""
    loss = ("bce", "hinge", "mse", "ce smooth=.1", "mse out=linear")[chance.number % 5]
    task = chance.task(("digits", "moons", "cancer", "circles", "wine", "blobs"))
    return Draft(
        task,
        {**sound(chance, task, deepest=2, optimizers=("adam", "adamw")), "loss": loss},
        f"the loss {loss}",
    )


WAYS = (
    _plain,
    _small,
    _perceptron,
    _warm,
    _noisy,
    _dropout,
    _penalized,
    _tiny_data,
    _regression,
    _late,
    _deep,
    _idle,
    _shallow_sigmoid,
    _unusual_loss,
    _deep,
    _plain,
)


def _healthy(chance: Chance) -> Draft:
    way = WAYS[chance.number % len(WAYS)]
    chance.number //= len(WAYS)  # each way counts by itself
    return way(chance)


HEALTHY = Family("healthy", 304, _healthy)
