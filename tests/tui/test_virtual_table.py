from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import ClassVar

import pytest
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.events import MouseScrollDown
from textual.geometry import Region
from textual.pilot import Pilot
from textual.widget import Widget

from tests.tui.fakes import until
from tui.widgets.columns import Column
from tui.widgets.virtual_table import Cell, VirtualTable

MANY = 10_000


class Numbers(VirtualTable):
    columns: ClassVar[Sequence[Column]] = (
        Column("number", 0, 8, right=True),
        Column("word", 1, 10, most=20),
    )

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[int] = []
        self.words: dict[int, str] = {}

    def cells(self, row: int) -> tuple[Cell, ...]:
        self.asked.append(row)
        return Cell(f"{row:,}"), Cell(self.words.get(row, f"word {row}"))


class TableApp(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.table = Numbers()
        self.chosen: list[int] = []
        self.moved: list[int] = []

    def compose(self) -> ComposeResult:
        yield self.table

    def on_virtual_table_chosen(self, event: VirtualTable.Chosen) -> None:
        self.chosen.append(event.row)

    def on_virtual_table_cursor_moved(self, event: VirtualTable.CursorMoved) -> None:
        self.moved.append(event.row)


@asynccontextmanager
async def shown(
    count: int = MANY, cursor: int = 0, size: tuple[int, int] = (40, 11)
) -> AsyncIterator[tuple[TableApp, Pilot[None]]]:
    app = TableApp()
    async with app.run_test(size=size) as pilot:
        app.table.show(count, cursor)
        app.table.focus()
        await pilot.pause()
        yield app, pilot


def lines(app: TableApp) -> list[str]:
    table = app.table
    return [table.render_line(y).text for y in range(table.size.height)]


async def test_only_rows_in_sight_are_built() -> None:
    async with shown() as (app, pilot):
        assert set(app.table.asked) == set(range(10))
        app.table.asked.clear()
        await pilot.press("end")
        assert set(app.table.asked) == set(range(MANY - 10, MANY))
        assert len(app.table._drawn) <= 20


async def test_header_and_rows_are_aligned_and_fill_the_width() -> None:
    async with shown(3) as (app, _):
        header, first, second, *rest = lines(app)
        assert header.split() == ["number", "word"]
        assert header.index("word") == first.index("word") == second.index("word")
        assert first.index("0") == header.index("number") + 5, "figures are aligned to the right"
        assert {cell_len(line) for line in lines(app)} == {app.table.size.width - 1}, "but for the scrollbar"
        assert [line.strip() for line in rest[1:]] == [""] * 7


async def test_the_cursor_can_be_seen_without_colour() -> None:
    async with shown(3, cursor=1) as (app, _):
        assert [line[0] for line in lines(app)[:4]] == [" ", " ", "›", " "]


@pytest.mark.parametrize(
    ("keys", "row"),
    [
        ("down", 1),
        ("j", 1),
        ("down down up", 1),
        ("down k", 0),
        ("up", 0),
        ("pagedown", 10),
        ("pagedown pagedown pageup", 10),
        ("pageup", 0),
        ("end", MANY - 1),
        ("ctrl+end", MANY - 1),
        ("end down", MANY - 1),
        ("end pagedown", MANY - 1),
        ("end up", MANY - 2),
        ("end home", 0),
        ("end ctrl+home", 0),
    ],
)
async def test_keys_move_the_cursor_and_keep_it_in_sight(keys: str, row: int) -> None:
    async with shown() as (app, pilot):
        await pilot.press(*keys.split())
        assert app.table.cursor == row
        assert row in app.table.in_sight
        assert sum(line.startswith("›") for line in lines(app)) == 1


async def test_arrows_scroll_by_one_row_at_the_edges_only() -> None:
    async with shown() as (app, pilot):
        await pilot.press(*["down"] * 9)
        assert app.table.scroll_offset.y == 0
        await pilot.press("down")
        assert app.table.scroll_offset.y == 1
        await pilot.press(*["up"] * 9)
        assert app.table.scroll_offset.y == 1
        await pilot.press("up")
        assert (app.table.scroll_offset.y, app.table.cursor) == (0, 0)


async def test_without_rows_no_key_does_harm() -> None:
    async with shown(0) as (app, pilot):
        await pilot.press("down", "up", "end", "home", "pagedown", "pageup")
        await pilot.click(app.table, offset=(3, 3))
        assert app.table.cursor == 0
        assert app.chosen == []
        assert [line.strip() for line in lines(app)[1:]] == [""] * 10


async def test_a_click_moves_the_cursor_and_one_on_the_cursor_chooses() -> None:
    async with shown() as (app, pilot):
        await pilot.click(app.table, offset=(3, 4))
        assert (app.table.cursor, app.chosen) == (3, [])
        await pilot.click(app.table, offset=(20, 4))
        assert (app.table.cursor, app.chosen) == (3, [3])
        await pilot.click(app.table, offset=(3, 0))
        assert (app.table.cursor, app.chosen) == (3, [3]), "the header is no row"


async def test_a_click_after_scrolling_meets_the_row_that_is_seen_there() -> None:
    async with shown() as (app, pilot):
        await pilot.press("end")
        await pilot.click(app.table, offset=(3, 1))
        assert app.table.cursor == MANY - 10


async def test_the_wheel_scrolls_and_leaves_the_cursor() -> None:
    async with shown() as (app, pilot):
        await pilot._post_mouse_events([MouseScrollDown], app.table, (3, 3), times=3)
        await until(lambda: app.table.scroll_offset.y > 0)
        assert app.table.cursor == 0
        await pilot.press("down")
        assert 1 in app.table.in_sight, "the cursor comes back into sight when it moves"


async def test_moving_the_cursor_refreshes_two_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    async with shown() as (app, pilot):
        regions = refreshed(app.table, monkeypatch)
        await pilot.press("down")
        assert regions == [Region(0, 1, 39, 1), Region(0, 2, 39, 1)]


async def test_only_cells_that_changed_are_refreshed(monkeypatch: pytest.MonkeyPatch) -> None:
    async with shown() as (app, _):
        regions = refreshed(app.table, monkeypatch)
        app.table.renew()
        assert regions == []
        app.table.words[4] = "other"
        app.table.words[400] = "out of sight"
        app.table.renew()
        assert regions == [Region(12, 5, 10, 1)]
        app.table.renew()
        assert len(regions) == 1


async def test_after_scrolling_the_right_cells_are_refreshed(monkeypatch: pytest.MonkeyPatch) -> None:
    async with shown(cursor=500) as (app, _):
        top = app.table.scroll_offset.y
        regions = refreshed(app.table, monkeypatch)
        app.table.words[500] = "other"
        app.table.renew()
        assert regions == [Region(12, 500 - top + 1, 10, 1)]


async def test_columns_grow_with_what_is_learnt_of_their_contents() -> None:
    async with shown(3) as (app, pilot):
        app.table.words[0] = "sixteen letters!"
        assert "sixteen l…" in lines(app)[1]
        app.table.widen(0, 16)
        await pilot.pause()
        assert "sixteen letters!" in lines(app)[1]


async def test_a_text_that_is_wider_than_its_letters_is_cut_to_its_column() -> None:
    async with shown(2) as (app, _):
        app.table.words[0] = "한글한글한글한글"
        first, second = lines(app)[1:3]
        assert cell_len(first) == cell_len(second)
        assert "한글한글 …" in first or "한글한글…" in first


async def test_the_cursor_stays_in_sight_when_the_terminal_shrinks() -> None:
    async with shown(cursor=0, size=(40, 21)) as (app, pilot):
        await pilot.press(*["down"] * 18)
        await pilot.resize_terminal(40, 8)
        await until(lambda: app.table.size.height == 8)
        await until(lambda: 18 in app.table.in_sight)


async def test_fewer_rows_than_before_keep_the_cursor_on_the_last() -> None:
    async with shown(cursor=MANY - 1) as (app, pilot):
        app.table.show(5, 7)
        await pilot.pause()
        assert app.table.cursor == 4
        await until(lambda: app.table.scroll_offset.y == 0)


def refreshed(table: Widget, monkeypatch: pytest.MonkeyPatch) -> list[Region]:
    found: list[Region] = []
    refresh = table.refresh

    def counted(*regions: Region, **options: bool) -> Widget:
        found.extend(regions or (table.size.region,))
        return refresh(*regions, **options)

    monkeypatch.setattr(table, "refresh", counted)
    return found
