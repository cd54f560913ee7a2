"""Round numbers for axes: limits, ticks and their labels, on linear and logarithmic scales."""

import math
from typing import NamedTuple

Limits = tuple[float, float]

LABEL_WIDTH = 6
"""Cells of the longest label."""
UNITS = ((9, "G"), (6, "M"), (3, "k"))


class Tick(NamedTuple):
    """A place on an axis and its label."""

    value: float
    label: str


def round_ticks(low: float, high: float, most: int, *, percent: bool = False) -> list[Tick]:
    """Return the multiples of 1, 2 or 5 times a power of ten between two limits, as many as `most` allows."""
    mantissa, exponent = _step(low, high, most)
    numbers = [multiple * mantissa for multiple in _multiples(low, high, mantissa, exponent)]
    labels = _labels(numbers, exponent + 2, "%") if percent else _labels(numbers, exponent)
    return [Tick(_scaled(number, exponent), label) for number, label in zip(numbers, labels, strict=True)]


def decade_ticks(low: float, high: float, most: int) -> list[Tick]:
    """Return whole decades between two limits; the limits and the values are exponents of ten."""
    first, last = math.ceil(low - 1e-6), math.floor(high + 1e-6)
    every = max(1, -(-(last - first + 1) // most))
    exponents = [exponent for exponent in range(first, last + 1) if exponent % every == 0]
    plain = all(-2 <= exponent <= 3 for exponent in exponents)
    return [Tick(exponent, f"{10.0**exponent:g}" if plain else f"1e{exponent}") for exponent in exponents]


def log_ticks(low: float, high: float, most: int) -> list[Tick]:
    """Return ticks between two exponents of ten: whole decades, or round numbers where there are too few.

    Their values are exponents, and their labels the numbers themselves, as in 100 and 10k.
    """
    decades = list(range(math.ceil(low - 1e-6), math.floor(high + 1e-6) + 1))
    if len(decades) > 1 or high > 300 or low < -300:
        every = max(1, -(-len(decades) // most))
        return [Tick(one, _labels([1], one)[0]) for one in decades if one % every == 0]
    found = round_ticks(10.0**low, 10.0**high, most)
    return [Tick(math.log10(tick.value), tick.label) for tick in found if tick.value > 0]


def round_limits(low: float, high: float) -> Limits:
    """Widen limits to round numbers, and to zero unless that would make a flat line of the data.

    A range below a thousandth of the values counts as flat, since six characters could not label it.
    """
    if high - low <= 1e-3 * max(abs(low), abs(high)) or 0 <= low <= 0.9 * high:
        low, high = min(low, 0.0), max(high, 0.0)
    if high - low < 1e-280:
        return 0.0, 1.0
    mantissa, exponent = _step(low, high, 12)
    step = _scaled(mantissa, exponent)
    first, last = math.floor(low / step + 1e-6), math.ceil(high / step - 1e-6)
    return _scaled(first * mantissa, exponent), _scaled(last * mantissa, exponent)


def round_decades(low: float, high: float) -> Limits:
    """Widen limits, given as exponents of ten, to quarters of a decade and to two whole decades at least."""
    low, high = math.floor(4 * low) / 4, math.ceil(4 * high) / 4
    if math.floor(high) <= math.ceil(low):
        low, high = math.floor(low), math.ceil(high)
    return float(low), float(max(high, low + 1))


def _step(low: float, high: float, most: int) -> tuple[int, int]:
    """Return the smallest step, 1, 2 or 5 and a power of ten, with at most so many multiples in between."""
    exponent = math.floor(math.log10((high - low) / most)) - 1
    while True:
        for mantissa in (1, 2, 5):
            if len(_multiples(low, high, mantissa, exponent)) <= most:
                return mantissa, exponent
        exponent += 1


def _multiples(low: float, high: float, mantissa: int, exponent: int) -> range:
    step = _scaled(mantissa, exponent)
    return range(math.ceil(low / step - 1e-6), math.floor(high / step + 1e-6) + 1)


def _scaled(number: int, exponent: int) -> float:
    return number * 10.0**exponent if exponent >= 0 else number / 10.0**-exponent


def _labels(numbers: list[int], exponent: int, suffix: str = "") -> list[str]:
    """Write numbers times a power of ten alike: with the same decimals, k or M, or the same exponent.

    What is too long for the gutter is left out.
    """
    size, unit = next((unit for unit in UNITS if exponent >= unit[0]), (0, ""))
    if exponent < 0:
        texts = [f"{_scaled(number, exponent):.{-exponent}f}{suffix}" for number in numbers]
    else:
        texts = [f"{number * 10 ** (exponent - size)}{unit if number else ''}{suffix}" for number in numbers]
    if all(len(text) <= LABEL_WIDTH for text in texts):
        return texts
    texts = [f"{number}e{exponent}{suffix}" if number else f"0{suffix}" for number in numbers]
    return [text if len(text) <= LABEL_WIDTH else "" for text in texts]
