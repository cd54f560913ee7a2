import json
from pathlib import Path
from typing import Any

import pytest

from dlcore.finding_runs.keys import DEFAULT_COLUMNS
from dlcore.finding_runs.view import MOST_COLUMNS, View, judged, keep_view, read_view

VIEW = View("acc>97%", "optimizer.lr", True, "optimizer", ("name", "acc", "loss.kind"), True, True)


def test_a_view_is_kept_and_read_back(home: Path) -> None:
    assert read_view(home) == View()
    keep_view(home, VIEW)
    assert not home.exists(), "a home is not made for it"
    home.mkdir(mode=0o700)
    keep_view(home, VIEW)
    assert read_view(home) == VIEW
    assert [path.name for path in home.iterdir()] == ["runs-view.json"]


def test_a_home_that_others_may_write_to_keeps_none(home: Path) -> None:
    home.mkdir()
    home.chmod(0o777)
    keep_view(home, VIEW)
    assert list(home.iterdir()) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"filter": "acc>"},
        {"filter": ["x"]},
        {"filter": "x" * 5000},
        {"sort": "nothing"},
        {"sort": 3},
        {"group": {}},
        {"columns": "name"},
        {"columns": []},
        {"columns": [None, "nothing", {}]},
        {"is_reversed": 1, "is_tree": "yes", "shows_hidden": []},
    ],
)
def test_what_makes_no_sense_counts_as_absent(wrong: dict[str, Any]) -> None:
    assert judged(wrong) == View()


def test_columns_are_known_keys_each_once_and_not_too_many() -> None:
    assert judged({"columns": ["lr", "nothing", "optimizer.lr", "name"]}).columns == ("optimizer.lr", "name")
    assert len(judged({"columns": [f"data.args.{number}" for number in range(99)]}).columns) == MOST_COLUMNS


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b'{"columns": ' + b"[" * 5000])
def test_a_damaged_file_is_no_view(home: Path, content: bytes) -> None:
    home.mkdir(mode=0o700)
    (home / "runs-view.json").write_bytes(content)
    assert read_view(home) == View()


def test_other_entries_of_the_file_do_no_harm(home: Path) -> None:
    home.mkdir(mode=0o700)
    (home / "runs-view.json").write_text(json.dumps({"filter": "acc>97%", "new": 3}))
    assert read_view(home) == View(filter="acc>97%")
    assert read_view(home).columns == DEFAULT_COLUMNS
