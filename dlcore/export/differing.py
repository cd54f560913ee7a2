"""In what the configurations of several runs differ, key by key."""

from collections.abc import Mapping, Sequence

from dlcore.flat_config import Setting
from dlcore.oneline import print_value

_ABSENT = object()


def differing(configs: Sequence[Mapping[str, Setting]]) -> list[str]:
    """Return the keys whose values are not the same in all flat configurations, in the order of the file."""
    keys = dict.fromkeys(key for config in configs for key in config)
    sections = list(dict.fromkeys(key.partition(".")[0] for key in keys))
    return [
        key
        for key in sorted(keys, key=lambda key: sections.index(key.partition(".")[0]))
        if any(config.get(key, _ABSENT) != configs[0].get(key, _ABSENT) for config in configs[1:])
    ]


def shown(value: Setting | None) -> str:
    """Return a value as a person would type it; a dash where a configuration has no such key."""
    return "–" if value is None else print_value(value)
