from collections.abc import Callable

import pytest
from textual.app import App, ComposeResult

from tests.tui.fakes import FakeRun, opened, until
from tui.terminal.line_rate import LineRate
from tui.widgets.header import Header, rate_text


class Bench(App[None]):
    def compose(self) -> ComposeResult:
        yield Header("train")

    @property
    def header(self) -> Header:
        return self.query_one(Header)


@pytest.mark.parametrize("rate", [0, 1, 49, 950, 4_200, 49_999, 123_456])
def test_a_rate_always_takes_as_many_cells(rate: int) -> None:
    assert len(rate_text(rate)) == 10


def test_a_rate_is_in_thousands_of_bytes() -> None:
    assert [rate_text(rate).strip() for rate in (0, 4_240, 49_999)] == ["0.0 kB/s", "4.2 kB/s", "50.0 kB/s"]


async def test_run_and_rate_stand_at_the_right() -> None:
    app = Bench()
    async with app.run_test(size=(100, 3)):
        header = app.header
        header.aside = "run-one"
        assert header.render().plain.endswith(" run-one")
        header.rate = rate_text(4_200)
        assert header.render().plain.endswith(" run-one     4.2 kB/s")
        assert header.render().cell_length == header.size.width
        header.aside = "run" * 30
        assert header.render().cell_length == header.size.width
        assert header.render().plain.endswith("…     4.2 kB/s")


@pytest.mark.usefixtures("home", "inspector")
async def test_the_palette_shows_the_rate_and_takes_it_away(make_run: Callable[..., FakeRun]) -> None:
    async with opened(make_run().hold().start().prepare()) as stage:
        commands = {one.title: one for one in stage.app.get_system_commands(stage.app.screen)}
        commands["Line rate"].callback()
        train = stage.train.query_one(Header)
        assert train.rate == rate_text(0)
        await stage.show("setup")
        rate = stage.app._rate
        assert isinstance(rate, LineRate)
        rate.tell()
        setup = stage.setup.query_one(Header)
        await until(lambda: setup.rate == rate_text(0))
        commands["Line rate"].callback()
        assert (train.rate, setup.rate) == ("", "")
