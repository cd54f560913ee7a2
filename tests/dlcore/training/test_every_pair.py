"""Every pair of choices that go together takes a real step: no kind stumbles over another."""

import itertools
import math
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from dlcore.choices.activations import ACTIVATIONS
from dlcore.choices.initializers import INITIALIZERS
from dlcore.config import SECTIONS, RunConfig, plan
from dlcore.published import data_folder
from dlcore.reading import read_table
from dlcore.summary import read_history
from dlcore.training.control import Control
from dlcore.training.data import load
from dlcore.training.loop import Training
from dlcore.training.models import build_model
from dlcore.training.record import Record
from tests.dlcore.trained import make

Row = dict[str, str]
FAMILIES: dict[str, list[str]] = {
    **{section.key: [kind.word() for kind in section.family] for section in SECTIONS if section.has_kinds},
    "activation": [kind.word() for kind in ACTIVATIONS],
    "init": [kind.word() for kind in INITIALIZERS],
    "output": ["linear", "sigmoid", "softmax"],
}
if not os.environ.get("DLTUI_TEST_MNIST"):
    FAMILIES["data"].remove("mnist")


def as_config(row: Row) -> RunConfig | None:
    """The smallest run of a row of choices, or None where they do not go together."""
    model: dict[str, Any] = {"kind": row["model"], "init": row["init"], "output": row["output"]}
    if row["model"] != "perceptron":
        model |= {"activation": row["activation"], "hidden": [8]}
    if row["model"] == "cnn":
        model["filters"] = [4]
    table = {
        "data": {"kind": row["data"], "limit": 64},
        "model": model,
        "loss": {"kind": row["loss"]},
        "optimizer": {"kind": row["optimizer"]},
        "schedule": {"kind": row["schedule"]},
        "training": {"epochs": 1, "device": "cpu"},
    }
    return read_table(table).config


def pairs_of(row: Row) -> set[tuple[tuple[str, str], tuple[str, str]]]:
    return set(itertools.combinations(sorted(row.items()), 2))


def covering_rows() -> Iterator[Row]:
    """Rows that together hold every pair of choices that goes together, drawn greedily."""
    chance = random.Random(0)
    each = [[(key, word) for word in FAMILIES[key]] for key in sorted(FAMILIES)]
    open_pairs = {
        pair for one, other in itertools.combinations(each, 2) for pair in itertools.product(one, other)
    }
    while open_pairs:
        wanted = min(open_pairs)
        drawn = [
            {key: chance.choice(words) for key, words in FAMILIES.items()} | dict(wanted) for _ in range(300)
        ]
        fitting = [row for row in drawn if as_config(row) is not None]
        open_pairs.discard(wanted)
        if fitting:
            best = max(fitting, key=lambda row: len(pairs_of(row) & open_pairs))
            open_pairs -= pairs_of(best)
            yield best


ROWS = list(covering_rows())


@pytest.mark.parametrize("row", ROWS, ids=lambda row: " ".join(row.values()))
def test_every_pair_of_choices_takes_a_real_step(home: Path, row: Row) -> None:
    config = as_config(row)
    assert config is not None
    config = config.resolved()
    run = make(home, config)
    if row["data"] == "mnist":
        data_folder(home, "mnist").parent.mkdir()
        data_folder(home, "mnist").symlink_to(os.environ["DLTUI_TEST_MNIST"])
    data = load(config, home, torch.device("cpu"), lambda *_: None)
    torch.manual_seed(config.seed)
    model = build_model(config)
    before = [parameter.detach().clone() for parameter in model.parameters()]
    record = Record(run, attempt=1, seq=0)
    training = Training(config, run, data, model, record, Control(run, set()), lambda: False)
    assert training.run() == "finished"
    record.close()
    assert training.step == plan(config).steps == 1
    assert math.isfinite(read_history(run).loss.last())
    assert any(not torch.equal(one, other) for one, other in zip(before, model.parameters(), strict=True))
    assert all(bool(parameter.isfinite().all()) for parameter in model.parameters())


def test_the_rows_hold_every_choice() -> None:
    held = {item for row in ROWS for item in row.items()}
    assert held == {(key, word) for key, words in FAMILIES.items() for word in words}
    assert len(ROWS) < 80
