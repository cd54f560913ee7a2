from dlcore.comparison.differences import ABSENT, differences, said
from dlcore.config import RunConfig
from dlcore.oneline import parse


def texts(*lines: str) -> dict[str, tuple[str, ...]]:
    """What differs between runs that are written in one line each, resolved as they are on disk."""
    return {one.key: one.texts for one in differences([parse(line).resolved() for line in lines])}


def test_only_what_differs_is_told_in_the_order_of_the_file() -> None:
    found = texts(
        "digits mlp 64, relu lr=.01", "digits mlp 64,32 relu lr=.1 seed=3", "digits mlp 64, tanh lr=.1"
    )
    assert found == {
        "seed": ("0", "3", "0"),
        "model.hidden": ("64", "64,32", "64"),
        "model.activation": ("relu", "relu", "tanh"),
        "optimizer.lr": ("0.01", "0.1", "0.1"),
    }


def test_equal_runs_do_not_differ_and_a_name_is_no_difference() -> None:
    assert texts("digits name=a", "digits name=b") == {}
    assert differences([]) == ()


def test_a_kind_speaks_for_its_own_defaults() -> None:
    found = texts("digits momentum lr=.01", "digits adam lr=.01", "digits adam lr=.01 beta2=.9")
    assert found["optimizer.kind"] == ("momentum", "adam", "adam")
    assert found["optimizer.beta2"] == (ABSENT, "0.999", "0.9")
    assert "optimizer.beta1" not in found
    assert "optimizer.momentum" not in found


def test_what_follows_from_another_key_is_no_difference() -> None:
    assert list(texts("digits ce", "digits mse")) == ["loss.kind"], "the output follows from the loss"


def test_what_was_changed_live_is_told_as_it_came_about() -> None:
    config = RunConfig().resolved()
    (one,) = differences([config, config], [{}, {"optimizer.lr": 0.002}])
    assert one.key == "optimizer.lr"
    assert one.texts == ("0.01", "0.01 → 0.002")
    assert one.values == (0.01, 0.002)
    assert one.is_number


def test_a_schedule_that_came_live_has_its_own_keys() -> None:
    config = RunConfig().resolved()
    found = differences([config, config], [{}, {"schedule.kind": "exponential", "schedule.gamma": 0.5}])
    assert {one.key: one.texts for one in found} == {
        "schedule.kind": ("constant", "constant → exponential"),
        "schedule.gamma": (ABSENT, "0.5"),
    }


def test_a_schedule_that_went_live_takes_its_keys_along() -> None:
    began = [parse(f"digits schedule={kind}").resolved() for kind in ("constant", "exponential")]
    assert {"schedule.kind", "schedule.gamma"} >= {one.key for one in differences(began)}
    assert differences(began, [{}, {"schedule.kind": "constant"}]) == ()


def test_a_configuration_that_cannot_be_read_makes_no_difference() -> None:
    found = differences([parse("digits lr=.1"), None, parse("digits lr=.2")])
    assert [(one.key, one.texts) for one in found] == [("optimizer.lr", ("0.1", ABSENT, "0.2"))]
    assert found[0].values == (0.1, None, 0.2)
    assert found[0].is_number


def test_words_are_no_numbers() -> None:
    found = differences(
        [parse("digits mlp 8, relu model.bias=true"), parse("digits mlp 9, relu model.bias=false")]
    )
    assert {one.key: one.is_number for one in found} == {"model.hidden": False, "model.bias": False}


def test_what_is_special_in_a_few_words() -> None:
    found = differences([parse("digits mlp 64, relu adam lr=.01"), parse("digits mlp 32, tanh sgd lr=.1")])
    assert said(found, 0) == "hidden 64 · relu · adam · lr 0.01"
    assert said(found, 1) == "hidden 32 · tanh · sgd · lr 0.1"
    assert said((), 0) == ""
    threads = differences([parse("digits training.threads=1"), parse("digits")])
    assert [said(threads, index) for index in (0, 1)] == ["threads 1", "threads auto"]
