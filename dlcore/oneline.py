"""A configuration in one line of shell words.

`mnist mlp 128,64 relu he ce momentum lr=.01 m=.9 b=64 e=10 seed=0`

A bare word is a kind (names are unique over all lists but custom, which is data=custom or model=custom);
digits, with commas or alone, are the widths of the hidden layers; anything else is `key=value` with a dotted
key or a short form.
`parse(print_line(config)) == config` for every configuration.
"""

import json
import re
import shlex
from collections.abc import Iterator
from datetime import date, time
from difflib import get_close_matches
from typing import Any

from dlcore.choices.activations import ACTIVATIONS
from dlcore.choices.choice import Choice, FieldSpec, by_name, fields_of
from dlcore.choices.initializers import INITIALIZERS
from dlcore.config import SECTIONS, RunConfig, Section, to_value
from dlcore.errors import ConfigError, DltuiError, Problem
from dlcore.reading import put, read_table
from dlcore.short_keys import SHORT_KEYS

SHORT_KINDS = {
    "ce": "cross_entropy",
    "lrelu": "leaky_relu",
    "swish": "silu",
    "exp": "exponential",
    "fashion": "fashion_mnist",
    "cancer": "breast_cancer",
    "cifar": "cifar10",
}
_LONG_TO_SHORT = {long: short for short, long in SHORT_KEYS.items()}
_KINDS = {
    **{kind.word(): section.key for section in SECTIONS if section.has_kinds for kind in section.family},
    **{kind.word(): "model.activation" for kind in ACTIVATIONS},
    **{kind.word(): "model.init" for kind in INITIALIZERS},
}
_AMBIGUOUS = "custom"
"""The one name that two lists have."""
_ALL_NAMES = "All names: docs/catalogue.md."
_WIDTHS = re.compile(r"\d+(,\d*)*")
_ALWAYS = frozenset({"optimizer.lr", "optimizer.momentum", "data.batch_size", "training.epochs", "seed"})


def parse(line: str) -> RunConfig:
    """Return the configuration that a line stands for; raises ConfigError with all that is wrong."""
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise DltuiError(f"the line cannot be read: {error}", "Close the quotation marks.") from None
    table: dict[str, Any] = {}
    problems: list[Problem] = []
    said: dict[str, str] = {}
    for word in sorted(words, key=_turn):
        if "=" in word:
            _put_setting(table, word, said, problems)
        else:
            key = _put_word(table, word, problems)
            if key and _is_first(key, word, said, problems):
                said[key] = word
    reading = read_table(table)
    if reading.config is None or problems:
        raise ConfigError([*problems, *reading.problems], "the line")
    return reading.config


def _turn(word: str) -> int:
    """Return when a word is taken in: kinds first, because settings and cures need to know whose they are."""
    key, equals, _ = word.partition("=")
    if equals:
        return 1 if key.removesuffix(".kind") in _KINDS.values() else 3
    return 0 if _WIDTHS.fullmatch(word) or all(name in _KINDS for name in _kinds(word)) else 2


def _kinds(word: str) -> list[str]:
    return [SHORT_KINDS.get(name, name) for name in word.split(",") if name]


def _put_word(table: dict[str, Any], word: str, problems: list[Problem]) -> str:
    """Take a bare word in; return the key it was for, '' when it is for none."""
    if _WIDTHS.fullmatch(word):
        put(table, "model.hidden", word)
        return "model.hidden"
    if word == _AMBIGUOUS:
        problems.append(Problem(word, "can be data or a model", "Write data=custom or model=custom."))
        return ""
    names = _kinds(word)
    keys = {_KINDS.get(name) for name in names}
    if len(keys) != 1 or None in keys:
        problems.append(Problem(word or "''", "is no kind of anything", _cure_of_word(table, names)))
        return ""
    key = str(keys.pop())
    if "," in word:
        put(table, key, f"[{', '.join(repr(name) for name in names)}]")
    else:
        put(table, key, names[0])
    return key


def _is_first(key: str, word: str, said: dict[str, str], problems: list[Problem]) -> bool:
    if key in said:
        problems.append(Problem(word, f"is a second {key}: {said[key]} stands before it", "Take one."))
    return key not in said


def _is_section(key: str) -> bool:
    return any(section.key == key for section in SECTIONS)


def _put_setting(table: dict[str, Any], word: str, said: dict[str, str], problems: list[Problem]) -> None:
    """Take a `key=value` in, unless its key is unknown or was there before."""
    key, _, text = word.partition("=")
    key = SHORT_KEYS.get(key, key)
    if not key:
        problems.append(Problem(word, "has no key before its =", "Write key=value, as in lr=.1."))
        return
    if key not in _LONG_TO_SHORT and not _is_section(key.partition(".")[0]):
        name = key.rpartition(".")[2]
        problems.append(Problem(key, "is no key of anything", _cure_of_key(table, name)))
        meant = _ending_in(table, name)
        if len(meant) != 1:
            return
        (key,) = meant  # so that nothing is said to be missing that is there, but for its key
    place = key.removesuffix(".kind")
    if _is_first(place, word, said, problems):
        said[place] = word
        put(table, key, text)


def _fields(table: dict[str, Any], *, chosen: bool) -> Iterator[tuple[str, FieldSpec]]:
    """Yield each field with its dotted key: those of the kinds that `table` chooses, or all."""
    for section in SECTIONS:
        kind = _kind_of(section, table) if chosen else None
        for member in (kind,) if kind else () if chosen else section.family:
            for spec in fields_of(member):
                yield section.path(spec.name), spec
                for inner in (inner for one in spec.family for inner in fields_of(one)):
                    yield f"{section.path(spec.name)}.{inner.name}", inner


def _kind_of(section: Section, table: dict[str, Any]) -> type[Choice] | None:
    """Return the kind that a line has so far for a section: its default when it names none."""
    part = table.get(section.key)
    name = part.get("kind") if isinstance(part, dict) else None
    return by_name(section.family, str(name)) if name is not None else section.default


def _ending_in(table: dict[str, Any], name: str) -> list[str]:
    """Return the dotted keys that end in `name`: those of what is chosen, else all."""
    for chosen in (True, False):
        keys = dict.fromkeys(key for key, spec in _fields(table, chosen=chosen) if spec.name == name)
        if keys:
            return list(keys)
    return []


def _cure_of_key(table: dict[str, Any], name: str) -> str:
    """Return what to write for a key that nobody knows: the dotted keys that end in it, or the nearest."""
    keys = _ending_in(table, name)
    if keys:
        both = [word for key in keys for word in (key, _LONG_TO_SHORT.get(key)) if word]
        return f"Write {_or([f'{word}=…' for word in dict.fromkeys(both)])}"
    long = {spec.name: key for chosen in (False, True) for key, spec in _fields(table, chosen=chosen)}
    return _nearest(name, long | {short: short for short in SHORT_KEYS})


def _cure_of_word(table: dict[str, Any], names: list[str]) -> str:
    """Return what to write for a bare word (its names, parted by commas) that stands for nothing."""
    if names and all(name in _KINDS for name in names):
        return f"{' and '.join(names)} are of different lists: part them with spaces."
    for chosen in (True, False):
        keys = dict.fromkeys(
            _LONG_TO_SHORT.get(key, key)
            for key, spec in _fields(table, chosen=chosen)
            if names and set(names) <= set(spec.options) and (len(names) == 1 or spec.control == "words")
        )
        if keys:
            value = ",".join(names)
            return f"Write {_or([f'{key}={value}' for key in keys])}."
    unknown = next((name for name in names if name not in _KINDS), "")
    if unknown in SHORT_KEYS:
        return f"Write {unknown}=…"
    if _ending_in(table, unknown):
        return _cure_of_key(table, unknown)
    return _nearest(unknown, {word: word for word in (*_KINDS, *SHORT_KINDS) if word != "auto"})


def _nearest(word: str, known: dict[str, str]) -> str:
    """Return up to three of the known words (each with how it is told) that are like `word`."""
    close = dict.fromkeys(known[name] for name in get_close_matches(word.lower(), known, n=3, cutoff=0.6))
    return f"Did you mean {_or(list(close))}? {_ALL_NAMES}" if close else _ALL_NAMES


def _or(words: list[str]) -> str:
    return " or ".join(part for part in (", ".join(words[:-1]), words[-1]) if part)


def print_line(config: RunConfig) -> str:
    """Return a short line that stands for `config`: its kinds, the usual figures, what is not default."""
    words = [
        f"{key}={chosen.word()}" if chosen.word() == _AMBIGUOUS else chosen.word()
        for key, chosen in (("data", config.data), ("model", config.model))
    ]
    settings: list[str] = []
    for section in SECTIONS:
        chosen = config.section(section.key)
        if section.key in ("loss", "optimizer", "schedule") and chosen.word() not in ("auto", "constant"):
            words.append(chosen.word())
        for spec in fields_of(type(chosen)):
            value = getattr(chosen, spec.name)
            key = section.path(spec.name)
            if key == "model.hidden" and value:
                words.append(print_value(value))
            elif key == "model.init" and value == spec.default:
                continue
            elif spec.control == "choice" and _is_bare(value):
                words.append(_names(value))
            elif value != spec.default or key in _ALWAYS:
                short = value if spec.control == "text" else re.sub(r"^0\.", ".", print_value(value))
                settings.append(shlex.quote(f"{_LONG_TO_SHORT.get(key, key)}={short}"))
    return " ".join([*words, *settings])


def _is_bare(value: Any) -> bool:
    """Whether a choice inside a choice is fully said by its names."""
    members: tuple[Choice, ...] = value if isinstance(value, tuple) else (value,)
    return bool(members) and all(member == type(member).model_validate({}) for member in members)


def _names(value: Choice | tuple[Choice, ...]) -> str:
    if isinstance(value, Choice):
        return value.word()
    return ",".join(one.word() for one in value) + ("," if len(value) == 1 else "")


def print_value(value: Any) -> str:
    """Return a value of the configuration as a person would type it."""
    if isinstance(value, Choice) or (isinstance(value, tuple) and value and isinstance(value[0], Choice)):
        return _names(value) if _is_bare(value) else _inline(to_value(value))
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        short = f"{value:g}"
        return short if float(short) == value else repr(value)
    if isinstance(value, tuple):
        alone = len(value) == 1 and not isinstance(value[0], str)  # 128, is plainer a list than 128
        return ",".join(map(print_value, value)) + ("," if alone else "") if value else "[]"
    return _inline(value) if isinstance(value, dict) else str(value)


def print_setting(key: str, value: Any) -> str:
    """Return a value as in the file as `--set` takes it: `optimizer.lr=0.01`."""
    return f"{key}={_typed(value)}"


def _typed(value: Any) -> str:
    """Return a value of the file as a person would type it."""
    if not isinstance(value, list):
        return print_value(value)
    if any(isinstance(item, dict) for item in value):
        shown = [print_value(item) if isinstance(item, dict) else f'"{item}"' for item in value]
        return f"[{', '.join(shown)}]"
    return ",".join(map(print_value, value)) or "[]"


def _inline(value: Any) -> str:
    """Return a TOML value on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(key)} = {_inline(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_inline, value)) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    return str(value) if isinstance(value, date | time) else _quoted(str(value))


def _quoted(text: str) -> str:
    """Return a TOML string: JSON's, but that TOML wants the delete character escaped too."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _quoted(key)
