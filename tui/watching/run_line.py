"""A run in one line of words, as it is by now; what was changed on the way stands beside what it was."""

import re
import shlex
from collections.abc import Iterable

from dlcore.changes import differences
from dlcore.config import RunConfig
from dlcore.edits import Edit, applied
from dlcore.oneline import print_line, print_value
from dlcore.short_keys import SHORT_KEYS

_SHORT = {long: short for short, long in SHORT_KEYS.items()}


def run_line(config: RunConfig, edits: Iterable[Edit] = ()) -> str:
    """Return the line of a run that was steered, as in `digits mlp lr=.003 (was .01) m=.9`.

    A field of another kind than at the start has nothing that it was.
    """
    before, after = config.folded(), applied(config, edits).folded()
    words = shlex.split(print_line(after))
    changed = differences(before, after)
    kinds = {key.removesuffix("kind") for key in changed if key.endswith(".kind")}
    was: dict[str, str] = {}
    for key, (old, new) in changed.items():
        section, _, name = key.rpartition(".")
        if name == "kind":
            word = str(new) if str(new) in words else f"{section}={new}"
            was[word] = str(old)
        elif f"{section}." not in kinds:
            word = f"{_SHORT.get(key, key)}={_typed(after, key)}"
            was[word] = _typed(before, key)
        else:
            continue
        if word not in words:
            words.append(word)
    return " ".join(shlex.quote(word) + (f" (was {was[word]})" if word in was else "") for word in words)


def _typed(config: RunConfig, key: str) -> str:
    """Return what stands in a field, as `print_line` has it."""
    section, _, name = key.rpartition(".")
    return re.sub(r"^0\.", ".", print_value(getattr(config.section(section), name)))
