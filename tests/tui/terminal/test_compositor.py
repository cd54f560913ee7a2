import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from textual._compositor import Compositor
from textual.app import App
from textual.geometry import Region
from textual.widget import Widget

from tests.tui.fakes import FakeRun, Stage, opened
from tui.screens.dialogs import Answer, Pick
from tui.terminal.compositor import FrugalCompositor
from tui.widgets.field_row import FieldRow
from tui.widgets.status_line import StatusLine

pytestmark = pytest.mark.usefixtures("home", "inspector")


@pytest.fixture
def running(make_run: Callable[..., FakeRun]) -> FakeRun:
    return make_run().hold().start().prepare().evaluate().epochs(2).steps(5).gradients()


def sent(compositor: Compositor, app: App[Any], regions: set[Region]) -> str:
    """What a terminal gets of some regions."""
    compositor._dirty_regions = set(regions)
    update = compositor.render_partial_update()
    return update.render_segments(app.console) if update is not None else ""


@contextmanager
def as_textual_does(compositor: FrugalCompositor) -> Iterator[Compositor]:
    compositor.__class__ = Compositor  # type: ignore[assignment]
    yield compositor
    compositor.__class__ = FrugalCompositor


async def rendered(stage: Stage, patch: pytest.MonkeyPatch, changed: list[Widget]) -> set[Widget]:
    """The widgets without children that are rendered when some have changed."""
    seen: set[Widget] = set()
    render = Widget.render_lines

    def counted(widget: Widget, crop: Region) -> object:
        seen.add(widget)
        return render(widget, crop)

    with patch.context() as during:
        during.setattr(Widget, "render_lines", counted)
        sent(stage.app.screen._compositor, stage.app, {one.region for one in changed})
    return {one for one in seen if not one.children}


@pytest.mark.parametrize("mode", ["setup", "train", "inside"])
async def test_the_terminal_gets_what_textual_would_send(running: FakeRun, mode: str) -> None:
    chance = random.Random(7)
    async with opened(running, size=(120, 40)) as stage:
        await stage.show(mode)  # type: ignore[arg-type]
        compositor = stage.app.screen._compositor
        assert isinstance(compositor, FrugalCompositor)
        for _ in range(60):
            regions = set()
            for _ in range(chance.randint(1, 4)):
                x, y = chance.randrange(-5, 119), chance.randrange(-5, 39)
                region = Region(x, y, chance.randint(1, 60), chance.randint(1, 9))
                regions.add(region.intersection(Region(0, 0, 120, 40)))
            regions.discard(Region(0, 0, 0, 0))
            frugal = sent(compositor, stage.app, regions)
            with as_textual_does(compositor) as plain:
                assert frugal == sent(plain, stage.app, regions)


async def test_behind_a_dialog_the_terminal_gets_the_same_too(running: FakeRun) -> None:
    async with opened(running, size=(120, 40)) as stage:
        stage.app.push_screen(Pick("Which?", [Answer("this", "this"), Answer("that", "that")], "this"))
        await stage.until(lambda: isinstance(stage.app.screen, Pick))
        compositor = stage.train._compositor
        assert isinstance(compositor, FrugalCompositor)
        regions = {stage.train.query_one(StatusLine).region, Region(40, 10, 30, 12)}
        frugal = sent(compositor, stage.app, regions)
        with as_textual_does(compositor) as plain:
            assert frugal == sent(plain, stage.app, regions) != ""


async def test_two_fields_that_change_are_rendered_and_no_others(
    running: FakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(running, size=(80, 24)) as stage:
        await stage.show("setup")
        rows = [row for row in stage.setup.query(FieldRow) if row.region and row.visible][2:4]
        found = await rendered(stage, monkeypatch, list(rows))
        assert {one for one in found if isinstance(one, FieldRow)} == set(rows)


async def test_two_lines_far_apart_are_rendered_without_what_lies_between(
    running: FakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(running, size=(120, 40)) as stage:
        ends = [stage.train.query_one(StatusLine), stage.train.query_one("#train-message")]
        found = await rendered(stage, monkeypatch, ends)
        assert found == set(ends)
