"""A run on disk: where it lies, what it is called, how it is made, found, listed and deleted."""

import os
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import platformdirs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlcore.errors import RunError
from dlcore.files.atomic import read_json
from dlcore.rundir import SCHEMA, RunDir, after_newest, all_runs, create, find, home, slug
from tests.conftest import MOMENT

STAMP = "20260304T050607089Z"


def make(root: Path, name: str = "a", seconds: int = 0) -> RunDir:
    return create(root, name, MOMENT + timedelta(seconds=seconds), "seed = 0\n", {"parent": None})


def test_home_is_given_or_the_platform_s() -> None:
    assert home({"DLTUI_HOME": "/somewhere"}) == Path("/somewhere")
    assert home({"DLTUI_HOME": "here"}) == Path.cwd() / "here"
    assert home({"DLTUI_HOME": "~/here"}) == Path.home() / "here"
    assert home({"DLTUI_HOME": "~nobody-of-that-name/x"}) == Path.cwd() / "~nobody-of-that-name/x"
    assert home({"DLTUI_HOME": ""}) == home({}) == Path(platformdirs.user_data_dir("dltui"))


def test_a_new_run_has_its_configuration_and_facts(tmp_path: Path) -> None:
    run = make(tmp_path, "Classic MNIST!")
    assert run.id == f"{STAMP}-classic-mnist"
    assert run.path.parent == tmp_path / "runs"
    assert run.config.read_text() == "seed = 0\n"
    assert read_json(run.facts) == {
        "schema": SCHEMA,
        "created": "2026-03-04T05:06:07.089000+00:00",
        "parent": None,
    }


def test_the_time_is_utc_whatever_the_clock_shows(tmp_path: Path) -> None:
    there = MOMENT.astimezone(timezone(timedelta(hours=-7)))
    run = create(tmp_path, "a", there, "", {})
    assert run.id == f"{STAMP}-a"
    assert read_json(run.facts)["created"] == MOMENT.isoformat()


def test_folders_and_files_are_private_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        run = make(tmp_path / "home")
    finally:
        os.umask(before)
    for folder in (run.path, run.path.parent, tmp_path / "home"):
        assert folder.stat().st_mode & 0o777 == 0o700
    for file in (run.config, run.facts):
        assert file.stat().st_mode & 0o777 == 0o600


def test_a_folder_is_never_taken_over(tmp_path: Path) -> None:
    names = [make(tmp_path).id for _ in range(3)]
    assert names == [f"{STAMP}-a", f"{STAMP}-a-2", f"{STAMP}-a-3"]
    (tmp_path / "runs" / f"{STAMP}-b").write_text("a file")
    assert make(tmp_path, "b").id == f"{STAMP}-b-2"


def test_no_run_is_made_where_nothing_can_be_written(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    for root in (blocked, blocked / "home"):
        with pytest.raises(RunError, match=r"No run can be made in .*runs: ") as caught:
            make(root)
        assert "DLTUI_HOME" in caught.value.hint
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "runs").write_text("")
    with pytest.raises(RunError, match="No run can be made"):
        make(tmp_path / "home")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Classic MNIST", "classic-mnist"),
        ("../../etc/passwd", "etc-passwd"),
        ("Ünï — ＣＯＤＥ", "ünï-code"),
        ("Straße", "strasse"),
        ("数字", "数字"),
        ("", "run"),
        ("…", "run"),
        ("-_-", "run"),
        ("a\x00\x1b[31m\nb", "a-31m-b"),
        ("x" * 99, "x" * 60),
        ("数" * 99, "数" * 20),
        ("x" * 59 + " y", "x" * 59),
    ],
)
def test_a_slug_by_hand(name: str, expected: str) -> None:
    assert slug(name) == expected


@settings(max_examples=300, derandomize=True)
@given(st.text(max_size=200))
def test_a_slug_is_a_safe_name(name: str) -> None:
    found = slug(name)
    assert found
    assert found == found.strip("-_.")
    assert len(found.encode()) <= 60
    assert not set(found) & set("/\\\0\n\t .:'\"")
    assert found.isprintable()


def test_runs_are_listed_the_newest_first(tmp_path: Path) -> None:
    runs = [make(tmp_path, name, seconds) for name, seconds in [("b", 1), ("a", 2), ("c", 0)]]
    (tmp_path / "runs" / "notes").mkdir()
    (tmp_path / "runs" / ".hidden").write_text("")
    assert [run.id for run in all_runs(tmp_path)] == [runs[1].id, runs[0].id, runs[2].id]
    assert list(all_runs(tmp_path / "none")) == []


def test_a_run_is_found_by_id_prefix_or_as_the_latest(tmp_path: Path) -> None:
    first, second = make(tmp_path, "a", 0), make(tmp_path, "b", 1)
    assert find(tmp_path, first.id) == first
    assert find(tmp_path, "20260304T050608") == second
    assert find(tmp_path, "latest") == second


def test_an_id_that_another_one_begins_with_is_itself(tmp_path: Path) -> None:
    first, second = make(tmp_path), make(tmp_path)
    assert second.id == f"{first.id}-2"
    assert find(tmp_path, first.id) == first


def test_a_run_is_found_by_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = make(tmp_path)
    monkeypatch.chdir(run.path)
    assert find(tmp_path / "elsewhere", str(run.path)) == run
    assert find(tmp_path / "elsewhere", ".") == run
    monkeypatch.chdir(run.path.parent)
    assert find(tmp_path / "elsewhere", f"./{run.id}") == run
    assert find(tmp_path / "elsewhere", run.id) == run


def test_runs_that_cannot_be_found(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="There are no runs in"):
        find(tmp_path, "latest")
    make(tmp_path, "a")
    make(tmp_path, "b")
    for wanted, message in [
        ("2025", r"There is no run '2025' in "),
        ("2026", "2 runs begin with '2026'"),
        ("./none", "There is no folder ./none"),
        (str(tmp_path), "is not a run: it has no config.toml and run.json"),
        ("~nobody-of-that-name/x", "There is no folder ~nobody-of-that-name/x"),
    ]:
        with pytest.raises(RunError, match=message) as caught:
            find(tmp_path, wanted)
        assert caught.value.hint


def test_a_run_is_removed_with_everything_in_it(tmp_path: Path) -> None:
    run = make(tmp_path)
    run.checkpoints.mkdir()
    (run.checkpoints / "1.pt").write_bytes(b"weights")
    run.remove()
    assert not run.path.exists()


def test_what_is_no_run_is_not_removed(tmp_path: Path) -> None:
    run = make(tmp_path)
    link = tmp_path / "link"
    link.symlink_to(run.path)
    for path in (link, tmp_path, tmp_path / "none"):
        with pytest.raises(RunError, match="is not a run"):
            RunDir(path).remove()
    assert run.facts.is_file()


def test_a_run_knows_the_names_of_its_files() -> None:
    run = RunDir(Path("/r"))
    names = [run.config, run.facts, run.label, run.events, run.control, run.lock, run.checkpoints]
    names += [run.frames, run.log]
    assert [path.name for path in names] == [
        "config.toml",
        "run.json",
        "label.json",
        "events.jsonl",
        "control.jsonl",
        "lock",
        "checkpoints",
        "frames",
        "trainer.log",
    ]


def test_a_moment_without_a_zone_is_local(tmp_path: Path) -> None:
    naive = datetime(2026, 1, 1)
    stamp = naive.astimezone(UTC).strftime("%Y%m%dT%H%M%S")
    assert create(tmp_path, "a", naive, "", {}).id == f"{stamp}000Z-a"


def test_where_the_clock_was_set_back_the_next_run_is_still_the_newest(tmp_path: Path) -> None:
    assert after_newest(tmp_path, MOMENT) == MOMENT
    make(tmp_path)
    assert after_newest(tmp_path, MOMENT) == MOMENT
    assert after_newest(tmp_path, MOMENT + timedelta(hours=1)) == MOMENT + timedelta(hours=1)
    behind = MOMENT - timedelta(hours=1)
    assert after_newest(tmp_path, behind) > MOMENT
    run = create(tmp_path, "next", behind, "", {}, stamp=after_newest(tmp_path, behind))
    assert next(all_runs(tmp_path)) == run
    wrong = MOMENT - timedelta(days=300)
    assert after_newest(tmp_path, wrong) == wrong
