import pytest
from textual.screen import Screen
from textual.widgets import Input

from tests.tui.fakes import opened
from tests.tui.test_app import painted
from tui.themes import LIGHT

pytestmark = pytest.mark.usefixtures("home", "inspector")


async def test_a_screen_that_comes_back_keeps_its_styles(monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened(size=(120, 40)) as stage:
        await stage.show("runs")
        await stage.show("setup")
        styled: list[Screen[object]] = []
        update = Screen.update_node_styles

        def counted(screen: Screen[object], animate: bool = True) -> None:
            styled.append(screen)
            update(screen, animate)

        monkeypatch.setattr(Screen, "update_node_styles", counted)
        await stage.show("runs")
        await stage.show("setup")
        assert styled == []


async def test_a_screen_that_was_hidden_meanwhile_comes_in_the_new_theme() -> None:
    async with opened(size=(120, 40)) as stage:
        await stage.show("runs")
        before = stage.setup.styles.background
        stage.app.theme = LIGHT.name
        await stage.show("setup")
        await stage.until(lambda: stage.setup.styles.background != before)
        assert stage.setup.styles.background.hex.lower() == LIGHT.background


async def test_a_window_that_was_too_small_for_a_while_gives_the_focus_back() -> None:
    async with opened(size=(120, 40)) as stage:
        await stage.show("setup")
        first = stage.setup.focused
        stage.type("j")
        await stage.until(lambda: stage.setup.focused is not first)
        focused = stage.setup.focused
        await stage.pilot.resize_terminal(20, 5)
        await stage.until(lambda: stage.setup.focused is None)
        await stage.pilot.resize_terminal(80, 24)
        await stage.until(lambda: stage.setup.focused is focused)


async def test_what_was_being_typed_is_not_typed_on_where_nobody_sees_it() -> None:
    async with opened(size=(120, 40)) as stage:
        await stage.show("setup")
        stage.type("j", "enter")  # batch size: a number to type
        await stage.until(lambda: isinstance(stage.setup.focused, Input))
        assert stage.setup.focused is not None
        row = stage.setup.focused.parent
        await stage.pilot.resize_terminal(20, 5)
        await stage.until(lambda: stage.setup.focused is None)
        stage.type("5")
        await stage.until(lambda: stage.app.current_mode == "runs")
        await stage.show("setup")
        await stage.pilot.resize_terminal(80, 24)
        await stage.until(lambda: stage.setup.focused is row)


async def test_a_screen_first_seen_in_a_small_window_has_the_focus_when_that_grows() -> None:
    async with opened(size=(20, 5)) as stage:
        await stage.show("runs")
        await stage.pilot.resize_terminal(80, 24)
        await stage.until(lambda: stage.app.screen.focused is not None)


async def test_a_small_window_says_what_would_help_as_far_as_there_is_room() -> None:
    async with opened(size=(20, 5)) as stage:
        await stage.until(lambda: "make the window" in " ".join(painted(stage)))
        await stage.pilot.resize_terminal(30, 1)
        await stage.until(lambda: "make" not in " ".join(painted(stage)))
        assert painted(stage)[0].startswith(" digits mlp")
