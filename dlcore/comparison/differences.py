"""In what configurations differ: only the keys that do, with the value that each of them has."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dlcore.choices.choice import fields_of
from dlcore.config import SECTIONS, RunConfig, by_key, to_value
from dlcore.oneline import print_setting

ABSENT = "–"
"""What stands for a value that a kind does not have."""
_SILENT = ("name",)
"""Keys that make no difference to what is trained."""
_VAGUE = ("auto", "none", "full")
"""Words that say nothing without their key."""


@dataclass(frozen=True)
class Difference:
    """One key that is not the same everywhere."""

    key: str
    """Dotted, as in the file."""
    values: tuple[Any, ...]
    """Of each configuration, as in the file, as it is by now; None where its kind has no such key."""
    texts: tuple[str, ...]
    """The same as a person would type it; where it was changed live, from what to what."""

    @property
    def is_number(self) -> bool:
        """Whether all values that there are, are numbers."""
        known = [value for value in self.values if value is not None]
        return all(isinstance(value, int | float) and not isinstance(value, bool) for value in known)


def differences(
    configs: Sequence[RunConfig | None], edits: Sequence[Mapping[str, Any]] = ()
) -> tuple[Difference, ...]:
    """Return the keys that differ, in the order of the file but the seed last.

    `edits` are what was changed live, by key. A key that only some kinds have is left out where it has its
    default: the kind says as much. A configuration that cannot be read, None, makes no difference.
    """
    changed = list(edits) or [{} for _ in configs]
    before = [by_key(config) if config is not None else {} for config in configs]
    now = [_edited(table, edit) for table, edit in zip(before, changed, strict=True)]
    # What follows from other keys is no difference of its own: in the short form both say `auto`.
    short = [by_key(config.folded()) if config is not None else {} for config in configs]
    short = [_edited(table, edit) for table, edit in zip(short, changed, strict=True)]
    defaults = [_defaults(config) for config in configs]
    known = [index for index, config in enumerate(configs) if config is not None]
    found = []
    for key in _keys(now):
        values = [short[index].get(key) for index in known]
        if _differ(values, [defaults[index].get(key) for index in known]):
            texts = (_text(key, old, new) for old, new in zip(before, now, strict=True))
            found.append(Difference(key, tuple(table.get(key) for table in now), tuple(texts)))
    return tuple(found)


def _edited(table: Mapping[str, Any], edit: Mapping[str, Any]) -> dict[str, Any]:
    """Return a configuration with what was changed in it; another kind of schedule takes the fields along."""
    if not table:
        return {}
    if "schedule.kind" in edit:
        table = {key: value for key, value in table.items() if not key.startswith("schedule.")}
    return {**table, **edit}


def _keys(tables: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return all keys in their order; that of the longest table holds within a section."""
    longest_first = sorted(tables, key=len, reverse=True)
    keys = dict.fromkeys(key for table in longest_first for key in table if key not in _SILENT)
    return sorted(keys, key=_place)


def said(found: Sequence[Difference], index: int) -> str:
    """Return in a few words what is special about one of the configurations, as in `adam · lr 0.001`."""
    parts = []
    for one in found:
        section, _, name = one.key.rpartition(".")
        text = one.texts[index]
        if text == ABSENT:
            continue
        is_word = name == "kind" or (isinstance(one.values[index], str) and text not in _VAGUE)
        parts.append(text if is_word else f"{name or section} {text}")
    return " · ".join(parts)


_TABLES = tuple(section.key for section in SECTIONS if section.key)


def _defaults(config: RunConfig | None) -> dict[str, Any]:
    """Return the defaults of what is chosen, by dotted key."""
    if config is None:
        return {}
    return {
        section.path(spec.name): to_value(spec.default)
        for section in SECTIONS
        for spec in fields_of(type(config.section(section.key)))
    }


def _place(key: str) -> tuple[int, int]:
    """Return where a key stands: sections as in the file, each with its kind first; the seed comes last."""
    section, _, name = key.rpartition(".")
    sections = [*_TABLES, ""]
    return sections.index(section) if section in sections else len(sections), name != "kind"


def _differ(values: list[Any], defaults: list[Any]) -> bool:
    """Whether values differ; of those that are missing somewhere, the others must not be their defaults."""
    there = [value for value in values if value is not None]
    if len(there) < len(values):
        return any(
            value is not None and value != default for value, default in zip(values, defaults, strict=True)
        )
    return any(value != values[0] for value in values)


def _text(key: str, before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    if key not in now:
        return ABSENT
    shown = print_setting("", now[key])[1:]
    if key not in before or before[key] == now[key]:
        return shown
    return f"{print_setting('', before[key])[1:]} → {shown}"
