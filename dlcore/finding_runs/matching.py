"""Whether runs are as a filter wants them: a filter becomes one function, asked of thousands of rows.

A run that says nothing to a key does not match any comparison with it, neither `=` nor `!=`: what is unknown
is not known to differ. So `not lr>0.1` finds runs without a learning rate, and `lr<=0.1` does not. A word
that is compared with a number differs from it.
"""

import operator
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, assert_never

from dlcore.finding_runs.keys import Key
from dlcore.finding_runs.language import All, Comparison, Either, Filter, Not, Word
from dlcore.finding_runs.literals import day, number, seconds, truth
from dlcore.finding_runs.lookup import key_named
from dlcore.oneline import print_value
from dlcore.runs import RunRow

Matches = Callable[[RunRow, datetime], bool]
"""Whether a run matches; the time is now."""
_Test = Callable[[Any], bool]
"""Whether what a run says to a key, which is not None, is as wanted."""
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_WORDS = ("=", "!=", "~")
"""Ways to compare what has no order."""


def matcher(node: Filter) -> Matches:
    """Return the function that says whether a run matches a filter."""
    match node:
        case Word(text):
            return _word(text)
        case Comparison():
            return _comparison(node)
        case Not(part):
            inner = matcher(part)
            return lambda row, now: not inner(row, now)
        case All(parts):
            return _of_several(parts, until=False)
        case Either(parts):
            return _of_several(parts, until=True)
        case _:
            assert_never(node)


def _of_several(parts: Iterable[Filter], *, until: bool) -> Matches:
    """Return whether one part holds (`until` is True), or whether all do (False)."""
    each = tuple(map(matcher, parts))

    def matches(row: RunRow, now: datetime) -> bool:
        for one in each:  # a plain loop takes half the time of any() and all()
            if one(row, now) is until:
                return until
        return not until

    return matches


def _word(text: str) -> Matches:
    wanted = text.casefold()

    def matches(row: RunRow, now: datetime) -> bool:
        data = str(row.settings.get("data") or "")
        known = "\n".join((row.name, row.run.id, row.state, row.network, data, *row.label.tags))
        return wanted in known.casefold()

    return matches


def _comparison(node: Comparison) -> Matches:
    key = key_named(node.key)
    assert key is not None, "the parser lets no other through"
    get, test = key.get, _test(key, node.operator, node.value)

    def matches(row: RunRow, now: datetime) -> bool:
        value = get(row, now)
        return value is not None and test(value)

    return matches


def _test(key: Key, sign: str, value: str) -> _Test:
    match key.kind:
        case "text":
            return _of_text(sign, value.casefold())
        case "setting":
            return _of_setting(sign, value)
        case "moment":
            return _of_moment(sign, value)
        case "time" | "age":
            wanted = seconds(value)
        case "share" | "number":
            wanted = number(value)
        case _:
            assert_never(key.kind)
    compare = _COMPARE[sign]
    return lambda found: compare(found, wanted)


def _of_text(sign: str, wanted: str) -> _Test:
    """Compare words, whatever their case; of several tags one must be as wanted, and none for !=."""

    def is_so(found: str) -> bool:
        return wanted in found.casefold() if sign == "~" else wanted == found.casefold()

    def test(found: str | tuple[str, ...]) -> bool:
        some = any(map(is_so, found)) if isinstance(found, tuple) else is_so(found)
        return some != (sign == "!=")

    return test


def _of_setting(sign: str, value: str) -> _Test:
    """Compare a value of the configuration as what it is: a number, yes or no, or a word."""
    wanted, amount, yes = value.casefold(), number(value), truth(value)
    of_text, compare = _of_text(sign, wanted), _COMPARE.get(sign)

    def test(found: Any) -> bool:
        if isinstance(found, str):
            return of_text(found) if sign in _WORDS else False
        if compare is None:
            return wanted in print_value(found)
        if isinstance(found, bool):
            return (found == yes) == (sign == "=") if sign in _WORDS else False
        return compare(found, amount) if amount is not None else sign == "!="

    return test


def _of_moment(sign: str, value: str) -> _Test:
    """Compare with a day, month or year as a whole: later is behind its end."""
    span = day(value)
    assert span is not None, "the parser lets no other through"
    start, end = span
    tests: dict[str, _Test] = {
        "=": lambda found: start <= found < end,
        "!=": lambda found: not start <= found < end,
        "<": lambda found: found < start,
        "<=": lambda found: found < end,
        ">": lambda found: found >= end,
        ">=": lambda found: found >= start,
    }
    return tests[sign]
