"""A run with what is judged of it: for scripts, for exports, and for runs of other versions."""

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dlcore import past
from dlcore.commands import Set
from dlcore.config import to_toml
from dlcore.diagnose.silenced import switch
from dlcore.errors import ConfigError
from dlcore.export import render
from dlcore.family.lineage import remedied, remedy_of
from dlcore.files.atomic import read_json
from dlcore.judged import as_it_stands, config_of, findings_of, judged
from dlcore.launch import versions
from dlcore.rundir import RunDir, create
from dlcore.runs import facts_for_lists
from dlcore.summary import read_history, state_of
from tests.dlcore.trained import Trained, train, train_run
from tests.tui.fakes import VANISHING as STUCK
from tests.tui.fakes import FakeRun

DEEP = "digits mlp 16,16,16,16,16,16,16,16 sigmoid"


@pytest.fixture
def stuck(home: Path) -> FakeRun:
    run = FakeRun(home, DEEP, course=STUCK).start().prepare().evaluate().epochs(10).end()
    run.close()
    return run


def rewrite(run: RunDir, change: Callable[[str], str]) -> None:
    run.config.write_text(change(run.config.read_text()))


# -- judging ----------------------------------------------------------------------------------------


def test_the_table_has_findings_beside_the_figures(stuck: FakeRun) -> None:
    history = read_history(stuck.dir)
    found = judged(stuck.dir, history, state_of(stuck.dir, history))
    assert [one["code"] for one in found["findings"]] == ["vanishing_gradient"]
    (finding,) = found["findings"]
    assert set(finding) >= {"code", "severity", "layer", "step", "evidence", "remedies"}
    assert finding["remedies"][0]["set"] == {"model.activation": "relu", "model.init": "he"}
    assert (found["state"], found["steps"]) == ("finished", 210)
    assert (found["parent"], found["remedies"]) == (None, [])
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert "findings" not in read_json(stuck.dir.facts)["summary"], "a judgement is the reader's"


def test_a_rule_that_is_switched_off_says_nothing(home: Path, stuck: FakeRun) -> None:
    history = read_history(stuck.dir)
    switch(home, "vanishing_gradient", off=True)
    codes = [one.code for one in findings_of(stuck.dir, history)]
    assert "vanishing_gradient" not in codes
    assert "vanishing_gradient" in [one.code for one in findings_of(stuck.dir, history, frozenset())]


def test_a_run_is_judged_by_its_configuration_as_it_stands(home: Path) -> None:
    run = FakeRun(home).start().prepare().steps(5).apply(Set(key="optimizer.lr", value=0.5), "lr").steps(5)
    run.close()
    history = read_history(run.dir)
    assert as_it_stands(run.config, history).optimizer.lr == 0.5
    assert as_it_stands(run.config, read_history(RunDir(home))) == run.config


# -- other versions ---------------------------------------------------------------------------------


def test_keys_of_another_version_are_passed_over(stuck: FakeRun) -> None:
    rewrite(
        stuck.dir, lambda text: f"era = 3\n{text}\n[future]\nx = 1\n".replace("[model]", "[model]\nqi = 2")
    )
    assert config_of(stuck.dir) == stuck.config
    assert [one.code for one in findings_of(stuck.dir, read_history(stuck.dir))] == ["vanishing_gradient"]


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace('kind = "mlp"', 'kind = "transformer"'),
        lambda text: text.replace('activation = "sigmoid"', 'activation = "snake"'),
        lambda text: 'model = "mlp"\n' + text[: text.index("[model]")],
    ],
)
def test_what_was_trained_must_be_known(stuck: FakeRun, change: Callable[[str], str]) -> None:
    rewrite(stuck.dir, change)
    with pytest.raises(ConfigError):
        config_of(stuck.dir)
    found = judged(stuck.dir, read_history(stuck.dir), "finished")
    assert found["findings"] == []
    assert "has one fault" in found["not_judged"]
    assert found["steps"] == 210


def test_a_run_without_events_has_no_findings(fresh_run: RunDir) -> None:
    assert findings_of(fresh_run, read_history(fresh_run)) == ()


# -- exports ----------------------------------------------------------------------------------------


def test_every_export_tells_findings(stuck: FakeRun) -> None:
    text = render(stuck.dir, "markdown").decode()
    assert "## Findings\n\n**Error: vanishing gradient since step" in text
    assert "Likely cause: 8 sigmoids in a row" in text
    assert "1. relu with he initialization: `--set model.activation=relu --set model.init=he`\n" in text
    found = json.loads(render(stuck.dir, "json"))
    assert [one["code"] for one in found["findings"]] == ["vanishing_gradient"]
    rows = list(csv.DictReader(io.StringIO(render(stuck.dir, "csv").decode())))
    assert list(rows[0])[-1] == "findings"
    assert (rows[0]["findings"], rows[-1]["findings"]) == ("", "vanishing_gradient")


def test_a_healthy_run_has_no_section_for_findings(home: Path) -> None:
    run = FakeRun(home).start().prepare().evaluate().epochs(10).end()
    run.close()
    text = render(run.dir, "markdown").decode()
    assert "Findings" not in text
    assert "emedies" not in text
    assert json.loads(render(run.dir, "json"))["findings"] == []


# -- the whole way ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def family(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Trained, Trained]:
    """A deep network of sigmoids, and the first remedy of what is found."""
    home = tmp_path_factory.mktemp("family")
    parent = train(home, f"{DEEP} e=10")
    (finding,) = findings_of(parent.run, parent.history, frozenset())
    remedy = finding.remedies[0]
    config = remedied(parent.run, parent.history.step, remedy)
    origin = remedy_of(parent.run, finding, remedy)
    facts = {**facts_for_lists(config), "versions": versions(), "parent": origin.table()}
    child = train_run(create(home, config.name, datetime.now(UTC), to_toml(config), facts))
    return home, parent, child


def test_a_real_remedy_cures(family: tuple[Path, Trained, Trained], monkeypatch: pytest.MonkeyPatch) -> None:
    home, parent, child = family
    monkeypatch.setenv("DLTUI_HOME", str(home))
    sick, well = (judged(one.run, one.history, "finished") for one in (parent, child))
    assert [one["code"] for one in sick["findings"]] == ["vanishing_gradient"]
    assert well["findings"] == []
    assert well["validation"]["accuracy"] > 0.6 > 0.3 > sick["validation"]["accuracy"]
    assert well["parent"]["run"] == parent.run.id
    assert well["parent"]["code"] == "vanishing_gradient"
    assert well["parent"]["figures"]["accuracy"] == sick["validation"]["accuracy"]
    (trial,) = sick["remedies"]
    assert (trial["run"], trial["remedy"]) == (child.run.id, "relu with he initialization")
    assert trial["accuracy"] == well["validation"]["accuracy"]


def test_exports_tell_of_parent_and_child(
    family: tuple[Path, Trained, Trained], monkeypatch: pytest.MonkeyPatch
) -> None:
    home, parent, child = family
    monkeypatch.setenv("DLTUI_HOME", str(home))
    text = render(child.run, "markdown").decode()
    assert f"A remedy of run {parent.run.id}, for vanishing gradient. What came of it: relu with he" in text
    text = render(parent.run, "markdown").decode()
    assert "## Remedies taken" in text
    assert f"| {child.run.id} |" in text


def test_a_remedy_trains_from_its_first_step(family: tuple[Path, Trained, Trained]) -> None:
    _, parent, child = family
    assert child.history.evaluations[0].step == 0
    assert child.history.step == parent.history.step
    untouched = create(
        child.run.path.parent.parent,
        "waits",
        datetime.now(UTC),
        child.run.config.read_text(),
        {"parent": read_json(child.run.facts)["parent"]},
    )
    assert past.start_of(untouched, past.read(untouched)) is None
