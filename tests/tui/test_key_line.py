from collections.abc import Callable
from typing import ClassVar

import pytest
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.color import Color
from textual.screen import Screen
from textual.widgets import Input, Static

from dlcore.commands import Pause
from tests.tui.fakes import FakeInspector, FakeRun, count_refreshes, opened, until
from tui.widgets.key_line import KeyLine


class Focusable(Static, can_focus=True):
    BINDINGS: ClassVar[list[BindingType]] = [Binding("z", "zoom", "Zoom")]


class Bench(App[None]):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a,b", "press('a')", "First", key_display="a"),
        Binding("c", "press('c')", "Second"),
        Binding("d", "press('d')", "Hidden", show=False),
        Binding("e", "press('e')", "Gone"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.pressed: list[str] = []
        self.state: dict[str, bool | None] = {"a": True, "c": None, "d": True, "e": False}

    def compose(self) -> ComposeResult:
        yield Focusable("one")
        yield Static("two")
        yield KeyLine()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self.state[str(parameters[0])] if action == "press" else True

    def action_press(self, key: str) -> None:
        self.pressed.append(key)

    @property
    def line(self) -> str:
        return self.query_one(KeyLine).render().plain


def disabled(app: Bench) -> list[str]:
    """What looks as if it could not be pressed, on the screen."""
    line = app.query_one(KeyLine)
    grey = Color.parse(app.theme_variables["secondary"]).rich_color
    return [one.text for one in line.render_line(0) if one.style is not None and one.style.color == grey]


async def test_it_names_the_keys_that_can_be_pressed_now() -> None:
    app = Bench()
    async with app.run_test(size=(60, 6)) as pilot:
        await until(lambda: app.line == "z Zoom a First c Second")
        app.screen.set_focus(None)
        await until(lambda: app.line == "a First c Second")
        app.state["e"] = True
        app.screen.refresh_bindings()
        await until(lambda: app.line == "a First c Second e Gone")
        await pilot.pause()
        assert disabled(app) == ["c", " Second "]
        app.state["c"] = True
        app.screen.refresh_bindings()
        await until(lambda: not disabled(app))


async def test_a_click_presses_a_key_unless_it_is_disabled() -> None:
    app = Bench()
    async with app.run_test(size=(60, 6)) as pilot:
        app.screen.set_focus(None)
        await until(lambda: app.line == "a First c Second")
        for column in (1, 7, 9, 12, 30, 0):
            await pilot.click(KeyLine, offset=(column, 0))
        assert app.pressed == ["a", "a"]


async def test_the_same_keys_again_draw_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Bench()
    async with app.run_test(size=(60, 6)) as pilot:
        await until(lambda: app.line)
        await pilot.pause()
        refreshed = count_refreshes(monkeypatch)
        for _ in range(5):
            app.screen.refresh_bindings()
        await pilot.pause()
        assert refreshed == []


async def test_what_changes_behind_another_screen_is_not_missed() -> None:
    app = Bench()
    async with app.run_test(size=(60, 6)) as pilot:
        await until(lambda: app.line)
        line = app.query_one(KeyLine)
        await app.push_screen(Screen())
        app.state["e"] = True
        app.screen_stack[0].refresh_bindings()
        await pilot.pause()
        await app.pop_screen()
        await until(lambda: line.render().plain.endswith("e Gone"))


async def test_all_keys_fit_in_80_columns_on_every_screen(
    inspector: FakeInspector, make_run: Callable[..., FakeRun]
) -> None:
    run = make_run().hold().start().prepare().epochs(1)
    async with opened(run) as stage:

        def line() -> str:
            return stage.app.screen.query_one(KeyLine).render().plain

        await stage.until(lambda: line().startswith("space Pause"))
        assert cell_len(line()) <= 78
        run.apply(Pause(), "paused")
        await stage.until(lambda: line().startswith("space Go on"))
        assert cell_len(line()) <= 78
        for mode, first in (("setup", "r Train"), ("runs", "⏎ Open ")):
            await stage.show(mode)  # type: ignore[arg-type]
            await stage.until(lambda first=first: line().startswith(first))  # type: ignore[misc]
            assert line().endswith("q Quit")
            assert cell_len(line()) <= 78


async def test_keys_that_would_be_typed_are_not_offered_while_typing() -> None:
    async with opened() as stage:
        await stage.show("setup")
        line = stage.app.screen.query_one(KeyLine)
        await stage.pilot.press("down", "enter")
        await stage.until(lambda: isinstance(stage.app.focused, Input))
        await stage.until(lambda: "Take" in line.render().plain)
        assert "Train" not in line.render().plain
        await stage.pilot.press("escape")
        await stage.until(lambda: "Train" in line.render().plain)
