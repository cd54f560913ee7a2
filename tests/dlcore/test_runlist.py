import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from dlcore.files.atomic import read_json, write_json
from dlcore.labels import relabel
from dlcore.runlist import RunList
from tests.conftest import MOMENT
from tests.dlcore.listed import ended, newborn, summary_of
from tests.dlcore.opening import files_opened
from tests.tui.fakes import FakeRun

NOW = MOMENT + timedelta(hours=3)
FOREVER = 1e9


def whole(home: Path) -> RunList:
    runs = RunList(home)
    runs.scan()
    while not runs.is_whole:
        runs.take([], NOW, FOREVER)
    return runs


@pytest.fixture
def fake(home: Path) -> Iterator[FakeRun]:
    run = FakeRun(home, moment=MOMENT + timedelta(minutes=5)).start().prepare()
    yield run
    run.close()


def test_no_runs(home: Path) -> None:
    runs = whole(home)
    assert runs.entries == []
    assert runs.is_whole
    assert not runs.is_outdated


def test_each_ended_run_costs_one_file_and_coming_back_none(home: Path) -> None:
    made = [ended(home, number) for number in range(30)]
    with files_opened(home / "runs") as opened:
        runs = whole(home)
    assert sorted(opened) == sorted(run.facts for run in made)
    assert [entry.id for entry in runs.entries] == [run.id for run in reversed(made)]
    assert runs.read == 30
    before = [entry.row for entry in runs.entries]
    with files_opened(home / "runs") as opened:
        runs.scan()
        assert not runs.is_whole
        assert runs.take([], NOW, FOREVER) == []
    assert opened == []
    assert all(entry.row is row for entry, row in zip(runs.entries, before, strict=True))


def test_only_a_run_whose_file_has_changed_is_read_again(home: Path) -> None:
    made = [ended(home, number) for number in range(5)]
    runs = whole(home)
    write_json(made[2].facts, read_json(made[2].facts) | {"summary": summary_of(made[2], steps=7)})
    with files_opened(home / "runs") as opened:
        runs.scan()
        (changed,) = runs.take([], NOW, FOREVER)
    assert opened == [made[2].facts]
    assert changed.row is not None
    assert (changed.id, changed.row.steps) == (made[2].id, 7)


def test_those_in_sight_come_first_and_a_slice_ends_in_time(home: Path) -> None:
    for number in range(10):
        ended(home, number)
    runs = RunList(home)
    runs.scan()
    seen = runs.entries[6:8]
    assert runs.take(seen, NOW, 0) == [seen[0]], "one run at least, whatever the time"
    assert runs.take(seen, NOW, FOREVER, seen_only=True) == [seen[1]]
    assert runs.read == 2
    rest = runs.take(seen, NOW, FOREVER)
    assert [entry.id for entry in rest] == [entry.id for entry in runs.entries if entry not in seen]
    assert runs.is_whole


def test_runs_come_and_go(home: Path) -> None:
    first, second = ended(home, 1), ended(home, 2)
    runs = whole(home)
    assert not runs.is_outdated
    kept = runs.entries[1].row
    shutil.rmtree(second.path)
    assert runs.is_outdated
    third = ended(home, 3)
    runs.scan()
    assert [entry.id for entry in runs.entries] == [third.id, first.id]
    assert runs.read == 1
    assert runs.entries[1].row is kept
    runs.take([], NOW, FOREVER)
    assert runs.read == 2
    assert not runs.is_outdated


def test_a_run_that_vanishes_between_scan_and_look_has_a_row(home: Path) -> None:
    run = ended(home)
    runs = RunList(home)
    runs.scan()
    shutil.rmtree(run.path)
    (entry,) = runs.take([], NOW, FOREVER)
    assert entry.row is not None
    assert entry.row.network == "config.toml cannot be read"


def test_a_live_run_is_followed_and_then_left_alone(home: Path, fake: FakeRun) -> None:
    fake.hold().steps(10)
    runs = whole(home)
    (entry,) = runs.entries
    assert entry.row is not None
    assert (entry.row.state, entry.row.steps, entry.ended) == ("running", 10, False)
    fake.steps(5)
    runs.poll([entry], NOW)
    assert entry.row.steps == 15
    fake.end()
    runs.poll([entry], NOW)
    assert (entry.row.state, entry.ended) == ("finished", True)
    with files_opened(home / "runs") as opened:
        runs.poll([entry], NOW)
    assert opened == []


def test_a_crashed_run_that_says_nothing_more_is_not_opened(home: Path, fake: FakeRun) -> None:
    fake.hold().steps(10)
    runs = whole(home)
    (entry,) = runs.entries
    fake.die()
    runs.poll([entry], NOW)
    assert entry.row is not None
    assert (entry.row.state, entry.row.steps) == ("crashed", 10)
    with files_opened(home / "runs") as opened:
        runs.poll([entry], NOW)
    assert opened == []
    fake.hold().steps(1)
    runs.poll([entry], NOW)
    assert (entry.row.state, entry.row.steps) == ("running", 11), "it came to life again"


def test_unseen_runs_are_looked_at_in_turn_and_few_at_once(home: Path) -> None:
    made = [newborn(home, moment=MOMENT + timedelta(milliseconds=number)) for number in range(50)]
    for run in made:
        run.lock.touch()
    runs = RunList(home)
    runs.scan()
    runs.take([], MOMENT, FOREVER)
    assert {entry.row.state for entry in runs.entries if entry.row is not None} == {"starting"}
    asked: list[Path] = []
    for _ in range(3):
        with files_opened(home / "runs") as opened:
            runs.poll([], MOMENT)
        locks = [path for path in opened if path.name == "lock"]
        assert 0 < len(locks) <= 20
        asked += locks
    assert {path.parent for path in asked} == {run.path for run in made}


def test_a_run_longer_than_its_turn_stays_due(
    home: Path, fake: FakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dlcore.runlist._PIECE_SECONDS", 0.0)
    fake.epochs(2)
    ended(home)
    runs = RunList(home)
    runs.scan()
    turns = 1
    runs.take([], NOW, FOREVER)
    assert runs.read == 1, "the short one did not wait for the long one"
    while not runs.is_whole:
        runs.take([], NOW, FOREVER)
        turns += 1
    assert turns > 5
    assert runs.entries[0].row is not None
    assert runs.entries[0].row.steps == fake.step


def test_what_a_live_run_has_said_is_not_read_again_when_its_facts_are_written(
    home: Path, fake: FakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.epochs(2)
    runs = RunList(home)
    runs.scan()
    (entry,) = runs.take([], NOW, FOREVER)
    monkeypatch.setattr("dlcore.runlist._PIECE_SECONDS", 0.0)
    write_json(fake.dir.facts, read_json(fake.dir.facts) | {"name": "prepared", "network": "mlp"})
    runs.poll([entry], NOW)
    assert entry.row is not None
    assert (entry.row.name, entry.row.steps) == ("prepared", fake.step), "one look was enough"


def test_runs_in_sight_and_others_are_looked_at_in_one_go(home: Path) -> None:
    for number in range(3):
        ended(home, number)
    runs = RunList(home)
    runs.scan()
    assert len(runs.take(runs.entries[1:2], NOW, FOREVER)) == 3
    assert runs.is_whole


def test_what_people_say_of_a_run_is_in_its_row_and_its_files_are_opened_once(home: Path) -> None:
    made = [ended(home, number) for number in range(3)]
    relabel(made[1], name="the good one", tags=("good",), hidden=True)
    with files_opened(home / "runs") as opened:
        runs = whole(home)
    assert sorted(opened) == sorted([*(run.facts for run in made), made[1].label])
    row = runs.row(made[1].id, NOW)
    assert row is not None
    assert (row.name, row.own_name, row.label.tags, row.label.hidden) == (
        "the good one",
        "mnist mlp",
        ("good",),
        True,
    )
    with files_opened(home / "runs") as opened:
        runs.scan()
        assert runs.take([], NOW, FOREVER) == []
    assert opened == []


def test_what_another_viewer_says_is_seen_in_sight_at_once_and_elsewhere_in_turn(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dlcore.runlist._LABELS", 2)
    made = [ended(home, number) for number in range(5)]
    runs = whole(home)
    relabel(made[0], name="far")
    relabel(made[4], name="near")
    seen = runs.entries[:1]
    assert [entry.id for entry in runs.poll(seen, NOW)] == [made[4].id]
    changed = [entry.id for _ in range(3) for entry in runs.poll(seen, NOW)]
    assert changed == [made[0].id]
    assert [entry.row.name for entry in runs.entries if entry.row][::4] == ["near", "far"]
    assert runs.poll(seen, NOW) == []
    made[4].label.unlink()
    assert [entry.id for entry in runs.poll(seen, NOW)] == [made[4].id]
    assert next(entry.row.name for entry in runs.entries if entry.row) == "mnist mlp"


def test_a_live_run_keeps_its_label_while_it_goes_on(home: Path, fake: FakeRun) -> None:
    fake.hold().steps(10)
    relabel(fake.dir, name="watched")
    runs = whole(home)
    (entry,) = runs.entries
    fake.steps(5)
    assert runs.poll([entry], NOW) == [entry]
    assert entry.row is not None
    assert (entry.row.name, entry.row.steps) == ("watched", 15)
    relabel(fake.dir, tags=("live",))
    runs.relabelled(fake.dir)
    assert entry.row.label.tags == ("live",)
    assert runs.poll([entry], NOW) == []


def test_a_row_is_read_when_somebody_asks_for_it(home: Path) -> None:
    run = ended(home)
    runs = RunList(home)
    runs.scan()
    assert run.id in runs
    assert "other" not in runs
    row = runs.row(run.id, NOW)
    assert row is not None
    assert row.run == run
    assert runs.row("other", NOW) is None
