"""What a few repeats can say, against scipy's figures."""

import math
from fractions import Fraction

import pytest

from dlcore.comparison.significance import band, flip_test, sign_test, t_quantile

stats = pytest.importorskip("scipy.stats")

FIGURES = [0.961, 0.974, 0.969, 0.958, 0.972]


@pytest.mark.parametrize("freedom", [*range(1, 12), 29, 100])
@pytest.mark.parametrize("confidence", [0.5, 0.95, 0.999])
def test_students_quantiles(freedom: int, confidence: float) -> None:
    wanted = stats.t.ppf((1 + confidence) / 2, freedom)
    assert t_quantile(freedom, confidence) == pytest.approx(wanted, rel=1e-9)


@pytest.mark.parametrize("number", [2, 3, 5])
def test_the_interval_of_a_mean(number: int) -> None:
    found = band(FIGURES[:number])
    mean = sum(FIGURES[:number]) / number
    low, high = stats.t.interval(0.95, number - 1, loc=mean, scale=stats.sem(FIGURES[:number]))
    assert (found.mean - found.reach, found.mean + found.reach) == pytest.approx((low, high))
    assert (found.low, found.high) == (min(FIGURES[:number]), max(FIGURES[:number]))


def test_one_figure_has_no_interval() -> None:
    assert band([0.5]).reach == math.inf


@pytest.mark.parametrize(("wins", "losses"), [(3, 0), (5, 0), (2, 1), (0, 4), (7, 2), (3, 3)])
def test_the_sign_test(wins: int, losses: int) -> None:
    wanted = stats.binomtest(wins, wins + losses).pvalue
    assert float(sign_test(wins, losses)) == pytest.approx(wanted)


def test_three_of_three_is_what_chance_does_in_one_of_four() -> None:
    assert sign_test(3, 0) == flip_test([0.1, 0.2, 0.3]) == Fraction(1, 4)
    assert sign_test(0, 0) == flip_test([0.0, 0.0]) == 1


@pytest.mark.parametrize(
    "differences",
    [[0.3, 0.1, -0.05], [0.02, 0.01, 0.03, 0.02, 0.01], [1.0, -1.0], [0.1, 0.1, -0.1, 0.3, 0.0, 0.2]],
)
def test_the_permutation_test(differences: list[float]) -> None:
    zeros = [0.0] * len(differences)
    wanted = stats.permutation_test(
        (differences, zeros),
        lambda one, other: sum(one) - sum(other),
        permutation_type="samples",
        vectorized=False,
    )
    assert float(flip_test(differences)) == pytest.approx(wanted.pvalue)


def test_of_very_many_pairs_only_who_won_counts() -> None:
    assert flip_test([0.1] * 20) == sign_test(20, 0) == Fraction(1, 2**19)
