from collections.abc import Callable
from typing import get_args

import pytest
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.content import Content

from dlcore import figures
from dlcore.events import DataFetched
from dlcore.history import RunHistory, State
from dlcore.summary import read_history
from tests.tui.fakes import NASTY, FakeRun, count_refreshes
from tui.widgets.status_line import StatusLine, essential_parts, packed, parts, sign

MakeRun = Callable[..., FakeRun]
STATES = get_args(State)


class Bench(App[None]):
    def compose(self) -> ComposeResult:
        yield StatusLine()

    @property
    def line(self) -> StatusLine:
        return self.query_one(StatusLine)


def test_every_state_has_a_mark_of_its_own_kind() -> None:
    marks = {state: sign(state) for state in STATES}
    assert all(cell_len(mark) == 1 for mark, _ in marks.values())
    assert len({style for _, style in marks.values()}) > 3
    assert marks["finished"][0] != marks["failed"][0] != marks["running"][0] != marks["paused"][0]


def test_a_run_that_goes_on_says_how_long_still(make_run: MakeRun) -> None:
    history = read_history(make_run().start().prepare().epochs(2).steps(21).dir)
    assert parts(history, "running") == [
        "epoch 3.0/10",
        "step 63/210",
        "lr 0.01",
        "0 s left",
        "71k samples/s",
    ]
    assert parts(history, "paused") == parts(history, "running")
    assert parts(history, "finished")[3] == "took 2 s"


def test_before_the_first_step_there_are_no_figures(make_run: MakeRun) -> None:
    assert parts(RunHistory(), "starting") == ["preparing data and network …"]
    assert parts(RunHistory(), "crashed") == []
    history = read_history(make_run().start().prepare().dir)
    assert parts(history, "running") == ["epoch 0.0/10", "step 0/210", "", "– left", ""]


def test_a_download_says_how_far_it_is(make_run: MakeRun) -> None:
    run = make_run().start()
    run.say(DataFetched, file=f"train {NASTY}", bytes=5_000_000, total=10_000_000)
    text, file = parts(read_history(run.dir), "starting")
    assert "5.0 MB of 10.0 MB" in text
    assert cell_len(text) < 62, "it is seen at 80 columns, with the state before it"
    assert "\x1b" not in file
    run.say(DataFetched, file="x", bytes=5_000_000, total=0)
    text, _ = parts(read_history(run.dir), "starting")
    assert text.endswith("5.0 MB")


async def test_parts_that_do_not_fit_are_left_out(make_run: MakeRun) -> None:
    history = read_history(make_run().start().prepare().epochs(2).dir)
    epoch, step, *rest = parts(history, "running")
    full = ["▶ running", epoch, step, "log y", *rest]
    app = Bench()
    async with app.run_test(size=(80, 3)) as pilot:
        for width in (120, 80, 60, 40, 20, 8, 1):
            await pilot.resize_terminal(width, 3)
            app.line.show(history, "running", "log y")
            shown = app.line.render().plain.split("   ")
            assert shown == [part for part in full if part in shown], "each is whole, or not there"
            assert cell_len(app.line.render().plain) <= app.line.size.width or shown == full[:1]
            assert (shown == full) == (width == 120)


async def test_the_same_again_draws_nothing(make_run: MakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    run = make_run().start().prepare().epochs(2)
    app = Bench()
    async with app.run_test(size=(80, 3)) as pilot:
        app.line.show(read_history(run.dir), "running")
        await pilot.pause()
        refreshed = count_refreshes(monkeypatch)
        app.line.show(read_history(run.dir), "running")
        assert refreshed == []
        app.line.show(read_history(run.dir), "paused")
        assert refreshed == [app.line]


async def test_a_run_that_is_still_being_read_says_so_first(make_run: MakeRun) -> None:
    history = read_history(make_run().start().prepare().epochs(2).dir)
    app = Bench()
    async with app.run_test(size=(44, 5)):
        app.line.show(history, "running", reading="reading 45 %")
        assert app.line.render().plain == "▶ running   reading 45 %   epoch 2.0/10"
        app.line.show(history, "running")
        assert "reading" not in app.line.render().plain


def test_where_there_is_room_for_little_the_loss_comes_right_after_the_step(make_run: MakeRun) -> None:
    history = read_history(make_run().start().prepare().epochs(2).dir)
    step, loss, epoch, _ = essential_parts(history, "running")
    assert (step, epoch) == ("step 42", "epoch 2.0/10")
    assert loss == f"loss {figures.loss(history.loss.last())}"
    assert essential_parts(RunHistory(), "starting") == parts(RunHistory(), "starting")


def test_parts_fill_lines_and_stay_whole() -> None:
    said = [Content(part) for part in ("▶ running", "step 42", "loss 0.1", "a part that is too long", "end")]

    def lines(width: int, height: int) -> list[str]:
        return [line.plain for line in packed(said, width, height)]

    assert lines(20, 1) == ["▶ running   step 42"]
    assert lines(20, 2) == ["▶ running   step 42", "loss 0.1   end"]
    assert lines(12, 9) == ["▶ running", "step 42", "loss 0.1", "end"]
    assert lines(1, 1) == ["▶ running"]
    assert packed([], 20, 5) == []
