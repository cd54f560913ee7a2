"""The keys of Train that change how its curves are seen, and the read-out at an edit."""

from collections.abc import Callable

import pytest
from textual.widgets import Static

from dlcore.commands import Set
from tests.tui.fakes import FakeRun, Stage, opened
from tui.drawing.plot_frame import GUTTER
from tui.drawing.plotting import Chart
from tui.watching.readout import nearest_edit
from tui.widgets.plot import Plot
from tui.widgets.status_line import StatusLine

MakeRun = Callable[..., FakeRun]

pytestmark = pytest.mark.usefixtures("home", "inspector")


@pytest.fixture
def running(make_run: MakeRun) -> FakeRun:
    run = make_run().hold().start().prepare().evaluate().epochs(2)
    run.apply(Set(key="optimizer.lr", value=0.1), "optimizer.lr 0.01 → 0.1")
    return run.epochs(2).steps(5).gradients()


def chart(stage: Stage, name: str) -> Chart:
    found = stage.train.query_one(f"#{name}", Plot)._chart
    assert found is not None
    return found


async def drawn(stage: Stage, run: FakeRun) -> None:
    def is_drawn() -> bool:
        feed, screen = stage.train.feed, stage.train
        is_read = feed is not None and feed.history.seq == run.seq
        return is_read and not screen._stale and not screen._parts

    await stage.until(is_drawn)


async def test_axes_scales_and_zoom_by_key(running: FakeRun) -> None:
    async with opened(running, size=(120, 40)) as stage:
        await drawn(stage, running)
        seen = []
        for _ in range(4):
            await stage.press("X")
            await drawn(stage, running)
            labels = {chart(stage, name).x_label for name in ("loss", "score", "gradients")}
            assert len(labels) == 1, "all plots have the same axis"
            seen.append(labels.pop())
        assert seen == ["epoch", "second", "sample", "step"]

        await stage.press("Y", "z", "z")
        await drawn(stage, running)
        loss = chart(stage, "loss")
        assert loss.log_x
        low, high = loss.x_limits
        assert 1 < low < running.step <= high <= 210
        assert "log x" in stage.train.query_one(StatusLine).render().plain
        await stage.press("shift+left")
        await drawn(stage, running)
        assert chart(stage, "loss").x_limits[0] < low
        await stage.press("Z", "Z", "Z", "Y", "a")
        await drawn(stage, running)
        assert chart(stage, "loss").x_limits == (0, 210)
        assert not chart(stage, "loss").cuts
        await stage.press("X")

    async with opened(running, size=(120, 40)) as stage:
        await drawn(stage, running)
        assert chart(stage, "loss").x_label == "epoch", "it was remembered"
        assert not chart(stage, "loss").cuts
        plot = stage.train.query_one("#loss", Plot)
        middle = GUTTER + (plot.size.width - GUTTER) // 4
        await stage.pilot.click(plot, offset=(middle, 5))
        await drawn(stage, running)
        step = stage.train.cursor.past(stage.train.feed.history)  # type: ignore[union-attr]
        assert step is not None
        assert abs(step - 210 / 4) <= 10, "a click finds the step of an epoch"
        assert chart(stage, "loss").cursor == pytest.approx(step / 21)


async def test_an_edit_is_marked_and_told_at_the_cursor(running: FakeRun) -> None:
    async with opened(running, size=(120, 40)) as stage:
        await drawn(stage, running)
        assert [(one.x, one.kind) for one in chart(stage, "loss").happened] == [(42, "edit")]
        stage.train.cursor.go_to(41, stage.train.feed.history)  # type: ignore[union-attr]
        stage.train.show_moment()
        await drawn(stage, running)
        line = stage.train.query_one("#train-step", Static).content
        assert "▲ optimizer.lr 0.01 → 0.1 at 42" in str(line)
        assert nearest_edit(stage.train.feed.history, 42) == ("▲ optimizer.lr 0.01 → 0.1", True)  # type: ignore[union-attr]
        assert nearest_edit(stage.train.feed.history, 1) == ("▲ optimizer.lr 0.01 → 0.1 at 42", False)  # type: ignore[union-attr]
