from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from textual.app import App, ComposeResult
from textual.message import Message
from textual.pilot import Pilot
from textual.widgets import Input

from tests.tui.fakes import NASTY, type_keys, until
from tui.draft import Draft, Row
from tui.widgets.field_row import FieldRow

ROWS = {row.key: row for row in Draft().rows()}


class Bench(App[None]):
    """Rows of a form, without the form."""

    def __init__(self, *rows: tuple[str, str]) -> None:
        super().__init__()
        self._rows = rows

    def compose(self) -> ComposeResult:
        for key, text in self._rows:
            yield FieldRow(ROWS[key], text)

    def row(self, index: int = 0) -> FieldRow:
        return list(self.query(FieldRow))[index]


class Watched:
    """A bench and what its rows say."""

    def __init__(self, app: Bench) -> None:
        self.app = app
        self.messages: list[Message] = []
        self.pilot: Pilot[None]

    def edits(self) -> list[tuple[str, str]]:
        found = {id(one): one for one in self.messages if isinstance(one, FieldRow.Edited)}
        return [(edit.row.key, edit.text) for edit in found.values()]

    def menus(self) -> list[Row]:
        found = {id(one): one for one in self.messages if isinstance(one, FieldRow.MenuAsked)}
        return [asked.row for asked in found.values()]

    @property
    def is_open(self) -> bool:
        return bool(self.app.query(Input))


@asynccontextmanager
async def bench(*rows: tuple[str, str], width: int = 44) -> AsyncIterator[Watched]:
    app = Bench(*rows)
    watched = Watched(app)
    async with app.run_test(size=(width, 8), message_hook=watched.messages.append) as pilot:
        watched.pilot = pilot
        app.row().focus()
        await pilot.pause()
        yield watched


def shown(row: FieldRow) -> str:
    return row.render().plain


async def test_a_digit_begins_to_type_and_enter_takes_the_value() -> None:
    async with bench(("optimizer.lr", "0.01")) as there:
        await there.pilot.press("0")
        assert there.app.query_one(Input).value == "0"
        await there.pilot.press(".", "5", "enter")
        assert there.edits() == [("optimizer.lr", "0.5")]
        assert not there.is_open
        assert there.app.focused is there.app.row()


async def test_what_is_typed_faster_than_the_input_opens_is_not_lost() -> None:
    async with bench(("optimizer.lr", "0.01")) as there:
        for text in ("0.0375", "5"):
            type_keys(there.app, *text, "enter")
            await until(lambda text=text: ("optimizer.lr", text) in there.edits())  # type: ignore[misc]
            await until(lambda: not there.is_open)


async def test_keys_that_come_together_act_in_their_order() -> None:
    async with bench(("optimizer.lr", "0.01")) as there:
        type_keys(there.app, *"0.58", "backspace", *"7", "left", "left", *"1", "enter")
        await until(lambda: there.edits())
        assert there.edits() == [("optimizer.lr", "0.157")]
        await until(lambda: not there.is_open)
        there.app.row().edit()
        await there.pilot.pause()
        type_keys(there.app, "end", *"9", "backspace", "backspace", *"4", "enter")
        await until(lambda: len(there.edits()) == 2)
        assert there.edits()[1:] == [("optimizer.lr", "0.04")], "the row still holds 0.01"


async def test_editing_selects_the_old_value_so_that_typing_replaces_it() -> None:
    async with bench(("optimizer.lr", "0.01")) as there:
        there.app.row().edit()
        await there.pilot.pause()
        assert there.app.query_one(Input).value == "0.01"
        await there.pilot.press("7", "enter")
        assert there.edits() == [("optimizer.lr", "7")]


async def test_escape_leaves_the_value_as_it_was() -> None:
    async with bench(("optimizer.lr", "0.01")) as there:
        await there.pilot.press("9", "9", "escape")
        assert not there.is_open
        assert there.edits() == []
        assert there.app.focused is there.app.row()
        assert shown(there.app.row()).split() == ["lr", "0.01"]


async def test_going_elsewhere_takes_the_value() -> None:
    async with bench(("optimizer.lr", "0.01"), ("training.epochs", "10")) as there:
        await there.pilot.press("9")
        there.app.row(1).focus()
        await until(there.edits)
        await there.pilot.pause()
        assert there.edits() == [("optimizer.lr", "9")]
        assert not there.is_open
        assert there.app.focused is there.app.row(1)


async def test_the_same_value_again_is_no_edit() -> None:
    async with bench(("optimizer.lr", "0.01"), ("name", NASTY)) as there:
        there.app.row().edit()
        await there.pilot.press("enter")
        there.app.row(1).edit()
        await there.pilot.press("enter")
        await there.pilot.pause()
        assert there.edits() == []
        assert not there.is_open


@pytest.mark.parametrize(
    ("key", "text"), [("data.kind", "digits"), ("model.output", "auto"), ("model.bias", "true")]
)
async def test_what_is_picked_asks_for_its_menu_instead(key: str, text: str) -> None:
    async with bench((key, text)) as there:
        await there.pilot.press("5")
        assert not there.is_open, "digits are not typed into a menu"
        there.app.row().edit()
        await there.pilot.pause()
        assert there.menus() == [ROWS[key]]
        assert not there.is_open


async def test_a_click_on_the_value_edits_and_one_on_the_label_gives_the_focus() -> None:
    async with bench(("optimizer.lr", "0.01"), ("training.epochs", "10"), ("data.kind", "digits")) as there:
        for index in (1, 2):
            await there.pilot.click(there.app.row(index), offset=(5, 0))
            assert there.app.focused is there.app.row(index)
            assert not there.is_open
            assert there.menus() == []
        await there.pilot.click(there.app.row(2), offset=(20, 0))
        await until(there.menus)
        await there.pilot.click(there.app.row(1), offset=(20, 0))
        await until(lambda: there.is_open)
        assert there.app.query_one(Input).value == "10"


async def test_flags_are_yes_or_no_and_nothing_is_a_dash() -> None:
    async with bench(("model.bias", "true"), ("name", ""), ("data.kind", "xor")) as there:
        assert shown(there.app.row()).split() == ["bias", "‹", "yes", "›"]
        assert shown(there.app.row(1)).split() == ["name", "–"]
        assert shown(there.app.row(2)).split() == ["Data", "xor"]


async def test_a_fault_is_marked_without_colour_too() -> None:
    async with bench(("optimizer.lr", "fast")) as there:
        row = there.app.row()
        assert "✗" not in shown(row)
        row.problem = f"must be a number {NASTY}"
        await there.pilot.pause()
        assert shown(row).split() == ["lr", "fast", "✗"]
        row.problem = ""
        await there.pilot.pause()
        assert "✗" not in shown(row)


async def test_text_from_outside_is_shown_and_edited_without_its_escapes() -> None:
    async with bench(("name", NASTY)) as there:
        assert "[/x] \\x1b[2J 한글" in shown(there.app.row())
        there.app.row().edit()
        await there.pilot.pause()
        field = there.app.query_one(Input)
        assert not any("\x1b" in field.render_line(y).text for y in range(field.size.height))
        await there.pilot.press("end", "!", "enter")
        assert there.edits() == [("name", "[/x] \\x1b[2J 한글!")]
