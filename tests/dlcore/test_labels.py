import os
from pathlib import Path
from typing import Any

import pytest

from dlcore import launch
from dlcore.config import RunConfig
from dlcore.errors import DltuiError, RunError
from dlcore.files.atomic import read_json, write_json
from dlcore.labels import (
    MOST_NOTES,
    MOST_TAGS,
    NO_LABEL,
    Label,
    add_tags,
    called,
    judged,
    read_label,
    relabel,
    tags_in,
)
from dlcore.rundir import RunDir
from dlcore.runs import name_of
from tests.conftest import MOMENT


def test_a_run_is_labelled_field_by_field(fresh_run: RunDir) -> None:
    assert read_label(fresh_run) == NO_LABEL
    relabel(fresh_run, name="first", tags=("good", "baseline"))
    relabel(fresh_run, hidden=True)
    assert relabel(fresh_run, notes="it overfits\nfrom epoch 3") == read_label(fresh_run)
    expected = Label("first", ("good", "baseline"), "it overfits\nfrom epoch 3", True)
    assert read_label(fresh_run) == expected
    assert relabel(fresh_run, name="", tags=()) == Label("", (), expected.notes, True)
    assert os.stat(fresh_run.label).st_mode & 0o777 == 0o600
    assert read_json(fresh_run.label)["hidden"] is True


def test_tags_are_added_to_those_that_a_run_has(fresh_run: RunDir) -> None:
    relabel(fresh_run, name="first", tags=("good",))
    assert add_tags(fresh_run, ("new", "good")) == Label("first", ("good", "new"))
    with pytest.raises(DltuiError, match="31 tags are too many"):
        add_tags(fresh_run, map(str, range(29)))
    assert read_label(fresh_run).tags == ("good", "new")


def test_what_another_viewer_has_said_meanwhile_stays(fresh_run: RunDir) -> None:
    relabel(fresh_run, name="mine")
    write_json(fresh_run.label, {"name": "mine", "tags": ["theirs"], "notes": "", "hidden": False})
    assert relabel(fresh_run, hidden=True) == Label("mine", ("theirs",), "", True)


@pytest.mark.parametrize(
    ("table", "label"),
    [
        ({}, NO_LABEL),
        ({"name": 3, "tags": "x", "notes": [], "hidden": 1}, NO_LABEL),
        ({"name": "n" * 300, "notes": "x" * 6000}, Label("n" * 200, (), "x" * MOST_NOTES)),
        ({"tags": ["a", "a", "", "a b", 3, None, "x" * 51, "b"]}, Label("", ("a", "b"))),
        ({"tags": [str(number) for number in range(99)]}, Label("", tuple(map(str, range(MOST_TAGS))))),
        ({"hidden": True, "more": 1}, Label(hidden=True)),
    ],
)
def test_a_label_from_outside_is_judged(table: dict[str, Any], label: Label) -> None:
    assert judged(table) == label


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff\xfe", b"[" * 9000])
def test_a_damaged_label_says_nothing(fresh_run: RunDir, content: bytes) -> None:
    fresh_run.label.write_bytes(content)
    assert read_label(fresh_run) == NO_LABEL
    assert relabel(fresh_run, name="new").name == "new"


def test_tags_are_typed_with_blanks_or_commas() -> None:
    assert tags_in(" good, baseline  good\tx ") == ("good", "baseline", "x")
    assert tags_in("") == ()
    with pytest.raises(DltuiError, match="is no tag"):
        tags_in("x" * 51)
    with pytest.raises(DltuiError, match="31 tags are too many"):
        tags_in(" ".join(map(str, range(31))))


@pytest.mark.parametrize(
    "wrong", [{"tags": ("a b",)}, {"tags": ("",)}, {"name": "x" * 201}, {"notes": "x" * 5001}]
)
def test_what_does_not_do_is_refused_and_nothing_written(fresh_run: RunDir, wrong: dict[str, Any]) -> None:
    with pytest.raises(DltuiError):
        relabel(fresh_run, **wrong)
    assert not fresh_run.label.exists()


def test_a_run_that_others_may_write_to_gets_no_label(fresh_run: RunDir) -> None:
    fresh_run.path.chmod(0o777)
    with pytest.raises(RunError, match="Others may write to"):
        relabel(fresh_run, name="x")
    assert not fresh_run.label.exists()


def test_a_label_that_is_a_pipe_is_none(fresh_run: RunDir) -> None:
    os.mkfifo(fresh_run.label)
    assert read_label(fresh_run) == NO_LABEL


def test_a_run_is_called_as_somebody_renamed_it_else_as_it_was_made(home: Path) -> None:
    run = launch.make(home, RunConfig(), MOMENT, name="digits mlp · relu")
    assert (name_of(run), called(run)) == ("digits mlp · relu", run.id)
    relabel(run, name="the good one")
    assert (name_of(run), called(run)) == ("the good one", f"the good one · {run.id}")
    run.facts.write_text("{}")
    relabel(run, name="")
    assert name_of(run) == RunConfig().name
    run.config.write_text("[/x]")
    assert name_of(run) == run.id
