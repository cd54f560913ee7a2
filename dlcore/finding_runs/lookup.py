"""From a word that somebody types to the key that it stands for, or to the nearest ones.

A key of the configuration is dotted (`optimizer.lr`), short as in the one-line form (`lr`), or its last part
where that is unique (`batch_size`). `loss` is a figure; the kind of loss is `loss.kind`.
"""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from functools import cache, lru_cache

from dlcore.choices.choice import FieldSpec, fields_of
from dlcore.config import SECTIONS
from dlcore.finding_runs.keys import FIGURES, Key
from dlcore.short_keys import SHORT_KEYS

_ALIASES = {
    "accuracy": "acc",
    "tags": "tag",
    "note": "notes",
    "time": "duration",
    "seconds": "duration",
    "parameters": "params",
    "run": "id",
    "made": "created",
    "score": "best",
    "step": "steps",
    "epoch": "epochs",
}
_OPEN = ("data.args.", "model.args.", "optimizer.lr_per_layer.")
"""Tables whose keys are the user's."""
_KIND = ".kind"
_NUMBERS = ("number", "count")
_MOST_LETTERS = 100


@cache
def declared() -> dict[str, tuple[FieldSpec, ...]]:
    """Return the keys of the configuration, each with the fields that have it; a kind's own has none."""
    found: dict[str, list[FieldSpec]] = {}
    for key, spec in _fields():
        specs = found.setdefault(key, [])
        if spec is not None:
            specs.append(spec)
    del found["name"]
    return {key: tuple(specs) for key, specs in found.items()}


def _fields() -> Iterator[tuple[str, FieldSpec | None]]:
    for section in SECTIONS:
        if section.has_kinds:
            yield section.key, None
        for kind in section.family:
            for spec in fields_of(kind):
                yield section.path(spec.name), spec
                for inner in (inner for one in spec.family for inner in fields_of(one)):
                    yield f"{section.path(spec.name)}.{inner.name}", inner


@cache
def _by_last_part() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for key in declared():
        found.setdefault(key.rpartition(".")[2], []).append(key)
    return found


@lru_cache(1024)
def key_named(word: str) -> Key | None:
    """Return the key that a word stands for, however it is written; None where it stands for none."""
    name = _ALIASES.get(word, word)
    key = FIGURES[name] if name in FIGURES else _setting(SHORT_KEYS.get(name, name))
    return key_named(word.lower()) if key is None and word != word.lower() else key


def _setting(name: str) -> Key | None:
    """Return a key of the configuration."""
    dotted = name.removesuffix(_KIND)
    if dotted not in declared():
        last = _by_last_part().get(dotted, [])
        if len(last) == 1:
            dotted = last[0]
        elif not _is_open(dotted):
            return None
    specs = declared().get(dotted, ())
    is_numeric = bool(specs) and all(spec.control in _NUMBERS and not spec.options for spec in specs)
    about = next((spec.help for spec in specs), "" if "." in dotted else f"The kind of {dotted}.")
    return Key(
        setting_name(dotted),
        "setting",
        about,
        lambda row, now: row.settings.get(dotted),
        is_numeric=is_numeric,
    )


def _is_open(dotted: str) -> bool:
    """Whether a key is one of a user's own table."""
    is_below = dotted.startswith(_OPEN) and dotted not in _OPEN
    return is_below and len(dotted) <= _MOST_LETTERS and dotted.isprintable()


def setting_name(dotted: str) -> str:
    """Return how a key of the configuration is written: `loss.kind`, since `loss` is a figure."""
    return dotted + _KIND if dotted in FIGURES else dotted


def fields_named(key: Key) -> tuple[FieldSpec, ...]:
    """Return the fields that have a key of the configuration; none for other keys."""
    return declared().get(key.name.removesuffix(_KIND), ()) if key.kind == "setting" else ()


def begins_key(word: str) -> bool:
    """Whether a word may become a key, as while somebody types."""
    return bool(word) and any(name.startswith(word.lower()) for name in _names())


def _names() -> Iterable[str]:
    return (*FIGURES, *_ALIASES, *SHORT_KEYS, *_by_last_part(), *declared())


def nearest(word: str) -> str:
    """Return a clause that helps with a word that is no key: the nearest ones, or where they are listed."""
    names = [name for name in dict.fromkeys(_names()) if len(name) > 1 and key_named(name) is not None]
    low = word.lower()
    close = get_close_matches(low, names, n=3, cutoff=0.6)
    close = close or [name for name in names if name.startswith(low) and len(low) > 1][:3]
    ambiguous = _by_last_part().get(low, [])
    if ambiguous:
        close = ambiguous[:3]
    return f"did you mean {' or '.join(close)}?" if close else "keys are acc, loss, lr, optimizer …"
