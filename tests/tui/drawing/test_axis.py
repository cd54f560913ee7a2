"""Steps as places on the x axis, and back."""

import math
from typing import Any

import pytest

from dlcore.events import AttemptEnded, AttemptStarted, EpochEnded, StepsEnded
from dlcore.history import RunHistory
from tests.tui.histories import history, prepared
from tui.drawing.axis import AXES, Axis, Ruler, part, rulers, share, whole
from tui.drawing.charts import step_limits


def told(step: int, number: int, seconds: float) -> StepsEnded:
    """So many steps of 64 samples that end at `step`."""
    return StepsEnded(
        step=step, loss=(1.0,) * number, lr=(0.1,) * number, samples=64 * step, training_seconds=seconds
    )


def run(seconds: float = 30.0) -> RunHistory:
    """Two and a half epochs; the second took twice as many steps."""
    return history(
        prepared(1000).model_copy(update={"training_samples": 6400}),
        told(100, 100, seconds / 3),
        EpochEnded(step=100, epoch=1, loss=1.0, duration=1.0),
        told(300, 200, seconds),
        EpochEnded(step=300, epoch=2, loss=1.0, duration=1.0),
        told(350, 50, seconds),
    )


@pytest.mark.parametrize(
    ("axis", "places"),
    [
        ("step", [0, 50, 100, 200, 300, 350]),
        ("epoch", [0, 0.5, 1, 1.5, 2, 2.5]),
        ("time", [0, 5, 10, 20, 30, 30]),
        ("sample", [0, 3200, 6400, 12800, 19200, 22400]),
    ],
)
def test_each_axis_has_a_place_for_each_step(axis: Axis, places: list[float]) -> None:
    ruler = Ruler(run(), axis)
    assert [ruler.place(step) for step in (0, 50, 100, 200, 300, 350)] == pytest.approx(places)
    for step in (0, 17, 50, 250, 300):
        assert ruler.step(ruler.place(step)) == pytest.approx(step)


def test_axes_end_at_what_is_known_or_at_a_round_number_above_what_is_expected() -> None:
    live = run()
    assert Ruler(live, "step").end == 1000
    assert Ruler(live, "epoch").end == 10
    assert Ruler(live, "time").end == 100, "30 s for 350 of 1,000 steps make 86 s"
    assert Ruler(live, "sample").end == 64_000


@pytest.mark.parametrize("reason", ["finished", "stopped", "failed"])
def test_axes_of_a_run_that_has_ended_end_with_its_figures_until_it_is_resumed(reason: Any) -> None:
    ended = run()
    planned = ended.prepared
    assert planned is not None
    ended.apply(AttemptEnded(seq=99, step=350, reason=reason))
    assert [Ruler(ended, axis).end for axis in AXES] == pytest.approx([350, 2.5, 30, 22_400])
    assert step_limits(ended) == (0, 350)
    later: dict[str, Any] = {"attempt": 2, "resumed": ((350, 100),)}
    ended.apply(AttemptStarted(seq=100, step=350, time="", pid=1, host="box", **later))
    ended.apply(planned.model_copy(update={"seq": 101, **later}))
    assert [Ruler(ended, axis).end for axis in AXES if axis != "time"] == [1000, 10, 64_000]
    assert step_limits(ended) == (0, 1000)


def test_a_run_that_ended_before_its_first_step_has_axes() -> None:
    ended = history(prepared(1000), AttemptEnded(step=0, reason="failed"))
    assert [Ruler(ended, axis).end for axis in AXES] == [1, 1, 1, 1]


@pytest.mark.parametrize("axis", AXES)
def test_a_run_that_has_said_nothing_has_an_axis(axis: Axis) -> None:
    made, _ = rulers([RunHistory()], axis)
    low, high = whole(made, log=False)
    assert low == 0
    assert math.isfinite(high)
    assert high > 0
    low, high = whole(made, log=True)
    assert 0 < low < high
    assert made[0].place(0) == 0
    assert math.isfinite(made[0].step(high))


@pytest.mark.parametrize(
    ("seconds", "label", "end"), [(30.0, "second", 30.0), (1800.0, "minute", 30.0), (9000.0, "hour", 2.5)]
)
def test_time_has_a_unit_that_all_runs_share(seconds: float, label: str, end: float) -> None:
    long, short = run(seconds), run(10.0)
    for one in (long, short):
        one.apply(AttemptEnded(seq=99, step=350, reason="finished"))
    made, said = rulers([short, long], "time")
    assert said == label
    assert whole(made, log=False) == pytest.approx((0, end))
    assert made[0].place(300) == pytest.approx(10.0 * end / seconds)


def test_a_logarithmic_axis_begins_at_the_first_step() -> None:
    made, _ = rulers([run()], "step")
    assert whole(made, log=True) == (1, 1000)
    made, _ = rulers([run()], "epoch")
    assert whole(made, log=True) == pytest.approx((0.01, 10))


def test_a_part_of_an_axis_is_that_of_its_drawn_length() -> None:
    assert part((0.0, 100.0), (0.25, 0.75), log=False) == (25, 75)
    assert part((1.0, 10_000.0), (0.25, 0.75), log=True) == pytest.approx((10, 1000))
    assert part((1.0, 10_000.0), (0.0, 1.0), log=True) == (1, 10_000)
    assert share(25, (0, 100), log=False) == 0.25
    assert share(10, (1, 10_000), log=True) == pytest.approx(0.25)
    assert share(0, (1, 10_000), log=True) == 0
    assert share(1e9, (0, 100), log=False) == 1
    assert share(3, (5, 5), log=False) == 0
