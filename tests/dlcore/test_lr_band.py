import math
import random
from itertools import pairwise

import pytest

from dlcore.choices.optimizers import OPTIMIZERS, Adam, Momentum, Sgd
from dlcore.lr_band import STEPS, Band, Course, place_of, rates_of, smoothed, suggested, traced

RATES = rates_of(Momentum())


def sweep(begins: float, turns: float, seed: int = 0, noise: float = 0.1) -> list[float]:
    """Losses that fall from 2.3 around the rate `begins`, and grow beyond `turns`, with noise."""
    chance = random.Random(seed)
    fallen = [2.3 - 2.0 / (1 + (begins / rate) ** 2) + (rate / turns) ** 4 for rate in RATES]
    return [loss * math.exp(chance.gauss(0, noise)) for loss in fallen]


@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_a_sweep_holds_all_usual_rates_of_its_optimizer(kind: type[Sgd]) -> None:
    rates = rates_of(kind())
    assert len(rates) == STEPS
    assert rates[0] < kind.usual[0] < kind.usual[1] < rates[-1]
    factors = [after / before for before, after in pairwise(rates)]
    assert factors == pytest.approx([factors[0]] * (STEPS - 1))


def test_a_summed_loss_takes_lower_rates_where_steps_follow_its_size() -> None:
    assert rates_of(Sgd(), 640)[0] == pytest.approx(rates_of(Sgd())[0] / 640)
    assert rates_of(Adam(), 640) == rates_of(Adam())
    assert len(rates_of(Adam(), steps=66)) == 66


def test_the_first_value_of_a_smoothed_course_is_its_own_and_a_constant_stays() -> None:
    assert smoothed([5.0])[0] == pytest.approx(5.0)
    assert smoothed([2.0] * 50) == pytest.approx([2.0] * 50)


def test_a_mean_stands_at_the_rate_that_it_tells_of() -> None:
    trace = traced(RATES, [math.log(rate) for rate in RATES])
    assert [rate for rate, _ in trace] == list(RATES[: len(trace)])
    for rate, loss in trace[80:]:
        assert loss == pytest.approx(math.log(rate), abs=0.01), "a steady rise is where it was"


def test_a_sweep_ends_where_its_loss_is_no_number_or_far_above_its_best_and_its_start() -> None:
    course = Course()
    assert all(course.goes_on(loss) for loss in [2.3, 2.0, 1.0, 0.5, 0.1, 2.0])
    assert not course.goes_on(1e6)
    assert not course.goes_on(math.nan)
    assert not course.goes_on(math.inf)
    assert len(course.losses) == 7, "what is no number is not kept"


def test_the_band_lies_between_where_the_loss_falls_and_where_it_turns() -> None:
    found = suggested(RATES, [sweep(0.003, 0.4, seed) for seed in range(3)])
    band = found.band
    assert band is not None
    assert 0.0005 < band.low < 0.003
    assert 0.2 < band.turn < 0.6
    assert band.middle == pytest.approx(math.sqrt(band.low * band.turn))
    assert band.high == pytest.approx(math.sqrt(band.middle * band.turn))
    assert found.said.startswith("The loss falls from 2.")


def test_one_odd_sweep_of_three_decides_nothing() -> None:
    usual = [sweep(0.003, 0.4, 1), sweep(0.003, 0.4, 2)]
    expected = suggested(RATES, [*usual, sweep(0.003, 0.4, 3)]).band
    assert expected is not None
    for odd in ([2.3] * STEPS, sweep(0.003, 0.01, 3), sweep(0.3, 5.0, 3)):
        band = suggested(RATES, [*usual, odd]).band
        assert band is not None
        assert 1 / 2 < band.middle / expected.middle < 2


@pytest.mark.parametrize(
    ("sweeps", "said"),
    [
        ([[2.3] * STEPS] * 3, "does not fall"),
        ([[2.3], [], [2.3]], "no number"),
        ([], "no number"),
        ([[2.3 * 1.02**step for step in range(40)]] * 3, "does not fall"),
    ],
)
def test_without_a_fall_there_is_no_band_and_a_reason(sweeps: list[list[float]], said: str) -> None:
    found = suggested(RATES, sweeps)
    assert found.band is None
    assert said in found.said


def test_a_loss_that_never_turns_is_said_to() -> None:
    found = suggested(RATES, [sweep(0.003, 1e9, seed) for seed in range(3)])
    assert found.band is not None
    assert "has not turned" in found.said


def test_a_place_is_said_for_every_rate() -> None:
    band = Band(0.01, 0.03, 0.1, 1.0)
    words = [place_of(rate, band).partition(":")[0] for rate in (1e-5, 0.005, 0.03, 0.2, 5.0)]
    assert words == [
        "far below the band",
        "below the band",
        "in the band",
        "above the band",
        "beyond where the loss turned",
    ]
