from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import OptionList, Static

from dlcore.files.atomic import read_json, write_json
from dlcore.files.lock import lock_holder
from dlcore.rundir import RunDir
from dlcore.runlist import RunList
from tests.dlcore.listed import copies, ended
from tests.dlcore.opening import files_opened
from tests.tui.fakes import MOMENT, NASTY, FakeRun, Stage, count_refreshes, opened
from tui.messages import RunOpened, SetupRequested
from tui.screens.dialogs import Pick
from tui.screens.export_dialog import ExportDialog
from tui.widgets.run_table import ID, RunTable

MakeRun = Callable[..., FakeRun]

pytestmark = pytest.mark.usefixtures("home", "inspector")


def table(stage: Stage) -> RunTable:
    return stage.app.screen.query_one(RunTable)


def ids(stage: Stage) -> list[str]:
    return [table(stage).cells(row)[ID].text for row in range(table(stage).count)]


def cell(stage: Stage, row: int, column: int) -> str:
    return table(stage).cells(row)[column].text.strip()


def note(stage: Stage) -> str:
    content: Any = stage.app.screen.query_one("#runs-note", Static).content
    return str(content.plain)


@pytest.fixture
def runs(make_run: MakeRun) -> list[FakeRun]:
    """Three runs, the newest first: one that goes on, a finished one, one whose trainer died."""
    third = make_run(moment=MOMENT - timedelta(days=2), name="third").start().prepare().steps(3)
    second = make_run(moment=MOMENT - timedelta(hours=1), name="second").start().prepare().epochs(10).end()
    first = make_run("moons", name="first").hold().start().prepare().epochs(1)
    return [first, second, third]


async def test_runs_are_listed_the_newest_first(runs: list[FakeRun]) -> None:
    async with opened() as stage:
        await stage.show("runs")
        assert ids(stage) == [run.dir.id for run in runs]
        assert [cell(stage, row, 0).split()[1] for row in range(3)] == ["running", "finished", "crashed"]
        assert [cell(stage, row, 2) for row in range(3)] == ["first", "second", "third"]
        assert cell(stage, 1, 1).endswith(" % validation")
        assert cell(stage, 2, 1) == "–"
        assert note(stage).startswith("3 runs in ")


async def test_without_runs_it_says_how_to_begin() -> None:
    async with opened() as stage:
        await stage.show("runs")
        assert note(stage).startswith("No runs yet")
        stage.type("enter", "e", "d", "c")
        await stage.pilot.pause()
        assert stage.app.current_mode == "runs"
        assert len(stage.app.screen_stack) == 1


async def test_enter_and_a_click_open_a_run(runs: list[FakeRun]) -> None:
    async with opened() as stage:
        await stage.show("runs")
        stage.type("down", "enter")
        await stage.until(lambda: stage.app.current_mode == "train")
        (asked,) = stage.sent(RunOpened)
        assert asked.run == runs[1].dir
        assert stage.train.feed is not None
        assert stage.train.feed.run == runs[1].dir
        await stage.show("runs")
        assert table(stage).cursor == 1, "the cursor stays where it was"
        await stage.pilot.click(table(stage), offset=(3, 3))
        await stage.until(lambda: table(stage).cursor == 2)
        await stage.pilot.click(table(stage), offset=(3, 3))
        await stage.until(lambda: stage.app.current_mode == "train" and len(stage.sent(RunOpened)) == 2)
        assert stage.train.feed.run == runs[2].dir


async def test_a_run_is_deleted_only_after_a_yes(runs: list[FakeRun]) -> None:
    async with opened() as stage:
        await stage.show("runs")
        stage.type("down", "d")
        await stage.until(lambda: isinstance(stage.app.screen, Pick) and stage.app.screen.query(OptionList))
        assert stage.app.screen.query_one(OptionList).highlighted == 0
        stage.type("enter")  # keep
        await stage.until(lambda: stage.app.screen.query(RunTable))
        assert runs[1].dir.path.exists()
        stage.type("d")
        await stage.until(lambda: isinstance(stage.app.screen, Pick) and stage.app.screen.query(OptionList))
        stage.type("escape")
        await stage.until(lambda: stage.app.screen.query(RunTable))
        assert runs[1].dir.path.exists()
        stage.type("d")
        await stage.until(lambda: isinstance(stage.app.screen, Pick) and stage.app.screen.query(OptionList))
        stage.type("down", "enter")
        await stage.until(lambda: stage.app.screen.query(RunTable) and len(ids(stage)) == 2)
        assert not runs[1].dir.path.exists()
        assert ids(stage) == [runs[0].dir.id, runs[2].dir.id]


async def test_a_live_run_cannot_be_deleted(runs: list[FakeRun]) -> None:
    async with opened() as stage:
        await stage.show("runs")
        stage.type("d")
        await stage.until(lambda: stage.notices())
        assert "stop it first" in stage.notices()[0]
        assert stage.app.screen.query(RunTable)
        assert runs[0].dir.path.exists()


async def test_a_run_that_came_to_life_meanwhile_is_not_deleted(runs: list[FakeRun]) -> None:
    async with opened() as stage:
        await stage.show("runs")
        stage.type("ctrl+end", "d")
        await stage.until(lambda: isinstance(stage.app.screen, Pick) and stage.app.screen.query(OptionList))
        runs[2].hold()
        stage.type("down", "enter")
        await stage.until(lambda: stage.notices())
        assert "is being trained" in stage.notices()[0]
        assert lock_holder(runs[2].dir) is not None
        assert runs[2].dir.path.exists()


async def test_e_exports_the_run_under_the_cursor(runs: list[FakeRun]) -> None:
    async with opened() as stage:
        await stage.show("runs")
        stage.type("down", "e")
        await stage.until(lambda: isinstance(stage.app.screen, ExportDialog))
        assert runs[1].dir.id in str(stage.app.screen.query_one(".dialog--text", Static).content)


async def test_c_takes_the_configuration_to_setup(runs: list[FakeRun]) -> None:
    async with opened() as stage:
        await stage.show("runs")
        stage.type("c")
        await stage.until(lambda: stage.app.current_mode == "setup" and stage.setup._config is not None)
        (asked,) = stage.sent(SetupRequested)
        assert asked.config == runs[0].config
        await stage.until(lambda: stage.setup._draft.text("data.kind") == "moons")


async def test_a_run_that_cannot_be_read_is_listed_and_does_no_harm(runs: list[FakeRun]) -> None:
    runs[1].dir.config.write_text("[data")
    runs[2].dir.facts.write_text("{")
    async with opened() as stage:
        await stage.show("runs")
        assert cell(stage, 1, 2) == runs[1].dir.id
        assert "cannot be read" in cell(stage, 1, 4)
        stage.type("down", "c")
        await stage.until(lambda: stage.notices())
        assert "is not TOML" in stage.notices()[0]
        stage.type("enter")
        await stage.until(lambda: stage.app.current_mode == "train")


async def test_live_rows_follow_their_runs_and_others_are_left_alone(
    runs: list[FakeRun], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(size=(120, 40)) as stage:
        await stage.show("runs")
        screen: Any = stage.app.screen
        steps = cell(stage, 0, 6)
        refreshed = count_refreshes(monkeypatch, on=screen)  # Setup's pictures may still come in behind it
        screen._refresh_live()
        await stage.pilot.pause()
        assert refreshed == [], "nothing is new"
        runs[0].steps(7)
        screen._refresh_live()
        assert cell(stage, 0, 6) != steps
        assert set(refreshed) == {table(stage)}
        runs[0].end()
        screen._refresh_live()
        assert cell(stage, 0, 0) == "✓ finished"
        await stage.show("setup")
        refreshed.clear()
        screen._refresh_live()
        assert refreshed == []


async def test_a_new_run_is_in_the_list_when_it_is_seen_again(runs: list[FakeRun], make_run: MakeRun) -> None:
    async with opened() as stage:
        await stage.show("runs")
        stage.type("down")
        await stage.until(lambda: table(stage).cursor == 1)
        await stage.show("setup")
        newest = make_run(moment=MOMENT + timedelta(hours=1)).start()
        await stage.show("runs")
        await stage.until(lambda: len(ids(stage)) == 4)
        assert ids(stage)[0] == newest.dir.id
        assert table(stage).cursor == 2, "on the same run as before"


async def test_a_list_longer_than_the_screen_is_scrolled(make_run: MakeRun) -> None:
    for number in range(60):
        make_run(moment=MOMENT + timedelta(seconds=number))
    async with opened() as stage:
        await stage.show("runs")
        assert len(ids(stage)) == 60
        stage.type("ctrl+end")
        await stage.until(lambda: table(stage).cursor == 59)
        await stage.until(lambda: table(stage).scroll_offset.y == table(stage).max_scroll_y > 0)


async def test_the_cursor_stands_on_the_run_that_was_watched_last(runs: list[FakeRun]) -> None:
    async with opened() as stage:
        await stage.show("runs")
        stage.app.screen.post_message(RunOpened(runs[1].dir))
        await stage.until(lambda: stage.app.current_mode == "train")
        await stage.show("runs")
        await stage.until(lambda: table(stage).cursor == 1)
        assert ids(stage)[table(stage).cursor] == runs[1].dir.id


async def test_a_regression_is_listed_by_its_r2(make_run: MakeRun) -> None:
    make_run("diabetes").start().prepare().epochs(5).end()
    make_run(moment=MOMENT - timedelta(hours=1)).start().prepare().epochs(5).end()
    async with opened() as stage:
        await stage.show("runs")
        assert cell(stage, 0, 1).startswith("R² 0.")
        assert cell(stage, 0, 1).endswith(" validation")
        assert cell(stage, 1, 1).endswith(" % validation")


@pytest.fixture
def many(home: Path) -> list[RunDir]:
    """Three hundred runs that have ended, the newest first."""
    first = ended(home)
    return [*copies(first, 299), first]


async def test_many_runs_are_read_once_and_drawn_only_where_they_can_be_seen(
    many: list[RunDir], home: Path
) -> None:
    async with opened() as stage:
        with files_opened(home / "runs") as files:
            await stage.show("runs")
            assert "300 runs in " in note(stage) or "of 300" in note(stage)
            await stage.until(lambda: note(stage).startswith("300 runs in "))
        assert sorted(files) == sorted(run.facts for run in many)
        assert len(table(stage)._drawn) == table(stage).size.height - 1 < 30
        await stage.show("setup")
        with files_opened(home / "runs") as files:
            await stage.show("runs")
            assert note(stage).startswith("300 runs in "), "there is nothing to read"
            await stage.until(lambda: runs_of(stage).is_whole)
        assert files == []


async def test_those_in_sight_are_there_at_once_and_keys_work_while_the_others_are_read(
    many: list[RunDir], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.screens.runs._SLICE_SECONDS", 0.0)  # one run at a time
    async with opened() as stage:
        stage.type("5")
        await stage.until(lambda: stage.app.current_mode == "runs" and stage.app.screen.query(RunTable))
        await stage.until(lambda: runs_of(stage).read >= 19)
        assert not runs_of(stage).is_whole
        assert all(cell(stage, row, 2) == "mnist mlp" for row in table(stage).in_sight)
        stage.type("end")
        await stage.until(lambda: table(stage).cursor == 299 and cell(stage, 299, 2) == "mnist mlp")
        assert runs_of(stage).read < 300, "it did not wait for its turn"
        await stage.until(lambda: note(stage).startswith("reading "))
        await stage.until(lambda: note(stage).startswith("300 runs in "))


async def test_a_key_on_a_run_that_is_not_read_yet_reads_it(
    many: list[RunDir], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened() as stage:
        await stage.show("runs")
        await stage.until(lambda: runs_of(stage).is_whole)
        for entry in runs_of(stage).entries:
            entry.row = None
        stage.type("down", "c")
        await stage.until(lambda: stage.app.current_mode == "setup")
        assert runs_of_mode(stage).entries[1].row is not None
        assert len(stage.sent(SetupRequested)) == 1


async def test_the_note_names_the_run_under_the_cursor_where_its_column_has_no_room(
    runs: list[FakeRun],
) -> None:
    async with opened() as stage:
        await stage.show("runs")
        assert note(stage).endswith(f" · {runs[0].dir.id}")
        stage.type("down")
        await stage.until(lambda: note(stage).endswith(f" · {runs[1].dir.id}"))
    async with opened(size=(160, 40)) as stage:
        await stage.show("runs")
        assert runs[0].dir.id not in note(stage)
        assert runs[2].dir.id in table(stage).render_line(3).text


async def test_names_from_outside_are_shown_clean_and_as_they_are(make_run: MakeRun, home: Path) -> None:
    make_run(name=NASTY).start()
    run = ended(home, -60)
    write_json(
        run.facts,
        read_json(run.facts) | {"name": "[b]x\x1b]0;t\x07", "network": "\u202e[/] \x9b2J", "summary": {}},
    )
    (home / "runs" / "20260304T000000000Z-[red]\x1b[31m").mkdir()
    async with opened(size=(160, 40)) as stage:
        await stage.show("runs")
        lines = [table(stage).render_line(y).text for y in range(4)]
        assert "[/x] \\x1b[2J 한글" in lines[1]
        assert "[b]x\\x1b]0;t\\x07" in lines[2]
        assert "\\u202e[/] \\x9b2J" in lines[2]
        assert "[red]\\x1b[31m" in lines[3]
        assert all(line.isprintable() for line in lines)
        stage.type("end")
        await stage.until(lambda: table(stage).cursor == 2)


async def test_runs_that_come_while_the_list_is_seen_are_listed(
    runs: list[FakeRun], make_run: MakeRun
) -> None:
    async with opened() as stage:
        await stage.show("runs")
        stage.type("down")
        await stage.until(lambda: table(stage).cursor == 1)
        newest = make_run(moment=MOMENT + timedelta(hours=1)).start()
        screen: Any = stage.app.screen
        screen._refresh_live()
        assert ids(stage)[0] == newest.dir.id
        assert table(stage).cursor == 2, "on the same run as before"


async def test_an_age_that_changes_is_the_only_cell_sent(
    many: list[RunDir], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Clock(datetime):
        later = timedelta()

        @classmethod
        def now(cls, tz: tzinfo | None = None) -> "Clock":
            return cls.fromtimestamp((MOMENT + timedelta(hours=2) + cls.later).timestamp(), tz)

    monkeypatch.setattr("tui.screens.runs.datetime", Clock)
    async with opened() as stage:
        await stage.show("runs")
        await stage.until(lambda: runs_of(stage).is_whole)
        screen: Any = stage.app.screen
        refreshed = count_refreshes(monkeypatch, on=screen)
        screen._refresh_live()
        assert refreshed == []
        Clock.later = timedelta(days=3)
        screen._refresh_live()
        assert refreshed == [table(stage)] * len(table(stage).in_sight)
        assert cell(stage, 0, 3) == "3 d"


def runs_of(stage: Stage) -> RunList:
    assert stage.app.current_mode == "runs"
    return runs_of_mode(stage)


def runs_of_mode(stage: Stage) -> RunList:
    runs: RunList = stage.app._runs._runs
    return runs
