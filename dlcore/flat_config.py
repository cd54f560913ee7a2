"""A configuration as one flat table, by dotted key: what lists, filters and columns ask of it.

A kind stands under the key of its section (`optimizer`), a list as people type it (`128,64`). `run.json` gets
the table at birth, so that a list of thousands of runs need not open their configurations.
"""

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from dlcore.config import RunConfig, to_table
from dlcore.files.plainfile import open_plain
from dlcore.oneline import print_value
from dlcore.rundir import RunDir

Setting = str | int | float | bool

NONE = "none"
"""What stands for a list of nothing."""
_MOST_KEYS = 200
_MOST_LETTERS = 200
_DEEPEST = 5
_MOST_BYTES = 1 << 18
"""A configuration larger than this is not looked into for a list."""
_MOST_NUMBER = 1e30
_NUMBERS = (float, int, bool)
_MOST_SHAPES = 500


@dataclass(frozen=True, slots=True)
class Settings:
    """The flat configuration of a run; runs with the same keys share them, since there are thousands."""

    index: Mapping[str, int]
    values: tuple[Setting, ...]

    def get(self, key: str) -> Setting | None:
        """Return what a dotted key was set to; None where the configuration has no such key."""
        at = self.index.get(key)
        return None if at is None else self.values[at]

    def table(self) -> dict[str, Setting]:
        """Return the whole as a table."""
        return {key: self.values[at] for key, at in self.index.items()}


NO_SETTINGS = Settings({}, ())
_shapes: dict[tuple[str, ...], dict[str, int]] = {}
"""The keys that runs have, each with its place among the values."""
_sound: set[Setting] = set()
"""Values that were found sound before: a list meets few others, in half a million."""
_MOST_SOUND = 50_000


def flat_config(config: RunConfig) -> dict[str, Setting]:
    """Return a configuration as a flat table; the name is not in it, since people change names."""
    table = to_table(config)
    del table["name"]
    return flat(table)


def flat(table: Mapping[str, Any]) -> dict[str, Setting]:
    """Return the tables of a configuration file as one flat table, by dotted key."""
    found: dict[str, Setting] = {}
    _put(found, "", table, _DEEPEST)
    return found


def _put(found: dict[str, Setting], key: str, value: Any, depth: int) -> None:
    """Take in what a key holds, and what the tables below it hold."""
    if len(found) >= _MOST_KEYS:
        return
    if isinstance(value, Mapping):
        for name, inner in value.items() if depth else ():
            below = key if name == "kind" and key else f"{key}.{name}" if key else str(name)
            _put(found, below, inner, depth - 1)
    elif isinstance(value, bool | int | float):
        found[key] = value
    elif isinstance(value, list):
        # An item may be a table: an activation with its slope.
        found[key] = ",".join(map(print_value, value)) or NONE
    else:
        found[key] = str(value)


def settings(table: object) -> Settings:
    """Return what a flat table from `run.json` holds; a value or key that cannot be ours is left out."""
    if not isinstance(table, dict):
        return NO_SETTINGS
    kept = table
    if not _are_sound(table.values()):
        kept = {key: value for key, value in table.items() if _is_sound(value)}
    keys = tuple(kept)
    index = _shapes.get(keys)
    if index is None:
        if len(keys) > _MOST_KEYS or any(len(key) > _MOST_LETTERS for key in keys):
            return NO_SETTINGS
        index = {key: at for at, key in enumerate(keys)}
        if len(_shapes) < _MOST_SHAPES:
            _shapes[keys] = index
    return Settings(index, tuple(kept.values()))


def _are_sound(values: Collection[Any]) -> bool:
    """Whether all of some values can be settings."""
    try:
        if _sound.issuperset(values):
            return True
    except TypeError:  # a list or a table has no hash, and is no setting
        return False
    if not all(map(_is_sound, values)):
        return False
    if len(_sound) < _MOST_SOUND:
        _sound.update(values)
    return True


def _is_sound(value: Any) -> bool:
    kind = type(value)  # no subclass comes from JSON or TOML
    if kind is str:
        return len(value) <= _MOST_LETTERS
    return kind in _NUMBERS and -_MOST_NUMBER < value < _MOST_NUMBER  # which nan is not


def read_settings(run: RunDir) -> Settings:
    """Return the settings of a run by its `config.toml`; none where that cannot be read."""
    try:
        with open_plain(run.config) as file:
            content = file.read(_MOST_BYTES + 1)
        table = tomllib.loads(content.decode()) if len(content) <= _MOST_BYTES else {}
    except (OSError, ValueError, RecursionError):
        return NO_SETTINGS
    table.pop("name", None)
    return settings(flat(table))
