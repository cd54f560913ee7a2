"""From a file, tables or settings to a configuration: every error at once, each with its cure."""

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlcore.choices.activations import LeakyReLU, ReLU
from dlcore.choices.architectures import Cnn, Mlp
from dlcore.choices.optimizers import Adam, Momentum
from dlcore.choices.schedules import Piecewise
from dlcore.config import RunConfig
from dlcore.errors import ConfigError, DltuiError
from dlcore.reading import (
    MAX_BYTES,
    checked,
    is_text,
    load_toml,
    parse_toml,
    parse_value,
    put,
    read_file,
    read_table,
    with_settings,
)

EVERYTHING_WRONG = """
sed = 1
[dta]
[data]
kind = "digit"
[model]
kind = "mlp"
hiden = [8]
hidden = [8, 0]
activation = {kind = "leaky_relu", slop = 0.1, slope = 2}
init = "hee"
[loss]
reduction = "average"
[optimizer]
kind = "adam"
lr = -1
momentum = 0.9
lr_per_layer = {fc1 = "fast"}
[schedule]
gamma = 0.5
[regularization]
l2 = "much"
augment = ["flip", "zoom"]
[training]
epochs = 1.5
device = "gpu"
"""

EVERY_PROBLEM = [
    ("data.kind", "there is no data set 'digit'", "Did you mean digits?"),
    ("model.hiden", "mlp has no such key", "Did you mean hidden?"),
    ("model.activation.slop", "leaky_relu has no such key", "Did you mean slope?"),
    ("model.activation.slope", "must be at most 1 (got 2)", "Slope below zero"),
    ("model.init.kind", "there is no initialization 'hee'", "Did you mean he?"),
    ("model.hidden", "must be at least 1 (got 0)", "Units in each hidden layer"),
    ("loss.reduction", "must be one of mean, sum (got 'average')", "mean over the batch"),
    ("optimizer.momentum", "adam has no such key", "Known: lr, beta1, beta2, eps, lr_per_layer."),
    ("optimizer.lr", "must be greater than 0 (got -1)", "Learning rate"),
    ("optimizer.lr_per_layer", "'fc1' must be a number (got 'fast')", "Rates of single layers"),
    ("schedule.gamma", "constant has no such key", "Known: warmup_steps."),
    ("regularization.l2", "must be a number (got 'much')", "Adds l2"),
    ("regularization.augment", "must be a list out of shift, flip, rotate (got 'zoom')", "Images anew"),
    ("training.epochs", "must be a whole number (got 1.5)", "How often"),
    ("training.device", "is not one of those known (got 'gpu')", "auto, cpu, cuda"),
    ("sed", "the file has no such key", "Did you mean seed?"),
    ("dta", "the file has no such key", "Did you mean data?"),
]


def write(tmp_path: Path, content: str | bytes) -> Path:
    path = tmp_path / "config.toml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def problems_of(table: dict[str, Any]) -> list[str]:
    return [str(problem) for problem in read_table(table).problems]


def test_every_fault_of_a_file_is_named_at_once(tmp_path: Path) -> None:
    path = write(tmp_path, EVERYTHING_WRONG)
    with pytest.raises(ConfigError) as caught:
        read_file(path)
    found = {problem.key: problem for problem in caught.value.problems}
    assert list(found) == [key for key, _, _ in EVERY_PROBLEM]
    for key, message, hint in EVERY_PROBLEM:
        assert found[key].message == message
        assert found[key].hint.startswith(hint)
    assert str(caught.value).startswith(f"{path} has 17 faults:\n  data.kind: there is no data set")
    assert caught.value.code == 2


def test_one_fault_is_called_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="has one fault:\n  seed: must be a whole number"):
        read_file(write(tmp_path, "seed = 'x'"))


def test_cross_checks_run_beside_other_errors() -> None:
    table = {
        "model": {"activation": ["relu"], "output": "softmax"},
        "optimizer": {"lr": 0},
        "data": {"validation": 0.0001},
    }
    assert [problem.partition(":")[0] for problem in problems_of(table)] == [
        "optimizer.lr",
        "model.activation",
        "model.output",
        "data.validation",
    ]


def test_a_cross_check_is_skipped_where_its_own_choice_is_wrong() -> None:
    assert [line.partition(":")[0] for line in problems_of({"model": {"kind": "cnn", "pool": 0}})] == [
        "model.pool"
    ]


@pytest.mark.parametrize("value", ["mnist", 5, [1], True])
def test_a_section_is_a_table(value: Any) -> None:
    assert problems_of({"data": value}) == [
        "data: must be a table. Write [data] as a table, or data.kind = ..."
    ]


@pytest.mark.parametrize("kind", [5, True, ["mlp"], {"a": 1}])
def test_a_kind_is_a_word(kind: Any) -> None:
    (problem,) = problems_of({"model": {"kind": kind}})
    assert problem.startswith("model.kind: there is no model ")


def test_a_table_without_kinds_takes_none() -> None:
    assert problems_of({"training": {"kind": "x"}})[0].startswith("training.kind: training has no such key")


def test_an_activation_is_a_name_a_table_or_a_list() -> None:
    for given_as, wanted in [
        ("leaky_relu", LeakyReLU()),
        ({"kind": "leaky_relu", "slope": 0.5}, LeakyReLU(slope=0.5)),
        ({}, ReLU()),
        (["relu", {"kind": "leaky_relu"}], (ReLU(), LeakyReLU())),
    ]:
        config = checked({"model": {"activation": given_as}})
        assert isinstance(config.model, Mlp)
        assert config.model.activation == wanted


def test_a_fault_inside_a_list_is_named() -> None:
    (problem,) = problems_of({"model": {"activation": ["relu", 5]}})
    assert problem.startswith("model.activation: must be a name or a table (got 5). Known: relu, leaky_relu")


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"seed = ", "(at end of document)"),
        (b"seed = 1\nx y", "line 2, column 3"),
        (b"\xff\xfe", "codec can't decode"),
        (b"seed = " + b"9" * 5000, "4300 digits"),
        (b"a = " + b"[" * 100_000, ""),
        (b"when = 2024-13-45", ""),
    ],
)
def test_what_is_not_toml_is_said_to_be_none(tmp_path: Path, content: bytes, fault: str) -> None:
    path = write(tmp_path, content)
    with pytest.raises(DltuiError) as caught:
        read_file(path)
    assert caught.value.message.startswith(f"{path} is not TOML: ")
    assert fault in caught.value.message
    assert caught.value.hint == "See the README for an example."


def test_a_number_too_long_to_print(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="thousands of digits"):
        read_file(write(tmp_path, f"[optimizer]\nlr = 0x{'f' * 5000}"))


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    for path, reason in [
        (tmp_path, "Is a directory"),
        (tmp_path / "none.toml", "No such file or directory"),
        (write(tmp_path, "") / "x", "Not a directory"),
    ]:
        with pytest.raises(DltuiError, match=f"cannot be read: {reason}") as caught:
            load_toml(path)
        assert str(path) in caught.value.message
        assert caught.value.hint == "Give the path of a TOML file."


@pytest.mark.skipif(os.geteuid() == 0, reason="this user may read everything")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = write(tmp_path, "")
    path.chmod(0)
    with pytest.raises(DltuiError, match="cannot be read: Permission denied"):
        load_toml(path)


def test_a_file_that_is_too_large(tmp_path: Path) -> None:
    assert load_toml(write(tmp_path, b"#" * MAX_BYTES)) == {}
    with pytest.raises(DltuiError, match="is larger than 1 MB"):
        load_toml(write(tmp_path, b"#" * (MAX_BYTES + 1)))


@settings(max_examples=300, derandomize=True)
@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_no_content_makes_the_reader_fall(content: bytes) -> None:
    try:
        table = parse_toml(content, "it")
    except DltuiError:
        return
    read_table(table)


values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
)
keys = st.sampled_from(
    ["kind", "hidden", "activation", "init", "lr", "batch_size", "device", "name", "seed", "l2", "x"]
) | st.sampled_from(
    ["lr_per_layer", "args", "target", "padding", "pool", "factors", "boundaries", "augment", "file"]
)
kinds = st.sampled_from(["csv", "custom", "image_folder", "cnn", "vgg", "piecewise", "batch_growth", "huber"])
parts = st.builds(
    lambda kind, part: part | ({"kind": kind} if kind else {}),
    st.none() | kinds,
    st.dictionaries(keys, values, max_size=5),
)
sections = st.sampled_from(
    ["data", "model", "loss", "optimizer", "schedule", "regularization", "training", "seed", "name"]
)


@settings(max_examples=300, derandomize=True)
@given(st.dictionaries(sections, parts | values, max_size=8))
def test_no_table_makes_the_reader_fall(table: dict[str, Any]) -> None:
    reading = read_table(table)
    assert (reading.config is None) == bool(reading.problems)


def test_settings_go_over_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, "name = 'a'\n[optimizer]\nkind = 'adam'\nlr = 1\n")
    config = read_file(path, ["optimizer.lr=.5", " optimizer.beta1 = 0.8 ", "seed=3", "name=5"])
    assert config.optimizer == Adam(lr=0.5, beta1=0.8)
    assert (config.seed, config.name) == (3, "5")


def test_settings_leave_the_given_table_alone() -> None:
    table = {"optimizer": {"lr": 1}}
    assert with_settings(table, ["optimizer.lr=2"]) == {"optimizer": {"lr": 2}}
    assert table == {"optimizer": {"lr": 1}}


@pytest.mark.parametrize(
    ("setting", "table"),
    [
        ("data=xor", {"data": {"kind": "xor"}}),
        ("lr=.1", {"optimizer": {"lr": 0.1}}),
        ("e=3", {"training": {"epochs": 3}}),
        ("name=e=3", {"name": "e=3"}),
        ("data.kind=xor", {"data": {"kind": "xor"}}),
        ("model.hidden=128,64", {"model": {"hidden": [128, 64]}}),
        ("model.hidden=128,", {"model": {"hidden": [128]}}),
        ("model.hidden=[8, 4]", {"model": {"hidden": [8, 4]}}),
        ("model.activation=tanh", {"model": {"activation": "tanh"}}),
        ("model.activation=tanh,relu", {"model": {"activation": ["tanh", "relu"]}}),
        ('model.activation={kind = "relu"}', {"model": {"activation": {"kind": "relu"}}}),
        ("model.activation.slope=.1", {"model": {"activation": {"slope": 0.1}}}),
        ("model.bias=false", {"model": {"bias": False}}),
        ("name=a=b", {"name": "a=b"}),
        ("name=", {"name": ""}),
        ("name=true", {"name": "true"}),
        ("training.device=cpu", {"training": {"device": "cpu"}}),
        ("data.batch_size=full", {"data": {"batch_size": "full"}}),
        ("optimizer.lr=1e-3", {"optimizer": {"lr": 0.001}}),
        ("data=custom", {"data": {"kind": "custom"}}),
        ("data.target=128", {"data": {"target": "128"}}),
        ("data.file=a,b.csv", {"data": {"file": "a,b.csv"}}),
        ("data.ignore=1,2", {"data": {"ignore": "1,2"}}),
        ("model.target=true", {"model": {"target": "true"}}),
        ("model.args={width = 64}", {"model": {"args": {"width": 64}}}),
        ("model.args.width=64", {"model": {"args": {"width": 64}}}),
        ("optimizer.lr_per_layer.fc1=.02", {"optimizer": {"lr_per_layer": {"fc1": 0.02}}}),
        ("schedule.factors=.1,.01", {"schedule": {"factors": [0.1, 0.01]}}),
        ("regularization.augment=flip,shift", {"regularization": {"augment": ["flip", "shift"]}}),
    ],
)
def test_what_a_setting_puts_where(setting: str, table: dict[str, Any]) -> None:
    assert with_settings({}, [setting]) == table


def test_a_setting_inside_a_named_choice_makes_a_table_of_it() -> None:
    table = with_settings({"model": {"activation": "leaky_relu"}}, ["model.activation.slope=.3"])
    assert table == {"model": {"activation": {"kind": "leaky_relu", "slope": 0.3}}}


@pytest.mark.parametrize("setting", ["optimizer.lr", "=5", " = 5", ""])
def test_a_setting_has_a_key_and_a_value(setting: str) -> None:
    with pytest.raises(DltuiError, match="is not key=value") as caught:
        with_settings({}, [setting])
    assert "--set optimizer.lr=0.1" in caught.value.hint


@pytest.mark.parametrize("setting", ["seed.x=1", "optimizer.lr.x=1"])
def test_a_setting_below_a_value(setting: str) -> None:
    with pytest.raises(DltuiError, match="is not a table"):
        with_settings({"seed": 5, "optimizer": {"lr": 1}}, [setting])


@pytest.mark.parametrize(
    ("setting", "problem"),
    [
        ("optimizer.lrr=1", "optimizer.lrr: momentum has no such key. Did you mean lr?"),
        ("optimiser.lr=1", "optimiser: the file has no such key. Did you mean optimizer?"),
        ("rate=1", "rate: the file has no such key. "),
        ("model.activation=rely", "model.activation.kind: there is no activation 'rely'. Did you mean relu?"),
        ("optimizer.=1", "optimizer.: momentum has no such key."),
        ("a.b.c=1", "a: the file has no such key."),
    ],
)
def test_a_setting_of_an_unknown_key(setting: str, problem: str) -> None:
    (said,) = problems_of(with_settings({}, [setting]))
    assert said.startswith(problem)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("-1", -1),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("true", True),
        ("false", False),
        ("True", "True"),
        ("relu", "relu"),
        ("1,2", [1, 2]),
        ("1,", [1]),
        (",", []),
        ("a, 2", ["a", 2]),
        ("[1, 'x']", [1, "x"]),
        ('"1"', "1"),
        ("{a = 1}", {"a": 1}),
        ("[1", "[1"),
        ("[]", []),
        ("[shift]", ["shift"]),
        ("[shift,flip]", ["shift", "flip"]),
        ("[ a, 2, .5 ]", ["a", 2, 0.5]),
        ("[[a],b]", "[[a],b]"),
        ("['a', b]", "['a', b]"),
        ("[" * 9_000 + "]" * 9_000, "[" * 9_000 + "]" * 9_000),
        ("[" * 100_000, "[" * 100_000),
        ("", ""),
    ],
)
def test_what_a_typed_value_stands_for(text: str, value: Any) -> None:
    found = parse_value(text)
    assert found == value
    assert type(found) is type(value)


def test_what_is_free_text() -> None:
    assert is_text("name")
    assert is_text("training.device")
    assert is_text("data.file")
    assert is_text("data.target")
    assert is_text("model.target")
    assert not is_text("model.args")
    assert not is_text("seed")
    assert not is_text("data.name")


def test_put_changes_the_table_it_is_given() -> None:
    table: dict[str, Any] = {}
    put(table, "optimizer.lr", "1")
    assert table == {"optimizer": {"lr": 1}}


def test_defaults_come_from_the_section(tmp_path: Path) -> None:
    assert read_file(write(tmp_path, "[optimizer]\nlr = 1")).optimizer == Momentum(lr=1.0)
    assert read_file(write(tmp_path, "")) == RunConfig()


def test_one_width_is_a_list_of_one() -> None:
    assert checked(with_settings({}, ["model.hidden=32"])).model == Mlp(hidden=(32,))
    for wrong in (True, 32.0, "32"):
        with pytest.raises(ConfigError):
            checked({"model": {"hidden": wrong}})


def test_one_number_or_word_is_a_list_of_one() -> None:
    settings = [
        "schedule=piecewise",
        "schedule.boundaries=10",
        "schedule.factors=.5",
        "data=mnist",
        "model=cnn",
    ]
    config = checked(with_settings({}, [*settings, "model.padding=none", "regularization.augment=flip"]))
    assert config.schedule == Piecewise(boundaries=(10,), factors=(0.5,))
    assert config.model == Cnn(padding=("none",))
    assert config.regularization.augment == ("flip",)
    with pytest.raises(ConfigError):
        checked({"schedule": {"kind": "piecewise", "boundaries": 10, "factors": True}})


def test_an_unknown_kind_hides_no_other_fault_of_its_table() -> None:
    with pytest.raises(ConfigError) as caught:
        checked(
            {"data": {"kind": "mnits", "batch_size": -4, "noise": 3.0}, "optimizer": {"kind": "x", "lr": -1}}
        )
    assert [problem.key for problem in caught.value.problems] == [
        "data.kind",
        "data.batch_size",
        "optimizer.kind",
        "optimizer.lr",
    ]


def test_a_list_in_a_list_of_activations_is_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        checked({"model": {"activation": [["relu"], "tanh"]}})
    assert "must be a name or a table" in caught.value.problems[0].message
