"""The learning-rate finder over Setup: real sweeps by keys at both sizes, and sentences without any."""

from dataclasses import replace
from typing import Any

import pytest
from textual.widgets import Static

from dlcore.lr_band import rates_of
from dlcore.oneline import parse
from dlcore.training import lr_range
from tests.tui.fakes import NASTY, Stage, opened
from tests.tui.sweeping import SweepingInspector
from tui.screens.rate_finder import RateFinder
from tui.widgets.rate_plot import RatePlot, sweeps_chart

LINE = "digits mlp 16, n=300 b=32 momentum lr=.0005"
pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def sweeping(monkeypatch: pytest.MonkeyPatch) -> SweepingInspector:
    fake = SweepingInspector()
    monkeypatch.setattr("tui.asking.inspector.Inspector", lambda: fake)
    return fake


async def finder(stage: Stage, name: str = "") -> RateFinder:
    """Press f in Setup, and wait for the dialog."""
    config = parse(LINE)
    stage.setup.load(replace(config, general=config.general.model_copy(update={"name": name})))
    await stage.until(lambda: stage.setup._config is not None and stage.setup._config.optimizer.lr == 0.0005)
    await stage.press("f")
    await stage.until(lambda: isinstance(stage.app.screen, RateFinder) and stage.app.screen.is_mounted)
    screen = stage.app.screen
    assert isinstance(screen, RateFinder)
    return screen


def said(screen: RateFinder, place: str) -> str:
    content: Any = screen.query_one(f".rates--{place}", Static).content
    return str(content.plain)


def picture(screen: RateFinder) -> str:
    plot = screen.query_one(RatePlot)
    return "\n".join("".join(run.text for run in line) for line in plot._draw())


async def test_sweeps_suggest_a_band_and_enter_takes_a_rate_into_the_form(
    sweeping: SweepingInspector,
) -> None:
    async with opened() as stage:
        screen = await finder(stage)
        await stage.until(lambda: screen._suggestion is not None)
        band = screen._suggestion.band if screen._suggestion is not None else None
        assert band is not None
        assert screen._chosen == float(f"{band.middle:.2g}"), "the middle is offered"
        assert said(screen, "chosen").startswith(f"lr {screen._chosen:g}: in the band")
        assert "In the form: 0.0005" in said(screen, "said")
        drawn = picture(screen)
        assert all(mark in drawn for mark in "●×◆┝┥▲")
        assert "0.001" in drawn.splitlines()[-1] or "1e-3" in drawn.splitlines()[-1]
        lines = screen.query_one(RatePlot).size.height
        assert lines >= 10, "there is room for a picture at 80×24"

        await stage.press("left")
        lower = screen._chosen
        assert f"{lower:e}"[0] in "125"
        assert lower < band.middle
        await stage.press("comma")
        assert lower / 1.3 < screen._chosen < lower
        await stage.press("full_stop", "right", "home")
        assert screen._chosen == float(f"{band.middle:.2g}")
        for _ in range(40):
            screen.action_move(1)
        assert screen._chosen == pytest.approx(screen._rates[-1], rel=0.05), "it stays within the sweeps"
        assert said(screen, "chosen").endswith("beyond where the loss turned: it is likely to diverge")
        await stage.press("home", "enter")
        await stage.until(lambda: stage.app.screen is stage.setup)
        assert stage.setup._draft.text("optimizer.lr") == f"{band.middle:.2g}"
        await stage.until(
            lambda: stage.setup._config is not None and stage.setup._config.optimizer.lr > 0.0005
        )
        asked = [one for one in sweeping.asked if one["ask"] == "lr_range"]
        assert [one.get("begin", False) for one in asked] == [True, *[False] * (len(asked) - 1)]


async def test_it_is_left_in_the_middle_and_begins_anew(sweeping: SweepingInspector) -> None:
    async with opened(size=(120, 40), ascii_only=True) as stage:
        left = await finder(stage)
        await stage.until(lambda: left._sweeps)
        await stage.press("escape")
        await stage.until(lambda: stage.app.screen is stage.setup)
        assert stage.setup._draft.text("optimizer.lr") == "0.0005"
        screen = await finder(stage)
        await stage.until(lambda: screen._suggestion is not None)
        drawn = picture(screen)
        assert drawn.isascii()
        assert all(mark in drawn for mark in "ox#[]^")
        await stage.press("escape")
        await stage.until(lambda: stage.app.screen is stage.setup)
        assert stage.setup._draft.text("optimizer.lr") == "0.0005", "nothing is taken by leaving"
    assert not lr_range._under_way


async def test_what_cannot_be_swept_is_a_sentence(sweeping: SweepingInspector) -> None:
    sweeping.problem = f"The network does not fit {NASTY}. Make it smaller."
    async with opened() as stage:
        screen = await finder(stage, NASTY)
        assert "momentum on [/x] \\x1b[2J 한글" in said(screen, "title")
        await stage.until(lambda: screen._problem)
        await stage.until(lambda: "does not fit [/x]" in said(screen, "chosen"))
        await stage.press("enter")
        await stage.until(lambda: stage.app.screen is stage.setup)
        assert stage.setup._draft.text("optimizer.lr") == "0.0005"


def test_a_picture_of_nothing_and_of_one_point_can_be_drawn() -> None:
    rates = rates_of(parse("digits").optimizer)
    assert sweeps_chart([], [], 0.01).curves == ()
    one = sweeps_chart(rates, [[2.3] * 10, [2.3]], 0.0)
    assert [len(curve.points) for curve in one.curves] == [1, 0]
    assert one.cursor is None
