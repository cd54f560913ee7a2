"""Which hyperparameters are live, what a change makes of a configuration, and what becomes of edits."""

from typing import Any

import pytest

from dlcore.choices.dataset import Facts
from dlcore.commands import Set
from dlcore.config import RunConfig
from dlcore.edits import Edit, Edits, applied, change, changed, inverse, live_keys, to_take_back
from dlcore.errors import DltuiError
from dlcore.oneline import parse
from dlcore.reading import read_table

MLP = parse("digits mlp 16,8 momentum lr=.01 m=.9 b=32 e=5").resolved()


def edited(config: RunConfig, key: str, value: Any) -> RunConfig:
    return change(config, Set(key=key, value=value)).config


def edit(number: int, key: str, value: Any, before: Any = 0, takes_back: str = "") -> Edit:
    return Edit(number, key, value, before, f"{key} {before} → {value}", f"id{number}", takes_back, number)


# -- what is live -------------------------------------------------------------------------------------


def test_live_keys_are_those_of_the_chosen_kinds() -> None:
    live = set(live_keys(MLP))
    assert {"optimizer.lr", "optimizer.momentum", "optimizer.lr_per_layer", "schedule.kind"} <= live
    assert {"model.dropout", "data.batch_size", "training.epochs", "training.steps_per_second"} <= live
    assert {"regularization.l1", "regularization.label_noise", "training.probe_budget"} <= live
    assert not live & {"optimizer.kind", "model.hidden", "data.kind", "seed", "training.compile", "loss.kind"}
    assert "optimizer.beta1" not in live
    assert "optimizer.beta1" in live_keys(parse("digits adam"))
    assert "model.dropout" not in live_keys(parse("digits perceptron"))
    assert "schedule.gamma" in live_keys(parse("digits exponential"))


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("model.hidden", [64], "the network would have to be built anew"),
        ("model.init.std", 0.1, "the network would have to be built anew"),
        ("model.kind", "cnn", "the network would have to be built anew"),
        ("loss.kind", "mse", "could not be compared"),
        ("optimizer.kind", "adam", "what this one remembers"),
        ("optimizer", "adam", "what this one remembers"),
        ("data.limit", 10, "split and prepared before the first step"),
        ("seed", 1, "settled before the first step"),
        ("training.compile", True, "settled before the first step"),
    ],
)
def test_what_would_need_another_run_is_offered_as_one(key: str, value: Any, reason: str) -> None:
    with pytest.raises(DltuiError) as refused:
        change(MLP, Set(key=key, value=value))
    assert refused.value.message.startswith(f"{key} = ")
    assert reason in refused.value.message
    assert refused.value.message.endswith("branch from a checkpoint with it, or start a new run")


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("optimizer.lr", -1, "optimizer.lr = -1: must be greater than 0"),
        ("optimizer.lr", "fast", "optimizer.lr = fast: must be a number (got 'fast')"),
        ("optimizer.lr", float("nan"), "optimizer.lr = nan: must be a number"),
        ("optimizer.lr", [0.1, 0.2], "optimizer.lr = [0.1, 0.2]: must be a number"),
        ("optimizer.momntum", 0.5, "there is no such key; did you mean optimizer.momentum?"),
        ("optimizer.beta1", 0.5, "momentum has no such key"),
        ("quux", 1, "there is no such key"),
        ("training", 5, "cannot change as a whole; name one of its keys, as in training.epochs"),
        ("", 1, "there is no such key"),
        ("schedule.gamma", 0.5, "constant has no such key"),
        ("schedule", "cosin", "there is no schedule 'cosin'"),
        ("schedule", {"kind": "cosine", "final": 2}, "schedule.final must be at most 1"),
        ("schedule.kind", 7, "there is no schedule 7"),
        ("optimizer.lr_per_layer", {"fc1": 0}, "must be greater than 0"),
        ("optimizer.lr_per_layer.fc1", "x", "must be a number"),
        ("regularization.augment", ["flip", "spin"], "must be a list out of"),
        ("data.batch_size", 0, "must be at least 1"),
        ("training.epochs", 1.5, "must be a whole number"),
    ],
)
def test_a_wrong_value_is_refused_as_in_a_file(key: str, value: Any, words: str) -> None:
    with pytest.raises(DltuiError) as refused:
        change(MLP, Set(key=key, value=value))
    assert words in refused.value.message
    assert len(refused.value.message) < 400


def test_combinations_are_checked_too() -> None:
    with pytest.raises(DltuiError, match="batch_growth cannot grow a full batch"):
        change(edited(MLP, "data.batch_size", "full"), Set(key="schedule", value="batch_growth"))
    with pytest.raises(DltuiError, match="2 factors for 1 boundaries"):
        change(edited(MLP, "schedule", "piecewise"), Set(key="schedule.boundaries", value=[5]))
    with pytest.raises(DltuiError, match="regression has no labels"):
        change(parse("diabetes").resolved(), Set(key="regularization.label_noise", value=0.1))
    own = parse("data=custom data.target=a.py:load mlp")
    facts = Facts("regression", (3,), 1, 50, 10, targets=1)
    with pytest.raises(DltuiError, match="regression has no labels"):
        change(own, Set(key="regularization.label_noise", value=0.1), facts)


# -- what a change makes of a configuration -----------------------------------------------------------


def test_a_change_says_what_was_and_what_is() -> None:
    found = change(MLP, Set(key="optimizer.lr", value=0.05))
    assert found.config.optimizer.lr == 0.05
    assert (found.before, found.text) == (0.01, "optimizer.lr 0.01 → 0.05")
    assert changed(MLP, Set(key="optimizer.lr", value=0.05)) == (found.config, found.text)


def test_a_kind_is_kept_with_all_its_fields() -> None:
    warm = edited(MLP, "schedule.warmup_steps", 7)
    found = change(warm, Set(id="a", key="schedule.kind", value="cosine"))
    assert found.command == Set(
        id="a", key="schedule", value={"kind": "cosine", "final": 0.0, "warmup_steps": 7}
    )
    assert found.before == {"kind": "constant", "warmup_steps": 7}
    assert found.text == "schedule constant warmup_steps=7 → cosine warmup_steps=7"
    again = change(found.config, Set(key="schedule", value={"final": 0.2}))
    assert again.config.schedule == found.config.schedule.model_copy(update={"final": 0.2})
    piecewise = edited(MLP, "schedule", {"kind": "piecewise", "boundaries": [5], "factors": [0.5]})
    assert piecewise.schedule.kind == "piecewise"


def test_a_layer_s_rate_is_kept_with_those_of_the_others() -> None:
    one = change(MLP, Set(key="optimizer.lr_per_layer.fc1", value=0.02))
    assert (one.command.key, one.command.value) == ("optimizer.lr_per_layer", {"fc1": 0.02})
    two = change(one.config, Set(key="optimizer.lr_per_layer.fc2", value=0.03))
    assert two.command.value == {"fc1": 0.02, "fc2": 0.03}
    assert two.before == {"fc1": 0.02}
    back = change(two.config, Set(key="optimizer.lr_per_layer", value=two.before))
    assert back.config == one.config


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("optimizer.lr", 0.05),
        ("optimizer.lr_per_layer.fc2", 0.3),
        ("schedule", "one_cycle"),
        ("schedule.warmup_steps", 9),
        ("data.batch_size", "full"),
        ("model.dropout", 0.25),
        ("regularization.augment", ["flip"]),
        ("regularization.clip_norm", 1.5),
        ("training.evaluate_every", 20),
        ("training.steps_per_second", 2),
    ],
)
def test_its_inverse_takes_it_back(key: str, value: Any) -> None:
    found = change(MLP, Set(id="a", key=key, value=value))
    assert found.config != MLP
    made = Edit(3, found.command.key, found.command.value, found.before, found.text, "a")
    assert applied(MLP, [made]) == found.config
    back = inverse(made)
    assert back.takes_back == "a"
    assert change(found.config, back).config == MLP


def test_what_another_version_changed_is_passed_over() -> None:
    made = [edit(1, "optimizer.lr", 0.5), edit(2, "optimizer.magic", 1), edit(3, "optimizer.momentum", None)]
    assert applied(MLP, made) == edited(MLP, "optimizer.lr", 0.5)
    assert applied(MLP, [edit(1, "model.hidden", [4]), made[0]]) == edited(MLP, "optimizer.lr", 0.5)


def test_many_edits_are_made_by_one_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    made = [edit(number, "optimizer.lr", number / 10) for number in range(1, 500)]
    made.append(edit(500, "schedule", {"kind": "piecewise", "boundaries": [5], "factors": [0.5]}))
    made.append(edit(501, "schedule.warmup_steps", 3))
    read: list[int] = []

    def counted(table: Any) -> Any:
        read.append(1)
        return read_table(table)

    monkeypatch.setattr("dlcore.edits.read_table", counted)
    found = applied(MLP, made)
    assert (found.optimizer.lr, found.schedule.kind, found.schedule.warmup_steps) == (49.9, "piecewise", 3)
    assert len(read) == 1


# -- edits --------------------------------------------------------------------------------------------


def test_undo_goes_further_back_each_time_and_starts_again_behind_a_new_change() -> None:
    first, second, third = (edit(number, "optimizer.lr", number) for number in (1, 2, 3))
    made = [first, second]
    assert to_take_back(made) == second
    made.append(edit(4, "optimizer.lr", 1, takes_back=second.id))
    assert to_take_back(made) == first
    made.append(third)
    assert to_take_back(made) == third
    made.append(edit(5, "optimizer.lr", 1, takes_back=third.id))
    made.append(edit(6, "optimizer.lr", 0, takes_back=first.id))
    assert to_take_back(made) is None
    assert to_take_back([]) is None


def test_settings_are_the_last_of_each_key_and_a_kind_takes_its_fields_along() -> None:
    made = Edits(
        [
            edit(1, "schedule", {"kind": "exponential", "gamma": 0.1}),
            edit(2, "schedule.gamma", 0.5),
            edit(3, "optimizer.lr", 0.1),
            edit(4, "schedule", {"kind": "cosine", "final": 0.0}),
            edit(5, "optimizer.lr", 0.2),
        ]
    )
    assert made.settings == {"schedule.kind": "cosine", "schedule.final": 0.0, "optimizer.lr": 0.2}


def test_very_many_edits_are_bounded_and_no_key_is_forgotten() -> None:
    made = Edits(most=64)
    made.add(edit(0, "model.dropout", 0.5))
    for number in range(1, 10_000):
        made.add(edit(number, "optimizer.lr", number))
    assert len(made) <= 64
    assert made.settings == {"model.dropout": 0.5, "optimizer.lr": 9999}
    assert [one.step for one in made] == sorted(one.step for one in made)
    made.cut(9990, 9985)
    assert made[-1].step == 9984
