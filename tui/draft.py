"""A configuration being typed: plain text per field and kind, so that nothing is lost and nothing raises.

Switching the kind of a section back and forth keeps what was typed for each; a half-typed value is no
exception, but a problem that `read()` names.
"""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from dlcore.choices.choice import Choice, FieldSpec, by_name, fields_of
from dlcore.config import SECTIONS, RunConfig, Section
from dlcore.oneline import print_value
from dlcore.reading import Reading, is_text, parse_value, read_table

_STILL_TO_FILL = frozenset({"data.file", "data.folder", "data.target", "model.target"})
"""Fields that are empty when their kind is chosen, and have to be filled."""


@dataclass(frozen=True)
class Row:
    """One line of the form: a field, or the kind of a section."""

    section: Section
    key: str
    """Dotted, as in the file: optimizer.kind, model.activation.slope."""
    label: str
    help: str
    control: str
    options: tuple[str, ...]
    """What can be picked from a list; for a count, the words that are allowed beside numbers."""
    family: tuple[type[Choice], ...] = ()
    spec: FieldSpec | None = None
    depth: int = 1


class Draft:
    """What a person has typed so far; starts as a configuration that runs."""

    def __init__(self, config: RunConfig | None = None) -> None:
        self._kinds: dict[str, str] = {}
        self._texts: dict[tuple[str, str], dict[str, str]] = {}
        self.load(config or RunConfig())

    def load(self, config: RunConfig) -> None:
        """Take over a configuration; what was typed for other kinds stays."""
        for section in SECTIONS:
            chosen = config.section(section.key)
            self._kinds[section.key] = chosen.word()
            self._texts[section.key, chosen.word()] = _texts(chosen)

    def text(self, key: str) -> str:
        """Return what stands in a field."""
        section, name = _split(key)
        if name == "kind":
            return self._kinds[section]
        return self._texts[section, self._kinds[section]].get(name, "")

    def put(self, key: str, text: str) -> None:
        """Write into a field. A new kind takes over fields of the same name and the same default."""
        section, name = _split(key)
        if name != "kind":
            texts = self._texts[section, self._kinds[section]]
            texts[name] = text
            for inner, default in self._inner_defaults(section, name, text).items():
                texts.setdefault(inner, default)
            return
        before = self._texts[section, self._kinds[section]]
        old = _kind(section, self._kinds[section])
        self._kinds[section] = text
        new = _kind(section, text)
        if (section, text) not in self._texts:
            defaults, theirs = _texts(new.model_validate({})), _texts(old.model_validate({}))
            shared = {
                name: before[name]
                for name in defaults
                if name in before and theirs.get(name) == defaults[name]
            }
            self._texts[section, text] = defaults | shared

    def _inner_defaults(self, section: str, name: str, text: str) -> dict[str, str]:
        """Return the fields that a choice inside a choice brings with it, as in activation.slope."""
        specs = fields_of(_kind(section, self._kinds[section]))
        family = next((spec.family for spec in specs if spec.name == name), ())
        inner = by_name(family, text)
        if inner is None:
            return {}
        return {f"{name}.{key}": value for key, value in _texts(inner.model_validate({})).items()}

    def refusal(self, key: str, text: str) -> str:
        """Return why `text` in a field would go together with nothing else; '' when it would be taken.

        What a kind still needs from the user, such as the path of a file, is no refusal.
        """
        trial = deepcopy(self)
        before = {(one.key, one.message) for one in trial.read().problems}
        trial.put(key, text)
        after = (one for one in trial.read().problems if (one.key, one.message) not in before)
        return next((one.message for one in after if one.key not in _STILL_TO_FILL), "")

    def restore(self, key: str) -> None:
        """Put a field back to its default."""
        section, name = _split(key)
        found = next(one for one in SECTIONS if one.key == section)
        if name == "kind":
            self.put(key, found.default.word())
        else:
            default = _texts(_kind(section, self._kinds[section]).model_validate({})).get(name, "")
            self.put(key, default)

    def read(self) -> Reading:
        """Return the configuration, or what is wrong with it."""
        return read_table(self.table())

    def table(self) -> dict[str, Any]:
        """Return the tables of the configuration file as typed, unchecked."""
        table: dict[str, Any] = {}
        for section in SECTIONS:
            kind = self._kinds[section.key]
            part: dict[str, Any] = {"kind": kind} if section.has_kinds else {}
            texts = self._texts[section.key, kind]
            for spec in fields_of(_kind(section.key, kind)):
                part[spec.name] = _value(section, spec, texts)
            if section.key:
                table[section.key] = part
            else:
                table |= part
        return table

    def rows(self) -> Iterator[Row]:
        """Yield the lines of the form, in order."""
        for section in SECTIONS:
            kind = _kind(section.key, self._kinds[section.key])
            if section.has_kinds:
                words = tuple(member.word() for member in section.family)
                key, title = section.path("kind"), section.title
                yield Row(section, key, title, kind.summary(), "choice", words, section.family, depth=0)
            for spec in fields_of(kind):
                if not spec.hidden:
                    yield from self._field_rows(section, spec)

    def _field_rows(self, section: Section, spec: FieldSpec) -> Iterator[Row]:
        label = spec.name.replace("_", " ")
        key = section.path(spec.name)
        options = spec.options or tuple(member.word() for member in spec.family)
        yield Row(section, key, label, spec.help, spec.control, options, spec.family, spec)
        inner = by_name(spec.family, self.text(key))
        for field in fields_of(inner) if inner else ():
            yield Row(
                section,
                f"{key}.{field.name}",
                field.name,
                field.help,
                field.control,
                field.options,
                (),
                field,
                2,
            )


def _split(key: str) -> tuple[str, str]:
    section, dot, name = key.partition(".")
    return (section, name) if dot else ("", section)


def _kind(section: str, word: str) -> type[Choice]:
    found = next(one for one in SECTIONS if one.key == section)
    return by_name(found.family, word) or found.default


def _texts(chosen: Choice) -> dict[str, str]:
    """Return the fields of a choice as a person would type them; those of an inner choice by dotted name."""
    texts: dict[str, str] = {}
    for spec in fields_of(type(chosen)):
        value = getattr(chosen, spec.name)
        if isinstance(value, Choice):
            texts[spec.name] = value.word()
            texts |= {f"{spec.name}.{name}": text for name, text in _texts(value).items()}
        else:
            alone = spec.control in ("widths", "numbers", "words") and len(value) == 1
            texts[spec.name] = print_value(value[0] if alone else value)
    return texts


def _value(section: Section, spec: FieldSpec, texts: dict[str, str]) -> Any:
    """Return what stands in a field as the file would have it."""
    text = texts.get(spec.name, "").strip()
    if spec.control == "choice":
        inner = by_name(spec.family, text)
        if inner is None:
            return parse_value(text)
        given = {field.name: texts.get(f"{spec.name}.{field.name}") for field in fields_of(inner)}
        return {
            "kind": text,
            **{name: parse_value(typed) for name, typed in given.items() if typed is not None},
        }
    if is_text(section.path(spec.name)):
        return texts.get(spec.name, "")
    if not text and spec.control in ("widths", "numbers", "words"):
        return []
    return _table(text) if spec.control == "table" else parse_value(text)


def _table(text: str) -> Any:
    """Return what stands in the field of a table; its braces may be left out, as in `a = .1, b = 2`."""
    inner = text[1:-1] if text.startswith("{") and text.endswith("}") else text
    if isinstance(found := parse_value(f"{{{inner}}}"), dict):
        return found
    pairs = [part.partition("=") for part in inner.split(",")]
    if not all(equals and name.strip() for name, equals, _ in pairs):
        return parse_value(text)
    return {name.strip(" \"'"): parse_value(value.strip()) for name, _, value in pairs}
