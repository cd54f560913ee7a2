import math
from collections.abc import Iterable
from itertools import pairwise
from statistics import pvariance

import pytest

from dlcore.events import (
    AttemptStarted,
    CommandApplied,
    Evaluated,
    Event,
    GradientsMeasured,
    Prepared,
    StepsEnded,
)
from dlcore.history import RunHistory
from tui.drawing.axis import AXES
from tui.drawing.charts import SMOOTHING, View, gradient_chart, loss_chart, score_chart
from tui.drawing.plotting import Chart, Curve, draw

LOSSES = tuple(2.0 * math.exp(-step / 40) + 0.2 + 0.1 * (step % 3) for step in range(300))


def prepared(validation: int = 100) -> Prepared:
    return Prepared(
        device="cpu",
        threads=1,
        layers=(),
        parameters=1,
        training_samples=640,
        validation_samples=validation,
        test_samples=50,
        batch_size=64,
        steps_per_epoch=100,
        total_steps=1000,
        epochs=10,
    )


def steps(losses: Iterable[float | None]) -> StepsEnded:
    figures = tuple(losses)
    shares = tuple(None if loss is None else max(0.0, 1 - loss / 3) for loss in figures)
    rates = (0.01,) * len(figures)
    return StepsEnded(
        step=len(figures), loss=figures, accuracy=shares, lr=rates, samples=64, training_seconds=1.0
    )


def evaluated(step: int, loss: float | None, split: str = "validation") -> Evaluated:
    return Evaluated(
        step=step,
        split=split,  # type: ignore[arg-type]
        epoch=step / 100,
        loss=loss,
        accuracy=0.5,
        samples=100,
        duration=0.1,
    )


def gradients(layers: int, looks: int = 3) -> GradientsMeasured:
    norms: dict[str, tuple[float | None, ...]] = {
        f"fc{layer}": tuple(10.0 ** (layer - layers) for _ in range(looks)) for layer in range(1, layers + 1)
    }
    return GradientsMeasured(
        steps=tuple(10 * look for look in range(1, looks + 1)), norms=norms, every=10, cost=0.01
    )


def history(*events: Event) -> RunHistory:
    """The history of some events, which are numbered here."""
    made = RunHistory()
    for number, event in enumerate(events):
        assert made.apply(event.model_copy(update={"seq": number}))
    return made


def curve(chart: Chart, name: str) -> Curve:
    return next(curve for curve in chart.curves if curve.name == name)


def ys(points: Iterable[tuple[float, float | None]]) -> list[float]:
    return [y for _, y in points if y is not None]


@pytest.mark.parametrize("chart", [loss_chart, score_chart])
def test_train_and_validation_share_fixed_axes(chart: object) -> None:
    made = chart(history(prepared(), steps(LOSSES), evaluated(0, 2.2), evaluated(100, 0.4)), View())  # type: ignore[operator]
    assert made.x_limits == (0.0, 1000.0)
    assert [one.name for one in made.curves] == ["", "train", "validation"]
    assert [one.role for one in made.curves] == ["raw", "train", "validation"]
    assert [x for x, _ in curve(made, "validation").points] == [0, 100]
    assert curve(made, "validation").mark


def test_the_axis_grows_with_a_run_that_said_no_total() -> None:
    assert loss_chart(history(steps(LOSSES)), View()).x_limits == (0.0, 300.0)
    assert loss_chart(RunHistory(), View()).x_limits == (0.0, 1.0)


def test_accuracy_goes_from_nothing_to_all() -> None:
    made = score_chart(history(prepared(), steps(LOSSES)), View(log_y=True))
    assert made.y_limits == (0.0, 1.0)
    assert made.percent
    assert not made.log_y, "the log scale is the loss's"
    assert loss_chart(RunHistory(), View(log_y=True)).log_y


def test_without_a_held_out_split_the_test_split_is_shown_by_its_name() -> None:
    made = loss_chart(history(prepared(0), steps(LOSSES), evaluated(100, 0.4, "test")), View())
    assert made.curves[-1].name == "test"
    assert made.curves[-1].points == ((100, 0.4),)


def test_more_smoothing_is_a_calmer_curve_over_the_same_band() -> None:
    run = history(prepared(), steps(LOSSES))
    bands, roughness = [], []
    for level in range(1, len(SMOOTHING)):
        made = loss_chart(run, View(smoothing=level))
        bands.append(made.curves[0].points)
        line = ys(curve(made, "train").points)
        roughness.append(pvariance([after - before for before, after in pairwise(line)]))
    assert len(set(bands)) == 1
    assert roughness == sorted(roughness, reverse=True)
    assert roughness[0] > 2 * roughness[-1]


def test_without_smoothing_there_is_just_what_was_measured() -> None:
    made = loss_chart(history(prepared(), steps(LOSSES)), View(smoothing=0))
    assert [one.name for one in made.curves] == ["train", "validation"]
    assert max(ys(made.curves[0].points)) == pytest.approx(max(LOSSES))
    assert min(ys(made.curves[0].points)) == pytest.approx(min(LOSSES))


def test_a_peak_of_one_step_is_in_the_band() -> None:
    losses = list(LOSSES * 30)
    losses[4321] = 9.0
    made = loss_chart(history(prepared(), steps(losses)), View(columns=40))
    assert max(ys(made.curves[0].points)) == 9.0
    assert len(curve(made, "train").points) == 80


def test_losses_that_are_not_finite_are_gaps() -> None:
    losses = [1.0, 1.0, None, 1.0, math.nan, 1.0]
    made = loss_chart(history(prepared(), steps(losses), evaluated(6, None)), View())
    for one in made.curves[:2]:
        assert dict(one.points) == {1: 1.0, 2: 1.0, 3: None, 4: 1.0, 5: None, 6: 1.0}
    assert curve(made, "validation").points == ((6, None),)


@pytest.mark.parametrize(
    ("layers", "names"),
    [
        (1, ["fc1"]),
        (2, ["fc1", "fc2"]),
        (5, ["fc1", "fc2", "fc3", "fc4", "fc5"]),
        (9, ["fc1", "fc3", "fc5", "fc7", "fc9"]),
        (40, ["fc1", "fc10", "fc20", "fc30", "fc40"]),
    ],
)
def test_the_first_and_the_last_layer_are_always_drawn(layers: int, names: list[str]) -> None:
    made = gradient_chart(history(prepared(), gradients(layers)), View())
    assert [one.name for one in made.curves] == names
    assert made.log_y
    assert len({one.role for one in made.curves}) == len(names)
    assert len({one.mark for one in made.curves}) == len(names)


def test_many_looks_are_told_by_their_geometric_mean() -> None:
    looks = tuple(range(10, 8010, 10))
    norms: tuple[float | None, ...] = tuple(1e-2 if look % 20 else 1e-4 for look in looks)
    measured = GradientsMeasured(step=8000, steps=looks, norms={"fc1": norms}, every=10, cost=0.0)
    (one,) = gradient_chart(history(prepared(), measured), View(columns=40)).curves
    assert len(one.points) == 40
    assert ys(one.points) == pytest.approx([1e-3] * 40)


def test_norms_of_zero_or_not_finite_are_gaps() -> None:
    measured = GradientsMeasured(step=3, steps=(1, 2, 3), norms={"fc1": (0.0, None, 0.5)}, every=1, cost=0.0)
    (one,) = gradient_chart(history(measured), View()).curves
    assert [y for _, y in one.points] == [None, None, pytest.approx(0.5)]


@pytest.mark.parametrize("chart", [loss_chart, score_chart, gradient_chart])
def test_a_run_that_has_said_nothing_can_be_drawn(chart: object) -> None:
    made = chart(RunHistory(), View())  # type: ignore[operator]
    assert len(draw(made, 40, 9)) == 9


def regression(scores: Iterable[float | None], *evaluations: tuple[int, float | None]) -> RunHistory:
    """The history of a regression with these R² by step and by evaluation."""
    figures = tuple(scores)
    told = StepsEnded(
        step=len(figures),
        loss=(0.5,) * len(figures),
        r2=figures,
        lr=(0.01,) * len(figures),
        samples=64,
        training_seconds=1.0,
    )
    measured = [
        Evaluated(
            step=step,
            split="validation",
            epoch=step / 100,
            loss=0.5,
            r2=r2,
            mae=1.0,
            rmse=2.0,
            samples=100,
            duration=0.1,
        )
        for step, r2 in evaluations
    ]
    return history(prepared().model_copy(update={"task": "regression"}), told, *measured)


@pytest.mark.parametrize(
    ("scores", "evaluations", "lowest"),
    [
        ([0.2, 0.4], [(2, 0.3)], 0.0),
        ([-0.1, 0.4], [(2, 0.3)], -0.25),
        ([0.1, 0.4], [(2, -0.3)], -0.5),
        ([-1234.5, 0.4], [(2, 0.3)], -1.0),
        ([None, 0.4], [(2, None)], 0.0),
        ([], [(0, -0.05)], -0.25),
    ],
)
def test_r2_goes_up_to_one_and_from_zero_or_below(
    scores: list[float | None], evaluations: list[tuple[int, float | None]], lowest: float
) -> None:
    made = score_chart(regression(scores, *evaluations), View(smoothing=0))
    assert made.title == "R²"
    assert made.y_limits == (lowest, 1.0)
    assert not made.percent
    assert ys(curve(made, "train").points) == pytest.approx([score for score in scores if score is not None])
    assert curve(made, "validation").points == tuple(evaluations)
    assert len(draw(made, 40, 9)) == 9


def test_best_weights_that_were_taken_back_are_no_jump_at_the_end() -> None:
    told = [evaluated(100, 0.4), evaluated(200, 0.6), evaluated(200, 0.4).model_copy(update={"weights": 100})]
    run = history(prepared(), steps(LOSSES), *told)
    for chart in (loss_chart, score_chart):
        assert [x for x, _ in curve(chart(run, View()), "validation").points] == [100, 200]
    assert curve(loss_chart(run, View()), "validation").points[-1] == (200, 0.6)


# -- other axes, and parts of them ------------------------------------------------------------------


def test_the_x_axis_may_have_epochs_time_or_samples() -> None:
    run = history(prepared(), steps(LOSSES), evaluated(100, 0.4))
    found = {}
    for axis in AXES:
        made = loss_chart(run, View(axis=axis, cursor=150))
        found[made.x_label] = (made.x_limits[1], curve(made, "validation").points[0][0], made.cursor)
    assert found == {
        "step": (1000, 100, 150),
        "epoch": (10, 1, 1.5),
        "second": (pytest.approx(4.0), pytest.approx(1 / 3), pytest.approx(0.5)),
        "sample": (6400, pytest.approx(64 / 3), pytest.approx(32)),
    }


def test_a_part_of_the_axis_is_drawn_in_more_detail() -> None:
    run = history(prepared(), steps(LOSSES * 3))
    whole = loss_chart(run, View(columns=20, smoothing=0))
    part = loss_chart(run, View(columns=20, smoothing=0, window=(0.25, 0.5)))
    assert part.x_limits == (250, 500)
    there = [x for x, _ in part.curves[0].points]
    assert len(there) > 2 * sum(250 <= x <= 500 for x, _ in whole.curves[0].points)
    assert min(there) < 250 < 500 < max(there), "the curve goes on to the edges"


def test_a_logarithmic_axis_has_detail_at_its_start() -> None:
    losses = LOSSES * 30
    made = loss_chart(history(prepared(), steps(losses)), View(columns=40, smoothing=0, log_x=True))
    assert made.log_x
    assert made.x_limits == (1, 9000)
    xs = [x for x, _ in made.curves[0].points]
    assert xs == sorted(xs)
    assert xs[:3] == [1, 2, 3]
    assert len(set(xs)) <= 2 * 80
    assert max(ys(made.curves[0].points)) == pytest.approx(max(losses))


def test_columns_of_a_long_run_come_once_each_on_a_logarithmic_axis() -> None:
    run = RunHistory()
    run.loss.extend([1.0] * 70_000)
    made = loss_chart(run, View(columns=40, smoothing=0, log_x=True))
    xs = [x for x, _ in made.curves[0].points]
    assert xs == sorted(set(xs))
    assert xs[-1] > 60_000


@pytest.mark.parametrize("log_x", [False, True])
def test_layers_over_a_part_of_the_axis(log_x: bool) -> None:
    looks = tuple(range(10, 4010, 10))
    norms: tuple[float | None, ...] = tuple(1.0 for _ in looks)
    measured = GradientsMeasured(step=4000, steps=looks, norms={"fc1": norms}, every=10, cost=0.0)
    run = history(prepared(), steps([1.0] * 4000), measured)
    (one,) = gradient_chart(run, View(columns=40, log_x=log_x)).curves
    assert 20 <= len(one.points) <= 80
    (part,) = gradient_chart(run, View(columns=40, log_x=log_x, window=(0.75, 1.0))).curves
    assert 20 <= len(part.points) <= 110
    low, high = gradient_chart(run, View(columns=40, log_x=log_x, window=(0.75, 1.0))).x_limits
    assert sum(low <= x <= high for x, _ in part.points) > sum(low <= x <= high for x, _ in one.points) // 2


def test_what_happened_is_marked_on_the_axis() -> None:
    told = AttemptStarted(step=100, attempt=2, resumed=((100, 3),), time="", pid=1, host="box")
    edit = CommandApplied(
        step=50,
        id="1",
        command={"kind": "Set", "key": "optimizer.lr", "value": 0.1},
        text="optimizer.lr 0.01 → 0.1",
    )
    again = prepared().model_copy(update={"attempt": 2, "resumed": ((100, 3),)})
    run = history(prepared(), edit, steps(LOSSES[:100]), told, again)
    for chart in (loss_chart, score_chart, gradient_chart):
        made = chart(run, View(axis="epoch"))
        assert [(one.x, one.kind) for one in made.happened] == [(0.5, "edit"), (1.0, "resume")]


def test_spikes_may_leave_the_axis_unless_all_is_wanted() -> None:
    run = history(prepared(), steps(LOSSES))
    assert loss_chart(run, View()).cuts
    assert not loss_chart(run, View(everything=True)).cuts
    assert not loss_chart(run, View(log_y=True)).cuts
    bad = regression([-1234.5, 0.4], (2, 0.3))
    assert score_chart(bad, View(smoothing=0, everything=True)).y_limits is None
