"""Combinations that make no sense: each is refused with its reason, and its neighbours are not.

The tables of refusals are written by hand, from what the members say of themselves.
"""

import re
from itertools import product
from typing import Any

import pytest

from dlcore.choices.architectures import ARCHITECTURES, Cnn, ResNet18
from dlcore.choices.dataset import Facts
from dlcore.choices.datasets import DATASETS
from dlcore.choices.drawn import Noise
from dlcore.choices.losses import LOSSES, AutoLoss, CrossEntropy
from dlcore.choices.own import Csv
from dlcore.choices.regularization import Regularization
from dlcore.choices.schedules import SCHEDULES
from dlcore.config import RunConfig
from dlcore.crosschecks import cross_check
from dlcore.errors import Problem
from dlcore.reading import read_table

DATA = [kind.word() for kind in DATASETS]
MODELS = [kind.word() for kind in ARCHITECTURES]
LOSS = [kind.word() for kind in LOSSES]
OUTPUTS = ("auto", "linear", "sigmoid", "softmax")
NEEDED = {"csv": {"file": "x.csv"}, "image_folder": {"folder": "x"}, "custom": {"target": "module:Name"}}
"""What has no default that runs."""

POINTS = ("xor", "moons", "circles", "spiral", "blobs")
TABLES = ("iris", "wine", "breast_cancer")
REGRESSIONS = ("regression", "diabetes")
IMAGES = ("digits", "mnist", "fashion_mnist", "kmnist", "cifar10", "noise")
UNOPENED = ("csv", "image_folder", "custom")
CLASSES = (*POINTS, *TABLES, *IMAGES)
CONVOLUTIONAL = ("cnn", "lenet5", "vgg", "resnet", "resnet18")
FOR_CLASSES = ("cross_entropy", "bce", "hinge")
FOR_NUMBERS = ("mae", "huber")


def table(**words: str) -> dict[str, Any]:
    return {section: {"kind": word, **NEEDED.get(word, {})} for section, word in words.items()}


def said(table: dict[str, Any]) -> list[str]:
    return [f"{problem.key}: {problem.message}" for problem in read_table(table).problems]


def refused(table: dict[str, Any], *words: str) -> str:
    """The key that is refused, '' for none; checks that the reason is a sentence that names a member."""
    problems = read_table(table).problems
    for problem in problems:
        assert_sentences(problem, *words)
    assert len(problems) <= 1, problems
    return problems[0].key if problems else ""


def assert_sentences(problem: Problem, *words: str) -> None:
    assert re.search(r"\w \w+ \w", problem.message), problem
    assert not problem.message.endswith((".", " "))
    assert any(re.search(rf"\b{word}\b", problem.message) for word in words), problem
    assert re.fullmatch(r"[A-Z].* .*[^.]\.", problem.hint), problem


def test_the_groups_are_all_there_is() -> None:
    assert set(DATA) == {*CLASSES, *REGRESSIONS, *UNOPENED}
    assert set(MODELS) == {"perceptron", "mlp", "custom", *CONVOLUTIONAL}
    assert set(LOSS) == {"auto", "mse", *FOR_CLASSES, *FOR_NUMBERS}


# A window of 5×5 pixels does not fit into what the first pooling leaves of 8×8.
TOO_SMALL = {("digits", "lenet5"), ("noise", "lenet5")}
NEEDS_IMAGES = set(product((*POINTS, *TABLES, *REGRESSIONS), CONVOLUTIONAL))


@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize("model", MODELS)
def test_every_network_with_every_data_set(data: str, model: str) -> None:
    wrong = (data, model) in TOO_SMALL | NEEDS_IMAGES
    assert refused(table(data=data, model=model), data, "conv2") == ("model.kind" if wrong else "")


@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize("loss", LOSS)
def test_every_loss_with_every_data_set(data: str, loss: str) -> None:
    wrong = (data in REGRESSIONS and loss in FOR_CLASSES) or (data in CLASSES and loss in FOR_NUMBERS)
    assert refused(table(data=data, loss=loss), loss) == ("loss.kind" if wrong else "")


@pytest.mark.parametrize(("model", "output"), product([word for word in MODELS if word != "custom"], OUTPUTS))
@pytest.mark.parametrize("loss", LOSS)
def test_every_loss_with_every_output_of_every_network(model: str, output: str, loss: str) -> None:
    tried = table(data="mnist", model=model, loss=loss)
    tried["model"]["output"] = output
    keys = [problem.key for problem in read_table(tried).problems]
    squashed = output in ("sigmoid", "softmax") and loss in ("auto", *FOR_CLASSES)
    assert keys == ["model.output"] * squashed + ["loss.kind"] * (loss in FOR_NUMBERS)
    for problem in read_table(tried).problems:
        assert_sentences(problem, output, loss)


# What is refused of loss × output, for data whose task is known and for those where it is not.
SQUASHED = {(loss, output) for loss in FOR_CLASSES for output in ("sigmoid", "softmax")}
ONE_LOSS = {(loss, output) for loss in FOR_NUMBERS for output in OUTPUTS}
REFUSED_OUTPUTS = {
    "classification": SQUASHED | ONE_LOSS | {("auto", "sigmoid"), ("auto", "softmax")},
    "regression": {(loss, output) for loss in FOR_CLASSES for output in OUTPUTS}
    | {(loss, "softmax") for loss in ("auto", "mse", *FOR_NUMBERS)},
    "unknown": SQUASHED,
}


@pytest.mark.parametrize("loss", LOSS)
@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize(
    ("task", "data"),
    [
        ("classification", "breast_cancer"),
        ("classification", "blobs"),
        ("regression", "diabetes"),
        ("regression", "regression"),
        ("unknown", "csv"),
    ],
)
def test_every_loss_with_every_output_for_every_task(task: str, data: str, loss: str, output: str) -> None:
    tried = table(data=data, loss=loss) | {"model": {"output": output}}
    assert bool(read_table(tried).problems) == ((loss, output) in REFUSED_OUTPUTS[task])
    for problem in read_table(tried).problems:
        assert_sentences(problem, output, loss)
        assert problem.key in ("model.output", "loss.kind")


@pytest.mark.parametrize("task", ["classification", "regression"])
@pytest.mark.parametrize("loss", [kind() for kind in LOSSES], ids=LOSS)
@pytest.mark.parametrize("output", OUTPUTS)
def test_the_facts_of_opened_data_are_taken_for_known_ones(task: Any, loss: Any, output: Any) -> None:
    facts = Facts(task, (3,), 80, 20, classes=3 if task == "classification" else 0)
    model = RunConfig().model.model_copy(update={"output": output})
    problems = list(cross_check({"data": Csv(file="x"), "model": model, "loss": loss}, facts))
    assert bool(problems) == ((loss.word(), output) in REFUSED_OUTPUTS[task])


@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize("augment", ["shift", "flip", "rotate"])
def test_only_images_are_augmented(data: str, augment: str) -> None:
    wrong = data in (*POINTS, *TABLES, *REGRESSIONS)
    tried = table(data=data) | {"regularization": {"augment": [augment]}}
    assert refused(tried, augment) == ("regularization.augment" if wrong else "")


@pytest.mark.parametrize("data", DATA)
def test_only_labels_are_made_noisy(data: str) -> None:
    tried = table(data=data) | {"regularization": {"label_noise": 0.1}}
    assert refused(tried, "regression") == ("regularization.label_noise" if data in REGRESSIONS else "")


def test_what_a_file_holds_decides_over_augmentation_and_noise() -> None:
    chosen = {"data": Csv(file="x"), "regularization": Regularization(augment=("flip",), label_noise=0.1)}
    assert list(cross_check(chosen)) == []
    found = list(cross_check(chosen, Facts("regression", (3,), 80, 20)))
    assert [problem.key for problem in found] == ["regularization.augment", "regularization.label_noise"]
    assert list(cross_check(chosen, Facts("classification", (1, 8, 8), 80, 20, classes=2))) == []


@pytest.mark.parametrize("schedule", [kind.word() for kind in SCHEDULES])
@pytest.mark.parametrize("size", [1, 64, 10_000, "full"])
def test_every_schedule_with_every_batch(schedule: str, size: int | str) -> None:
    tried = table(schedule=schedule) | {"data": {"batch_size": size}}
    wrong = (schedule, size) == ("batch_growth", "full")
    assert refused(tried, "batch_growth") == ("data.batch_size" if wrong else "")


@pytest.mark.parametrize("model", ["perceptron", "mlp", "cnn"])
@pytest.mark.parametrize("output", ["softmax", "sigmoid"])
@pytest.mark.parametrize("loss", ["auto", "cross_entropy"])
def test_no_squashing_before_cross_entropy(model: str, output: str, loss: str) -> None:
    table = {"model": {"kind": model, "output": output}, "loss": {"kind": loss}}
    assert said(table) == [
        f"model.output: {output} before cross_entropy squashes twice: cross_entropy has its own softmax"
    ]
    assert said({**table, "loss": {"kind": "mse"}}) == []


@pytest.mark.parametrize(("given", "faults"), [(1, 1), (2, 0), (3, 1), (0, 1)])
def test_one_activation_for_each_hidden_layer(given: int, faults: int) -> None:
    found = said({"model": {"hidden": [4, 4], "activation": ["tanh"] * given}})
    assert found == [f"model.activation: {given} activations for 2 hidden layers"] * faults


@pytest.mark.parametrize(
    ("field", "value"), [("kernel", 3), ("stride", 1), ("padding", "none"), ("pool", 1), ("pooling", "max")]
)
@pytest.mark.parametrize(("given", "faults"), [(1, 0), (2, 1), (3, 0), (4, 1)])
def test_one_value_for_all_blocks_or_one_each(field: str, value: int | str, given: int, faults: int) -> None:
    found = said(
        {"data": {"kind": "mnist"}, "model": {"kind": "cnn", "filters": [4, 4, 4], field: [value] * given}}
    )
    assert found == [f"model.{field}: {given} values for 3 blocks"] * faults


@pytest.mark.parametrize("data", ["xor", "moons", "circles"])
def test_a_cnn_needs_images(data: str) -> None:
    assert said({"data": {"kind": data}, "model": {"kind": "cnn"}}) == [
        f"model.kind: cnn needs images, and {data} has rows of 2 numbers"
    ]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"filters": [4, 4, 4, 4]}, "pool4 shrinks a 1×1 map to nothing"),
        ({"filters": [4], "kernel": 9, "padding": "none"}, "conv1 shrinks a 8×8 map to nothing"),
        ({"filters": [4], "pool": 9}, "pool1 shrinks a 8×8 map to nothing"),
        (
            {"filters": [4, 4], "kernel": 3, "padding": "none", "stride": 3, "pool": 1},
            "conv2 shrinks a 2×2 map to nothing",
        ),
        ({"filters": [4, 4], "pool": [1, 9]}, "pool2 shrinks a 8×8 map to nothing"),
        # An even kernel loses a pixel even with padding: 8 → 7 → 6 … → 1 → nothing.
        ({"filters": [4] * 8, "kernel": 2, "pool": 1}, "conv8 shrinks a 1×1 map to nothing"),
    ],
)
def test_a_map_does_not_shrink_to_nothing(fields: dict[str, Any], message: str) -> None:
    (found,) = read_table({"model": {"kind": "cnn", **fields}}).problems
    assert (found.key, found.message) == ("model.filters", message)
    assert found.hint == "Use fewer blocks, a smaller kernel, stride or pool, or padding = same."


@pytest.mark.parametrize(
    ("side", "blocks", "wrong"), [(8, 3, False), (8, 4, True), (7, 3, True), (32, 5, False)]
)
def test_a_vgg_has_as_many_blocks_as_the_picture_can_be_halved(side: int, blocks: int, wrong: bool) -> None:
    tried = {"data": {"kind": "noise", "side": side}, "model": {"kind": "vgg", "blocks": blocks}}
    found = [f"model.blocks: pool{blocks} shrinks a 1×1 map to nothing"] * wrong
    assert said(tried) == found


@pytest.mark.parametrize("side", range(1, 20))
def test_lenet_needs_twelve_pixels_and_residual_networks_need_one(side: int) -> None:
    noise = {"data": {"kind": "noise", "side": side}}
    assert bool(said({**noise, "model": {"kind": "lenet5"}})) == (side < 12)
    assert said({**noise, "model": {"kind": "resnet"}}) == []
    assert said({**noise, "model": {"kind": "resnet18"}}) == []


def test_a_map_of_one_pixel_is_something() -> None:
    assert said({"model": {"kind": "cnn", "filters": [4, 4, 4]}}) == []
    assert said({"model": {"kind": "cnn", "filters": [4], "kernel": 8, "padding": "none", "pool": 1}}) == []


def test_a_picture_need_not_be_square() -> None:
    chosen = {"data": Noise(), "model": Cnn(filters=(4, 4, 4), pool=(4,))}
    (found,) = cross_check(chosen, Facts("classification", (1, 64, 8), 80, 20, classes=2))
    assert found.message == "pool2 shrinks a 16×2 map to nothing"


@pytest.mark.parametrize(
    ("boundaries", "factors", "keys"),
    [
        ([10], [0.5], []),
        ([], [], []),
        ([10, 20], [0.5, 2.0], []),
        ([10, 20], [0.5], ["schedule.factors"]),
        ([], [0.5], ["schedule.factors"]),
        ([20, 10], [0.5, 0.1], ["schedule.boundaries"]),
        ([10, 10], [0.5, 0.1], ["schedule.boundaries"]),
        ([10, 5], [0.5], ["schedule.factors", "schedule.boundaries"]),
    ],
)
def test_boundaries_rise_and_each_has_a_factor(
    boundaries: list[int], factors: list[float], keys: list[str]
) -> None:
    tried = {"schedule": {"kind": "piecewise", "boundaries": boundaries, "factors": factors}}
    assert [problem.key for problem in read_table(tried).problems] == keys
    for problem in read_table(tried).problems:
        assert_sentences(problem, "boundaries", "rise")


@pytest.mark.parametrize(
    ("limit", "validation", "message"),
    [
        (4, 0.1, "0.1 of 4 samples leaves 0 for validation and 4 to train on"),
        (2, 0.9, "0.9 of 2 samples leaves 2 for validation and 0 to train on"),
        (0, 0.0001, "0.0001 of 1438 samples leaves 0 for validation and 1438 to train on"),
        (4, 0.0, None),
        (10, 0.1, None),
        (1, 0.0, None),
    ],
)
def test_both_splits_have_some_samples(limit: int, validation: float, message: str | None) -> None:
    found = said({"data": {"limit": limit, "validation": validation}})
    assert found == ([f"data.validation: {message}"] if message else [])


NORMALIZED: list[dict[str, Any]] = [
    {"kind": "mlp", "norm": "batch"},
    {"kind": "cnn", "norm": "batch"},
    {"kind": "vgg"},
    {"kind": "resnet"},
    {"kind": "resnet18"},
]
UNNORMALIZED: list[dict[str, Any]] = [
    {"kind": "perceptron"},
    {"kind": "mlp", "norm": "layer"},
    {"kind": "cnn"},
    {"kind": "vgg", "norm": "none"},
    {"kind": "resnet", "norm": "none"},
    {"kind": "custom", "target": "a:b"},
]


def _words(model: dict[str, Any]) -> str:
    return "-".join(map(str, model.values()))


@pytest.mark.parametrize("model", NORMALIZED, ids=_words)
@pytest.mark.parametrize(
    ("samples", "size", "wrong"),
    [
        (65, 64, True),
        (65, 32, True),
        (65, 1, True),
        (65, 65, False),
        (65, 100, False),
        (65, "full", False),
        (66, 64, False),
        (7, 3, True),
        (7, 4, False),
        (1, 64, True),
        (1, "full", True),
    ],
)
def test_batch_norm_needs_two_samples_in_every_batch(
    model: dict[str, Any], samples: int, size: int | str, wrong: bool
) -> None:
    data = {"limit": samples, "validation": 0, "batch_size": size}
    key = refused({"data": data, "model": model}, "batch norm")
    assert key == ("data.batch_size" if wrong else "")


@pytest.mark.parametrize("model", UNNORMALIZED, ids=_words)
def test_without_batch_norm_one_sample_is_a_batch(model: dict[str, Any]) -> None:
    for samples, size in ((65, 64), (65, 1), (1, "full")):
        assert said({"data": {"limit": samples, "validation": 0, "batch_size": size}, "model": model}) == []


@pytest.mark.parametrize("samples", [7, 13, 65, 1438])
@pytest.mark.parametrize("size", [1, 2, 3, 4, 6, 12, 64])
def test_the_batch_size_that_is_offered_instead_is_accepted(samples: int, size: int) -> None:
    tried = {"limit": samples, "validation": 0, "batch_size": size}
    for problem in read_table({"data": tried, "model": {"kind": "vgg"}}).problems:
        offered = int(re.findall(r"Choose (\d+), or another norm\.", problem.hint)[0])
        assert said({"data": {**tried, "batch_size": offered}, "model": {"kind": "vgg"}}) == []


def test_there_is_nothing_to_offer_for_one_sample_alone() -> None:
    (problem,) = cross_check({"data": Noise(limit=1, validation=0), "model": ResNet18()})
    assert problem.hint == "Take more samples, or another network."


@pytest.mark.parametrize(
    ("epochs", "wrong"),
    [
        (1, False),
        (3, False),
        (4, True),
        (10, True),
    ],  # nine samples at first, 96 from the fourth epoch on
)
def test_a_growing_batch_is_looked_at_as_far_as_the_run_goes(epochs: int, wrong: bool) -> None:
    tried = {
        "data": {"limit": 97, "validation": 0, "batch_size": 9},
        "model": {"norm": "batch"},
        "schedule": {"kind": "batch_growth", "factor": 16, "every": 3, "most": 96},
        "training": {"epochs": epochs},
    }
    last = "a batch of 97 samples by 96 leaves a last one of one sample, and batch norm needs two"
    assert said(tried) == [f"data.batch_size: {last}"] * wrong


@pytest.mark.parametrize(
    ("section", "word", "field"),
    [
        ("data", "csv", "file"),
        ("data", "image_folder", "folder"),
        ("data", "custom", "target"),
        ("model", "custom", "target"),
    ],
)
def test_what_is_a_users_own_must_be_named(section: str, word: str, field: str) -> None:
    key = f"{section}.{field}"
    assert refused({section: {"kind": word}}, word) == key
    assert refused({section: {"kind": word, field: ""}}, word) == key
    assert refused({section: {"kind": word, **NEEDED[word]}}, word) == ""


@pytest.mark.parametrize("section", ["data", "model"])
@pytest.mark.parametrize(
    ("target", "wrong"),
    [
        ("package.module:Name", False),
        ("a/b.py:name_2", False),
        ("~/my code/b.py:name", False),
        ("a:b:c", False),
        ("module", True),
        ("module:", True),
        (":Name", True),
        ("module:two words", True),
        ("module:2", True),
    ],
)
def test_a_target_is_a_module_or_file_and_a_name(section: str, target: str, wrong: bool) -> None:
    key = refused({section: {"kind": "custom", "target": target}}, "custom")
    assert key == (f"{section}.target" if wrong else "")


def test_a_check_is_skipped_while_what_it_needs_is_missing() -> None:
    softmax = RunConfig().model.model_copy(update={"output": "softmax"})
    assert list(cross_check({})) == []
    assert list(cross_check({"model": softmax})) == []
    assert list(cross_check({"model": softmax, "loss": AutoLoss()})) == [], "the task is not known"
    assert [one.key for one in cross_check({"model": softmax, "loss": CrossEntropy()})] == ["model.output"]
