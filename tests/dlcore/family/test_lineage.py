"""Remedies of runs: whose child a run is, and what came of it, from files that may be anything."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from dlcore.commands import Set
from dlcore.config import to_table
from dlcore.errors import ConfigError
from dlcore.family.lineage import Kin, Standing, Trial, remedied, remedy_of
from dlcore.family.origin import Origin, origin
from dlcore.files.atomic import read_json, write_json
from dlcore.history import State
from dlcore.rundir import RunDir
from tests.dlcore.diagnose.findings import RELU, SLOWER, VANISHING
from tests.tui.fakes import MOMENT, FakeRun
from tests.tui.fakes import VANISHING as STUCK

DEEP = "digits mlp 16,16,16 sigmoid e=2"
ORIGIN = Origin("20260304T050607089Z-digits-mlp", 0, "vanishing_gradient", RELU.name)
MakeRun = Callable[..., FakeRun]


@pytest.fixture
def make_run(home: Path) -> Iterator[MakeRun]:
    made: list[FakeRun] = []

    def make(line: str = DEEP, **options: Any) -> FakeRun:
        made.append(FakeRun(home, line, **options))
        return made[-1]

    yield make
    for run in made:
        run.close()


@pytest.fixture
def parent(make_run: MakeRun) -> FakeRun:
    return make_run(course=STUCK).start().prepare().evaluate().epochs(2).end()


def child_of(parent: FakeRun, make_run: MakeRun, minutes: int = 1) -> FakeRun:
    child = make_run("digits mlp 16,16,16 relu he e=2", moment=MOMENT + timedelta(minutes=minutes))
    facts = read_json(child.dir.facts)
    write_json(child.dir.facts, facts | {"parent": remedy_of(parent.dir, VANISHING, RELU).table()})
    return child


def stands(
    state: State = "finished", step: int = 42, score: float | None = 0.9123, **fields: Any
) -> Standing:
    return Standing(state, step, fields.pop("split", "validation"), "accuracy", score, 0.5, **fields)


# -- where a run comes from -------------------------------------------------------------------------


def test_what_run_json_says_is_read_back() -> None:
    assert origin({"parent": ORIGIN.table()}) == ORIGIN
    branch = Origin(ORIGIN.run, 40)
    assert branch.table() == {"run": ORIGIN.run, "step": 40}
    assert origin({"parent": branch.table()}) == branch
    assert origin({"parent": None}) is None


@pytest.mark.parametrize(
    "parent",
    [
        [],
        {},
        {"run": 5, "step": 0},
        {"run": "../../etc", "step": 0},
        {"run": f"{ORIGIN.run}/../x", "step": 0},
        {"run": ORIGIN.run, "step": "0"},
        {"run": ORIGIN.run, "step": True},
        {"run": ORIGIN.run},
    ],
)
def test_an_unsound_parent_is_none(parent: object) -> None:
    assert origin({"parent": parent}) is None


def test_a_remedy_changes_only_what_it_says(parent: FakeRun) -> None:
    before, after = to_table(parent.config), to_table(remedied(parent.dir, 42, RELU))
    assert (after["model"]["activation"], after["model"]["init"]) == ("relu", "he")
    assert after["seed"] == before["seed"]
    for table in (before, after):
        del table["model"]["activation"], table["model"]["init"]
    assert after == before


def test_edits_of_the_parent_stand_in_its_remedy(make_run: MakeRun) -> None:
    run = make_run().start().prepare().steps(10).apply(Set(key="optimizer.lr", value=0.5), "lr").steps(9)
    assert remedied(run.dir, 5, RELU).optimizer.lr == 0.01
    assert remedied(run.dir, 19, RELU).optimizer.lr == 0.5
    assert remedied(run.dir, 19, SLOWER).optimizer.lr == 0.001


def test_a_remedy_that_is_not_taken_is_refused(parent: FakeRun) -> None:
    with pytest.raises(ConfigError):
        remedied(parent.dir, 42, replace(RELU, set={"model.hidden": "wide"}))


# -- what came of it --------------------------------------------------------------------------------


def test_parent_and_child_know_each_other(home: Path, parent: FakeRun, make_run: MakeRun) -> None:
    above = Kin(home, parent.dir)
    assert above.look().taken == ()
    child = child_of(parent, make_run)
    child.hold().start().prepare().evaluate().epochs(1)
    (trial,) = above.look().taken
    assert (trial.run, trial.origin) == (child.dir.id, ORIGIN)
    assert (trial.child.state, trial.child.step, trial.is_decided) == ("running", 21, False)
    assert trial.told("this run").startswith("relu with he initialization is being tried: 47.5")
    child.epochs(1).end()
    found = Kin(home, child.dir).look()
    assert found.own == above.look().taken[0]
    assert found.origin == ORIGIN
    assert found.taken == ()
    assert found.own is not None
    summary = read_json(child.dir.facts)["summary"]
    assert found.own.child.score == summary["validation"]["accuracy"]
    assert found.own.told().startswith("relu with he initialization: 6")
    assert " % validation where the parent had 10.3" in found.own.told()
    assert found.own.table()["accuracy"] == found.own.child.score


def test_the_latest_remedy_comes_first_and_strangers_do_not(
    home: Path, parent: FakeRun, make_run: MakeRun
) -> None:
    kin = Kin(home, parent.dir)
    make_run(moment=MOMENT + timedelta(minutes=5))
    children = [child_of(parent, make_run, minutes) for minutes in (1, 9, 3)]
    assert [one.run for one in kin.look().taken] == [children[at].dir.id for at in (1, 2, 0)]
    children[1].dir.remove()
    assert len(kin.look().taken) == 2


def test_a_parent_that_is_gone_is_said(home: Path, parent: FakeRun, make_run: MakeRun) -> None:
    child = child_of(parent, make_run).start().prepare().epochs(2).end()
    parent.dir.remove()
    own = Kin(home, child.dir).look().own
    assert own is not None
    assert own.told().endswith(" % validation; the parent is gone")


def test_the_untrained_network_is_no_figure(home: Path, parent: FakeRun, make_run: MakeRun) -> None:
    child = child_of(parent, make_run).hold().start().prepare().evaluate().steps(5)
    (trial,) = Kin(home, parent.dir).look().taken
    assert trial.child.score is None
    assert trial.told() == "relu with he initialization is being tried"
    child.die()


@pytest.mark.parametrize("summary", [{"state": "finished"}, {"state": "finished", "steps": "x", "test": []}])
def test_a_damaged_summary_has_no_figures(
    home: Path, parent: FakeRun, make_run: MakeRun, summary: dict[str, Any]
) -> None:
    child = child_of(parent, make_run)
    write_json(child.dir.facts, read_json(child.dir.facts) | {"summary": summary})
    (trial,) = Kin(home, parent.dir).look().taken
    assert (trial.child.score, trial.child.loss, trial.child.step) == (None, None, 0)
    assert trial.told("this run").startswith("relu with he initialization: no figure where this run had 10.")


@pytest.mark.parametrize(
    ("parent", "child", "said"),
    [
        (stands(score=0.1068), stands(), "91.23 % validation where the parent had 10.68 %"),
        (stands(score=None), stands(), "91.23 % validation where the parent had no figure"),
        (stands("running", 10, 0.1), stands(), "91.23 % validation where the parent had 10.00 %"),
        (stands(split="test", score=0.1), stands(), "91.23 % validation where the parent had 10.00 % test"),
        (
            stands(score=0.1),
            stands("failed", 3, 0.05),
            "failed with 5.00 % validation where the parent had 10",
        ),
        (stands(score=0.1), stands("running"), "91.23 % validation so far where the parent had 10.00 %"),
    ],
)
def test_how_it_is_said(parent: Standing, child: Standing, said: str) -> None:
    trial = Trial("child", ORIGIN, parent, child)
    assert trial.is_decided
    assert trial.told().startswith(f"{RELU.name}: {said}")
    assert "validation" not in trial.told(split=False)


@pytest.mark.parametrize("parent", [None, stands("running", 10), stands(step=43)])
def test_a_live_child_is_not_judged_before_it_has_come_as_far(parent: Standing | None) -> None:
    assert not Trial("child", ORIGIN, parent, stands("running")).is_decided


def test_a_run_that_is_nobodys_remedy(home: Path, fresh_run: RunDir) -> None:
    found = Kin(home, fresh_run).look()
    assert (found.origin, found.own, found.taken) == (None, None, ())
