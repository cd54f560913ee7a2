"""How cost grows: the script's turns are real ones, a run is seen as it goes on, and the page tells."""

import pytest

from benchmarks import growth
from benchmarks.curves import picture
from benchmarks.growth import Configuration, configurations, read_costs
from benchmarks.report import Spread
from benchmarks.scripts import step_costs
from benchmarks.tenths import Moment, followed, kilobytes_per_million_steps, step_microseconds, tenths
from dlcore import rundir
from dlcore.errors import DltuiError
from dlcore.oneline import parse

SMALL = "noise samples=100 mlp 8, b=8 val=0 device=cpu seed=0 e=100000"


def moment(step: int, seconds: float, resident: float = 300.0) -> Moment:
    return Moment(
        step=step,
        seconds=seconds,
        processor=seconds / 2,
        resident=resident,
        written=step / 1e6,
        history=100.0,
        blocks=10,
        evaluations=2,
        looks=3,
    )


def whole_run() -> list[Moment]:
    return [moment(100 * part, 0.1 * part) for part in range(11)]


def test_every_configuration_is_a_run() -> None:
    found = configurations()
    assert len({one.key for one in found}) == len(found) == 27
    assert (
        len({parse(one.line).data.model_copy(update={"batch_size": 1}).model_dump_json() for one in found})
        == 1
    )


def test_a_turn_looks_as_often_as_it_is_told_to(
    home: object, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    chosen = [Configuration("eyes", 1, SMALL), Configuration("eyes", 2, SMALL, every_step=True)]
    looks: list[float] = []

    def seen(turn: step_costs.Turn) -> None:
        looks.append(turn.probe.every if turn.pause_at is None else turn.probe._latest / turn.step)

    monkeypatch.setattr(step_costs, "configurations", lambda: chosen)
    monkeypatch.setattr(step_costs.Turn, "conclude", seen)
    step_costs.main(2, 0.2)
    costs = read_costs(capsys.readouterr().out)["eyes"]
    assert [(one.size, one.parameters) for one in costs] == [(1, 610), (2, 610)]
    assert all(0 < one.microseconds.low <= one.microseconds.high for one in costs)
    assert looks[1] == looks[2] == 1  # there and back again: the second and the third turn
    assert min(looks[0], looks[3]) >= 10
    assert not list((rundir.home() / "runs").iterdir())


@pytest.mark.process
def test_a_run_is_seen_while_it_trains(home: object) -> None:
    line = "xor samples=1024 mlp 2, tanh sgd b=4 device=cpu training.threads=1 e=50"
    found, steps = followed(rundir.home(), line)
    assert steps == 50 * 256
    assert 0 < found[0].step <= found[-1].step <= steps
    assert all(one.resident > 50 and one.processor > 0 and one.history > 1 for one in found)
    for name in ("step", "seconds", "processor", "written"):
        values = [getattr(one, name) for one in found]
        assert values == sorted(values)


@pytest.mark.process
def test_a_run_that_failed_is_not_followed_further(home: object) -> None:
    with pytest.raises(DltuiError, match="did not finish: The loss is not finite"):
        followed(rundir.home(), "digits mlp 8 sgd lr=1e30 val=0 device=cpu training.threads=1 e=3")


def test_a_tenth_is_the_last_look_before_its_end() -> None:
    looks = [moment(step, step / 1e4) for step in range(30, 1000, 30)]
    found = tenths(looks, 1000)
    assert [one.step for one in found] == [30, 90, 180, 300, 390, 480, 600, 690, 780, 900, 990]
    with pytest.raises(DltuiError, match="Tenth 1 of 1000 steps"):
        tenths(looks[4:], 1000)


def test_times_and_slope() -> None:
    grown = [moment(100 * part, 0.1 * part, resident=300 + 0.1 * part) for part in range(11)]
    assert step_microseconds(grown) == pytest.approx([1000.0] * 10)
    assert step_microseconds(grown, processor=True) == pytest.approx([500.0] * 10)
    assert kilobytes_per_million_steps(grown) == pytest.approx(1e6)


def test_the_page_has_a_table_and_a_chart_for_everything() -> None:
    lines = [
        f"turn {one.key} {100 * one.size + number} {one.size}"
        for one in configurations()
        for number in (0, 3)
    ]
    costs = read_costs("\n".join(lines))
    assert costs["width"][0].microseconds == Spread(1601.5, 1600, 1603)
    page = growth.page(costs, whole_run(), 2)
    assert [(one.wanted, one.met) for one in page.targets] == [("≤ 5 MB", True), ("≤ 1.1 ×", True)]
    assert page.body.count("```text") == 8
    assert "| 2,048 | 204,802 (204,800 – 204,803) | 2.00 × | 2,048 |" in page.body


def test_growth_is_told() -> None:
    grown = [moment(100 * part, 0.1 * part**2, resident=300.0 + part) for part in range(11)]
    assert [one.met for one in growth._targets(grown)] == [False, False]


def test_a_picture_has_its_labels_below_their_points() -> None:
    found = picture(
        "cost", [(1, 1), (10, 10), (100, 100)], {1: "one", 10: "ten", 100: "hundred"}
    ).splitlines()
    assert found[:2] == ["```text", "cost"]
    base, labels = found[-3:-1]
    ticks = [column for column, sign in enumerate(base) if sign == "┬"]
    points = [line.index("●") for line in reversed(found) if "●" in line]
    assert len(ticks) == 3
    assert points == ticks
    assert labels.split() == ["one", "ten", "hundred"]


def test_labels_without_room_are_left_out() -> None:
    points = [(float(x), 1.0) for x in range(1, 60)]
    found = picture("flat", points, {x: f"{x:.0f}" for x, _ in points}, logarithmic=False)
    labels = found.splitlines()[-2].split()
    assert labels[0] == "1"
    assert all(label.isdigit() for label in labels)
    assert len(labels) < 30
