from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from dlcore.choices.activations import LeakyReLU, ReLU, Tanh
from dlcore.choices.architectures import Mlp
from dlcore.choices.choice import Choice, fields_of
from dlcore.choices.own import Csv, CustomData
from dlcore.choices.schedules import Piecewise
from dlcore.config import SECTIONS, RunConfig, Section
from dlcore.oneline import parse
from dlcore.reading import checked
from tests.dlcore.strategies import configurations
from tests.tui.fakes import NASTY
from tui.draft import Draft, Row

KINDS = [(section, kind.word()) for section in SECTIONS if section.has_kinds for kind in section.family]


def rows(draft: Draft) -> dict[str, Row]:
    return {row.key: row for row in draft.rows()}


def problems(draft: Draft) -> dict[str, str]:
    return {problem.key: problem.message for problem in draft.read().problems}


def test_it_starts_as_the_configuration_that_runs() -> None:
    reading = Draft().read()
    assert reading.config == RunConfig()
    assert reading.problems == ()


def test_every_field_that_is_not_hidden_has_a_row_with_its_default_and_help() -> None:
    draft = Draft()
    found = rows(draft)
    for section in SECTIONS:
        for spec in fields_of(section.default):
            if not spec.hidden:
                row = found[section.path(spec.name)]
                assert (row.control, row.help, row.spec) == (spec.control, spec.help, spec)
                assert draft.text(row.key) or spec.name == "name"
                assert row.depth == 1
        if section.has_kinds:
            kind = found[section.path("kind")]
            assert kind.options == tuple(member.word() for member in section.family)
            assert draft.text(kind.key) == section.default.word()
            assert kind.depth == 0


def test_the_name_is_free_text_and_starts_empty() -> None:
    draft = Draft()
    assert draft.text("name") == ""
    draft.put("name", NASTY)
    config = draft.read().config
    assert config is not None
    assert config.name == NASTY
    draft.put("name", "17")
    assert draft.table()["name"] == "17"


@pytest.mark.parametrize(
    "line",
    [
        "mnist mlp 64,64,64 sigmoid adam lr=3e-4 e=3 seed=7 b=full",
        "digits cnn filters=8,16 kernel=5 stride=2 pool=1 model.padding=same model.hidden=[] tanh he",
        "mnist perceptron xavier mse out=softmax sgd exponential gamma=.5 s=100 l2=1e-4",
        "moons mlp 16, leaky_relu model.activation.slope=.2 noise=.3 samples=50 training.evaluate_every=7",
        "xor mlp 4, tanh b=4 e=500",
        "digits mlp 8,8 relu,tanh drop=.5 model.bias=false data.shuffle=false val=0 training.threads=2",
    ],
)
def test_a_configuration_taken_over_comes_back_as_it_was(line: str) -> None:
    config = parse(line)
    draft = Draft(config)
    assert draft.read().config == config
    other = Draft()
    other.load(config)
    assert other.read().config == config


def test_one_activation_each_with_fields_of_its_own_comes_back() -> None:
    model = Mlp(hidden=(8, 8, 8), activation=(ReLU(), LeakyReLU(slope=0.3), Tanh()))
    config = replace(RunConfig(), model=model)
    assert Draft(config).read().config == config


MEMBERS = [(section, kind) for section in SECTIONS for kind in section.family]
SUITED: dict[str, dict[str, Any]] = {
    "csv": {"file": "x.csv"},
    "image_folder": {"folder": "x"},
    "custom": {"target": "module:Name"},
}
"""What has no default that runs."""


@pytest.mark.parametrize(
    ("section", "kind"), MEMBERS, ids=[f"{section.key}={kind.word()}" for section, kind in MEMBERS]
)
def test_the_defaults_of_every_kind_come_back(section: Section, kind: type[Choice]) -> None:
    chosen = kind.model_validate(SUITED.get(kind.word(), {}))
    data = "diabetes" if kind.word() in ("mae", "huber") else "mnist"
    table: dict[str, Any] = {"data": {"kind": data}} if section.key != "data" else {}
    table[section.key or "seed"] = {"kind": kind.word(), **chosen.model_dump(exclude={"kind"})}
    if not section.has_kinds:
        table[section.key or "seed"] = 0 if not section.key else {}
    config = checked(table)
    assert config.section(section.key) == chosen
    assert Draft(config).read().config == config
    typed = Draft()
    typed.put("data.kind", data)
    if section.has_kinds:
        typed.put(section.path("kind"), kind.word())
        for name, value in SUITED.get(kind.word(), {}).items():
            typed.put(section.path(name), value)
    assert typed.read().config == config


@settings(max_examples=300, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(configurations())
def test_any_configuration_comes_back(config: RunConfig) -> None:
    draft = Draft()
    draft.load(config)
    assert draft.read().config == config


@pytest.mark.parametrize(
    ("line", "key", "texts", "value"),
    [
        (
            "piecewise schedule.boundaries=10 schedule.factors=2",
            "schedule.factors",
            ["0.5", ".5", "0.5,", "[0.5]", " 0.5 "],
            (0.5,),
        ),
        ("piecewise", "schedule.factors", ["1,.5", "1, 0.5", "[1, 5e-1]"], (1.0, 0.5)),
        (
            "piecewise schedule.boundaries=10 schedule.factors=2",
            "schedule.boundaries",
            ["7", "7,", "[7]"],
            (7,),
        ),
        ("digits", "regularization.augment", ["", "[]", " "], ()),
        ("digits", "regularization.augment", ["flip", "flip,", "['flip']", '["flip"]'], ("flip",)),
        ("digits", "regularization.augment", ["flip,shift", "flip, shift"], ("flip", "shift")),
        ("digits cnn", "model.padding", ["none,same", '["none", "same"]'], ("none", "same")),
        ("digits", "optimizer.lr_per_layer", ["", "{}", " "], {}),
        ("digits", "optimizer.lr_per_layer", ["{fc1 = 0.5}", "{ fc1=5e-1 }"], {"fc1": 0.5}),
        ("data=custom data.target=a:b", "data.args", ["", "{}"], {}),
        ("data=custom data.target=a:b", "data.args", ["{path = 'x', n = [1]}"], {"path": "x", "n": [1]}),
        ("digits cnn", "model.hidden", ["", "[]"], ()),
    ],
)
def test_lists_and_tables_are_typed_in_any_way_people_write_them(
    line: str, key: str, texts: list[str], value: object
) -> None:
    for text in texts:
        draft = Draft(parse(line))
        draft.put(key, text)
        config = draft.read().config
        assert config is not None, draft.read().problems
        section, _, name = key.partition(".")
        assert getattr(config.section(section), name) == value


def test_no_boundaries_and_no_factors_is_what_empty_fields_say() -> None:
    draft = Draft(parse("piecewise"))
    draft.put("schedule.boundaries", "")
    draft.put("schedule.factors", "")
    config = draft.read().config
    assert config is not None
    assert config.schedule == Piecewise(boundaries=(), factors=())


@pytest.mark.parametrize(
    ("line", "key", "text"),
    [
        ("piecewise", "schedule.factors", "0.1,much"),
        ("piecewise", "schedule.factors", "0.1,0"),
        ("piecewise", "schedule.factors", "0.1"),
        ("piecewise", "schedule.boundaries", "20,10"),
        ("digits", "regularization.augment", "spin"),
        ("digits", "regularization.augment", "flip,5"),
        ("digits", "regularization.augment", "5"),
        ("digits cnn", "model.padding", ""),
        ("digits cnn", "model.kernel", ""),
        ("digits cnn", "model.kernel", "3,3,3"),
        ("digits", "optimizer.lr_per_layer", "fc1"),
        ("digits", "optimizer.lr_per_layer", "{fc1 = 0}"),
        ("digits", "optimizer.lr_per_layer", "{fc1 = "),
        ("data=custom data.target=a:b", "data.args", "5"),
        ("data=custom data.target=a:b", "data.target", ""),
        ("csv data.file=x", "data.file", ""),
    ],
)
def test_a_bad_list_or_table_is_a_problem_of_its_key(line: str, key: str, text: str) -> None:
    config = parse(line)
    draft = Draft(config)
    draft.put(key, text)
    assert set(problems(draft)) == {key}
    assert draft.read().config is None


def test_the_text_of_a_path_is_kept_as_it_is() -> None:
    path = " 0.5,{x}  \t.csv "
    draft = Draft(RunConfig(data=Csv(file=path, target="true")))
    config = draft.read().config
    assert config is not None
    assert config.data == Csv(file=path, target="true")


def test_arguments_of_every_sort_come_back() -> None:
    args = {"": [], "a b": {"c": [1, 2.5, True, "x\n\x7f"]}, "e": {}}
    config = RunConfig(data=CustomData(target="a:b", args=args))
    assert Draft(config).read().config == config


@pytest.mark.parametrize(("section", "word"), KINDS, ids=[word for _, word in KINDS])
def test_switching_a_kind_there_and_back_loses_nothing(section: Section, word: str) -> None:
    draft = Draft()
    key = section.path("kind")
    draft.put("data.batch_size", "17")
    draft.put("optimizer.lr", "0.")
    draft.put("optimizer.momentum", "half")
    draft.put("model.hidden", "9,")
    before = draft.table()
    first = draft.text(key)
    draft.put(key, word)
    assert draft.text(key) == word
    for other in draft.rows():
        assert isinstance(draft.text(other.key), str)
    draft.put(key, first)
    assert draft.table() == before


def test_each_kind_keeps_what_was_typed_for_it() -> None:
    draft = Draft()
    for word, rate in (("sgd", "0.5"), ("adam", "0.002"), ("momentum", "0.03")):
        draft.put("optimizer.kind", word)
        draft.put("optimizer.lr", rate)
    for word, rate in (("sgd", "0.5"), ("adam", "0.002"), ("momentum", "0.03")):
        draft.put("optimizer.kind", word)
        assert draft.text("optimizer.lr") == rate


def test_a_new_kind_takes_over_fields_of_the_same_name_and_default() -> None:
    draft = Draft()
    draft.put("data.batch_size", "17")
    draft.put("data.validation", "0.2")
    draft.put("data.kind", "moons")
    assert draft.text("data.batch_size") == "17"
    assert draft.text("data.validation") == "0.2"
    draft.put("optimizer.lr", "0.03")
    draft.put("optimizer.kind", "adam")
    assert draft.text("optimizer.lr") == "0.001", "adam has a default of its own"
    draft.put("data.kind", "xor")
    assert draft.text("data.validation") == "0", "xor holds nothing out"
    assert draft.read().config is not None


def test_an_activation_brings_its_fields_along() -> None:
    draft = Draft()
    assert "model.activation.slope" not in rows(draft)
    draft.put("model.activation", "leaky_relu")
    row = rows(draft)["model.activation.slope"]
    assert (row.depth, row.control, draft.text(row.key)) == (2, "number", "0.01")
    draft.put(row.key, "0.2")
    config = draft.read().config
    assert config is not None
    assert isinstance(config.model, Mlp)
    assert config.model.activation == LeakyReLU(slope=0.2)
    draft.put("model.activation", "relu")
    assert "model.activation.slope" not in rows(draft)
    draft.put("model.activation", "leaky_relu")
    assert draft.text("model.activation.slope") == "0.2"


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("optimizer.lr", "fast"),
        ("optimizer.lr", "-1"),
        ("optimizer.lr", ""),
        ("optimizer.lr", "nan"),
        ("data.batch_size", "0"),
        ("data.batch_size", "half"),
        ("data.validation", "1"),
        ("model.hidden", "128,sixty-four"),
        ("model.hidden", ""),
        ("regularization.augment", "spin"),
        ("optimizer.lr_per_layer", "0.1"),
        ("model.dropout", "[1"),
        ("training.epochs", "1e3.5"),
        ("training.device", "gpu"),
        ("seed", "9" * 5000),
        ("seed", "[" * 2000),
        ("name", "x" * 201),
    ],
)
def test_a_bad_value_is_a_problem_of_its_key_and_no_exception(key: str, text: str) -> None:
    draft = Draft()
    draft.put(key, text)
    assert set(problems(draft)) == {key}
    assert draft.read().config is None
    draft.restore(key)
    assert draft.read().config == RunConfig()


def test_all_problems_are_named_at_once() -> None:
    draft = Draft()
    for key in ("data.batch_size", "optimizer.lr", "training.epochs"):
        draft.put(key, "much")
    assert set(problems(draft)) == {"data.batch_size", "optimizer.lr", "training.epochs"}


@pytest.mark.parametrize(
    ("text", "widths"), [("128", (128,)), ("128,", (128,)), ("8,4,2", (8, 4, 2)), ("[8, 4]", (8, 4))]
)
def test_widths_are_typed_in_any_way_people_write_them(text: str, widths: tuple[int, ...]) -> None:
    draft = Draft()
    draft.put("model.hidden", text)
    config = draft.read().config
    assert config is not None
    assert config.model == Mlp(hidden=widths)


def test_restoring_a_kind_goes_back_to_the_default_kind() -> None:
    draft = Draft()
    draft.put("optimizer.kind", "adam")
    draft.put("model.activation", "tanh")
    draft.restore("optimizer.kind")
    draft.restore("model.activation")
    assert draft.text("optimizer.kind") == "momentum"
    assert draft.text("model.activation") == "relu"


def test_loading_keeps_what_was_typed_for_other_kinds() -> None:
    draft = Draft()
    draft.put("optimizer.kind", "adam")
    draft.put("optimizer.lr", "0.5")
    draft.load(RunConfig())
    assert draft.read().config == RunConfig()
    draft.put("optimizer.kind", "adam")
    assert draft.text("optimizer.lr") == "0.5"


def test_a_refusal_is_what_is_newly_wrong_and_changes_nothing() -> None:
    draft = Draft(parse("moons mlp"))
    before = draft.table()
    assert "cnn needs images" in draft.refusal("model.kind", "cnn")
    assert draft.refusal("model.kind", "perceptron") == ""
    assert draft.refusal("data.kind", "csv") == "", "its file can still be named"
    assert "is for numbers" in draft.refusal("loss.kind", "mae")
    assert draft.table() == before


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("{fc1 = 0.02}", {"fc1": 0.02}),
        ("fc2 = 0.001", {"fc2": 0.001}),
        ("fc1=.5, 'features.0' = 1e-3", {"fc1": 0.5, "features.0": 0.001}),
        ("{fc1 = .5}", {"fc1": 0.5}),
        ("", {}),
        ("{}", {}),
        ("fc1", "fc1"),
    ],
)
def test_a_table_is_typed_with_braces_or_without(typed: str, found: object) -> None:
    draft = Draft()
    draft.put("optimizer.lr_per_layer", typed)
    assert draft.table()["optimizer"]["lr_per_layer"] == found
