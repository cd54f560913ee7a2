"""`dltui diagnose`, and findings wherever else the command line tells of a run."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from dlcore.commands import Set
from dlcore.diagnose.silenced import switch
from dlcore.family.origin import Origin
from dlcore.files.atomic import read_json, write_json
from dlcore.rundir import RunDir
from tests.tui.fakes import MOMENT, VANISHING, FakeRun
from tests.tui.test_cli import invoke

DEEP = "digits mlp 16,16,16,16,16,16,16,16 sigmoid"
MakeRun = Callable[..., FakeRun]


@pytest.fixture
def stuck(make_run: MakeRun) -> FakeRun:
    return make_run(DEEP, course=VANISHING).start().prepare().evaluate().epochs(10).end()


def test_a_finding_is_told_in_full(stuck: FakeRun) -> None:
    result = invoke("diagnose", "latest")
    assert result.exit_code == 0
    first, _, title, *lines = result.output.splitlines()
    assert first == f"{stuck.dir.id}: one finding in 210 steps."
    assert title.startswith("error: vanishing gradient since step ")
    assert title.endswith(", in fc1 (vanishing_gradient)")
    text = " ".join(result.output.split())
    for part in ("Likely cause: 8 sigmoids in a row", "Evidence: ratio", "1. relu with he initialization"):
        assert part in text
    assert "     --set model.activation=relu --set model.init=he" in lines
    assert lines[-1] == f"  dltui train {stuck.dir.config}"
    assert all(len(line) <= 80 for line in result.output.splitlines()[:-1])


def test_as_json_it_is_a_list(stuck: FakeRun) -> None:
    (finding,) = json.loads(invoke("diagnose", stuck.dir.id, "--json").output)
    assert finding["code"] == "vanishing_gradient"
    assert finding["layer"] == "fc1"
    assert finding["evidence"]["ratio"] < 1e-5
    assert finding["remedies"][0]["set"] == {"model.activation": "relu", "model.init": "he"}


def test_a_rule_is_switched_off_once_or_for_good(home: Path, stuck: FakeRun) -> None:
    once = invoke("diagnose", "latest", "--without", "vanishing_gradient")
    assert "vanishing_gradient" not in once.output
    assert once.output.endswith("Switched off: vanishing gradient.\n")
    assert "vanishing_gradient" in invoke("diagnose", "latest").output
    switch(home, "vanishing_gradient", off=True)
    assert "vanishing_gradient" not in invoke("diagnose", "latest", "--json").output
    codes = [one["code"] for one in json.loads(invoke("show", "latest", "--json").output)["findings"]]
    assert "vanishing_gradient" not in codes


def test_a_code_that_nobody_knows(stuck: FakeRun) -> None:
    result = invoke("diagnose", "latest", "--without", "vanish_gradient")
    assert "Did you mean vanishing_gradient?" in str(result.exception)


def test_a_healthy_run_is_said_in_one_sentence(make_run: MakeRun) -> None:
    run = make_run().start().prepare().evaluate().epochs(10).end()
    assert invoke("diagnose", "latest").output == f"{run.dir.id}: nothing is found wrong in 210 steps.\n"
    assert json.loads(invoke("diagnose", "latest", "--json").output) == []
    assert json.loads(invoke("show", "latest", "--json").output)["findings"] == []
    assert "found:" not in invoke("show", "latest").output


def test_a_live_run_is_judged_by_what_is_known(make_run: MakeRun) -> None:
    make_run(DEEP, course=VANISHING).hold().start().prepare().evaluate().epochs(4)
    assert "one finding at step 84." in invoke("diagnose", "latest").output


def test_a_run_without_a_step_is_said_to_be_one(fresh_run: RunDir) -> None:
    result = invoke("diagnose", "latest")
    assert (result.exit_code, result.output) == (
        0,
        f"{fresh_run.id}: it has not trained a step yet, so there is nothing to judge.\n",
    )


def test_show_says_what_is_found(stuck: FakeRun) -> None:
    shown = invoke("show", "latest").output
    (line,) = [line for line in shown.splitlines() if line.startswith("found: ")]
    assert line.startswith("found: vanishing gradient since step ")
    assert f"Causes and remedies: dltui diagnose {stuck.dir.id}" in shown
    (finding,) = json.loads(invoke("show", "latest", "--json").output)["findings"]
    assert set(finding) >= {"code", "severity", "layer", "step", "evidence", "remedies"}


def test_edits_go_into_the_remedy(make_run: MakeRun) -> None:
    run = make_run(DEEP, course=VANISHING).start().prepare().evaluate().epochs(1)
    run.apply(Set(key="optimizer.lr", value=0.02), "optimizer.lr 0.01 → 0.02").epochs(9).end()
    assert "     --set optimizer.lr=0.02 --set model.activation=relu" in invoke("diagnose", "latest").output


def test_parent_and_child_say_what_came_of_it(stuck: FakeRun, make_run: MakeRun) -> None:
    child = make_run("digits mlp 16,16 relu he", moment=MOMENT + timedelta(minutes=1))
    parent = Origin(stuck.dir.id, 0, "vanishing_gradient", "relu with he initialization").table()
    write_json(child.dir.facts, read_json(child.dir.facts) | {"parent": parent})
    child.start().prepare().evaluate().epochs(10).end()
    came_of_it = "relu with he initialization: 87.32 % validation where"
    for command in ("show", "diagnose"):
        below = invoke(command, child.dir.id).output
        assert f"A remedy of {stuck.dir.id}, for vanishing gradient.\n" in below
        assert f"{came_of_it} the parent had 10.45 %.\n" in below
        assert f"{came_of_it} this run had 10.45 %: {child.dir.id}\n" in invoke(command, stuck.dir.id).output
    rows = json.loads(invoke("runs", "--json").output)
    assert [row["parent"] for row in rows] == [parent, None]
    told = json.loads(invoke("show", child.dir.id, "--json").output)
    assert told["parent"]["run"] == stuck.dir.id
    assert told["parent"]["figures"]["accuracy"] < 0.11
