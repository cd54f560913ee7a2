"""Networks and rates that ought to learn: what a fault is put into, and what healthy runs are made of."""

from benchmarks.diagnosis.candidates import Chance
from benchmarks.diagnosis.tasks import Task

Slotted = dict[str, str]
"""Slots that can be added to."""

CURVED = ("moons", "circles", "spiral", "xor", "sine")
"""Tasks that no straight line will do for."""
LEARNED_BY_ALL = ("digits", "few digits", "moons", "circles", "blobs", "wine", "cancer", "sum")
"""Tasks that nearly any sound network reaches within the budget."""
IMAGES = ("digits", "few digits", "mnist")
CLASSES = ("digits", "moons", "blobs", "few digits", "circles", "wine", "spiral", "iris", "cancer", "mnist")

INIT = {
    "relu": "he",
    "leaky_relu": "he",
    "elu": "he",
    "gelu": "he",
    "silu": "he",
    "selu": "lecun",
    "tanh": "xavier",
    "softplus": "xavier",
    "sigmoid": "xavier",
    "identity": "xavier",
}
"""The initialization that goes with an activation."""
BENT = ("relu", "tanh", "leaky_relu", "elu", "gelu", "silu", "selu")
OPTIMIZERS = ("adam", "momentum", "sgd", "adamw", "nesterov", "rmsprop")


def mlp(width: int, depth: int) -> str:
    """Return the words of a network of so many hidden layers of one width."""
    return f"mlp {','.join([str(width)] * depth)}{',' if depth == 1 else ''}"


def layers(activation: str, width: int, depth: int) -> Slotted:
    """Return the slots of a network with the initialization that goes with its activation."""
    return {"model": mlp(width, depth), "activation": activation, "init": INIT[activation]}


def rate(task: Task, optimizer: str, depth: int = 2, factor: float = 1.0) -> Slotted:
    """Return the slots of an optimizer with a good rate times `factor`; deep networks want smaller ones."""
    deep = 1.0 if depth <= 3 else 0.5 if depth <= 6 else 0.25
    return {"optimizer": optimizer, "lr": f"lr={task.rates[optimizer] * deep * factor:.3g}"}


def sound(
    chance: Chance, task: Task, *, deepest: int = 4, optimizers: tuple[str, ...] = OPTIMIZERS
) -> Slotted:
    """Draw a network and a rate that ought to learn the task."""
    depth = chance.whole(1 if task.name != "spiral" else 2, deepest)
    width = chance.of((32, 48, 64) if task.kind in ("image", "plane") else (16, 24, 32))
    return {**layers(chance.of(BENT), width, depth), **rate(task, chance.of(optimizers), depth)}


def small_cnn(chance: Chance, task: Task, activation: str = "relu") -> Slotted:
    """Draw a small convolutional network for a task of images."""
    filters = chance.of(("8,16", "6,12", "8,8"))
    return {
        "model": f"cnn filters={filters} model.hidden=32,",
        "activation": activation,
        "init": INIT[activation],
        **rate(task, chance.of(("adam", "adamw", "rmsprop"))),
    }
