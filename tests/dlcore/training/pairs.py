"""Rows of choices that together hold every pair that goes together: a covering array, built greedily."""

import itertools
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dlcore.choices.activations import ACTIVATIONS
from dlcore.choices.dataset import Facts
from dlcore.choices.initializers import INITIALIZERS
from dlcore.config import SECTIONS, RunConfig
from dlcore.datasets.examine import settled
from dlcore.errors import ConfigError
from dlcore.reading import read_table

Row = dict[str, str]
"""A word for each family; a family that the model of the row has nothing of is missing."""
Item = tuple[str, str]
Pair = tuple[Item, Item]

_DOWNLOADED = ("mnist", "fashion_mnist", "kmnist", "cifar10")
FAMILIES: dict[str, list[str]] = {
    **{section.key: [kind.word() for kind in section.family] for section in SECTIONS if section.has_kinds},
    "activation": [kind.word() for kind in ACTIVATIONS],
    "init": [kind.word() for kind in INITIALIZERS],
    "output": ["auto", "linear", "sigmoid", "softmax"],
    "norm": ["none", "batch", "layer"],
    "regularization": [
        *("none", "l1", "l2", "clip_norm", "clip_value", "label_noise"),
        *("shift", "flip", "rotate", "dropout"),
    ],
}
FAMILIES["data"] = [
    word
    for word in FAMILIES["data"]
    if word not in _DOWNLOADED or (word == "mnist" and os.environ.get("DLTUI_TEST_MNIST"))
]
FACTS = {
    "csv": Facts("classification", (5,), 48, 12, classes=3, names=("large", "middle", "small")),
    "image_folder": Facts("classification", (3, 16, 16), 48, 12, classes=2, names=("dark", "light")),
    "custom": Facts("regression", (2, 12, 12), 48, 12, targets=2),
}
"""Of the data that must be opened: see own_data."""
_OPTIONAL = ("activation", "init", "output", "norm")
"""Fields of a model that not every model has."""
_SMALL: dict[str, dict[str, Any]] = {
    "mlp": {"hidden": [8]},
    "cnn": {"filters": [4], "hidden": [8]},
    "vgg": {"width": 4, "hidden": [8]},
    "resnet": {"width": 4},
}
NOWHERE = Path("/nowhere")


def as_table(row: Row, folder: Path) -> dict[str, Any]:
    """The smallest run of a row of choices, as a file has it; own data lie in `folder`."""
    own: dict[str, dict[str, Any]] = {
        "csv": {"file": str(folder / "table.csv"), "missing": "impute"},
        "image_folder": {"folder": str(folder / "images"), "size": 16},
        "custom": {"target": f"{folder}/code.py:Pictures"},
        "noise": {"side": 12, "samples": 80},
    }
    tables: dict[str, Any] = {
        key: {"kind": row[key]} for key in ("data", "model", "loss", "optimizer", "schedule") if key in row
    }
    data, model = (tables.setdefault(key, {}) for key in ("data", "model"))
    data |= {"limit": 64, **own.get(row.get("data", ""), {})}
    model |= _SMALL.get(row.get("model", ""), {}) | {key: row[key] for key in _OPTIONAL if key in row}
    if row.get("model") == "custom":
        model["target"] = f"{folder}/code.py:Net"
    match row.get("regularization", "none"):
        case "none":
            pass
        case "dropout":
            model["dropout"] = 0.5
        case "shift" | "flip" | "rotate" as way:
            tables["regularization"] = {"augment": [way]}
        case name:
            tables["regularization"] = {name: {"l1": 1e-3, "l2": 1e-3}.get(name, 0.5)}
    return {**tables, "training": {"epochs": 1, "device": "cpu"}}


def as_config(row: Row, folder: Path = NOWHERE) -> RunConfig | None:
    """The configuration of a row of choices, or None where they do not go together."""
    config = read_table(as_table(row, folder)).config
    if config is None:
        return None
    try:
        settled(config, FACTS.get(row.get("data", "")))
    except ConfigError:
        return None
    return config


def every_pair() -> set[Pair]:
    """All pairs of two members of different families."""
    each = [[(key, word) for word in FAMILIES[key]] for key in sorted(FAMILIES)]
    return {pair for one, other in itertools.combinations(each, 2) for pair in itertools.product(one, other)}


def pairs_of(row: Row) -> set[Pair]:
    """All pairs that a row holds."""
    return set(itertools.combinations(sorted(row.items()), 2))


def _backgrounds(pair: Pair) -> Iterator[Row]:
    """What may stand around a pair so that the pair alone decides."""
    for data, loss, model in itertools.product(("noise", "custom", "iris"), ("auto", "mse"), ("mlp", "cnn")):
        yield {"data": data, "loss": loss, "model": model} | dict(pair)


def sorted_out() -> tuple[set[Pair], set[Pair]]:
    """The pairs that go together with some others, and those that go together with none."""
    fitting = {pair for pair in every_pair() if any(as_config(row) for row in _backgrounds(pair))}
    return fitting, every_pair() - fitting


def table_with(pair: Pair) -> dict[str, Any]:
    """A table in which nothing but the pair can be wrong."""
    said = dict(pair)
    regression = said.get("loss") in ("mae", "huber")
    return as_table({"data": "custom" if regression else "noise"} | said, NOWHERE)


def covering_rows(fitting: set[Pair]) -> Iterator[Row]:
    """Rows that together hold every fitting pair; each is grown around one that is still open."""
    chance = random.Random(0)
    open_pairs = set(fitting)
    while open_pairs:
        wanted = min(open_pairs)
        starts = [row for row in _backgrounds(wanted) if as_config(row)]
        tried = [_grown(dict(wanted), fitting, open_pairs, chance) for _ in range(30)]
        tried += [_grown(start, fitting, open_pairs, chance) for start in starts]
        grown = [row for row in tried if as_config(row)]
        best = max(grown, key=lambda row: len(pairs_of(row) & open_pairs))
        open_pairs -= pairs_of(best)
        yield best


def _grown(row: Row, fitting: set[Pair], open_pairs: set[Pair], chance: random.Random) -> Row:
    """A row around some words: family by family the word that fits them all and holds most open pairs."""
    missing = [key for key in FAMILIES if key not in row]
    chance.shuffle(missing)
    for key in missing:
        best, most = None, -1.0
        for word in FAMILIES[key]:
            made = {_ordered((key, word), item) for item in row.items()}
            gain = len(made & open_pairs) + chance.random() / 2
            if made <= fitting and gain > most:
                best, most = word, gain
        if best is not None:
            row[key] = best
    return row


def _ordered(one: Item, other: Item) -> Pair:
    return (one, other) if one < other else (other, one)
