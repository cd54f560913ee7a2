import pytest

from dlcore.choices.choice import fields_of
from dlcore.config import SECTIONS
from dlcore.finding_runs.keys import DEFAULT_COLUMNS, FIGURES
from dlcore.finding_runs.lookup import declared, fields_named, key_named, nearest
from dlcore.flat_config import flat_config
from dlcore.labels import Label
from dlcore.oneline import parse
from dlcore.run_figures import Figures
from dlcore.short_keys import SHORT_KEYS
from tests.dlcore.finding_runs.rows import NOW, row


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("acc", "acc"),
        ("Accuracy", "acc"),
        ("lr", "optimizer.lr"),
        ("optimizer.lr", "optimizer.lr"),
        ("m", "optimizer.momentum"),
        ("momentum", "optimizer.momentum"),
        ("e", "training.epochs"),
        ("epochs", "epochs"),
        ("optimizer", "optimizer"),
        ("model.kind", "model"),
        ("loss", "loss"),
        ("loss.kind", "loss.kind"),
        ("seed", "seed"),
        ("activation", "model.activation"),
        ("model.activation.slope", "model.activation.slope"),
        ("data.args.path", "data.args.path"),
        ("optimizer.lr_per_layer.fc1", "optimizer.lr_per_layer.fc1"),
        ("tags", "tag"),
        ("time", "duration"),
    ],
)
def test_a_word_stands_for_a_key(word: str, name: str) -> None:
    key = key_named(word)
    assert key is not None
    assert key.name == name


@pytest.mark.parametrize(
    "word", ["", "x", "kind", "acc.kind", "data.args.", "model.", ".", "data.args.\n", "args"]
)
def test_other_words_stand_for_none(word: str) -> None:
    assert key_named(word) is None


def test_every_short_form_and_every_field_is_a_key_and_its_name_stands_for_itself() -> None:
    fields = [
        section.path(spec.name) for section in SECTIONS for kind in section.family for spec in fields_of(kind)
    ]
    for word in (*FIGURES, *SHORT_KEYS, *fields, *declared()):
        key = key_named(word)
        assert key is not None, word
        again = key_named(key.name)
        assert again is not None
        assert again.name == key.name


def test_a_configuration_has_no_key_that_nobody_can_ask_for() -> None:
    config = parse("mnist cnn filters=16,32 64 leaky_relu he adam cosine lr=.01 e=3 drop=.2").resolved()
    drawn = row(config=flat_config(config))
    for dotted, value in flat_config(config).items():
        key = key_named(f"{dotted}.kind") or key_named(dotted)
        assert key is not None, dotted
        assert key.get(drawn, NOW) == value


def test_near_keys_are_named() -> None:
    assert nearest("optimiser").startswith("did you mean optimizer")
    assert "or" in nearest("kernl") or "kernel" in nearest("kernl")
    assert nearest("qqqqq") == "keys are acc, loss, lr, optimizer …"


def test_values_are_written_for_people() -> None:
    drawn = row(
        figures=Figures(loss=0.123456, seconds=3785.2, parameters=109_386),
        label=Label("", ("a", "b"), "noted"),
        metric="accuracy",
    )
    asked = (
        "acc",
        "best",
        "loss",
        "params",
        "duration",
        "age",
        "created",
        "tag",
        "lr",
        "shuffle",
        "steps",
        "r2",
    )
    said = [key.text(drawn, NOW) for name in asked if (key := key_named(name)) is not None]
    assert said == [
        "97.00 %",
        "97.00 % validation",
        "0.1235",
        "109,386",
        "1:03:05",
        "30 d",
        "2026-03-04 05:06",
        "a b",
        "0.01",
        "true",
        "8,440",
        "",
    ]


def test_figures_are_numeric_and_words_are_not() -> None:
    numeric = {"acc", "age", "lr", "seed", "params", "e", "created"}
    words = {"name", "tag", "optimizer", "hidden", "evaluate_every", "shuffle", "data.args.x", "device"}
    for name in numeric | words:
        key = key_named(name)
        assert key is not None
        assert key.is_numeric == (name in numeric), name
    assert set(DEFAULT_COLUMNS) <= set(FIGURES)
    assert fields_named(FIGURES["acc"]) == ()
