"""A configuration with some of its keys changed: for advice, remedies, branches and twins."""

from collections.abc import Iterable, Mapping
from typing import Any

from dlcore.choices.choice import Choice, by_name, fields_of
from dlcore.choices.dataset import Facts
from dlcore.config import SECTIONS, RunConfig, by_key, to_table, to_value
from dlcore.crosschecks import cross_check
from dlcore.oneline import print_value
from dlcore.reading import checked, read_table, with_settings


def with_changes(config: RunConfig, changes: Mapping[str, Any]) -> RunConfig:
    """Return the configuration with values as in the file, by dotted key; raises ConfigError if refused."""
    return checked(changed_table(config, changes))


def with_typed(config: RunConfig, settings: Iterable[str]) -> RunConfig:
    """Return the configuration with `key=value` settings over it, as they are typed.

    Another kind, as in `optimizer=adam`, takes over what it shares with the one before. Raises DltuiError.
    """
    kinds: dict[str, str] = {}
    rest: list[str] = []
    for setting in settings:
        key, equals, text = setting.partition("=")
        names = {section.path("kind") for section in SECTIONS if section.has_kinds}
        kind = next((name for name in (key.strip(), f"{key.strip()}.kind") if name in names), "")
        if kind and equals:
            kinds[kind] = text.strip()
        else:
            rest.append(setting)
    return checked(with_settings(changed_table(config, kinds), rest), "what was set")


def differences(before: RunConfig, after: RunConfig) -> dict[str, tuple[Any, Any]]:
    """Return the dotted keys in which two configurations differ, in the order of the form, with both values.

    Values are as in the file; None stands for a key that one of them does not have.
    """
    old, new = by_key(before), by_key(after)
    return {key: (old.get(key), new.get(key)) for key in {**old, **new} if old.get(key) != new.get(key)}


def told(before: RunConfig, after: RunConfig) -> list[str]:
    """Return in words what is otherwise, as in `optimizer.lr 0.01 → 0.05`.

    Of another kind its own fields go without saying, where they are those that it comes with.
    """
    found = differences(before, after)
    new_kinds = {key.removesuffix(".kind") for key in found if key.endswith(".kind")}
    said = []
    for key, (old, new) in found.items():
        section, _, name = key.rpartition(".")
        if name == "kind":
            said.append(f"{section} {old} → {new}")
        elif section not in new_kinds:
            said.append(f"{key} {_typed(before, key)} → {_typed(after, key)}")
        elif new is not None and new != _default(after, section, name):
            said.append(f"{key} {_typed(after, key)}")
    return said


def _typed(config: RunConfig, key: str) -> str:
    """Return what stands in a field, as a person would type it."""
    section, _, name = key.rpartition(".")
    return print_value(getattr(config.section(section), name))


def _default(config: RunConfig, section: str, name: str) -> Any:
    """Return what a field of a section's kind is by itself, as the file has it."""
    fresh = type(config.section(section)).model_validate({})
    return to_value(getattr(fresh, name))


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
