"""The pane of histograms: the right frame, the right layer, and a sentence where there is none."""

import random
from array import array
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from textual.app import App, ComposeResult

from dlcore import frames
from dlcore.events import FrameSaved
from dlcore.files.arrays import Array
from dlcore.frames import Album, path_of, save
from tests.tui.fakes import FakeInspector, FakeRun, count_refreshes, until
from tui.feed import RunFeed
from tui.widgets.panes.histograms import Histograms, evenly, read_back
from tui.widgets.panes.pane import Moment

LAYERS = ("fc1", "[/x]\x1b[2J")
LONG = "long " * 100


def arrays(step: int, layers: tuple[str, ...] = LAYERS) -> dict[str, Array]:
    """What a trainer might have kept: weights that widen, gradients that shrink."""
    chance = random.Random(step)
    decades = [0.0, *(10 ** (place / 4) for place in range(-48, 17))]
    found: dict[str, Array] = {}
    for number, layer in enumerate(layers, 1):
        width = number * (1 + step / 100)
        edges = [width * (place / 32 - 1) for place in range(65)]
        bell = [max(0, 200 - 6 * abs(place - 32) + chance.randrange(9)) for place in range(64)]
        low = [0] * 66
        middle = 34 - step // 10
        for place in range(-8, 9):
            low[middle + place] = 100 - 10 * abs(place)
        for what, bounds, counts in (
            ("gradients", decades, [40, *low[1:65]]),
            ("weights", edges, bell),
            ("activations", edges, bell[::-1]),
        ):
            if what == "gradients" and not step:
                continue
            found[f"{what}.edges/{layer}"] = Array.row(array("f", bounds))
            found[f"{what}.counts/{layer}"] = Array.row(array("I", counts))
            found[f"{what}.figures/{layer}"] = Array.row(array("f", (0.125 * number, 0.5)))
    return found


def keep(run: FakeRun, *steps: int) -> FakeRun:
    """Train up to these steps, save a frame at each, and say so."""
    for step in steps:
        if step > run.step:
            run.steps(step - run.step)
        file, size = save(run.dir, step, arrays(step), {})
        run.say(FrameSaved, file=file, bytes=size)
    return run


def moment(run: FakeRun, step: int | None = None) -> Moment:
    feed = RunFeed(run.dir)
    feed.read(5.0)
    assert feed.config is not None
    at = feed.history.step if step is None else step
    return Moment(run.dir, feed.config, feed.history, at, step is None)


class Bench(App[None]):
    def __init__(self, pane: Histograms) -> None:
        super().__init__()
        self.pane = pane

    def compose(self) -> ComposeResult:
        yield self.pane


def pane_of(*, ascii_only: bool = False) -> Histograms:
    inspector: Any = FakeInspector()
    return Histograms(inspector, ascii_only=ascii_only)


def shown(pane: Histograms) -> list[str]:
    return [pane.render_line(y).text.rstrip() for y in range(pane.size.height)]


def is_shown(pane: Histograms, text: str) -> bool:
    return text in shown(pane)[0]


@pytest.fixture
def run(make_run: Callable[..., FakeRun]) -> FakeRun:
    return keep(make_run("digits mlp 8,").start().prepare(), 0, 10, 20, 40, 80).steps(20)


async def test_the_frame_before_the_cursor_is_shown_layer_by_layer(
    run: FakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    load = frames.load

    def counted(path: Path, wanted: Callable[[str], bool]) -> frames.Frame:
        read.append(path.stem)
        return load(path, wanted)

    monkeypatch.setattr(frames, "load", counted)
    pane = pane_of()
    async with Bench(pane).run_test(size=(80, 20)) as pilot:
        pane.look(moment(run, 79))
        await until(lambda: "step 40" in shown(pane)[0])
        lines = shown(pane)
        assert "fc1" in lines[0]
        assert "layer 1/2" in lines[0]
        assert "frame of step 40, the last before" in lines[0]
        heads = [line.split()[0] for line in lines if line.strip() and "mean" in line]
        assert heads == ["gradients", "weights", "activations"]
        assert any("zero" in line for line in lines)
        assert any("1e-" in line and "1e" in line.split()[-1] for line in lines)
        assert "█" in "".join(lines)
        assert all(cell_len(line) <= 80 for line in lines)
        assert sorted(read, key=int) == ["0", "10", "20", "40", "80"]

        refreshed = count_refreshes(monkeypatch)
        pane.look(moment(run, 70))  # the same frame, seen from elsewhere
        await pilot.pause()
        assert pane not in refreshed
        pane.look(moment(run, 40))
        await until(lambda: "the last before" not in shown(pane)[0])

        first = shown(pane)
        assert pane.move(0, 1)
        await pilot.pause()
        assert "[/x]\\x1b[2J" in shown(pane)[0]
        assert "0.25" in "".join(shown(pane))  # the mean of the second layer
        assert pane.move(0, 1)
        assert pane.move(0, -1)
        await pilot.pause()
        assert shown(pane) == first

        pane.look(moment(run, 5))
        await until(lambda: "step 0" in shown(pane)[0])
        assert any("none before the first step" in line for line in shown(pane))
        pane.look(moment(run))
        await until(lambda: "step 80" in shown(pane)[0])
        assert len(read) == 5  # each file once


async def test_the_axes_stand_still_while_the_cursor_moves(run: FakeRun) -> None:
    pane = pane_of()
    async with Bench(pane).run_test(size=(80, 20)):
        axes = set()
        for step in (10, 20, 40, 80):
            pane.look(moment(run, step))
            await until(partial(is_shown, pane, f"step {step}"))
            lines = shown(pane)
            axes.add(tuple(line for line in lines if line.strip()[:1] in ("-", "1") and "mean" not in line))
        assert len(axes) == 1


@pytest.mark.parametrize("ascii_only", [False, True])
async def test_where_there_is_room_the_whole_run_stands_beside_it(run: FakeRun, ascii_only: bool) -> None:
    pane = pane_of(ascii_only=ascii_only)
    async with Bench(pane).run_test(size=(120, 34)) as pilot:
        pane.look(moment(run, 40))
        await until(lambda: "step 40" in shown(pane)[0])
        lines = shown(pane)
        marked = [line for line in lines if "40> " in line]
        assert len(marked) == 3  # gradients, weights, activations
        assert sum("80  " in line for line in lines) == 3
        assert sum(line.rstrip().endswith("the run, frame by frame") for line in lines) == 3
        assert all(cell_len(line) <= 120 for line in lines)
        assert set("".join(lines)).isdisjoint("▁▂▃▄▅▆▇█") == ascii_only
        for height in (3, 5, 8, 11, 16):
            await pilot.resize_terminal(120, height)
            assert "step 40" in shown(pane)[0]


async def test_without_a_frame_it_says_why(make_run: Callable[..., FakeRun]) -> None:
    pane = pane_of()
    async with Bench(pane).run_test(size=(80, 20)):
        for line, said in (
            ("digits training.frames_mb=0", "training.frames_mb is 0"),
            ("digits training.probe_budget=0", "training.probe_budget is 0"),
            ("digits", "Frames come with the first steps"),
        ):
            pane.look(moment(make_run(line).start().prepare().steps(5)))
            await until(partial(is_shown, pane, said))
            assert not pane.move(0, 1)
        late = keep(make_run("digits").start().prepare(), 30).steps(20)
        pane.look(moment(late, 20))
        await until(lambda: "no frame up to this step" in shown(pane)[0])
        path_of(late.dir, 30).write_bytes(b"damaged")
        pane.look(moment(late, 30))
        await until(lambda: "cannot be used: it is cut short" in " ".join(shown(pane)))


async def test_a_name_longer_than_the_pane_is_cut(make_run: Callable[..., FakeRun]) -> None:
    run = make_run("digits").start().prepare().steps(5)
    file, size = save(run.dir, 5, arrays(5, (LONG,)), {})
    run.say(FrameSaved, file=file, bytes=size)
    pane = pane_of()
    async with Bench(pane).run_test(size=(60, 16)):
        pane.look(moment(run))
        await until(partial(is_shown, pane, "long long"))
        assert shown(pane)[1].split()[0] == "gradients"  # on the line behind it


def test_a_frame_that_is_gone_or_damaged_is_passed_over(run: FakeRun) -> None:
    path_of(run.dir, 40).unlink()
    path_of(run.dir, 20).write_bytes(b"damaged")
    seen = read_back(Album(9), run.dir, (0, 10, 20, 40), (0, 10, 20, 40, 80))
    assert seen.frame is not None
    assert seen.frame.step == 10
    assert [one.step for one in seen.frames] == [0, 10, 80]
    assert read_back(Album(9), run.dir, (20,), (20,)).problem.endswith("The frames beside it can.")
    assert read_back(Album(9), run.dir, (), (0,)).frame is None


def test_some_steps_are_picked_evenly_and_the_wanted_one_is_among_them() -> None:
    steps = list(range(0, 1000, 10))
    assert evenly(steps, 200, 30) == steps
    assert evenly(steps, 1, 30) == [30]
    picked = evenly(steps, 5, 510)
    assert (picked[0], picked[-1], len(picked)) == (0, 990, 5)
    assert 510 in picked
    assert evenly(steps, 2, 510)[1:] in ([510], [990])
    assert evenly([], 3, 0) == []
