"""Every kind of every choice: what it says of itself, its defaults, and each of its limits."""

from typing import Any

import pytest

from dlcore.choices.activations import ACTIVATIONS
from dlcore.choices.architectures import Cnn
from dlcore.choices.choice import Choice, FieldSpec, by_name, fields_of, nearest
from dlcore.choices.datasets import DATASETS
from dlcore.choices.initializers import INITIALIZERS
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
    assert (spec.control == "option") <= bool(spec.options)
    assert (spec.control == "choice") == bool(spec.family)
    if isinstance(spec.default, str) and spec.control != "text":
        assert spec.default in spec.options


WRONG_TYPES: dict[str, tuple[Any, str]] = {
    "number": ("many", "must be a number"),
    "count": (1.5, "must be a whole number"),
    "flag": (1, "must be true or false"),
    "option": ("quux", "must be one of"),
    "widths": (12.5, "must be a list of whole numbers above 0, as in [128, 64]"),
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
    ],
)
def test_limits_that_stand_elsewhere(where: str, field: str, value: Any, message: str) -> None:
    kind = next(section.default for section in SECTIONS if (section.key or "general") == where)
    assert [said for _, said in problems_of(where, kind, **{field: value})] == [message]


def test_words_are_unique_over_all_lists() -> None:
    words = [kind.word() for _, kind in KINDS if kind.word()]
    assert len(words) == len(set(words))


def test_a_kind_is_found_by_its_name() -> None:
    assert by_name(ACTIVATIONS, "leaky_relu") is ACTIVATIONS[1]
    assert by_name(ACTIVATIONS, "quux") is None


def test_nearest_names_the_nearest_and_all() -> None:
    assert nearest("Rely", ["tanh", "relu"]) == "Did you mean relu? Known: tanh, relu."
    assert nearest("quux", ["tanh", "relu"]) == "Known: tanh, relu."


def test_feature_maps_by_hand() -> None:
    assert Cnn().map_sizes(28, 28) == [(14, 14), (7, 7)]
    lenet = Cnn(filters=(6, 16), kernel=5, padding="none")
    assert lenet.map_sizes(28, 28) == [(12, 12), (4, 4)]
    assert Cnn(filters=(1, 1, 1), pool=4).map_sizes(8, 16) == [(2, 4), (0, 1)]
    assert Cnn(filters=(4,), kernel=3, stride=2, pool=1).map_sizes(7, 9) == [(4, 5)]


def test_sizes_of_the_data_sets() -> None:
    sizes = {kind.word(): kind().sizes for kind in DATASETS}
    assert sizes["digits"] == (1438, 359)
    assert sizes["xor"] == (4, 4)
    assert sizes["moons"] == sizes["circles"] == (800, 200)
    assert sizes["mnist"] == (60_000, 10_000)
