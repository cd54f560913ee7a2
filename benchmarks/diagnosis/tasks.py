"""What is learned, with which budget: tasks, each with good configurations that say what it can reach.

A task is a set of words of the one-line form by slot, so that a fault can change one of them. The reach of a
task is measured with each seed, because the seed splits the data: some splits are easier than others.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from benchmarks import mnist
from dlcore.config import RunConfig, plan
from dlcore.datasets.examine import examine, settled
from dlcore.oneline import parse

Slots = Mapping[str, str]
"""Words of a line by what they are about; a later word for the same slot takes the place of the first."""
Kind = Literal["plane", "image", "table", "regression"]

SEEDS = range(4)
"""The seeds that runs are made with: the reach of every task is measured with each of them."""
_EVALUATIONS = 24
"""About so many evaluations of the watched split in a run: often enough to see when something turned."""
_MACHINE = "device=cpu training.threads=1 training.probe_budget=1 training.frames_mb=0"
"""These runs last a fraction of a second: with the usual budget there would be a handful of looks in each,
where a run of usual length has dozens. Frames are for looking back, which nobody does here."""


@dataclass(frozen=True)
class Task:
    """Data and a budget of epochs, with networks that are known to be good at it."""

    name: str
    kind: Kind
    slots: Slots
    good: tuple[Slots, ...]
    """Good configurations; what the best of them reaches is what the task is known to allow."""
    rates: Mapping[str, float]
    """A good learning rate by optimizer, for shallow networks."""

    @property
    def epochs(self) -> int:
        """Its budget."""
        return int(self.slots["e"].partition("=")[2])


def line(*parts: Slots) -> str:
    """Return the one-line form of slots, the later ones over the earlier, evaluated often enough."""
    merged: dict[str, str] = {}
    for part in parts:
        merged |= part
    words = " ".join(word for word in merged.values() if word)
    if "training.evaluate_every" not in words:
        steps = plan(parse(words)).steps
        words += f" training.evaluate_every={max(1, round(steps / _EVALUATIONS))}"
    return f"{words} {_MACHINE}"


def seeded(seed: int) -> Slots:
    """Return the slot of a run's seed."""
    return {"seed": f"seed={seed}"}


def config_of(text: str) -> RunConfig:
    """Return the configuration of a line, with every `auto` made explicit."""
    found = parse(text)
    return settled(found, examine(found))


_IMAGE = {"sgd": 0.1, "momentum": 0.02, "nesterov": 0.02, "adam": 0.003, "adamw": 0.003, "rmsprop": 0.001}
_PLANE = {"sgd": 0.3, "momentum": 0.05, "nesterov": 0.05, "adam": 0.01, "adamw": 0.01, "rmsprop": 0.005}
_TABLE = {"sgd": 0.1, "momentum": 0.02, "nesterov": 0.02, "adam": 0.005, "adamw": 0.005, "rmsprop": 0.003}


def _network(model: str, activation: str, init: str, optimizer: str, more: str = "") -> Slots:
    return {"model": model, "activation": activation, "init": init, "optimizer": optimizer, "more": more}


def _good(width: int, rates: Mapping[str, float]) -> tuple[Slots, ...]:
    """Return three good networks of two layers."""
    wide = f"mlp {width},{width}"
    return (
        {**_network(wide, "relu", "he", "adam"), "lr": f"lr={rates['adam']}", "schedule": "cosine"},
        {**_network(wide, "tanh", "xavier", "momentum"), "lr": f"lr={rates['momentum']}"},
        {**_network(wide, "relu", "he", "adam"), "lr": f"lr={rates['adam']}"},
    )


def _data(words: str, batch: int, epochs: int, val: str = "val=.2", **more: str) -> Slots:
    return {"data": words, "val": val, "b": f"b={batch}", "e": f"e={epochs}", **more}


_SMALL = (
    {**_network("mlp 8,", "tanh", "xavier", "adam"), "lr": "lr=.01"},
    {**_network("perceptron", "", "", "adam"), "lr": "lr=.01"},
)

TASKS: tuple[Task, ...] = (
    Task("digits", "image", _data("digits", 32, 10), _good(64, _IMAGE), _IMAGE),
    Task("few digits", "image", _data("digits", 16, 15, n="n=500"), _good(64, _IMAGE), _IMAGE),
    Task(
        "moons",
        "plane",
        _data("moons samples=1000 noise=.1", 32, 20),
        _good(32, _PLANE),
        _PLANE,
    ),
    Task("circles", "plane", _data("circles samples=1000", 32, 20), _good(32, _PLANE), _PLANE),
    Task("spiral", "plane", _data("spiral samples=1000", 32, 40), _good(64, _PLANE), _PLANE),
    Task(
        "xor",
        "plane",
        _data("xor samples=400 noise=.15", 32, 30, ""),
        _good(16, _PLANE),
        _PLANE,
    ),
    Task(
        "blobs",
        "plane",
        _data("blobs samples=800 classes=5 data.seed=2", 32, 16),
        (*_good(16, _PLANE), *_SMALL),
        _PLANE,
    ),
    Task(
        "sine",
        "regression",
        _data("regression samples=600 noise=.1 data.seed=1", 16, 25),
        _good(32, _TABLE),
        _TABLE,
    ),
    Task(
        "sum",
        "regression",
        _data("regression samples=600 data.features=8 data.function=linear noise=.5 data.seed=1", 32, 20),
        (*_good(16, _TABLE), *_SMALL),
        _TABLE,
    ),
    Task("iris", "table", _data("iris", 8, 30), (*_good(16, _TABLE), *_SMALL), _TABLE),
    Task("wine", "table", _data("wine", 16, 30), (*_good(16, _TABLE), *_SMALL), _TABLE),
    Task("cancer", "table", _data("breast_cancer", 32, 20), (*_good(16, _TABLE), *_SMALL), _TABLE),
    Task("diabetes", "regression", _data("diabetes", 32, 30), (*_good(8, _TABLE), *_SMALL), _TABLE),
    Task("mnist", "image", _data("mnist", 64, 8, n="n=2400"), _good(64, _IMAGE), _IMAGE),
)


def has_mnist() -> bool:
    """Whether the real MNIST is at hand."""
    return bool(os.environ.get(mnist.VARIABLE))


def task(name: str) -> Task:
    """Return the task of this name."""
    return next(one for one in TASKS if one.name == name)


def reach_lines(one: Task, seed: int) -> tuple[str, ...]:
    """Return the lines of the good configurations of a task with a seed."""
    return tuple(line(one.slots, good, seeded(seed)) for good in one.good)
