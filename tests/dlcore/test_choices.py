"""Every kind of every choice: what it says of itself, its defaults, and each of its limits."""

from typing import Any

import pytest

from dlcore.choices.activations import ACTIVATIONS
from dlcore.choices.bundled import Diabetes
from dlcore.choices.choice import Choice, FieldSpec, by_name, fields_of, nearest
from dlcore.choices.datasets import DATASETS, Dataset
from dlcore.choices.drawn import Blobs, Noise
from dlcore.choices.drawn import Regression as Curve
from dlcore.choices.initializers import INITIALIZERS
from dlcore.choices.own import Csv, CustomData, ImageFolder
from dlcore.config import SECTIONS
from dlcore.reading import read_table
from tests.dlcore.strategies import limits

FAMILIES = {
    **{section.key or "general": section.family for section in SECTIONS},
    "model.activation": ACTIVATIONS,
    "model.init": INITIALIZERS,
}
KINDS = [(where, kind) for where, family in FAMILIES.items() for kind in family]
FIELDS = [(where, kind, spec) for where, kind in KINDS for spec in fields_of(kind)]

every_kind = pytest.mark.parametrize(
    ("where", "kind"), KINDS, ids=[f"{where}={kind.word()}" for where, kind in KINDS]
)
every_field = pytest.mark.parametrize(
    ("where", "kind", "spec"),
    FIELDS,
    ids=[f"{where}={kind.word()}.{spec.name}" for where, kind, spec in FIELDS],
)


def problems_of(where: str, kind: type[Choice], **values: Any) -> list[tuple[str, str]]:
    """What is said of a configuration that has `values` in one choice and defaults everywhere else."""
    part = {**({"kind": kind.word()} if kind.word() else {}), **values}
    parents = [] if where == "general" else where.split(".")
    for parent in reversed(parents):
        part = {parent: part}
    return [(problem.key, problem.message) for problem in read_table(part).problems]


def dotted(where: str, spec: FieldSpec) -> str:
    return spec.name if where == "general" else f"{where}.{spec.name}"


@every_kind
def test_a_kind_says_what_it_is_in_one_sentence(where: str, kind: type[Choice]) -> None:
    assert kind.summary().endswith(".")
    assert len(kind.summary()) <= 100
    assert kind.noun


@every_kind
def test_the_defaults_of_a_kind_are_within_its_own_limits(where: str, kind: type[Choice]) -> None:
    chosen = kind.model_validate({})
    fields = {spec.name: getattr(chosen, spec.name) for spec in fields_of(kind)}
    assert kind.model_validate(fields) == chosen
    assert fields == {spec.name: spec.default for spec in fields_of(kind)}


@every_kind
def test_a_kind_does_not_change_once_it_is_made(where: str, kind: type[Choice]) -> None:
    chosen = kind.model_validate({})
    with pytest.raises(ValueError, match="frozen"):
        chosen.kind = "other"


@every_field
def test_a_field_says_what_it_is_for(where: str, kind: type[Choice], spec: FieldSpec) -> None:
    assert spec.help.endswith(".")
    assert len(spec.help) <= 100


@every_field
def test_a_field_of_words_lists_them(where: str, kind: type[Choice], spec: FieldSpec) -> None:
    assert (spec.control in ("option", "words")) <= bool(spec.options)
    assert (spec.control == "choice") == bool(spec.family)
    if isinstance(spec.default, str) and spec.control != "text":
        assert spec.default in spec.options
    if spec.control == "words":
        assert set(spec.default) <= set(spec.options)


WRONG_TYPES: dict[str, tuple[Any, str]] = {
    "number": ("many", "must be a number"),
    "count": (1.5, "must be a whole number"),
    "flag": (1, "must be true or false"),
    "option": ("quux", "must be one of"),
    "widths": (12.5, "must be a list of whole numbers above 0, as in [128, 64]"),
    "numbers": ("many", "must be a list of numbers above 0, as in [0.5, 0.1]"),
    "words": ("quux", "must be a list out of "),
    "table": (5, "must be a table, as in {name = 1}"),
    "text": (5, "must be text"),
    "choice": (5, "must be a name or a table"),
}


@every_field
def test_a_value_of_the_wrong_type_is_refused(where: str, kind: type[Choice], spec: FieldSpec) -> None:
    value, sentence = WRONG_TYPES[spec.control]
    (key, message), *others = problems_of(where, kind, **{spec.name: value})
    assert others == []
    assert key == dotted(where, spec)
    assert message.startswith(sentence)
    assert message.endswith(f"(got {value!r})")


SENTENCES = {
    "gt": "must be greater than {}",
    "ge": "must be at least {}",
    "lt": "must be less than {}",
    "le": "must be at most {}",
}


@every_field
def test_each_limit_is_kept_and_named(where: str, kind: type[Choice], spec: FieldSpec) -> None:
    whole = spec.control == "count"
    for name, limit in limits(kind, spec.name).items():
        step = 1 if whole else 0.5
        beyond = {"gt": limit, "ge": limit - step, "lt": limit, "le": limit + step}[name]
        value: float = int(beyond) if whole else beyond
        if whole and limit > 2**53:  # a float cannot hold it
            value = 2**63
        ((key, message),) = problems_of(where, kind, **{spec.name: value})
        assert key == dotted(where, spec)
        assert message.startswith(SENTENCES[name].format("")), message
        assert message.endswith(f"(got {value})")


@every_field
def test_what_a_number_can_be_is_known_without_asking(
    where: str, kind: type[Choice], spec: FieldSpec
) -> None:
    given = limits(kind, spec.name)
    if spec.control == "number":
        assert spec.lowest == given.get("gt", given.get("ge"))
        assert spec.highest == given.get("lt", given.get("le"))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 10**400])
def test_a_number_is_finite(value: float) -> None:
    (problem,) = read_table({"optimizer": {"lr": value}}).problems
    assert problem.key == "optimizer.lr"
    assert problem.message.startswith(("must be finite", "must be a number", "must be greater than 0"))


@pytest.mark.parametrize(
    ("where", "field", "value", "message"),
    [
        ("data", "batch_size", 0, 'must be at least 1, or "full" (got 0)'),
        ("data", "batch_size", "half", "must be a whole number, or \"full\" (got 'half')"),
        ("training", "evaluate_every", 0, 'must be at least 1, or "epoch" (got 0)'),
        ("training", "threads", 1025, 'must be at most 1024, or "auto" (got 1025)'),
        ("training", "device", "gpu", "is not one of those known (got 'gpu')"),
        ("training", "device", "cuda:٣", "is not one of those known (got 'cuda:٣')"),
        ("training", "device", "cpu\n", "is not one of those known (got 'cpu\\n')"),
        ("model", "hidden", [128, 0], "must be at least 1 (got 0)"),
        ("model", "hidden", [], "needs at least one (got [])"),
        ("model", "hidden", [1.5], "must be a list of whole numbers above 0, as in [128, 64] (got 1.5)"),
        ("general", "name", "n" * 201, f"must have at most 200 characters (got '{'n' * 36}...)"),
        (
            "regularization",
            "augment",
            ["flip", "spin"],
            "must be a list out of shift, flip, rotate (got 'spin')",
        ),
        ("regularization", "augment", [5], "must be a list out of shift, flip, rotate (got 5)"),
        ("optimizer", "lr_per_layer", {"fc1": 0}, "'fc1' must be greater than 0 (got 0)"),
        ("optimizer", "lr_per_layer", {"fc1": 1, "fc 2": "x"}, "'fc 2' must be a number (got 'x')"),
        ("optimizer", "lr_per_layer", {"fc1": float("inf")}, "'fc1' must be finite (got inf)"),
        ("model=cnn", "filters", [], "needs at least one (got [])"),
        ("model=cnn", "kernel", [], "needs at least one (got [])"),
        ("model=cnn", "kernel", [3, 65], "must be at most 64 (got 65)"),
        ("model=cnn", "padding", [], "needs at least one of same, none (got [])"),
        ("model=cnn", "pooling", ["max", "min"], "must be a list out of max, average (got 'min')"),
        ("schedule=piecewise", "boundaries", [0, 5], "must be at least 1 (got 0)"),
        ("schedule=piecewise", "factors", [0.1, 0], "must be greater than 0 (got 0)"),
        ("schedule=piecewise", "factors", [0.1, float("nan")], "must be finite (got nan)"),
        (
            "schedule=piecewise",
            "factors",
            [True],
            "must be a list of numbers above 0, as in [0.5, 0.1] (got true)",
        ),
    ],
)
def test_limits_that_stand_elsewhere(where: str, field: str, value: Any, message: str) -> None:
    where, _, word = where.partition("=")
    section = next(section for section in SECTIONS if (section.key or "general") == where)
    kind = by_name(section.family, word) or section.default
    assert [said for _, said in problems_of(where, kind, **{field: value})] == [message]


@every_field
def test_a_single_member_stands_for_a_list_of_one(where: str, kind: type[Choice], spec: FieldSpec) -> None:
    member = {"widths": 2, "numbers": 0.5, "words": spec.options[-1] if spec.options else ""}.get(
        spec.control
    )
    if member is None:
        return
    pictures = {"data": {"kind": "mnist"}} if where == "model" else {}
    others = {"factors": {"boundaries": 1}, "boundaries": {"factors": 1}, "augment": {}}.get(spec.name, {})
    part: dict[str, Any] = {"kind": kind.word()} if kind.word() else {}
    read = [
        read_table({**pictures, where: {**part, **others, spec.name: given}}).config
        for given in (member, [member])
    ]
    assert read[0] == read[1]
    assert read[0] is not None
    assert getattr(read[0].section(where), spec.name) == (member,)


def test_words_are_unique_over_all_lists_but_custom() -> None:
    words = [kind.word() for _, kind in KINDS if kind.word()]
    assert [word for word in words if words.count(word) > 1] == ["custom", "custom"]


def test_a_kind_is_found_by_its_name() -> None:
    assert by_name(ACTIVATIONS, "leaky_relu") is ACTIVATIONS[1]
    assert by_name(ACTIVATIONS, "quux") is None


def test_nearest_names_the_nearest_and_all() -> None:
    assert nearest("Rely", ["tanh", "relu"]) == "Did you mean relu? Known: tanh, relu."
    assert nearest("quux", ["tanh", "relu"]) == "Known: tanh, relu."
    assert nearest("quux", []) == "It has none."


# Task, shape, samples of the training split and of the test split, classes.
KNOWN: dict[str, tuple[str, tuple[int, ...], int, int, int]] = {
    "digits": ("classification", (1, 8, 8), 1438, 359, 10),
    "xor": ("classification", (2,), 4, 4, 2),
    "moons": ("classification", (2,), 800, 200, 2),
    "circles": ("classification", (2,), 800, 200, 2),
    "spiral": ("classification", (2,), 800, 200, 2),
    "blobs": ("classification", (2,), 800, 200, 3),
    "regression": ("regression", (1,), 400, 100, 0),
    "iris": ("classification", (4,), 120, 30, 3),
    "wine": ("classification", (13,), 142, 36, 3),
    "breast_cancer": ("classification", (30,), 455, 114, 2),
    "diabetes": ("regression", (10,), 354, 88, 0),
    "mnist": ("classification", (1, 28, 28), 60_000, 10_000, 10),
    "fashion_mnist": ("classification", (1, 28, 28), 60_000, 10_000, 10),
    "kmnist": ("classification", (1, 28, 28), 60_000, 10_000, 10),
    "cifar10": ("classification", (3, 32, 32), 50_000, 10_000, 10),
    "noise": ("classification", (1, 8, 8), 400, 100, 10),
}
UNOPENED = ("csv", "image_folder", "custom")
IMAGES = ("digits", "mnist", "fashion_mnist", "kmnist", "cifar10", "noise", "image_folder")


@pytest.mark.parametrize("kind", DATASETS, ids=[kind.word() for kind in DATASETS])
def test_what_is_known_of_each_data_set(kind: type[Dataset]) -> None:
    data = kind()
    assert data.is_image == (data.word() in IMAGES)
    if data.facts is None:
        assert data.word() in UNOPENED
        return
    facts = data.facts
    assert (facts.task, facts.shape, facts.training, facts.test, facts.classes) == KNOWN[data.word()]
    assert facts.is_image == data.is_image
    assert facts.targets == 1
    assert len(facts.names) in (0, facts.classes)
    assert len(set(facts.names)) == len(facts.names)


def test_drawn_data_are_as_many_and_of_the_shape_asked_for() -> None:
    facts = Blobs(samples=33, classes=20).facts
    assert (facts.training, facts.test, facts.classes) == (26, 7, 20)
    curve = Curve(samples=20, features=1000).facts
    assert (curve.task, curve.shape, curve.training, curve.test) == ("regression", (1000,), 16, 4)
    pictures = Noise(side=7, channels=3, classes=2, samples=101).facts
    assert (pictures.shape, pictures.features) == ((3, 7, 7), 147)
    assert (pictures.training, pictures.test, pictures.classes) == (81, 20, 2)


def test_a_class_without_a_name_is_called_by_its_number() -> None:
    facts = [kind().facts for kind in DATASETS if kind.word() in ("digits", "kmnist", "iris")]
    assert [one.name(2) for one in facts if one is not None] == ["2", "virginica", "su"]


def test_targets_are_scaled_where_there_is_a_regression() -> None:
    scaled = {kind for kind in DATASETS if "scale_target" in kind.model_fields}
    assert scaled == {Curve, Diabetes, Csv, CustomData}
    assert ImageFolder not in scaled
