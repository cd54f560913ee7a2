"""From a file, from `key=value` pairs or from a form to a checked configuration, with every error at once."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from dlcore.choices.choice import Choice, FieldSpec, Settings, by_name, fields_of, nearest
from dlcore.config import SECTIONS, RunConfig
from dlcore.crosschecks import cross_check
from dlcore.errors import ConfigError, DltuiError, Problem
from dlcore.files.plainfile import open_plain
from dlcore.short_keys import SHORT_KEYS

MAX_BYTES = 1_000_000
"""A configuration file larger than this is not one."""

_DEEP_KEY = re.compile(r"""(?<![\w.-])(?:(?:[\w-]+|"[^"\n]*"|'[^'\n]*')[ \t]*\.[ \t]*){32}""")
"""A key of so many parts, over which the reader of TOML would spend hours; ours have three."""

_MOST_PROBLEMS = 50
"""So many unknown keys are named at once."""
_KEY_LETTERS = 100

_PLAIN_LIST = re.compile(r"""\[[^][{}"']*\]""")
"""A list without quotation marks: a shell takes them away."""

_LIMITS = {
    "greater_than": "must be greater than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "finite_number": "must be finite",
    "too_short": "needs at least one",
    "too_long": "must have at most {max_length} members",
    "string_too_long": "must have at most {max_length} characters",
}
_TYPES = {
    "number": "must be a number",
    "count": "must be a whole number",
    "flag": "must be true or false",
    "widths": "must be a list of whole numbers above 0, as in [128, 64]",
    "numbers": "must be a list of numbers above 0, as in [0.5, 0.1]",
    "table": "must be a table, as in {name = 1}",
    "text": "must be text",
}


@dataclass(frozen=True)
class Reading:
    """What came of reading tables: the configuration if all is well, else what is wrong."""

    config: RunConfig | None
    problems: tuple[Problem, ...]


def read_table(table: Mapping[str, Any]) -> Reading:
    """Check the tables of a configuration; what is missing takes its default."""
    problems: list[Problem] = []
    chosen: dict[str, Choice] = {}
    top = {section.key: section for section in SECTIONS if section.key}
    general = {key: value for key, value in table.items() if key not in top}
    for section in SECTIONS:
        part = table.get(section.key, {}) if section.key else general
        if not isinstance(part, Mapping):
            known = f"Write [{section.key}] as a table, or {section.key}.kind = ..."
            problems.append(Problem(section.key, "must be a table", known))
            continue
        others = list(top) if not section.key else []
        found = _read_choice(section.family, section.default, part, section.key, problems, others)
        if found is not None:
            chosen[section.key] = found
    problems += cross_check(chosen)
    if problems:
        return Reading(None, tuple(problems))
    return Reading(RunConfig(**{key or "general": found for key, found in chosen.items()}), ())  # type: ignore[arg-type]


def checked(table: Mapping[str, Any], source: str = "the configuration") -> RunConfig:
    """Return the configuration in `table`, or raise one ConfigError with all that is wrong."""
    reading = read_table(table)
    if reading.config is None:
        raise ConfigError(reading.problems, source)
    return reading.config


def _read_choice(
    family: tuple[type[Choice], ...],
    default: type[Choice],
    part: Mapping[str, Any],
    path: str,
    problems: list[Problem],
    other_keys: list[str] | None = None,
) -> Choice | None:
    """Return the choice that a table stands for, or None after adding what is wrong to `problems`."""
    kind: type[Choice] | None = default
    if "kind" in part and not issubclass(default, Settings):
        kind = by_name(family, str(part["kind"]))
        if kind is None:
            names = [member.word() for member in family]
            message = f"there is no {default.noun} {_shown(part['kind'])}"
            problems.append(Problem(f"{path}.kind", message, nearest(str(part["kind"]), names)))
            _read_choice(family, default, _shared(family, part), path, problems)
            return None
        part = {key: value for key, value in part.items() if key != "kind"}
    assert kind is not None
    before = len(problems)
    specs = {spec.name: spec for spec in fields_of(kind)}
    values: dict[str, Any] = {}
    for key, value in part.items():
        dotted = f"{path}.{key}" if path else key
        if key not in specs:
            known = [*specs, *(other_keys or [])]
            if len(problems) < _MOST_PROBLEMS:
                has_none = f"{kind.word() or path or 'the file'} has no such key"
                problems.append(Problem(dotted[:_KEY_LETTERS], has_none, nearest(key[:_KEY_LETTERS], known)))
        elif specs[key].control == "choice":
            values[key] = _read_inner(specs[key], value, dotted, problems)
        else:
            values[key] = _plain(specs[key], value)
    try:
        found = kind.model_validate({key: value for key, value in values.items() if value is not None})
    except ValidationError as error:
        problems += _sentences(error, specs, path)
        return None
    return found if len(problems) == before else None


def _shared(family: tuple[type[Choice], ...], part: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys of a table that every kind has: what can be checked of an unknown kind."""
    known = [{spec.name for spec in fields_of(kind)} for kind in family]
    return {key: value for key, value in part.items() if all(key in names for names in known)}


def _plain(spec: FieldSpec, value: Any) -> Any:
    """Return a value as the check wants it: a list as a tuple, and a single member as a list of one."""
    single = {"widths": (int,), "numbers": (int, float), "words": (str,)}.get(spec.control, ())
    if type(value) in single:
        return (value,)
    return tuple(value) if isinstance(value, list) else value


def _read_inner(spec: FieldSpec, value: Any, path: str, problems: list[Problem]) -> Any:
    """Return the choice (or choices) inside a choice: given by name, as a table, or as a list of these."""
    if spec.several and isinstance(value, list | tuple):
        one = replace(spec, several=False)
        members = [_read_inner(one, item, path, problems) for item in value]
        return None if None in members else tuple(members)
    if isinstance(value, str):
        value = {"kind": value}
    if not isinstance(value, Mapping):
        names = ", ".join(kind.word() for kind in spec.family)
        problems.append(Problem(path, f"must be a name or a table (got {_shown(value)})", f"Known: {names}."))
        return None
    return _read_choice(spec.family, type(_first(spec.default)), value, path, problems)


def _first(default: Any) -> Choice:
    first: Choice = default[0] if isinstance(default, tuple) else default
    return first


def _sentences(error: ValidationError, specs: dict[str, FieldSpec], path: str) -> list[Problem]:
    """Return one problem for each field that pydantic refused."""
    first: dict[str, ErrorDetails] = {}
    for detail in error.errors(include_url=False):
        first.setdefault(str(detail["loc"][0]), detail)  # those behind it only follow from it
    return [
        Problem(f"{path}.{name}" if path else name, _sentence(detail, specs[name]), specs[name].help)
        for name, detail in first.items()
    ]


def _sentence(detail: ErrorDetails, spec: FieldSpec) -> str:
    got = f"(got {_shown(detail['input'])})"
    if spec.control == "option":
        return f"must be one of {', '.join(spec.options)} {got}"
    if spec.control == "words":
        said = "needs at least one of" if detail["type"] == "too_short" else "must be a list out of"
        return f"{said} {', '.join(spec.options)} {got}"
    if detail["type"] == "string_pattern_mismatch":
        return f"is not one of those known {got}"
    inside = detail["loc"][1:] if spec.control == "table" else ()  # a table that has limits is one of numbers
    said = _LIMITS.get(detail["type"]) or _TYPES["number" if inside else spec.control]
    for name, value in detail.get("ctx", {}).items():
        whole = isinstance(value, float) and value.is_integer()
        said = said.replace(f"{{{name}}}", str(int(value) if whole else value))
    said = f"{_shown(inside[0])} {said}" if inside else said
    words = "".join(f', or "{word}"' for word in spec.options)
    return f"{said}{words} {got}"


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        value = str(value).lower()
    elif isinstance(value, tuple):  # a list of the file
        value = list(value)
    elif isinstance(value, str):
        value = repr(value)
    try:
        text = str(value)
    except ValueError:  # Python prints no number of more than 4,300 digits
        return "a number of thousands of digits"
    return text if len(text) <= 40 else f"{text[:37]}..."


def read_file(path: Path, settings: Iterable[str] = ()) -> RunConfig:
    """Return the configuration in a TOML file, with `key=value` settings over it."""
    return checked(with_settings(load_toml(path), settings), str(path))


def load_toml(path: Path) -> dict[str, Any]:
    """Return the tables of a TOML file, unchecked; raises DltuiError when there are none to be had."""
    try:
        with open_plain(path) as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise DltuiError(f"{path} cannot be read: {reason}", "Give the path of a TOML file.") from None
    if len(content) > MAX_BYTES:
        raise DltuiError(f"{path} is larger than 1 MB", "A configuration file has a few hundred bytes.")
    return parse_toml(content, str(path))


def parse_toml(content: bytes, source: str) -> dict[str, Any]:
    """Return the tables in `content`; raises DltuiError with line and column where it is not TOML."""
    try:
        text = content.decode()
        if _DEEP_KEY.search(text):
            raise DltuiError(f"{source} has a key of more than 32 parts", "See the README for an example.")
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # a number of thousands of digits is a ValueError, too
        raise DltuiError(f"{source} is not TOML: {error}", "See the README for an example.") from None


def with_settings(table: Mapping[str, Any], settings: Iterable[str]) -> dict[str, Any]:
    """Return `table` with `key=value` settings put over it; a section is its kind, `lr` its key."""
    result = _copied(table)
    for setting in settings:
        key, equals, text = setting.partition("=")
        if not equals or not key.strip():
            raise DltuiError(
                f"{_shown(setting)} is not key=value", "Write, for example, --set optimizer.lr=0.1."
            )
        put(result, SHORT_KEYS.get(key.strip(), key.strip()), text.strip())
    return result


def _copied(table: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _copied(value) if isinstance(value, Mapping) else value for key, value in table.items()}


def put(table: dict[str, Any], key: str, text: str) -> None:
    """Set the dotted `key` of `table` to the value that `text` stands for."""
    section = next((section for section in SECTIONS if section.key == key and section.has_kinds), None)
    if section is not None:
        key = f"{key}.kind"
    *parents, last = key.split(".")
    for parent in parents:
        inner = table.get(parent, {})
        # A name such as activation = "leaky_relu" becomes a table when one of its fields is set.
        table[parent] = inner = {"kind": inner} if isinstance(inner, str) else inner
        if not isinstance(inner, dict):
            raise DltuiError(
                f"{key}: {parent} is not a table", "Use the dotted keys of the configuration file."
            )
        table = inner
    table[last] = text if is_text(key) else parse_value(text)


def is_text(key: str) -> bool:
    """Whether a dotted key holds free text, which is taken as it is."""
    section_key, _, name = key.rpartition(".")
    return any(
        spec.name == name and spec.control == "text"
        for section in SECTIONS
        if section.key == section_key
        for kind in section.family
        for spec in fields_of(kind)
    )


def parse_value(text: str) -> Any:
    """Return what a typed value stands for: number, flag, list (128,64 or [a,b]), TOML value, else word."""
    if text in ("true", "false"):
        return text == "true"
    for number in (int, float):
        try:
            return number(text)
        except ValueError:
            continue
    if text.startswith(("[", "{", '"')):
        try:
            return tomllib.loads(f"value = {text}")["value"]
        except (ValueError, RecursionError):
            if not _PLAIN_LIST.fullmatch(text):
                return text
            return [parse_value(item.strip()) for item in text[1:-1].split(",") if item.strip()]
    if "," in text:
        return [parse_value(item.strip()) for item in text.split(",") if item.strip()]
    return text
