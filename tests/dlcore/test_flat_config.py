import math
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from dlcore.config import RunConfig, to_toml
from dlcore.flat_config import NO_SETTINGS, flat, flat_config, read_settings
from dlcore.flat_config import settings as settings_of
from dlcore.oneline import parse
from dlcore.rundir import RunDir
from tests.dlcore.strategies import configurations


def test_a_configuration_is_flat_with_kinds_at_their_sections() -> None:
    found = flat_config(
        parse("mnist cnn filters=16,32 64 leaky_relu he adam lr=.02 e=3 name=x seed=7").resolved()
    )
    assert found["data"] == "mnist"
    assert found["model"] == "cnn"
    assert found["model.filters"] == "16,32"
    assert found["model.hidden"] == "64"
    assert found["model.activation"] == "leaky_relu"
    assert found["model.activation.slope"] == 0.01
    assert found["optimizer"] == "adam"
    assert found["optimizer.lr"] == 0.02
    assert found["loss"] == "cross_entropy"
    assert found["regularization.augment"] == "none"
    assert found["data.shuffle"] is True
    assert (found["training.epochs"], found["seed"]) == (3, 7)
    assert "name" not in found


def test_activations_of_their_own_for_each_layer_stand_in_one_word() -> None:
    found = flat({"model": {"activation": ["relu", {"kind": "leaky_relu", "slope": 0.2}]}})
    assert found == {"model.activation": 'relu,{kind = "leaky_relu", slope = 0.2}'}


@settings(
    max_examples=60, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)
@given(configurations())
def test_what_run_json_gets_is_read_back_as_it_was(config: RunConfig) -> None:
    written = flat_config(config)
    short = {key: value for key, value in written.items() if not isinstance(value, str) or len(value) <= 200}
    assert settings_of(written).table() == {
        key: value for key, value in short.items() if isinstance(value, str) or abs(value) < 1e30
    }


def test_runs_with_the_same_keys_share_them() -> None:
    first, second = (settings_of({"optimizer": "adam", "optimizer.lr": lr}) for lr in (0.1, 0.2))
    assert first.index is second.index
    assert (first.get("optimizer.lr"), second.get("optimizer.lr")) == (0.1, 0.2)
    assert first.get("model") is None


NO_TABLES: list[Any] = [None, [], "x", {f"k{number}": 1 for number in range(201)}, {"k" * 201: 1}]


@pytest.mark.parametrize("wrong", NO_TABLES)
def test_what_is_no_table_of_settings_is_none(wrong: Any) -> None:
    assert settings_of(wrong) == NO_SETTINGS


def test_values_that_cannot_be_ours_are_left_out() -> None:
    wrong: dict[str, Any] = {
        "a": None,
        "b": [1],
        "c": {},
        "d": math.nan,
        "e": math.inf,
        "f": 10**400,
        "g": "x" * 201,
    }
    for _ in range(2):  # what was sound once is known, and makes nothing else so
        assert settings_of({**wrong, "lr": 0.1}).table() == {"lr": 0.1}
        assert settings_of({"lr": 0.1}).table() == {"lr": 0.1}


def test_tables_without_end_are_cut() -> None:
    table: dict[str, Any] = {"x": 1}
    for _ in range(100):
        table = {"a": table}
    assert flat(table) == {}
    assert len(flat({f"k{number}": number for number in range(1000)})) == 200


def test_settings_of_a_run_come_from_its_file(fresh_run: RunDir) -> None:
    assert read_settings(fresh_run).table() == flat_config(RunConfig().resolved())
    fresh_run.config.write_text(to_toml(RunConfig().resolved()).replace("lr = 0.01", "lr = nan"))
    assert read_settings(fresh_run).get("optimizer.lr") is None
    for content in (b"[data", b"\xff", b"x = 1\n" * 100_000):
        fresh_run.config.write_bytes(content)
        assert read_settings(fresh_run) == NO_SETTINGS
    fresh_run.config.unlink()
    assert read_settings(fresh_run) == NO_SETTINGS
