import math

import pytest
from rich.cells import cell_len
from textual.app import App, ComposeResult

from tests.tui.fakes import NASTY, VANISHING, count_refreshes
from tui.widgets.gradient_bars import GradientBars, bar, decades

DEEP = {f"fc{number}": norm for number, norm in enumerate(VANISHING.norms, 1)}


class Bench(App[None]):
    def __init__(self, bars: GradientBars) -> None:
        super().__init__()
        self.bars = bars

    def compose(self) -> ComposeResult:
        yield self.bars


def shown(bars: GradientBars) -> list[str]:
    return [bars.render_line(y).text.rstrip() for y in range(bars.size.height)]


def rows(bars: GradientBars) -> list[str]:
    """The lines below the title that say something."""
    return [line.strip() for line in shown(bars)[1:] if line.strip()]


@pytest.mark.parametrize(
    ("norms", "limits"),
    [
        ([0.5, 0.05], (-3, 0)),
        ([1.0], (-2, 1)),
        ([9.9, 0.011], (-2, 1)),
        ([3e-7, 0.4], (-7, 0)),
        ([1e-3, 1e-3], (-5, -2)),
        ([0.0, 0.5], (-3, 0)),
        ([math.nan, 2e5, math.inf], (3, 6)),
        ([], (-2, 1)),
        ([0.0, math.nan], (-2, 1)),
    ],
)
def test_the_scale_has_whole_decades_and_three_at_least(norms: list[float], limits: tuple[int, int]) -> None:
    assert decades(norms) == limits


def test_the_scale_stands_still_while_the_norms_wobble() -> None:
    assert {decades([0.31 * wobble, 2.2e-4 * wobble]) for wobble in (0.6, 0.9, 1.0, 1.7, 3.0)} == {(-4, 0)}


async def test_a_norm_on_the_edge_of_a_decade_leaves_the_scale_alone() -> None:
    bars = GradientBars()
    async with Bench(bars).run_test(size=(50, 12)):
        axes = set()
        recent: list[float] = []
        for step, norm in enumerate((1.1, 0.9, 1.05, 0.95, 0.99)):
            recent.append(norm)
            bars.show({"fc1": norm, "fc2": 0.01}, step, recent)
            axes.add(next(line for line in rows(bars)[::-1] if line.startswith("1e")))
        assert len(axes) == 1


async def test_who_comes_late_sees_the_same_scale() -> None:
    early, late = GradientBars(), GradientBars()
    async with Bench(early).run_test(size=(50, 12)):
        for step, norm in enumerate((30.0, 0.2, 0.1)):
            early.show({"fc1": norm}, step, [30.0, 0.2, 0.1][: step + 1])
        seen = shown(early)
    async with Bench(late).run_test(size=(50, 12)):
        late.show({"fc1": 0.1}, 2, [30.0, 0.2, 0.1])
        assert shown(late) == seen


@pytest.mark.parametrize(
    ("share", "drawn"),
    [(0, ""), (0.5, "████"), (1, "████████"), (0.55, "████▍"), (1 / 64, "▏"), (-3, ""), (7, "████████")],
)
def test_a_bar_is_drawn_to_an_eighth_of_a_cell(share: float, drawn: str) -> None:
    assert bar(share, 8) == drawn


@pytest.mark.parametrize(("share", "drawn"), [(0, ""), (0.5, "===="), (0.58, "====="), (1, "========")])
def test_a_bar_of_plain_characters(share: float, drawn: str) -> None:
    assert bar(share, 8, ascii_only=True) == drawn


async def test_one_line_a_layer_from_input_to_output_and_the_ratio() -> None:
    app = Bench(GradientBars())
    async with app.run_test(size=(48, 16)) as pilot:
        app.bars.show(DEEP, 1440)
        await pilot.pause()
        lines = rows(app.bars)
        assert [line.split()[0] for line in lines[:9]] == list(DEEP)
        lengths = [line.count("█") for line in lines[1:9]]
        assert lengths == sorted(lengths), "from fc2 on the gradients grow"
        assert lines[8].endswith("3.0e-01")
        assert lines[9].split() == ["1e-7", "1e0"]
        assert lines[10].split() == ["first/last", "1.4e-06"]
        assert "1,440" in shown(app.bars)[0]


@pytest.mark.parametrize("layers", [1, 3, 9, 60])
async def test_no_line_is_broken_whatever_the_room(layers: int) -> None:
    app = Bench(GradientBars())
    norms = {f"fc{number}": 10.0 ** (number - layers) for number in range(1, layers + 1)}
    async with app.run_test(size=(80, 24)) as pilot:
        app.bars.show(norms, 12_345_678)
        for width, height in ((120, 40), (31, 20), (31, 9), (20, 6), (10, 3), (2, 1)):
            await pilot.resize_terminal(width, height)
            lines = app.bars.render().plain.split("\n")
            assert lines[0].startswith("gradient norm")
            if width > 30:
                assert max(map(cell_len, lines)) <= app.bars.size.width
                assert len(lines) <= height


async def test_too_many_layers_leave_out_those_in_the_middle() -> None:
    app = Bench(GradientBars())
    async with app.run_test(size=(48, 12)) as pilot:
        app.bars.show({f"fc{number}": 0.5 for number in range(1, 31)}, 1)
        await pilot.pause()
        lines = rows(app.bars)
        names = [line.split()[0] for line in lines[:9]]
        assert names == ["fc1", "fc2", "fc3", "fc4", "⋮", "fc27", "fc28", "fc29", "fc30"]
        assert "22 more" in lines[4]
        assert lines[-1].startswith("first/last")


@pytest.mark.parametrize("ascii_only", [False, True])
async def test_norms_that_are_no_numbers_say_so(ascii_only: bool) -> None:
    app = Bench(GradientBars())
    app.bars.ascii_only = ascii_only
    async with app.run_test(size=(48, 12)) as pilot:
        app.bars.show({"fc1": math.nan, "fc2": 0.0, "fc3": 0.1}, 7)
        await pilot.pause()
        lines = rows(app.bars)
        assert "not finite" in lines[0]
        assert lines[1].split() == ["fc2", "0.0e+00"]
        assert lines[4].split() == ["first/last", "–"]
        assert ("=" in lines[2]) == ascii_only
        app.bars.show({"fc1": math.nan, "fc2": math.nan}, 8)
        await pilot.pause()
        assert [line.split()[0] for line in rows(app.bars)] == ["fc1", "fc2"], "there is no scale for nothing"


async def test_the_name_of_a_layer_is_no_markup() -> None:
    app = Bench(GradientBars())
    async with app.run_test(size=(48, 12)) as pilot:
        app.bars.show({NASTY: 0.5, "[b]fc2": 0.1}, 7)
        await pilot.pause()
        lines = rows(app.bars)
        assert lines[0].startswith("[/x]")
        assert lines[1].startswith("[b]fc2"[:6])
        assert not any("\x1b" in line for line in lines)


async def test_it_draws_only_what_is_new(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Bench(GradientBars())
    async with app.run_test(size=(48, 12)) as pilot:
        app.bars.show(DEEP, 10)
        await pilot.pause()
        refreshed = count_refreshes(monkeypatch)
        app.bars.show(dict(DEEP), 10)
        assert refreshed == []
        app.bars.show({**DEEP, "fc9": 0.2}, 11)
        assert refreshed == [app.bars]
        app.bars.say("not measured")
        app.bars.say("not measured")
        assert refreshed == [app.bars] * 2
        await pilot.pause()
        assert rows(app.bars) == ["not measured"]
