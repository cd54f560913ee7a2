"""One step down or up from a value: what the arrow keys do in a form."""

import math
from collections.abc import Sequence

from dlcore.oneline import print_value
from dlcore.reading import parse_value
from tui.draft import Row

_STEPS = (1.0, 2.0, 5.0)
_SMALLEST = 0.0001


def nudged(row: Row, text: str, direction: int) -> str:
    """Return the next smaller (−1) or larger (1) sensible value; the same where there is none."""
    if row.control == "flag":
        return "false" if text == "true" else "true"
    if row.control in ("choice", "option"):
        words = row.options
        index = words.index(text) if text in words else 0
        return words[(index + direction) % len(words)]
    if row.control == "words":
        return _words(row, text, direction)
    if row.spec is not None and row.spec.ladder:
        return _rung(row.spec.ladder, text, direction)
    if row.control == "count":
        return _count(row, text, direction)
    if row.control == "number":
        return _number(row, text, direction)
    if row.key == "optimizer.lr_per_layer":
        return _rates(text, direction)
    return text


def _words(row: Row, text: str, direction: int) -> str:
    """Go through each word alone, and through none of them where that is the default."""
    choices = ("[]", *row.options) if row.spec is not None and not row.spec.default else row.options
    typed = text.strip(" ,") or "[]"
    index = choices.index(typed) if typed in choices else 0
    return choices[(index + direction) % len(choices)]


def _rung(ladder: Sequence[float], text: str, direction: int) -> str:
    """Return the next value of a field's own ladder; the same at its ends."""
    try:
        value = float(text)
    except ValueError:
        return text
    beyond = [rung for rung in ladder if (rung - value) * direction > 0]
    return f"{min(beyond, key=lambda rung: abs(rung - value)):.10g}" if beyond else text


def _lowest(row: Row) -> float:
    return row.spec.lowest or 0.0 if row.spec is not None else 0.0


def _count(row: Row, text: str, direction: int) -> str:
    """Double or halve; below the smallest number comes the word that is allowed, if there is one."""
    if text in row.options:
        return "1" if direction > 0 else text
    try:
        value = int(text)
    except ValueError:
        return text
    if direction > 0:
        return str(2 * value) if value else "1"
    if value > max(_lowest(row), 1):
        return str(value // 2)
    return row.options[0] if row.options else str(int(_lowest(row)))


def _number(row: Row, text: str, direction: int) -> str:
    """Go by 0.05 through a share, and through 1, 2, 5, 10 … for anything else."""
    try:
        value = float(text)
    except ValueError:
        return text
    highest = row.spec.highest if row.spec is not None else None
    if highest is not None and highest <= 1:
        return f"{min(max(round(value + 0.05 * direction, 10), 0.0), 0.95):g}"
    if value <= 0:
        return f"{_SMALLEST:g}" if direction > 0 else text
    if value <= _SMALLEST and direction < 0 and _allows_zero(row):
        return "0"
    return f"{neighbour(value, direction):g}"


def _rates(text: str, direction: int) -> str:
    """Step each rate of a table, as `{fc1 = 0.02, fc2 = 0.001}`; the same where it has none."""
    table = parse_value(text)
    if not isinstance(table, dict) or not all(_is_rate(rate) for rate in table.values()):
        return text
    return print_value({name: neighbour(rate, direction) for name, rate in table.items()})


def _is_rate(value: object) -> bool:
    """Whether a value is a number above zero, and no truth value."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < math.inf


def _allows_zero(row: Row) -> bool:
    return row.spec is not None and row.spec.default == 0


def neighbour(value: float, direction: int) -> float:
    """Return the next number of the series … 0.1, 0.2, 0.5, 1, 2, 5 … below or above a positive value."""
    decade = 10.0 ** math.floor(math.log10(value))
    series = [step * scale for scale in (decade / 10, decade, decade * 10) for step in _STEPS]
    if direction > 0:
        return min(step for step in series if step > value * 1.0001)
    return max(step for step in series if step < value * 0.9999)
