"""Twins before they are trained: which values are worth it, what they have in common, and what is refused."""

from datetime import timedelta
from pathlib import Path

import pytest

from dlcore.changes import differences, told, with_typed
from dlcore.config import SECTIONS, RunConfig
from dlcore.errors import ConfigError, DltuiError, RunError
from dlcore.family import twins
from dlcore.family.alike import differing, in_common, labels, settings_of
from dlcore.family.suggestions import suggested
from dlcore.files.atomic import read_json, write_json
from dlcore.oneline import parse
from dlcore.reading import read_file
from dlcore.rundir import run_ids
from tests.conftest import MOMENT

DIGITS = parse("digits mlp 8,8 relu momentum e=2 device=cpu")


def common(configs: list[RunConfig]) -> list[str]:
    return in_common(configs, None)


# -- values -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "values"),
    [
        ("model.activation", ["relu", "tanh", "sigmoid"]),
        ("model.init", ["default", "xavier", "he"]),
        ("optimizer.kind", ["momentum", "sgd", "adam"]),
        ("optimizer.lr", ["0.0033", "0.01", "0.03"]),
        ("optimizer.momentum", ["0.45", "0.9", "0.95"]),
        ("model.dropout", ["0", "0.2", "0.5"]),
        ("regularization.l2", ["0", "0.0001", "0.001"]),
        ("data.batch_size", ["32", "64", "128"]),
        ("data.shuffle", ["false", "true"]),
        ("model.hidden", ["4,4", "8,8", "16,16"]),
        ("model.norm", ["none", "batch", "layer"]),
        ("training.early_stopping", ["0", "1", "3"]),
        ("data.limit", ["0", "100", "1000"]),
        ("loss.kind", ["auto", "cross_entropy", "bce"]),
        ("seed", []),
        ("no.such.key", []),
        ("model.activation.slope", []),
    ],
)
def test_suggested_values(key: str, values: list[str]) -> None:
    assert suggested(DIGITS, key) == values


def test_all_that_is_suggested_is_taken() -> None:
    for section in SECTIONS:
        for key in ("kind", *type(DIGITS.section(section.key)).model_fields):
            dotted = section.path(key)
            values = suggested(DIGITS, dotted)
            if len(values) > 1:
                assert len(twins.varied(DIGITS, dotted, values)) == len(values), dotted


def test_values_are_parted_by_commas_or_where_they_have_commas_by_bars() -> None:
    assert twins.parted("relu, tanh,") == ["relu", "tanh"]
    assert twins.parted("64,64 | 128") == ["64,64", "128"]


def test_one_setting_differs_and_nothing_else() -> None:
    found = twins.varied(DIGITS, "model.activation", ["relu", "sigmoid"])
    assert differences(*found) == {"model.activation": ("relu", "sigmoid")}
    assert labels(found) == ["relu", "sigmoid"]
    rates = twins.varied(DIGITS, "optimizer.lr", ["0.01", "0.1"])
    assert labels(rates) == ["lr 0.01", "lr 0.1"]
    kinds = twins.varied(DIGITS, "optimizer", ["momentum", "adam"])
    assert labels(kinds) == ["momentum", "adam"]
    assert settings_of(kinds) == ("optimizer.kind",)
    assert kinds[1].optimizer.lr == 0.001, "each kind comes with its own rate"


@pytest.mark.parametrize(
    ("key", "values", "message"),
    [
        ("seed", ["1", "2"], "Twins cannot differ in seed"),
        ("model.activation", ["relu"], "model.activation has 1 values here"),
        ("model.activation", list("1234567"), "model.activation has 7 values here"),
        ("optimizer.lr", ["0.1", "0.10"], "optimizer.lr has the value 0.10 twice"),
    ],
)
def test_what_makes_no_twins_is_refused(key: str, values: list[str], message: str) -> None:
    with pytest.raises(DltuiError) as refused:
        twins.varied(DIGITS, key, values)
    assert refused.value.message == message


def test_a_wrong_value_is_told_by_its_key() -> None:
    with pytest.raises(ConfigError) as refused:
        twins.varied(DIGITS, "model.activation", ["relu", "rellu"])
    assert "model.activation" in str(refused.value)
    assert "Did you mean relu?" in str(refused.value)


def test_repeats_go_on_from_the_own_seed() -> None:
    found = twins.repeated(twins.varied(DIGITS, "model.activation", ["relu", "tanh"]), 3)
    assert [(one.seed, labels(found)[index]) for index, one in enumerate(found)] == [
        (0, "relu"),
        (0, "tanh"),
        (1, "relu"),
        (1, "tanh"),
        (2, "relu"),
        (2, "tanh"),
    ]
    assert labels(twins.repeated([DIGITS], 2)) == ["seed 0", "seed 1"]
    for seeds in (1, 11, -3):
        with pytest.raises(DltuiError, match="cannot be made together"):
            twins.repeated([DIGITS], seeds)


# -- what they have in common -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "values", "said"),
    [
        ("model.activation", ["relu", "tanh"], "the same first weights"),
        ("optimizer.lr", ["0.1", "0.2"], "the same first weights"),
        ("loss.kind", ["cross_entropy", "mse"], "the same first weights"),
        ("model.hidden", ["8", "9"], "first weights differ, for the networks have other shapes"),
        ("model.norm", ["none", "batch"], "first weights differ, for the networks have other shapes"),
        ("model.init", ["he", "xavier"], "first weights differ, by their initialization"),
    ],
)
def test_first_weights(key: str, values: list[str], said: str) -> None:
    found = common(twins.varied(DIGITS, key, values))
    assert found[:2] == ["seed 0", said]
    assert "one order of batches" in found


def test_a_gain_scales_the_same_draws() -> None:
    found = twins.varied(with_typed(DIGITS, ["model.init=he"]), "model.activation", ["relu", "tanh"])
    assert "first weights are the same draws, each scaled for its activation" in common(found)


@pytest.mark.parametrize("key", ["data.batch_size", "data.limit", "data.validation"])
def test_another_batch_is_another_order(key: str) -> None:
    values = {"data.validation": ["0.1", "0.2"]}.get(key, ["32", "64"])
    assert "batches differ" in common(twins.varied(DIGITS, key, values))


def test_repeats_and_kinds_say_so() -> None:
    found = common(twins.repeated([DIGITS], 3))
    assert found == ["seeds 0, 1, 2", "the same first weights", "one order of batches for each"]
    grows = twins.varied(DIGITS, "schedule.kind", ["constant", "batch_growth"])
    assert "batches differ" in common(grows)
    assert "one order of batches" in common(twins.varied(DIGITS, "schedule.kind", ["constant", "cosine"]))
    kinds = common(twins.varied(DIGITS, "optimizer.kind", ["momentum", "adam"]))
    assert kinds[-1].startswith("each kind comes with its own lr")


# -- making -----------------------------------------------------------------------------------------


def test_runs_say_in_which_group_they_were_made(home: Path) -> None:
    configs = twins.varied(DIGITS, "model.activation", ["relu", "sigmoid", "tanh"])
    made = twins.make(home, configs, MOMENT, "twins")
    assert [run.id for run in made.runs] == sorted(run_ids(home)), "in the order in which they are trained"
    facts = [read_json(run.facts) for run in made.runs]
    wanted = {"id": made.groups[0].id, "kind": "twins", "differs": ["model.activation"], "order": ""}
    assert [one["group"] for one in facts] == [wanted] * 3
    assert [one["name"] for one in facts] == [f"{word} · digits mlp" for word in ("relu", "sigmoid", "tanh")]
    found = [read_file(run.config) for run in made.runs]
    assert differing(found) == ("model.activation",), "not even the name differs in the configuration"
    assert {one.training.threads for one in found} == {1}
    again = twins.make(
        home, twins.repeated([DIGITS], 2), MOMENT + timedelta(hours=1), "seeds", [made.runs[0].id] * 2
    )
    assert read_json(again.runs[1].facts)["group"]["of"] == made.runs[0].id
    assert read_json(again.runs[1].facts)["name"] == "seed 1 · digits mlp"
    both = twins.make(home, twins.repeated(configs[:2], 2), MOMENT + timedelta(hours=2), "seeds")
    assert [read_json(run.facts)["name"] for run in both.runs[:2]] == [
        "relu, seed 0 · digits mlp",
        "sigmoid, seed 0 · digits mlp",
    ]
    shapes = [with_typed(DIGITS, [f"model.hidden={one}"]) for one in ("64,", "32,32")]
    made = twins.make(home, shapes, MOMENT + timedelta(hours=3), "twins")
    assert labels(shapes) == ["hidden 64", "hidden 32,32"]
    assert read_json(made.runs[0].facts)["name"] == "hidden 64 · digits mlp"
    ids = [group.id for group in both.groups]
    assert ids == [ids[0], ids[1]] * 2, "the repeats of one configuration are a group"
    assert ids[0] != ids[1]
    assert {group.differs for group in both.groups} == {("seed",)}


def test_where_one_cannot_be_made_none_stays(home: Path) -> None:
    good = twins.make(home, [DIGITS, DIGITS], MOMENT, "twins")
    broken = parse("csv data.file=/no/such/file.csv data.target=y")
    with pytest.raises(ConfigError):
        twins.make(home, [DIGITS, broken], MOMENT + timedelta(hours=1), "twins")
    assert sorted(run_ids(home)) == [run.id for run in good.runs]


def test_as_many_side_by_side_as_have_room(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    configs = twins.repeated([DIGITS], 6)
    monkeypatch.setattr("dlcore.family.twins.available", lambda: 4)
    assert twins.at_once(configs, {}) == 4
    assert twins.at_once(configs[:2], {}) == 2
    assert twins.at_once([with_typed(one, ["training.threads=2"]) for one in configs], {}) == 2
    assert twins.at_once([with_typed(one, ["training.threads=16"]) for one in configs], {}) == 1
    assert twins.at_once([with_typed(one, ["training.device=cuda"]) for one in configs], {}) == 1
    monkeypatch.setattr("dlcore.family.twins._NVIDIA", tmp_path)
    monkeypatch.setattr("dlcore.family.twins.sys.platform", "linux")
    auto = [with_typed(one, ["training.device=auto"]) for one in configs]
    assert twins.at_once(auto, {}) == 1
    assert twins.at_once(auto, {"CUDA_VISIBLE_DEVICES": ""}) == 4


# -- what is set, and what differs ------------------------------------------------------------------


def test_settings_as_they_are_typed() -> None:
    found = with_typed(DIGITS, ["optimizer.lr=0.2", "optimizer=adam", "model.activation=tanh"])
    assert (found.optimizer.kind, found.optimizer.lr) == ("adam", 0.2)
    assert told(DIGITS, found) == [
        "model.activation relu → tanh",
        "optimizer momentum → adam",
        "optimizer.lr 0.2",
    ]
    assert told(DIGITS, DIGITS) == []
    widths = with_typed(DIGITS, ["model.hidden=8,16"])
    assert told(DIGITS, widths) == ["model.hidden 8,8 → 8,16"]
    with pytest.raises(DltuiError, match="is not key=value"):
        with_typed(DIGITS, ["optimizer.lr"])
    with pytest.raises(ConfigError, match="one fault"):
        with_typed(DIGITS, ["optimizer=adan"])


def test_a_run_that_nobody_can_train_has_no_twins(home: Path) -> None:
    [run] = twins.make(home, [DIGITS], MOMENT, "seeds").runs
    assert twins.base_of(run).model == DIGITS.model
    write_json(run.facts, read_json(run.facts) | {"imported": {"from": "a.csv", "format": "csv"}})
    with pytest.raises(RunError, match="cannot have twins: it was imported from"):
        twins.base_of(run)
