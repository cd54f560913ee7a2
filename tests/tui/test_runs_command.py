"""`dltui runs` with filters, orders and columns, and `dltui label`."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from dlcore.errors import DltuiError
from dlcore.finding_runs.tokens import FilterFault
from dlcore.labels import Label, read_label, relabel
from dlcore.rundir import RunDir
from tests.dlcore.listed import ended
from tui import cli


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(cli.dltui, arguments)


def best(score: float) -> dict[str, Any]:
    return {"best": {"split": "validation", "accuracy": score, "step": 844}}


@pytest.fixture
def three(home: Path) -> list[RunDir]:
    lines = (
        ("digits mlp 16 adam lr=.01 name=c", 0.95),
        ("digits mlp 16 adam lr=.1 name=b", 0.99),
        ("moons mlp 8 sgd lr=.1 name=a", 0.8),
    )
    return [ended(home, -number, line, **best(score)) for number, (line, score) in enumerate(lines)]


def listed(*arguments: str) -> list[str]:
    result = invoke("runs", *arguments, "--json")
    assert result.exit_code == 0, result.output
    return [row["name"] for row in json.loads(result.output)]


def test_runs_are_filtered_sorted_and_limited(three: list[RunDir]) -> None:
    assert listed() == ["c", "b", "a"]
    assert listed("--filter", "acc>90% and optimizer=adam") == ["c", "b"]
    assert listed("--sort", "acc") == ["b", "c", "a"]
    assert listed("--sort", "acc", "--reverse", "--limit", "2") == ["a", "c"]
    assert listed("--reverse") == ["a", "b", "c"]
    assert listed("--filter", "nobody") == []


def test_text_says_how_many_match(three: list[RunDir]) -> None:
    relabel(three[2], hidden=True)
    *lines, last = invoke("runs", "--filter", "acc>50%", "--limit", "1").output.splitlines()
    assert [line.split()[0] for line in lines] == [three[0].id]
    assert last.startswith("1 of 2 runs that match, 1 hidden, ")
    assert last.endswith(f" kB in {three[0].path.parent}")
    assert invoke("runs", "--filter", "nobody").output.startswith("0 runs that match, ")
    *lines, last = invoke("runs", "--hidden").output.splitlines()
    assert len(lines) == 3
    assert last.startswith("3 runs, ")


def test_columns_are_aligned_below_their_names(three: list[RunDir]) -> None:
    relabel(three[0], name="한글 [/x] \x1b[2J", tags=("good",))
    header, *lines, _ = invoke("runs", "--columns", "name,acc, lr,tags,r2").output.splitlines()
    assert header.split() == ["name", "acc", "optimizer.lr", "tag", "r2"]
    assert lines[0].split() == ["한글", "[/x]", "\\x1b[2J", "95.00", "%", "0.01", "good", "-"]
    assert lines[1].split() == ["b", "99.00", "%", "0.1", "-", "-"]
    assert lines[1].index("0.1 ") + 3 == header.index("optimizer.lr") + len("optimizer.lr")


def test_json_has_configuration_figures_and_label(three: list[RunDir]) -> None:
    relabel(three[0], notes="seen", tags=("good",))
    row = json.loads(invoke("runs", "--limit", "1", "--json").output)[0]
    assert (row["name"], row["notes"], row["tags"], row["hidden"]) == ("c", "seen", ["good"], False)
    assert (row["config"]["optimizer"], row["config"]["optimizer.lr"]) == ("adam", 0.01)
    assert (row["accuracy"], row["parent"], row["group"]) == (0.95, None, None)


def test_faults_are_sentences(three: list[RunDir]) -> None:
    for arguments, said in (
        (("--filter", "accc>1"), "Letter 1 of the filter: there is no key 'accc', did you mean acc"),
        (("--sort", "optimiser"), "There is no key 'optimiser', did you mean optimizer"),
        (("--columns", "name,nme"), "There is no key 'nme', did you mean name"),
    ):
        error = invoke("runs", *arguments).exception
        assert isinstance(error, DltuiError)
        assert said in str(error)
        assert error.code == 2
    assert isinstance(invoke("runs", "--filter", "(").exception, FilterFault)
    assert "--limit" in invoke("runs", "--limit", "-1").output


def test_a_run_is_labelled(three: list[RunDir]) -> None:
    first = three[0]
    said = invoke("label", first.id, "--name", "mine", "--tag", "x", "--tag", "y", "--note", "n", "--hide")
    assert said.output == f"{first.id}: name 'mine', tags x y, hidden, notes 'n'\n"
    assert read_label(first) == Label("mine", ("x", "y"), "n", True)
    assert listed() == ["b", "a"]
    assert listed("--hidden", "--filter", "tag=x") == ["mine"]
    invoke("label", first.id, "--untag", "x", "--tag", "z", "--show")
    assert read_label(first) == Label("mine", ("y", "z"), "n", False)
    assert invoke("label", first.id, "--name", "", "--note", "").exit_code == 0
    assert read_label(first) == Label("", ("y", "z"))


def test_labels_of_several_runs_are_written_and_printed(three: list[RunDir]) -> None:
    assert invoke("label", *(run.id for run in three[:2]), "--tag", "both").exit_code == 0
    assert [read_label(run).tags for run in three] == [("both",), ("both",), ()]
    said = json.loads(invoke("label", three[0].id, three[2].id, "--json").output)
    assert [(one["run"], one["tags"]) for one in said] == [(three[0].id, ["both"]), (three[2].id, [])]
    assert invoke("label", three[2].id).output == f"{three[2].id}: nothing is said of it\n"
    assert not three[2].label.exists(), "looking writes nothing"


@pytest.mark.parametrize("wrong", [("--tag", "two words"), ("--name", "x" * 300), ("--note", "x" * 6000)])
def test_what_does_not_do_is_refused(three: list[RunDir], wrong: tuple[str, str]) -> None:
    error = invoke("label", three[0].id, *wrong).exception
    assert isinstance(error, DltuiError)
    assert not three[0].label.exists()
