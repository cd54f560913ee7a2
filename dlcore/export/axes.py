"""Round numbers for the axes of plots, whether they are drawn in text or as pictures."""

import math

FLAT = 1e-3
"""A range below this share of the values, or of 100 %, is shown as a flat line."""
_LEAST = 1e-300
"""A smaller range is none: there are too few numbers left to divide it."""
LOG_RATIO = 100.0
"""From this ratio of the largest to the smallest figure on, a linear axis would show only the largest."""


def is_log(low: float, high: float) -> bool:
    """Whether figures from `low` to `high` are better seen on a logarithmic axis."""
    return low > 0 and high > LOG_RATIO * low


def linear(low: float, high: float, *, percent: bool, most: int) -> list[tuple[float, str]]:
    """Return about `most` round values with their labels; the first and the last enclose low … high.

    With `percent` the figures are shares. A range that is nearly nothing is widened, so that it has an axis.
    """
    size = 1.0 if percent else max(abs(low), abs(high))
    if high - low <= max(FLAT * size, _LEAST):
        reach = 0.1 * size if size > 10 * _LEAST else 0.1
        is_share = percent and low >= 0 and high <= 1  # not what a damaged log may say
        low, high = low - reach, high + reach
        if is_share:
            low, high = max(low, 0.0), min(high, 1.0)
    step = round_step((high - low) / most)
    values = multiples(math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9), step)
    return [(value, _label(value, step, percent)) for value in values]


def decades(low: float, high: float, most: int) -> list[tuple[float, str]]:
    """Return powers of ten, with their labels, of which the first and the last enclose low … high."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    stride = max(1, math.ceil((last - first) / most))
    last = first + max(1, math.ceil((last - first) / stride)) * stride
    return [(10.0**exponent, power(exponent)) for exponent in range(first, last + 1, stride)]


def within(first: float, last: float, most: int) -> list[tuple[float, str]]:
    """Return about `most` round values between `first` and `last` with their labels, as along an x axis."""
    step = round_step((last - first) / most)
    values = multiples(math.ceil(first / step - 1e-9), math.floor(last / step + 1e-9), step)
    return [(value, f"{value:,.{decimals(step)}f}") for value in values]


def power(exponent: int) -> str:
    """Return a power of ten as it is written at an axis."""
    return f"{10.0**exponent:g}" if -3 <= exponent <= 4 else f"1e{exponent}"


def multiples(first: int, last: int, step: float) -> list[float]:
    """Return the multiples of a step from number `first` to number `last`."""
    return [index * step for index in range(first, last + 1)]


def decimals(step: float) -> int:
    """Return how many decimals multiples of a round step need."""
    return max(0, -math.floor(math.log10(step) + 1e-9))


def round_step(least: float) -> float:
    """Return the smallest of 1, 2, 5 and their products with powers of ten that is at least so large."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(power * mantissa for mantissa in (1, 2, 5, 10) if power * mantissa >= least * (1 - 1e-9))


def _label(value: float, step: float, percent: bool) -> str:
    if percent:
        return f"{100 * value:.{decimals(100 * step)}f} %"
    if value == 0 or 1e-4 <= abs(value) < 1e6:
        return f"{value:.{min(decimals(step), 7)}f}"
    mantissa, _, exponent = f"{value:.4e}".partition("e")
    return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"
