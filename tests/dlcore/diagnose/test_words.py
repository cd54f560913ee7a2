import json
from dataclasses import replace
from pathlib import Path

import pytest

from dlcore.diagnose import Remedy
from dlcore.diagnose.words import CODES, evidence, known, options, paragraph, place, told, words
from dlcore.errors import DltuiError
from tests.dlcore.diagnose.findings import NAN, RELU, VANISHING


def test_every_code_has_words_of_its_own() -> None:
    said = [words(code) for code in CODES]
    assert len(set(said)) == len(CODES) == 16
    assert not any("_" in one or len(one) > 24 for one in said)
    assert words("of_another_version") == "of another version"


def test_an_unknown_code_is_told_with_the_nearest() -> None:
    assert known("overfitting") == "overfitting"
    with pytest.raises(DltuiError) as caught:
        known("vanishing")
    assert "Did you mean vanishing_gradient?" in caught.value.hint


def test_where_and_by_which_numbers() -> None:
    assert place(VANISHING) == "since step 1,200, in fc1"
    assert place(NAN) == "since step 7"
    assert evidence(VANISHING) == "ratio 1.1e-06, first norm 4.3e-07, epochs 1,200"
    assert evidence(NAN) == "lr 10"


def test_a_remedy_is_typed_as_a_shell_takes_it() -> None:
    assert options(RELU) == "--set model.activation=relu --set model.init=he"
    assert options(Remedy("x", {"model.activation": {"kind": "leaky_relu", "slope": 0.1}})) == (
        "--set 'model.activation={kind = \"leaky_relu\", slope = 0.1}'"
    )
    edits = {"optimizer.lr": 0.5, "model.init": "lecun"}
    assert options(RELU, edits) == "--set optimizer.lr=0.5 --set model.activation=relu --set model.init=he"


def test_a_table_is_what_json_can_say() -> None:
    assert json.loads(json.dumps(VANISHING.table(), allow_nan=False))["remedies"][0] == {
        "name": "relu with he initialization",
        "set": {"model.activation": "relu", "model.init": "he"},
    }


def test_a_paragraph_holds_all_of_a_finding_in_80_columns() -> None:
    lines = list(paragraph(VANISHING))
    text = " ".join(" ".join(lines).split())
    assert lines[0] == "error: vanishing gradient since step 1,200, in fc1 (vanishing_gradient)"
    for part in (VANISHING.message + ".", VANISHING.cause, "ratio 1.1e-06", "1. relu with he", "2. learning"):
        assert part in text
    assert "     --set model.activation=relu --set model.init=he" in lines
    assert max(map(len, lines)) <= 80


def test_how_a_remedy_is_taken_is_said_where_there_is_one() -> None:
    path = Path("/runs of mine/config.toml")
    assert list(told([VANISHING, NAN], path))[-1] == "  dltui train '/runs of mine/config.toml'"
    assert not any("dltui train" in line for line in told([NAN], path))
    assert list(told([replace(VANISHING, evidence={})], path))[4].startswith("  1. relu")
    assert list(told([], path)) == []
    assert list(told([VANISHING], None))[-1].startswith("dltui cannot train this run")
