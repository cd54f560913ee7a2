import math
from collections.abc import Sequence

import pytest

from dlcore.history import RunHistory
from tests.tui.histories import history, looks, prepared, steps
from tui.drawing.plot_frame import GUTTER, column_of, x_of
from tui.drawing.plotting import Chart, Curve, draw
from tui.widgets.panes import timeline
from tui.widgets.panes.timeline import Timeline, grouped


def run(done: int, at: range, **norms: float) -> RunHistory:
    """A run of 1,000 steps with the same norms at each look."""
    return history(
        prepared(), steps(done), looks(at, {layer: [one] * len(at) for layer, one in norms.items()})
    )


def columns(run: RunHistory, width: int = 50) -> list[tuple[float, ...] | None]:
    return Timeline().columns(run, run.gradients, width)


def test_a_column_has_the_typical_figure_of_its_looks() -> None:
    norms = {"fc1": [1e-4, 1e-2] * 50, "fc2": [1.0] * 100}
    found = columns(history(prepared(), steps(1000), looks(range(10, 1001, 10), norms)), 10)
    middle = found[5]
    assert middle is not None
    assert middle[0] == pytest.approx(1e-3, rel=0.5)
    assert middle[1] == 1.0


def test_it_reaches_from_the_first_look_to_the_present_step() -> None:
    found = columns(run(500, range(100, 401, 10), fc1=0.1))
    known = [index for index, column in enumerate(found) if column is not None]
    assert known == list(range(known[0], known[-1] + 1))
    assert (known[0], known[-1]) == (5, 25)
    assert columns(run(1000, range(1, 1000, 333), fc1=0.1))[-1] == pytest.approx((0.1,)), (
        "a rare look goes on"
    )
    assert Timeline().columns(RunHistory(), RunHistory().gradients, 20) == [None] * 20
    assert Timeline().columns(RunHistory(), RunHistory().gradients, 3) == [None] * 3


def test_its_columns_are_those_of_a_plot() -> None:
    drawn = draw(Chart("", (Curve("", ((400.0, 0.0), (400.0, 1.0))),), (0.0, 1000.0)), GUTTER + 50, 8)
    row = "".join(text for text, _ in drawn[2])
    place = next(index for index, letter in enumerate(row) if index >= GUTTER and not letter.isspace())
    assert place == column_of(400, (0.0, 1000.0), GUTTER + 50)
    assert x_of(place, (0.0, 1000.0), GUTTER + 50) == pytest.approx(400, abs=20)
    assert x_of(GUTTER - 1, (0.0, 1000.0), GUTTER + 50) is None
    assert x_of(GUTTER + 50, (0.0, 1000.0), GUTTER + 50) is None
    ends = [x_of(column, (0.0, 1000.0), GUTTER + 50) for column in (GUTTER, GUTTER + 49)]
    assert ends == [0, 1000]
    first = next(index for index, one in enumerate(columns(run(400, range(400, 401), fc1=1.0))) if one)
    assert GUTTER + first == place


def test_what_is_past_is_computed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    computed: list[int] = []

    def counted(figures: Sequence[float]) -> float:
        computed.append(len(figures))
        return figures[-1]

    monkeypatch.setattr(timeline, "typical", counted)
    kept = Timeline()
    growing = run(500, range(10, 501, 10), fc1=0.1)
    kept.columns(growing, growing.gradients, 50)
    assert sum(computed) == 50
    computed.clear()
    kept.columns(growing, growing.gradients, 50)
    assert computed == []
    growing.apply(looks((510, 520), {"fc1": (0.1, 0.1)}).model_copy(update={"seq": 99}))
    kept.columns(growing, growing.gradients, 50)
    assert 0 < sum(computed) <= 3
    computed.clear()
    kept.columns(growing, growing.gradients, 40)
    assert sum(computed) == 52, "another width is another picture"


def test_a_long_run_whose_looks_are_thinned_looks_alike() -> None:
    at = range(1, 20_001)
    long = history(
        prepared(20_000), steps(20_000), looks(at, {"fc1": [1e-3] * 20_000, "fc2": [1.0] * 20_000})
    )
    assert len(long.gradients.steps) < 5000
    found = columns(long)
    assert all(column == pytest.approx((1e-3, 1.0)) for column in found)


def test_what_is_no_number_stays_none() -> None:
    norms: dict[str, list[float | None]] = {"fc1": [0.0] * 10, "fc2": [None] * 10}
    found = columns(history(prepared(100), steps(100), looks(range(10, 101, 10), norms)), 20)
    assert found[-1] is not None
    assert found[-1][0] == 0
    assert math.isnan(found[-1][1])


@pytest.mark.parametrize(("layers", "rows"), [(3, 10), (10, 10), (20, 14), (100, 7), (1, 1), (5, 0)])
def test_every_layer_has_its_row_in_order(layers: int, rows: int) -> None:
    groups = grouped(layers, rows)
    assert [layer for group in groups for layer in group] == list(range(layers))
    assert len(groups) == max(1, min(layers, rows))
    assert max(map(len, groups)) - min(map(len, groups)) <= 1
