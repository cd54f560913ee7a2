"""What a few repeats can say, and no more: a mean with its interval, and exact tests on pairs.

Everything is computed from first principles, without numpy: there are few figures, and an app asks for them.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from statistics import fmean, stdev

_CONFIDENCE = 0.95
_MOST_FLIPPED = 16
"""Of more pairs not all signs are tried: 2¹⁶ sums are quickly added up."""


@dataclass(frozen=True, slots=True)
class Band:
    """What several figures have in common."""

    number: int
    low: float
    high: float
    mean: float
    reach: float
    """Half of the 95 % t-interval of the mean; infinite for a single figure."""


def band(figures: Sequence[float]) -> Band:
    """Return range, mean and interval of one figure or more.

    The interval is mean ± t · s / √n with Student's t of n − 1 degrees of freedom: it takes the figures for
    independent draws from a normal distribution.
    """
    number = len(figures)
    reach = math.inf
    if number > 1:
        reach = t_quantile(number - 1) * stdev(figures) / math.sqrt(number)
    return Band(number, min(figures), max(figures), fmean(figures), reach)


def t_quantile(freedom: int, confidence: float = _CONFIDENCE) -> float:
    """Return the t with P(|T| ≤ t) = `confidence`, of Student's distribution with that freedom."""
    low, high = 0.0, 1.0
    while _within(high, freedom) < confidence:
        high *= 2
    for _ in range(100):
        middle = (low + high) / 2
        if _within(middle, freedom) < confidence:
            low = middle
        else:
            high = middle
    return high


def _within(t: float, freedom: int) -> float:
    """Return P(|T| ≤ t) by the finite series of Abramowitz and Stegun, 26.7.3 and 26.7.4."""
    angle = math.atan(t / math.sqrt(freedom))
    square = math.cos(angle) ** 2
    term = total = math.cos(angle) if freedom % 2 else 1.0
    if freedom == 1:
        total = 0.0
    for number in range(3 if freedom % 2 else 2, freedom - 1, 2):
        term *= square * (number - 1) / number
        total += term
    if freedom % 2:
        return 2 / math.pi * (angle + math.sin(angle) * total)
    return math.sin(angle) * total


def sign_test(wins: int, losses: int) -> Fraction:
    """Return how often fair coins fall as unevenly as wins to losses, either way; ties are left out."""
    tosses = wins + losses
    if not tosses:
        return Fraction(1)
    tail = sum(math.comb(tosses, number) for number in range(max(wins, losses), tosses + 1))
    return min(Fraction(1), Fraction(2 * tail, 2**tosses))


def flip_test(differences: Sequence[float]) -> Fraction:
    """Return how often the mean of paired differences is as far from 0, when each has its sign by chance.

    Exact: all 2ⁿ signs are tried (Fisher's permutation test on pairs). Of more than 16 pairs only who won
    counts, as in `sign_test`.
    """
    if len(differences) > _MOST_FLIPPED:
        return sign_test(sum(one > 0 for one in differences), sum(one < 0 for one in differences))
    sizes = [abs(one) for one in differences]
    found = abs(math.fsum(differences))
    edge = found - 1e-9 * math.fsum(sizes)  # sums of the same figures differ in their last digits
    as_far = sum(
        abs(math.fsum(sign * size for sign, size in zip(signs, sizes, strict=True))) >= edge
        for signs in product((1, -1), repeat=len(sizes))
    )
    return Fraction(as_far, 2 ** len(sizes))
