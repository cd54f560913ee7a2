"""Which part of the axis is seen, and what is remembered of how curves are seen."""

import json
from pathlib import Path
from typing import Any

import pytest

from dlcore.history import RunHistory
from tests.tui.histories import history, prepared, steps
from tui.drawing.charts import View
from tui.watching.viewing import MOST_ZOOM, Viewing, Wish, remember, remembered


@pytest.fixture
def run() -> RunHistory:
    return history(prepared(1000), steps(500))


def window(viewing: Viewing, run: RunHistory, cursor: int | None) -> tuple[float, float]:
    view = viewing.view([run], 500 if cursor is None else cursor, cursor, 100)
    return view.window


def test_what_was_chosen_is_there_again(tmp_path: Path) -> None:
    root = tmp_path / "home"
    assert remembered(root) == Wish()
    viewing = Viewing(root)
    viewing.choose(axis="time", log_x=True, log_y=True, smoothing=3, everything=True)
    assert remembered(root) == Wish()
    viewing.remember()
    assert Viewing(root).wish == viewing.wish == Wish("time", True, True, 3, True)
    assert (root / "view.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "kept",
    [
        "",
        "[]",
        "{",
        '{"axis": "parsec", "log_x": 1, "log_y": "yes", "smoothing": "extreme"}',
        '{"axis": ["step"], "log_x": null, "smoothing": {}, "everything": 1}',
        '{"smoothing": 2}',
    ],
)
def test_a_damaged_file_chooses_nothing(tmp_path: Path, kept: str) -> None:
    (tmp_path / "view.json").write_text(kept)
    assert remembered(tmp_path) == Wish()


def test_what_makes_sense_of_a_file_counts(tmp_path: Path) -> None:
    (tmp_path / "view.json").write_text(json.dumps({"axis": "epoch", "smoothing": "heavy"}))
    assert remembered(tmp_path) == Wish(axis="epoch", smoothing=3)


def test_a_home_that_cannot_be_written_is_no_fault(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    remember(tmp_path / "file", Wish(log_y=True))
    viewing = Viewing(tmp_path / "file")
    viewing.choose(smoothing=3)
    viewing.remember()
    assert viewing.wish.smoothing == 3


def test_without_zoom_everything_is_seen(tmp_path: Path, run: RunHistory) -> None:
    view = Viewing(tmp_path).view([run], 500, None, 77)
    assert view == View(columns=77)


def test_zoom_is_around_the_cursor_and_stays_while_it_moves_within(tmp_path: Path, run: RunHistory) -> None:
    viewing = Viewing(tmp_path)
    window(viewing, run, 250)
    viewing.look_closer(2)
    assert window(viewing, run, 250) == (0.125, 0.375)
    assert window(viewing, run, 300) == (0.125, 0.375)
    assert window(viewing, run, 372) == pytest.approx((0.247, 0.497)), "at the edge it goes along"
    viewing.look_closer(1)
    low, high = window(viewing, run, 372)
    assert (low, high - low) == pytest.approx((0.122, 0.5))


def test_which_part_is_seen_is_not_remembered_and_no_others_is_taken_over(
    tmp_path: Path, run: RunHistory
) -> None:
    viewing = Viewing(tmp_path)
    window(viewing, run, 250)
    viewing.look_closer(2)
    viewing.choose(log_y=True)
    assert Viewing(tmp_path).zoom == 0
    other = viewing.beside()
    assert window(other, run, 250) == (0, 1)
    other.look_closer(1)
    other.choose(log_x=True)
    other.remember()
    assert Viewing(tmp_path).wish == Wish(log_x=True, log_y=True)
    assert viewing.wish == other.wish == Wish(log_x=True, log_y=True)
    assert viewing.beside().beside().wish == viewing.wish
    assert viewing.modes() == ["log x", "log y", "zoom 4×"]
    low, high = window(viewing, run, 250)
    assert low <= 0.7993 <= high, "where the cursor is on the axis that was chosen beside"


def test_what_is_seen_never_leaves_the_axis(tmp_path: Path, run: RunHistory) -> None:
    viewing = Viewing(tmp_path)
    for step in (0, 3, 499):
        window(viewing, run, step)
        for zoom in range(MOST_ZOOM, 0, -1):
            viewing.look_closer(zoom)
            low, high = window(viewing, run, step)
            assert 0 <= low < high <= 1
            assert low <= step / 1000 <= high


def test_it_can_be_moved_apart_until_the_cursor_moves(tmp_path: Path, run: RunHistory) -> None:
    viewing = Viewing(tmp_path)
    window(viewing, run, 250)
    viewing.look_closer(2)
    viewing.pan(4)
    assert window(viewing, run, 250) == (0.375, 0.625)
    viewing.pan(-99)
    assert window(viewing, run, 250) == (0, 0.25)
    viewing.pan(99)
    assert window(viewing, run, 250) == (0.75, 1)
    assert window(viewing, run, 260) == pytest.approx((0.135, 0.385))


def test_while_it_follows_a_run_what_is_seen_goes_along_in_jumps(tmp_path: Path) -> None:
    viewing = Viewing(tmp_path)
    viewing.look_closer(3)
    seen = []
    for step in range(10, 1000, 10):
        live = history(prepared(1000), steps(step))
        low, high = viewing.view([live], step, None, 100).window
        assert low <= step / 1000 <= high
        seen.append(low)
    assert len(set(seen)) < 20, "the picture stands still in between"


def test_another_axis_begins_around_the_cursor(tmp_path: Path, run: RunHistory) -> None:
    viewing = Viewing(tmp_path)
    window(viewing, run, 250)
    viewing.look_closer(3)
    viewing.choose(log_x=True)
    low, high = window(viewing, run, 250)
    assert low <= 0.7993 <= high, "250 is at four fifths of three decades"
    assert viewing.modes() == ["log x", "zoom 8×"]


def test_what_is_unusual_is_said(tmp_path: Path) -> None:
    viewing = Viewing(tmp_path)
    assert viewing.modes() == []
    changes: dict[str, Any] = {"axis": "epoch", "log_y": True, "smoothing": 0, "everything": True}
    viewing.choose(**changes)
    assert viewing.modes() == ["smoothing off", "by epoch", "log y", "spikes in full"]
