from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from dlcore.family.origin import Group, Origin
from dlcore.finding_runs.language import All, Comparison, Either, Filter, Not, Word, parse
from dlcore.finding_runs.literals import day, number, seconds, truth
from dlcore.finding_runs.lookup import key_named
from dlcore.finding_runs.matching import matcher
from dlcore.labels import Label
from dlcore.oneline import print_value
from dlcore.run_figures import Figures
from dlcore.runs import RunRow
from tests.dlcore.finding_runs.rows import NOW, filters, row, rows

quick = settings(
    max_examples=120, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)


def naive(node: Filter, row: RunRow) -> bool:
    """What the language says, one rule after the other."""
    if isinstance(node, Not):
        return not naive(node.part, row)
    if isinstance(node, All):
        return False not in [naive(part, row) for part in node.parts]
    if isinstance(node, Either):
        return True in [naive(part, row) for part in node.parts]
    if isinstance(node, Word):
        data = row.settings.get("data")
        known = [row.name, row.run.id, row.state, row.network, *row.label.tags, *([data] if data else [])]
        return any(node.text.casefold() in str(one).casefold() for one in known)
    return compared(node, row)


def compared(node: Comparison, row: RunRow) -> bool:
    said: dict[str, Any] = {
        "acc": row.score if row.metric == "accuracy" else None,
        "best": row.score,
        "test_acc": row.figures.test_score if row.metric == "accuracy" else None,
        "loss": row.figures.loss,
        "epochs": row.epochs,
        "steps": row.steps,
        "params": row.figures.parameters,
        "duration": row.figures.seconds,
        "age": None if row.made is None else (NOW - row.made).total_seconds(),
        "created": row.made,
        "state": row.state,
        "name": row.name,
        "id": row.run.id,
        "network": row.network,
        "notes": row.label.notes,
        "tag": row.label.tags,
        "parent": None if row.origin is None else row.origin.run,
    }
    found = said[node.key] if node.key in said else row.settings.table().get(node.key)
    if found is None:
        return False
    if isinstance(found, tuple):
        if node.operator == "!=":
            return not any(same_text(one, node.value) for one in found)
        return any(of_text(one, node.operator, node.value) for one in found)
    if isinstance(found, bool) and node.operator != "~":
        return (found is truth(node.value)) == (node.operator == "=") and node.operator in ("=", "!=")
    if isinstance(found, str):
        return of_text(found, node.operator, node.value)
    if isinstance(found, datetime):
        start, end = day(node.value) or (found, found)
        place = -1 if found < start else 1 if found >= end else 0
        return of_order(place, node.operator, 0)
    if node.operator == "~":
        return node.value.casefold() in print_value(found)
    wanted = seconds(node.value) if node.key in ("age", "duration") else number(node.value)
    return of_order(found, node.operator, wanted) if wanted is not None else node.operator == "!="


def of_text(found: str, operator: str, wanted: str) -> bool:
    if operator == "~":
        return wanted.casefold() in found.casefold()
    return same_text(found, wanted) == (operator == "=") and operator in ("=", "!=")


def same_text(found: str, wanted: str) -> bool:
    return found.casefold() == wanted.casefold()


def of_order(found: float, operator: str, wanted: float) -> bool:
    return {
        "=": found == wanted,
        "!=": found != wanted,
        "<": found < wanted,
        "<=": found <= wanted,
        ">": found > wanted,
        ">=": found >= wanted,
    }[operator]


@quick
@given(filters, rows())
def test_a_filter_finds_what_its_rules_say(node: Filter, drawn: RunRow) -> None:
    assert matcher(node)(drawn, NOW) == naive(node, drawn)


def is_found(text: str, drawn: RunRow) -> bool:
    node = parse(text)
    assert node is not None
    return matcher(node)(drawn, NOW)


@pytest.mark.parametrize(
    "text",
    [
        "mnist",
        "MNIST good",
        "finished",
        "run-3",
        "adam",
        "acc>97% acc<98%",
        "acc=.9712",
        "best>=0.97",
        "loss<.1",
        "test_acc>96%",
        "train_loss<.1",
        "lr=.01",
        "lr<2%",
        "lr~.01",
        "lr!=.1",
        "optimizer=ADAM",
        "optimizer!=sgd",
        "optimizer~ad",
        "hidden=128,64",
        "hidden~64",
        "batch_size=64 or batch_size=full",
        "shuffle=yes",
        "shuffle!=off",
        "epochs=10 steps>8k",
        "params>100k",
        "duration<5m duration>1:00",
        "age>4w",
        "created=2026-03",
        "created>2026-03-03 created<2026-03-05",
        "tag=Good",
        "tag!=bad",
        "notes~overfits",
        "name='mnist run'",
        "parent~parent",
        "remedy=smaller",
        "group~twins",
        "split=validation",
        "state!=crashed",
        "not r2>0",
        "not nobody",
    ],
)
def test_a_run_is_found(text: str) -> None:
    drawn = row(
        3,
        score=0.9712,
        own_name="old name",
        label=Label("mnist run", ("good", "x"), "it overfits"),
        figures=Figures(
            loss=0.09, train_loss=0.05, test_score=0.968, seconds=130.5, parameters=109_386, speed=1e5
        ),
        origin=Origin("20260304T050607089Z-parent", 0, "plateau", "smaller"),
        group=Group("g1", "twins"),
        config={"data.batch_size": "full"},
    )
    assert is_found(text, drawn)


@pytest.mark.parametrize(
    "text", ["r2>0", "r2<=0", "r2=0", "r2!=0", "momentum=.9", "momentum!=.9", "parent~p"]
)
def test_what_is_unknown_matches_no_comparison(text: str) -> None:
    assert not is_found(text, row())
    assert is_found(f"not {text}", row())


def test_old_names_are_not_found_once_a_run_has_a_new_one() -> None:
    assert not is_found("'run 3'", row(3, label=Label("other")))
    assert is_found("other", row(3, label=Label("other")))


def test_a_regression_has_r2_and_no_accuracy() -> None:
    drawn = row(metric="r2", score=0.48)
    assert is_found("r2>.4 best>.4", drawn)
    assert not is_found("acc>.1", drawn)
    assert not is_found("acc<=1", drawn)


def test_every_figure_of_the_naive_rules_is_a_key() -> None:
    for name in ("acc", "best", "test_acc", "loss", "epochs", "params", "duration", "age", "created", "tag"):
        key = key_named(name)
        assert key is not None
        assert key.name == name
