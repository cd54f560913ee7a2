"""Several runs as one summary, lineages, and what a run's own summary says of its kin."""

import csv
import io
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dlcore.config import to_toml
from dlcore.events import CommandApplied, EpochEnded, Evaluated, Event
from dlcore.export import Placed, export
from dlcore.export.chart import Limits
from dlcore.export.kin import lineage
from dlcore.export.together import MOST_OVERLAID, coarser
from dlcore.labels import relabel
from dlcore.oneline import parse
from dlcore.rundir import RunDir, create
from tests.dlcore.export.said import block, document, markdown, prepared, to_the_end, write

MOMENT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


def make_one(
    home: Path, number: int, line: str = "digits", said: list[Event] | None = None, **facts: Any
) -> RunDir:
    config = parse(line).resolved()
    run = create(home, config.name, MOMENT + timedelta(minutes=number), to_toml(config), facts)
    return write(run, to_the_end() if said is None else said)


@pytest.fixture
def kin(home: Path) -> list[RunDir]:
    """A run, its branch, a branch of that, a branch of the first, and one that is no kin."""
    root = make_one(home, 0)
    parent = {"run": root.id, "step": 4, "changes": ["optimizer.lr 0.01 → 0.05"]}
    child = make_one(home, 1, "digits lr=.05", parent=parent)
    grandchild = make_one(home, 2, parent={"run": child.id, "step": 8})
    other = make_one(home, 3, parent={"run": root.id, "step": 8})
    return [root, child, grandchild, other, make_one(home, 4)]


def written(runs: list[RunDir], folder: Path, *formats: str) -> dict[str, str]:
    """The files of all runs together, by their ending."""
    found = list(export(runs, formats, folder))
    paths = [one.path for one in found if isinstance(one, Placed)]
    assert len(paths) == len(formats) * (len(runs) + 1)
    return {path.suffix: path.read_text() for path in paths[-len(formats) :]}


def test_runs_stand_beside_each_other(home: Path, tmp_path: Path) -> None:
    runs = [
        make_one(home, 0, "digits lr=.1 name=first"),
        make_one(home, 1, "digits lr=.2 'name=<b>second'"),
        make_one(home, 2, "digits adam lr=.2", []),
    ]
    found = written(runs, tmp_path, "markdown", "html", "csv", "json")
    text = found[".md"]
    assert text.startswith("# 3 runs\n")
    assert re.search(rf"^\| A   \| {runs[0].id} +\| finished \|", text, re.MULTILINE)
    assert re.search(r"^\| optimizer +\| +momentum \| +momentum \| +adam \|$", text, re.MULTILINE)
    assert re.search(r"^\| optimizer.lr +\| +0.1 \| +0.2 \| +0.2 \|$", text, re.MULTILINE)
    assert "| optimizer.momentum " not in text, "the kind says as much"
    assert "A first" in text
    assert "B <b>second" in text  # the legend of a plot is no Markdown
    assert text.count("```text") == 3
    assert found[".html"].count("<svg") == 3
    assert "&lt;b&gt;second" in found[".html"]
    assert "<b>" not in found[".html"]
    rows = list(csv.DictReader(io.StringIO(found[".csv"])))
    assert [row["run"] for row in rows] == [run.id for run in runs]
    assert [row["optimizer"] for row in rows] == ["momentum", "momentum", "adam"]
    assert [row["optimizer.lr"] for row in rows] == ["0.1", "0.2", "0.2"]
    assert [row["best"] for row in rows] == ["0.75", "0.75", ""]
    assert "data.batch_size" not in rows[0]
    assert len(json.loads(found[".json"])["runs"]) == 3


def test_many_runs_are_a_row_each_and_the_best_are_drawn(home: Path, tmp_path: Path) -> None:
    runs = [make_one(home, number, f"digits seed={number}") for number in range(MOST_OVERLAID + 2)]
    text = written(runs, tmp_path, "markdown")[".md"]
    assert f"Of the {len(runs)} runs the {MOST_OVERLAID} with the best figures are drawn." in text
    assert "|     | seed |\n" in text
    assert "| J   |    9 |\n" in text


def test_the_same_settings_are_said_to_be_so(home: Path, tmp_path: Path) -> None:
    text = written([make_one(home, 0), make_one(home, 1)], tmp_path, "markdown")[".md"]
    assert "None: the configurations are the same." in text
    assert "Edits while they ran" not in text


def edited(*values: float) -> list[Event]:
    """A run to its end, whose learning rate was changed at its last step, again and again."""
    edits = [
        CommandApplied(
            step=8,
            id=str(number),
            command={"kind": "Set", "key": "optimizer.lr", "value": value},
            before=0.01,
            text=f"optimizer.lr 0.01 → {value}",
        )
        for number, value in enumerate(values)
    ]
    return [*to_the_end(), *edits]


def test_what_was_changed_live_is_what_runs_differ_in(home: Path, tmp_path: Path) -> None:
    runs = [make_one(home, 0), make_one(home, 1, said=edited(*range(1, 24)))]
    found = written(runs, tmp_path, "markdown", "csv", "json")
    text = found[".md"]
    assert re.search(r"^\| optimizer.lr +\| +0.01 \| +0.01 → 23 \|$", text, re.MULTILINE)
    edits = text.partition("## Edits while they ran")[2].partition("##")[0]
    assert [line for line in edits.splitlines() if line.startswith("| A")] == []
    assert "optimizer.lr 0.01 → 20 " in edits
    assert "optimizer.lr 0.01 → 21 " not in edits
    assert "and 3 more" in edits
    rows = list(csv.DictReader(io.StringIO(found[".csv"])))
    assert [row["optimizer.lr"] for row in rows] == ["0.01", "23"]
    assert rows[0]["edits"] == ""
    assert rows[1]["edits"].startswith("step 8: optimizer.lr 0.01 → 1; step 8: optimizer.lr 0.01 → 2; ")
    assert rows[1]["edits"].endswith("→ 20; and 3 more, in its own summary")
    document = json.loads(found[".json"])
    assert document["differing"] == ["optimizer.lr"]
    assert [one["now"] for one in document["runs"]] == [{"optimizer.lr": 0.01}, {"optimizer.lr": 23}]
    assert [one["settings"]["optimizer.lr"] for one in document["runs"]] == [0.01, 0.01]
    assert [len(one["edits"]) for one in document["runs"]] == [0, 23]
    assert document["runs"][1]["edits"][0] == {
        "step": 8,
        "key": "optimizer.lr",
        "value": 1,
        "before": 0.01,
        "text": "optimizer.lr 0.01 → 1",
    }


def test_runs_that_live_edits_made_the_same_do_not_differ(home: Path, tmp_path: Path) -> None:
    runs = [make_one(home, 0, said=edited(0.2)), make_one(home, 1, "digits lr=.2")]
    found = written(runs, tmp_path, "markdown", "csv", "json")
    assert "None: the configurations are the same, as live edits have left them." in found[".md"]
    assert "optimizer.lr 0.01 → 0.2" in found[".md"]
    assert json.loads(found[".json"])["differing"] == []
    assert "optimizer.lr" not in found[".csv"].splitlines()[0]


def test_runs_that_have_hardly_begun_have_no_curves(home: Path, tmp_path: Path) -> None:
    found = written(
        [make_one(home, 0, said=[]), make_one(home, 1, said=[prepared()])], tmp_path, "markdown", "html"
    )
    assert "Curves" not in found[".md"]
    assert "<svg" not in found[".html"]


def test_an_accuracy_and_r2_share_no_axis(home: Path, tmp_path: Path) -> None:
    regression = [prepared().model_copy(update={"task": "regression"}), *to_the_end()[1:]]
    runs = [make_one(home, 0), make_one(home, 1, "diabetes", regression)]
    assert written(runs, tmp_path, "html")[".html"].count("<svg") == 2


def test_a_lineage_is_all_that_a_run_comes_from_and_leads_to(kin: list[RunDir]) -> None:
    root, child, grandchild, other, _ = kin
    assert lineage(child) == [root, child, grandchild]
    assert lineage(root) == [root, child, grandchild, other]
    assert lineage(other) == [root, other]


def test_parents_that_are_each_others_children_end_somewhere(home: Path) -> None:
    one = make_one(home, 0, parent={"run": "20260304T050707000Z-digits-mlp", "step": 1})
    two = make_one(home, 1, parent={"run": one.id, "step": 1})
    assert two.id == "20260304T050707000Z-digits-mlp"
    assert set(lineage(one)) == {one, two}
    assert "## Lineage" in markdown(one)


def test_a_summary_tells_of_its_kin(kin: list[RunDir]) -> None:
    root, child, grandchild, *_ = kin
    text = markdown(child)
    assert "## Lineage" in text
    assert f"| {child.id} (this run) | branch at step 4: optimizer.lr 0.01 → 0.05 | finished |" in text
    assert (
        text.index(f"| {root.id} ")
        < text.index(f"| {child.id} (this run)")
        < text.index(f"| {grandchild.id} ")
    )
    assert "The last run goes on from this one." in text
    assert "this run went on from another one's weights" in text
    found = document(child)
    assert [one["run"] for one in found["lineage"]] == [root.id, child.id]
    assert [(one["run"], one["step"]) for one in found["children"]] == [(grandchild.id, 8)]
    assert "## Lineage" not in markdown(kin[-1])


def test_the_tree_of_several_runs(kin: list[RunDir], tmp_path: Path) -> None:
    text = written(kin[:3], tmp_path, "markdown")[".md"]
    assert f"\nA {kin[0].id}\n   └─ B {kin[1].id}  branch at step 4" in text
    assert f"\n      └─ C {kin[2].id}  branch at step 8" in text


def test_twins_are_told_with_what_differs(home: Path) -> None:
    group = {"id": "g1", "kind": "twins", "differs": ["optimizer.lr"], "order": "0123456789abcdef"}
    runs = [make_one(home, number, f"digits lr=.{number + 1}", group=group) for number in range(2)]
    text = markdown(runs[1])
    assert "## Twins" in text
    assert "They differ in optimizer.lr alone. One order of batches: 0123456789abcdef." in text
    assert f"| {runs[0].id}            | 0.1          |" in text
    assert f"| {runs[1].id} (this run) | 0.2          |" in text
    found = document(runs[0])["group"]
    assert (found["id"], found["runs"]) == ("g1", [run.id for run in runs])


def test_what_people_say_of_a_run_is_in_its_summary(home: Path) -> None:
    run = make_one(home, 0)
    relabel(run, name="my | name", tags=("a", "b"), notes="First.\n- second")
    text = markdown(run)
    assert text.startswith("# my \\| name\n")
    assert "\nFirst.\n\\- second\n" in text
    assert "| tags" in text
    assert document(run)["tags"] == ["a", "b"]


@pytest.mark.parametrize("limits", [(0.0, 4.0), (0.0, 0.0)])
def test_columns_hold_the_mean_of_their_points(limits: Limits) -> None:
    points = [(0.0, 1.0), (1.0, 3.0), (2.0, float("nan")), (3.0, 5.0), (4.0, 7.0)]
    found = coarser(points, 2, limits)
    assert found[0] == ((0.5, 2.0) if limits[1] else (2.0, 4.0))


def test_a_run_without_epochs_is_drawn_over_its_steps(home: Path, tmp_path: Path) -> None:
    said = [
        one.model_copy(update={"epoch": 0.0}) if isinstance(one, Evaluated) else one for one in to_the_end()
    ]
    said[0] = prepared(epochs=0).model_copy(update={"steps_per_epoch": 0})
    steps_alone: list[Event] = [one for one in said if not isinstance(one, EpochEnded)]
    runs = [make_one(home, 0, said=steps_alone), make_one(home, 1)]
    assert "step" in plot_lines(markdown(runs[0]))[-1].split()
    assert "epoch" in plot_lines(markdown(runs[1]))[-1].split()
    text = written(runs, tmp_path, "markdown")[".md"]
    assert plot_lines(text)[-1].split()[0] == "step"
    assert plot_lines(text)[-1].split()[-1] == "8"


def plot_lines(text: str) -> list[str]:
    """The lines of the first plot."""
    return block(text, "text").splitlines()
