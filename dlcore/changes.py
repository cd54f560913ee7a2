"""A configuration with some of its keys changed: for advice before a run, and remedies behind it."""

from collections.abc import Mapping
from typing import Any

from dlcore.choices.choice import Choice, by_name, fields_of
from dlcore.choices.dataset import Facts
from dlcore.config import SECTIONS, RunConfig, to_table
from dlcore.crosschecks import cross_check
from dlcore.reading import checked, read_table


def with_changes(config: RunConfig, changes: Mapping[str, Any]) -> RunConfig:
    """Return the configuration with values as in the file, by dotted key; raises ConfigError if refused."""
    return checked(changed_table(config, changes))


def is_sound(config: RunConfig, changes: Mapping[str, Any], facts: Facts | None) -> bool:
    """Whether changes would be taken: a network and a loss that go together with the data."""
    found = read_table(changed_table(config, changes)).config
    return found is not None and not any(cross_check(found.chosen(), facts))


def changed_table(config: RunConfig, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the tables of the file with changes in them, by dotted key."""
    table = to_table(config)
    for key, value in changes.items():
        section, _, name = key.rpartition(".")
        if name == "kind":
            table[section] = {"kind": value, **_shared(section, config, value)}
        else:
            (table[section] if section else table)[name] = value
    return table


def _shared(section: str, config: RunConfig, word: str) -> dict[str, Any]:
    """Return the fields that a new kind takes over: those of the same name and the same default."""
    old = config.section(section)
    family = next(one.family for one in SECTIONS if one.key == section)
    kind: type[Choice] | None = by_name(family, word)
    defaults = {spec.name: spec.default for spec in fields_of(kind)} if kind is not None else {}
    kept = [spec.name for spec in fields_of(type(old)) if defaults.get(spec.name) == spec.default]
    return {name: value for name, value in to_table(config)[section].items() if name in kept}
