import pytest
from textual.screen import Screen

from tests.tui.fakes import opened
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
