"""Every pair of choices that goes together takes a real step, every other one is refused with a reason."""

import math
import os
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from dlcore.config import output_units, plan
from dlcore.datasets.examine import settled
from dlcore.datasets.published import data_folder
from dlcore.errors import ConfigError
from dlcore.reading import read_table
from dlcore.summary import read_history
from dlcore.training.control import Control
from dlcore.training.data import load
from dlcore.training.layers import describe
from dlcore.training.loop import Training
from dlcore.training.models import build_model, check_outputs
from dlcore.training.record import Record
from dlcore.training.sources import Source, read
from dlcore.training.step import TrainingStep
from tests.dlcore.trained import make
from tests.dlcore.training.own_data import write_code, write_csv, write_images
from tests.dlcore.training.pairs import (
    FACTS,
    FAMILIES,
    Pair,
    Row,
    as_config,
    covering_rows,
    every_pair,
    pairs_of,
    sorted_out,
    table_with,
)
from tests.dlcore.training.prepared import CPU, unheard

FITTING, REFUSED = sorted_out()
ROWS = list(covering_rows(FITTING))

NUMBERS = {"diabetes", "regression", "custom"}
"""Regressions."""
IMAGES = {"digits", "noise", "image_folder", "mnist", "custom"}
CONVOLUTIONAL = {"cnn", "lenet5", "vgg", "resnet", "resnet18"}
FOR_CLASSES = {"cross_entropy", "bce", "hinge"}
LACKS = {
    "perceptron": {"activation", "norm", "dropout"},
    "lenet5": {"norm", "dropout"},
    "resnet": {"dropout"},
    "resnet18": {"activation", "norm", "dropout"},
    "custom": {"activation", "norm", "dropout", "init", "output"},
}
"""What a network has no such thing of."""


def makes_no_sense(pair: Pair) -> bool:
    """What the declarations say, in other words than the checks."""
    said = dict(pair)
    data, model, loss, output = (said.get(key) for key in ("data", "model", "loss", "output"))
    more = said.get("regularization")
    for key, word in pair:
        if key in LACKS.get(model or "", ()) or word in LACKS.get(model or "", ()):
            return True
    return (
        (
            data is not None
            and data not in IMAGES
            and (model in CONVOLUTIONAL or more in ("shift", "flip", "rotate"))
        )
        or (data == "digits" and model == "lenet5")  # 8×8 pixels are too few
        or (data in NUMBERS and (loss in FOR_CLASSES or output == "softmax" or more == "label_noise"))
        or (data is not None and data not in NUMBERS and loss in ("mae", "huber"))
        or (output in ("sigmoid", "softmax") and loss in FOR_CLASSES)
        or (output == "softmax" and loss in ("mae", "huber"))  # these are for regressions
        or (output == "softmax" and loss == "auto")  # cross_entropy, or for a regression
        or (more == "label_noise" and loss in ("mae", "huber"))
        or (said.get("norm") == "layer" and model in ("cnn", "vgg", "resnet"))
    )


def test_what_goes_together_is_what_the_declarations_say() -> None:
    assert {pair for pair in every_pair() if makes_no_sense(pair)} == REFUSED


def test_the_rows_hold_every_pair_that_goes_together() -> None:
    held = {pair for row in ROWS for pair in pairs_of(row)}
    assert held >= FITTING
    assert not held & REFUSED
    assert {item for row in ROWS for item in row.items()} == {
        (key, word) for key, words in FAMILIES.items() for word in words
    }
    assert len(ROWS) < 250


@pytest.mark.parametrize("pair", sorted(REFUSED), ids=lambda pair: " ".join(word for _, word in pair))
def test_a_pair_that_does_not_go_together_is_refused_with_a_reason(pair: Pair) -> None:
    table = table_with(pair)
    reading = read_table(table)
    problems = list(reading.problems)
    if reading.config is not None:
        with pytest.raises(ConfigError) as caught:
            settled(reading.config, FACTS.get(table["data"]["kind"]))
        problems = list(caught.value.problems)
    assert problems
    for problem in problems:
        assert problem.key.split(".")[0] in table
        assert len(problem.message) > 10
        assert problem.hint
        assert not problem.message.endswith(".")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table, images and code."""
    folder = tmp_path_factory.mktemp("own")
    write_csv(folder)
    write_images(folder)
    write_code(folder)
    return folder


@pytest.fixture(scope="module")
def sources(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Source]:
    """The samples of each data set, as they are stored; few of those that are many."""
    home = tmp_path_factory.mktemp("home")
    if "mnist" in FAMILIES["data"]:
        data_folder(home, "mnist").parent.mkdir()
        data_folder(home, "mnist").symlink_to(os.environ["DLTUI_TEST_MNIST"])
    found = {}
    for word in FAMILIES["data"]:
        config = as_config({"data": word}, folder)
        assert config is not None
        source = read(config, home, unheard)
        assert source.facts == FACTS.get(word, config.data.facts)
        if word == "mnist":
            assert isinstance(source.test, tuple)
            test = source.test[0][:100], source.test[1][:100]
            source = replace(source, facts=replace(source.facts, test=100), test=test)
        found[word] = source
    return found


@pytest.mark.parametrize("row", ROWS, ids=lambda row: " ".join(row.values()))
def test_a_row_of_choices_takes_a_real_step(
    home: Path, folder: Path, sources: dict[str, Source], row: Row
) -> None:
    source = sources[row["data"]]
    config = as_config(row, folder)
    assert config is not None
    config = settled(config, source.facts)
    run = make(home, config)
    data = load(config, source, CPU)
    torch.manual_seed(config.seed)
    model = build_model(config, source.facts)
    check_outputs(describe(model, source.facts.shape)[1], output_units(config.loss, source.facts))
    before = [parameter.detach().clone() for parameter in model.parameters()]
    record = Record(run, attempt=1, seq=0)
    step = TrainingStep(config, model)
    training = Training(config, run, data, step, record, Control(run, set()), lambda: False)
    assert training.run() == "finished"
    record.close()
    assert training.step == plan(config, source.facts).steps == 1
    history = read_history(run)
    assert math.isfinite(history.loss.last())
    assert all(one.loss is not None and math.isfinite(one.loss) for one in history.evaluations)
    changed = [not torch.equal(one, other) for one, other in zip(before, model.parameters(), strict=True)]
    # From zeros only the last bias moves, and that only where a constant can be better than 0: it cannot for
    # two classes of equal size, nor for scaled targets.
    still = row.get("init") == "zeros" and (row["data"] in NUMBERS or row["data"] == "xor")
    assert any(changed) or still
    assert all(bool(parameter.isfinite().all()) for parameter in model.parameters())


def test_a_configuration_is_what_its_row_says() -> None:
    for row in ROWS:
        config = as_config(row)
        assert config is not None
        said = {key: chosen.word() for key, chosen in config.chosen().items() if key in FAMILIES}
        for key in ("activation", "init", "output", "norm"):
            if key in row:
                value = getattr(config.model, key)
                said[key] = value if isinstance(value, str) else value.word()
        more = config.regularization
        found = [*more.augment, *(["dropout"] if getattr(config.model, "dropout", 0) else [])]
        found += [name for name in FAMILIES["regularization"] if getattr(more, name, 0)]
        assert {**said, "regularization": found[0] if found else "none"} == row | {
            "regularization": row.get("regularization", "none")
        }
        assert len(found) < 2
