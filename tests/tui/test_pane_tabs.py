import pytest
from textual.app import App, ComposeResult

from tests.tui.fakes import count_refreshes
from tui.widgets.pane_tabs import PaneTabs

TITLES = (
    "Gradients",
    "Waterfall",
    "Updates",
    "Activations",
    "Histograms",
    "Features",
    "Boundary",
    "Loss surface",
)


class Bench(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.tabs = PaneTabs(TITLES)
        self.chosen: list[int] = []

    def compose(self) -> ComposeResult:
        yield self.tabs

    def on_pane_tabs_chosen(self, event: PaneTabs.Chosen) -> None:
        self.chosen.append(event.index)


def lit(tabs: PaneTabs) -> list[str]:
    line = tabs.render()
    return [
        line.plain[span.start : span.end].strip() for span in line.spans if "on $accent" in str(span.style)
    ]


async def test_the_active_name_is_lit_and_always_in_sight() -> None:
    app = Bench()
    async with app.run_test(size=(60, 5)):
        for index, title in enumerate(TITLES):
            app.tabs.show(index)
            line = app.tabs.render()
            assert lit(app.tabs) == [title]
            assert line.cell_length <= app.tabs.size.width
            assert (index > 3) == line.plain.startswith("‹")


async def test_a_click_chooses_the_name_under_it() -> None:
    app = Bench()
    async with app.run_test(size=(120, 5)) as pilot:
        line = app.tabs.render().plain
        assert all(title in line for title in TITLES)
        assert "‹" not in line
        for title in ("Updates", "Gradients", "Loss surface"):
            await pilot.click(PaneTabs, offset=(1 + line.index(title), 0))
        await pilot.click(PaneTabs, offset=(118, 0))
        assert app.chosen == [2, 0, 7]


async def test_it_is_drawn_anew_only_when_it_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Bench()
    async with app.run_test(size=(80, 5)) as pilot:
        app.tabs.show(1, 0)
        await pilot.pause()
        refreshed = count_refreshes(monkeypatch)
        app.tabs.show(1, 0)
        assert refreshed == []
        app.tabs.show(2)
        assert refreshed == [app.tabs]
