from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from textual.app import App
from textual.content import Content
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Input, OptionList, Static

from tests.tui.fakes import NASTY, type_keys, until
from tui.bindings import KEYS
from tui.screens.dialogs import Answer, Ask, Help, Pick

ANSWERS = [
    Answer("keep", "Nothing happens.", about="It stays\nas it is."),
    Answer("delete", f"It goes {NASTY}", label=NASTY, about=NASTY),
    Answer("ask later"),
]
MISSING = object()


class Bench(App[None]):
    """An app that opens one dialog, and what came back from it."""

    CSS_PATH = "../../tui/dltui.tcss"
    answer: object = MISSING

    def ask(self, dialog: Screen[Any]) -> None:
        self.push_screen(dialog, self.take)

    def take(self, answer: object) -> None:
        self.answer = answer

    @property
    def is_answered(self) -> bool:
        return self.answer is not MISSING


@asynccontextmanager
async def bench(
    dialog: Screen[Any], size: tuple[int, int] = (80, 24)
) -> AsyncIterator[tuple[Bench, Pilot[None]]]:
    app = Bench()
    async with app.run_test(size=size) as pilot:
        app.ask(dialog)
        await until(lambda: app.screen is dialog and dialog.is_mounted)
        await pilot.pause()
        yield app, pilot


def texts(screen: Screen[Any]) -> str:
    contents = [static.content for static in screen.query(Static)]
    return "\n".join(one.plain for one in contents if isinstance(one, Content))


async def test_enter_takes_the_present_answer() -> None:
    async with bench(Pick("What now?", ANSWERS, "delete")) as (app, _):
        assert app.screen.query_one(OptionList).highlighted == 1
        type_keys(app, "enter")
        await until(lambda: app.is_answered)
        assert app.answer == "delete"


@pytest.mark.parametrize(
    ("keys", "answer"), [((), "keep"), (("down", "down"), "ask later"), (("up",), "ask later")]
)
async def test_arrows_choose(keys: tuple[str, ...], answer: str) -> None:
    async with bench(Pick("What now?", ANSWERS, "unheard of")) as (app, _):
        type_keys(app, *keys, "enter")
        await until(lambda: app.is_answered)
        assert app.answer == answer


async def test_a_click_takes_an_answer() -> None:
    async with bench(Pick("What now?", ANSWERS)) as (app, pilot):
        await pilot.click(OptionList, offset=(3, 2))
        await until(lambda: app.is_answered)
        assert app.answer == "ask later"


@pytest.mark.parametrize("key", ["escape", "q"])
async def test_going_back_picks_nothing(key: str) -> None:
    async with bench(Pick("What now?", ANSWERS)) as (app, _):
        type_keys(app, "down", key)
        await until(lambda: app.is_answered)
        assert app.answer is None


async def test_the_story_of_the_answer_under_the_cursor_is_told() -> None:
    async with bench(Pick("What now?", ANSWERS)) as (app, _):
        assert "It stays\nas it is." in texts(app.screen)
        type_keys(app, "down")
        await until(lambda: "\\x1b[2J 한글" in texts(app.screen))
        assert "\x1b" not in texts(app.screen)


@pytest.mark.parametrize("lines", [1, 4, 7])
async def test_a_long_story_takes_room_from_the_list_and_not_from_the_keys(lines: int) -> None:
    answers = [Answer(f"answer {number}", about="it goes on\n" * number) for number in range(lines + 1)] * 5
    async with bench(Pick("What now?", answers)) as (app, pilot):
        dialog, keys = app.screen.query_one(".dialog"), app.screen.query_one(".dialog--keys")
        story = app.screen.query_one(".dialog--about")
        await until(lambda: story.size.height == lines + 1)
        await pilot.pause()
        assert dialog.content_region.contains_region(keys.region)
        assert app.screen.query_one(OptionList).size.height > 3


@pytest.mark.parametrize("size", [(80, 24), (60, 16), (30, 9)])
async def test_nothing_is_markup_and_many_answers_scroll(size: tuple[int, int]) -> None:
    answers = [Answer(f"{NASTY} {number}", NASTY) for number in range(60)]
    async with bench(Pick(NASTY, answers, answers[-1].word, NASTY), size) as (app, pilot):
        await pilot.pause()
        assert app.screen.query_one(OptionList).highlighted == 59
        dialog = app.screen.query_one(".dialog")
        assert app.screen.region.contains_region(dialog.region)
        assert "[/x]" in texts(app.screen)
        assert "\x1b" not in texts(app.screen)
        type_keys(app, "enter")
        await until(lambda: app.is_answered)
        assert app.answer == answers[-1].word


@pytest.mark.parametrize(
    ("keys", "answer"),
    [
        (("enter",), "dltui.toml"),
        (("end", "2", "enter"), "dltui.toml2"),
        (("ctrl+u", "space", "q", "space", "enter"), "q"),
        (("ctrl+u", "space", "enter"), None),
        (("x", "escape"), None),
    ],
)
async def test_a_line_is_typed(keys: tuple[str, ...], answer: str | None) -> None:
    async with bench(Ask("Save as", "dltui.toml", NASTY)) as (app, pilot):
        assert isinstance(app.focused, Input)
        assert "\x1b" not in texts(app.screen)
        await pilot.press("end", *keys)
        await until(lambda: app.is_answered)
        assert app.answer == answer


@pytest.mark.parametrize("key", ["escape", "q", "question_mark"])
async def test_the_help_goes_with_any_of_these(key: str) -> None:
    async with bench(Help()) as (app, _):
        type_keys(app, key)
        await until(lambda: app.is_answered)


async def test_the_help_shows_all_keys_those_of_the_screen_first() -> None:
    async with bench(Help("train")) as (app, _):
        shown = texts(app.screen)
        assert all(key.help in shown for key in KEYS)
        assert shown.index("Train") < shown.index("Setup") < shown.index("Runs")
        scroll = app.screen.query_one(".dialog")
        assert app.focused is scroll, "the arrows scroll it"
        type_keys(app, "end")
        await until(lambda: scroll.scroll_offset.y == scroll.max_scroll_y > 0)
