"""Whether a comparison makes sense, before any run is asked: a sentence where it does not."""

from dlcore.finding_runs.keys import Key
from dlcore.finding_runs.literals import day, has_unit, number, seconds, truth
from dlcore.finding_runs.lookup import fields_named

_ORDER = ("<", "<=", ">", ">=")


def check(key: Key, operator: str, value: str) -> str:
    """Return what is wrong with a comparison, as a clause; '' where nothing is."""
    if key.kind == "setting":
        return _check_setting(key, operator, value)
    if key.kind == "text":
        return f"{key.name} is text: compare it with =, != or ~" if operator in _ORDER else ""
    if operator == "~":
        return f"{key.name} is a figure: compare it with =, !=, <, <=, > or >="
    return _check_figure(key, value)


def _check_figure(key: Key, value: str) -> str:
    """Return what is wrong with the value that a figure is compared with."""
    if key.kind == "moment":
        return "" if day(value) else f"{value!r} is no day, as in {key.name}>2026-01-31 or {key.name}>2026-01"
    if key.kind in ("time", "age"):
        if seconds(value) is None:
            return f"{value!r} is no time, as in {key.name}<90s, 5m, 2h30m or 3d"
        return f"{value} needs a unit: s, m, h, d or w" if key.kind == "age" and not has_unit(value) else ""
    found = number(value)
    if found is None:
        hint = "; the kind of loss is loss.kind" if key.name == "loss" else ""
        return f"{value!r} is no number{hint}"
    if key.kind == "share" and found > 1:
        return f"{key.name} is a share: write {value}% or a number up to 1"
    return ""


def _check_setting(key: Key, operator: str, value: str) -> str:
    """Return what is wrong with a comparison of a key of the configuration, as its fields are declared."""
    fields = fields_named(key)
    if not fields:  # a kind, or a key of the user's own
        return f"{key.name} is a word: compare it with =, != or ~" if _is_kind(key, operator) else ""
    controls = {spec.control for spec in fields}
    if key.is_numeric and operator != "~" and number(value) is None:
        return f"{key.name} is a number, and {value!r} is none"
    if operator in _ORDER and not controls & {"number", "count"}:
        return f"{key.name} is no number: compare it with =, != or ~"
    if controls == {"flag"} and truth(value) is None:
        return f"{key.name} is true or false, and {value!r} is neither"
    return ""


def _is_kind(key: Key, operator: str) -> bool:
    return operator in _ORDER and ("." not in key.name or key.name.endswith(".kind"))
