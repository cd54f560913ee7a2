"""Runs over each other, in the app."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from textual.widgets import Static

from dlcore.clean import clean
from dlcore.events import StepsEnded
from dlcore.files.atomic import read_json, write_json
from dlcore.labels import relabel
from tests.tui.fakes import MOMENT, NASTY, VANISHING, FakeRun, Stage, count_refreshes, opened
from tui.drawing.plotting import Chart
from tui.drawing.run_marks import MOST_RUNS
from tui.messages import CompareRequested
from tui.screens.compare import CompareScreen
from tui.screens.dialogs import Help
from tui.widgets.compare.flows import Flows
from tui.widgets.compare.legend import RunLegend
from tui.widgets.compare.overlay_plot import OverlayPlot
from tui.widgets.gradient_bars import GradientBars
from tui.widgets.header import Header
from tui.widgets.plot import Plot

MakeRun = Callable[..., FakeRun]

pytestmark = pytest.mark.usefixtures("home", "inspector")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.screens.compare._POLL_SECONDS", 0.02)


@asynccontextmanager
async def comparing(*runs: FakeRun, **options: Any) -> AsyncIterator[tuple[Stage, CompareScreen]]:
    """Open the app, and compare runs."""
    async with opened(**options) as stage:
        stage.app.post_message(CompareRequested(tuple(run.dir for run in runs)))
        await stage.until(lambda: isinstance(stage.app.screen, CompareScreen))
        screen = stage.app.screen
        assert isinstance(screen, CompareScreen)
        await drawn(stage, screen, *runs)
        yield stage, screen


async def drawn(stage: Stage, screen: CompareScreen, *runs: FakeRun) -> None:
    """Wait until all that the runs have said is on the screen."""

    def is_drawn() -> bool:
        feeds = [member.feed for member in screen.comparison.members]
        is_read = all(feed.history.seq == run.seq for feed, run in zip(feeds, runs, strict=False))
        return is_read and not screen._stale and not screen._parts and screen.query_one(RunLegend).count > 0

    await stage.until(is_drawn)
    await stage.pilot.pause()


def chart(screen: CompareScreen, name: str) -> Chart:
    found = screen.query_one(f"#compare-{name}", OverlayPlot)._chart
    assert found is not None
    return found


def text(screen: CompareScreen, name: str) -> str:
    content: Any = screen.query_one(f"#compare-{name}", Static).content
    return str(getattr(content, "plain", content))


def legend(screen: CompareScreen) -> list[tuple[str, ...]]:
    table = screen.query_one(RunLegend)
    return [tuple(cell.text for cell in table.cells(row)) for row in range(table.count)]


def twins(make_run: MakeRun) -> tuple[FakeRun, FakeRun]:
    """Two runs that have ended, which differ in their activation."""
    one = make_run("digits mlp 64,32 relu", name="relu").start().prepare().evaluate().epochs(3).end()
    other = make_run(
        "digits mlp 64,32 sigmoid", name="sigmoid", moment=MOMENT + timedelta(seconds=1), course=VANISHING
    )
    return one, other.start().prepare().evaluate().epochs(2).end()


async def test_two_runs_from_curves_to_parameters_and_back(make_run: MakeRun) -> None:
    one, other = twins(make_run)
    async with comparing(one, other, size=(120, 40)) as (stage, screen):
        rows = legend(screen)
        assert [row[:3] for row in rows] == [("●", "relu", "relu"), ("×", "sigmoid", "sigmoid")]
        assert [row[-1] for row in rows] == ["✓ finished"] * 2
        assert rows[0][4].endswith(" %")
        assert {curve.role for curve in chart(screen, "loss").curves} == {"run-1", "run-2"}
        assert chart(screen, "score").title == "validation accuracy"
        assert "reached" in text(screen, "verdict")

        await stage.press("w")
        assert chart(screen, "loss").title == "validation loss"
        assert chart(screen, "score").title == "training accuracy"

        await stage.press("down", "h")
        assert [row[0] for row in legend(screen)] == ["●", " "]
        assert {curve.role for curve in chart(screen, "loss").curves} == {"run-1"}
        await stage.press("up", "h")
        assert len(chart(screen, "loss").curves) == 1, "one always stays"
        await stage.press("down", "h")
        assert len(chart(screen, "loss").curves) == 2

        await stage.press("tab")
        await stage.pilot.pause()
        shown = [bars for bars in screen.query_one(Flows).query(GradientBars) if bars.region.width]
        assert len(shown) == 2
        assert len({bars._decades for bars in shown}) == 1, "they are on one scale"
        assert [bars._step for bars in shown] == [60, 40]

        await stage.press("tab")
        await stage.pilot.pause()
        table = text(screen, "table")
        assert [line.split() for line in table.splitlines() if line.startswith("model.activation")] == [
            ["model.activation", "relu", "sigmoid"]
        ]
        assert "best score" in table

        await stage.press("tab")
        await stage.pilot.pause()
        plot = screen.query_one("Parameters OverlayPlot", OverlayPlot)._chart
        assert plot is not None
        assert plot.title == "best score by model.activation"
        assert [tick.label for tick in plot.x_ticks] == ["relu", "sigmoid"]
        await stage.press("right", "r")
        plot = screen.query_one("Parameters OverlayPlot", OverlayPlot)._chart
        assert plot is not None
        assert plot.title == "best at step by parameters of the network"

        await stage.press("escape")
        await stage.until(lambda: not isinstance(stage.app.screen, CompareScreen))


async def test_runs_are_called_as_somebody_has_renamed_them(make_run: MakeRun) -> None:
    one, other = twins(make_run)
    relabel(other.dir, name=NASTY)
    async with comparing(one, other) as (stage, screen):
        assert [row[1] for row in legend(screen)] == ["relu", clean(NASTY)]
        await stage.press("down")
        await stage.until(lambda: text(screen, "step").endswith(f"of {clean(NASTY)}"))
        await stage.press("enter")
        await stage.until(lambda: stage.app.current_mode == "train" and stage.train.feed is not None)
        header = stage.train.query_one(Header)
        assert header.aside == f"{NASTY} · {other.dir.id}"
        relabel(other.dir, name="anew")  # as Runs does while Train stays open behind it
        await stage.until(lambda: header.aside == f"anew · {other.dir.id}")


async def test_the_cursor_goes_through_the_chosen_run(make_run: MakeRun) -> None:
    one, other = twins(make_run)
    async with comparing(one, other) as (stage, screen):
        await stage.press("home")
        await drawn(stage, screen, one, other)
        assert text(screen, "step").startswith("‹ step 1 of relu")
        assert chart(screen, "loss").cursor == 1
        assert {row[5] for row in legend(screen)} == {"1"}
        await stage.press("X")
        assert "by epoch" in text(screen, "step")
        assert chart(screen, "loss").x_label == "epoch"
        await stage.press("z")
        low, high = chart(screen, "loss").x_limits
        assert (low, high) == (0, 1.5), "half of the three epochs that were trained"
        await stage.press("end", "Z", "X", "X", "X")
        assert text(screen, "step") == "step 63 of relu"


async def test_live_runs_go_on_and_nothing_is_drawn_without_news(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = make_run("digits lr=.1").hold().start().prepare().epochs(1)
    other = make_run("digits lr=.2", moment=MOMENT + timedelta(seconds=1)).hold().start().prepare().epochs(1)
    async with comparing(one, other, size=(120, 40)) as (stage, screen):
        assert [row[2] for row in legend(screen)] == ["lr 0.1", "lr 0.2"]
        refreshed = count_refreshes(monkeypatch, on=screen)
        for _ in range(5):
            screen._poll()
            screen.show_moment()
            await stage.until(lambda: not screen._parts)
        await stage.pilot.pause()
        assert refreshed == []
        other.steps(20)
        await drawn(stage, screen, one, other)
        assert {type(widget) for widget in refreshed} <= {OverlayPlot, RunLegend, Static}
        assert legend(screen)[1][5] == str(other.step)

        await stage.press("tab")
        await stage.until(lambda: not screen._parts)
        before = chart(screen, "loss")
        one.steps(20)
        await drawn(stage, screen, one, other)
        assert chart(screen, "loss") is before, "curves that nobody sees are not drawn"


async def test_enter_watches_a_run_and_looks_stay_but_what_part_was_seen(make_run: MakeRun) -> None:
    one, other = twins(make_run)
    async with comparing(one, other) as (stage, screen):
        await stage.press("z", "z", "Y")
        assert screen.viewing.modes() == ["log x", "zoom 4×"]
        await stage.press("down", "enter")
        await stage.until(lambda: stage.app.current_mode == "train" and stage.train.feed is not None)
        assert stage.train.feed is not None
        assert stage.train.feed.run == other.dir
        third = make_run("digits lr=1", moment=MOMENT + timedelta(seconds=2)).start().prepare()
        stage.app.post_message(CompareRequested((third.dir, other.dir)))
        await stage.until(
            lambda: isinstance(stage.app.screen, CompareScreen) and stage.app.screen is not screen
        )
        again = stage.app.screen
        assert isinstance(again, CompareScreen)
        await drawn(stage, again, third, other)
        assert [row[0] for row in legend(again)] == ["◆", "×"]
        assert again.viewing.modes() == stage.train.viewing.modes() == ["log x"]


async def test_where_settings_are_cut_it_is_said_which_pane_has_all(make_run: MakeRun) -> None:
    lines = ("digits mlp 64,32 relu lr=.01", "digits mlp 128,64 sigmoid lr=.03 model.dropout=.25")
    one, other = (
        make_run(line, moment=MOMENT + timedelta(seconds=number)).start().prepare().epochs(1).end()
        for number, line in enumerate(lines)
    )
    note = "they differ in more: tab to Differences"
    async with comparing(one, other, size=(80, 24)) as (stage, screen):
        assert note in text(screen, "step")
        await stage.press("tab", "tab")
        await stage.until(lambda: note not in text(screen, "step"))
        assert "model.dropout" in text(screen, "table")
        await stage.press("tab")
        await stage.until(lambda: note in text(screen, "step"))
        await stage.pilot.resize_terminal(160, 40)
        await stage.until(lambda: note not in text(screen, "step"))


async def test_eight_hostile_runs_fit_into_a_small_terminal_without_colour(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    runs = [
        make_run(f"digits seed={number}", name=NASTY, moment=MOMENT + timedelta(seconds=number))
        for number in range(8)
    ]
    for run in runs:
        run.start().prepare().evaluate().steps(30).gradients()
    runs[3].dir.config.write_text("[/x]")
    runs[4].say(StepsEnded, loss=(None,), accuracy=(None,), lr=(0.1,), samples=1, training_seconds=1.0)
    async with comparing(*runs, ascii_only=True) as (stage, screen):
        marks = [row[0] for row in legend(screen)]
        assert marks == list("ox#^@%+&")
        for _ in range(4):
            for plot in screen.query(Plot):
                assert all("\x1b" not in run.text for line in plot._lines for run in line)
            await stage.press("tab", "up")
            await stage.until(lambda: not screen._parts)
        stage.type("Y", "y", "plus", "a", "shift+left", "z", "shift+left", "question_mark")
        await stage.until(lambda: isinstance(stage.app.screen, Help))
        await stage.press("escape")
        assert isinstance(stage.app.screen, CompareScreen)
        palette: Any = stage.app.get_system_commands
        found = {command.title for command in palette(stage.app.screen)}
        assert {"Hide", "X axis", "Quit"} <= found, "the palette has its keys"
        assert "Delete" not in found


async def test_settings_on_several_seeds_have_a_line_each_and_the_chosen_one_its_runs(
    make_run: MakeRun,
) -> None:
    runs = []
    for number, (word, seed) in enumerate(product(("relu", "tanh", "sigmoid"), (1, 2))):
        moment = MOMENT + timedelta(seconds=number)
        run = make_run(f"digits mlp 8 {word} seed={seed}", name=f"{word} {seed}", moment=moment)
        group = {"id": word, "kind": "seeds", "differs": ["seed"]}
        write_json(run.dir.facts, read_json(run.dir.facts) | {"group": group})
        runs.append(run.start().prepare().epochs(1 + number % 2))
    runs = [run.end() for run in runs[:-1]] + runs[-1:]
    async with comparing(*runs, size=(100, 40)) as (stage, screen):
        rows = legend(screen)
        assert [row[:3] for row in rows] == [
            ("●", "relu", "mean of 2 seeds"),
            (" ", "  relu 1", "seed 1"),
            (" ", "  relu 2", "seed 2"),
            ("×", "tanh", "mean of 2 seeds"),
            ("◆", "sigmoid", "mean of 2 seeds"),
        ]
        scores = [float(row[4].removesuffix(" %")) for row in rows]
        assert scores[0] == pytest.approx((scores[1] + scores[2]) / 2, abs=0.011)
        assert rows[0][-1] == "✓ finished"
        assert rows[4][-1].endswith("1/2 finished")
        table = screen.query_one(RunLegend)
        place = screen.query_one("#compare-curves").region
        assert table.cursor == 1
        assert {curve.role for curve in chart(screen, "loss").curves} == {
            f"{part}-{number}" for part in ("run", "band") for number in (1, 2, 3)
        }

        await stage.press("down", "h", "down")
        await stage.until(lambda: not screen._parts)
        rows = legend(screen)
        assert [row[1] for row in rows] == ["relu", "tanh", "  tanh 1", "  tanh 2", "sigmoid"]
        assert rows[0][2] == "mean of 1 of 2 seeds"
        assert table.cursor == 2
        assert screen.query_one("#compare-curves").region == place, "the curves stay where they are"
        assert "tanh 1" in text(screen, "step")

        await stage.pilot.click(table, offset=(8, 5))
        await stage.until(lambda: "sigmoid 1" in text(screen, "step"))

        await stage.pilot.resize_terminal(100, 14)
        await stage.until(lambda: [row[1] for row in legend(screen)] == ["relu", "tanh", "sigmoid"])
        assert table.cursor == 2, "without room for all, a group stays one line"
        assert "sigmoid 1" in text(screen, "step")


async def test_more_runs_than_colours_are_told_apart_and_what_is_left_out_is_said(make_run: MakeRun) -> None:
    number = MOST_RUNS + 3
    runs = [make_run(f"digits seed={n}", moment=MOMENT + timedelta(seconds=n)) for n in range(number)]
    for run in runs:
        run.start().prepare().steps(20).evaluate().gradients()
    async with comparing(*runs) as (stage, screen):
        assert stage.notices() == [f"Of {number} runs the first {MOST_RUNS} are shown."]
        assert screen.query_one(Header).aside == f"{MOST_RUNS} of {number} runs"
        marks = [row[0] for row in legend(screen)]
        assert len(set(marks)) == MOST_RUNS
        table = screen.query_one(RunLegend)
        assert table.size.height < 12, "it leaves room for the curves"
        assert screen.query_one("#compare-loss", OverlayPlot).size.height > 5
        await stage.press("up")
        await stage.until(lambda: table.cursor == MOST_RUNS - 1)
        assert MOST_RUNS - 1 in table.in_sight, "it scrolls"
        for _ in range(3):
            await stage.press("tab")
            await stage.until(lambda: not screen._parts)


async def test_one_run_is_not_compared(make_run: MakeRun) -> None:
    run = make_run().start().prepare()
    async with opened() as stage:
        stage.app.post_message(CompareRequested((run.dir, run.dir)))
        await stage.until(stage.notices)
        assert "two" in stage.notices()[0]
        assert not isinstance(stage.app.screen, CompareScreen)
