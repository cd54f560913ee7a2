"""What a choice is: one kind of one thing, its fields with limits, defaults and a line of help each.

Everything that shows, reads, checks or writes a choice (menu, form, file, command line, export)
is derived from these declarations through `fields_of`.
"""

from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Any, ClassVar, Literal, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field
from pydantic.fields import FieldInfo

Control = Literal[
    "number", "count", "flag", "option", "widths", "numbers", "words", "table", "text", "choice"
]
"""How a field is edited: a number, a whole number, yes or no, one of some words, a list of whole
numbers, of numbers or of some words, a table of the user's own keys, free text, or a choice of its own
(an activation inside a model)."""


class Choice(BaseModel):
    """One kind of one thing. The docstring's first line is the menu's explanation."""

    # Built when first used: most kinds of a catalogue never are, and the form opens the sooner.
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False, defer_build=True)

    kind: str
    noun: ClassVar[str] = "choice"
    last: ClassVar[tuple[str, ...]] = ()
    """Fields that stand behind all others in a form: those that every kind has."""

    @classmethod
    def word(cls) -> str:
        """The word that stands for this kind in files, menus and the one-line form."""
        return str(cls.model_fields["kind"].default)

    @classmethod
    def summary(cls) -> str:
        """One sentence: what it is."""
        return (cls.__doc__ or "").strip().split("\n", 1)[0]


class Settings(Choice):
    """A table of the file that has only one kind, and so no menu of its own."""

    kind: Literal[""] = Field(default="", exclude=True)


@dataclass(frozen=True)
class FieldSpec:
    """Everything a form, a file or a help text needs to know of one field."""

    name: str
    control: Control
    default: Any
    help: str
    options: tuple[str, ...] = ()
    """The words that are allowed: all there is for an option, besides a number for a count."""
    family: tuple[type[Choice], ...] = ()
    """For a choice inside a choice: its kinds, the default first asked for by `default`."""
    several: bool = False
    """A choice that may also be a list of choices."""
    lowest: float | None = None
    highest: float | None = None
    """The limits of a number; whether they are themselves allowed, the check says."""
    hidden: bool = False
    """Kept out of forms, because only one value makes sense."""
    ladder: tuple[float, ...] = ()
    """Rising values that arrow keys go by; where there are none, control and limits say how."""


def _field(default: Any, control: Control, help: str, extra: dict[str, Any], **limits: Any) -> Any:  # noqa: A002
    return Field(
        default=default,
        description=help,
        json_schema_extra={"control": control, **extra},
        **{limit: value for limit, value in limits.items() if value is not None},
    )


def number(
    default: float,
    *,
    help: str,  # noqa: A002
    above: float | None = None,
    at_least: float | None = None,
    below: float | None = None,
    at_most: float | None = None,
    hidden: bool = False,
    ladder: tuple[float, ...] = (),
) -> Any:
    """Return a field that holds a finite number."""
    facts = {
        "hidden": hidden,
        "ladder": ladder,
        "lowest": at_least if above is None else above,
        "highest": at_most if below is None else below,
    }
    return _field(default, "number", help, facts, gt=above, ge=at_least, lt=below, le=at_most)


def count(
    default: int | str,
    *,
    help: str,  # noqa: A002
    at_least: int = 0,
    at_most: int | None = None,
    or_word: bool = False,
    ladder: tuple[int, ...] = (),
) -> Any:
    """Return a field that holds a whole number, or, with `or_word`, one of the words of its annotation."""
    facts = {"lowest": at_least, "highest": at_most, "ladder": ladder}
    if or_word:  # pydantic would compare the word too: the limits stand on the annotation's integer
        return _field(default, "count", help, facts)
    return _field(default, "count", help, facts, ge=at_least, le=at_most)


def flag(default: bool, *, help: str) -> Any:  # noqa: A002
    """Return a field that is on or off."""
    return _field(default, "flag", help, {})


def option(default: str, *, help: str) -> Any:  # noqa: A002
    """Return a field that holds one of the words of its `Literal` annotation."""
    return _field(default, "option", help, {})


def widths(default: tuple[int, ...], *, help: str, at_least_one: bool = False) -> Any:  # noqa: A002
    """Return a field that holds a list of whole numbers above 0."""
    return _field(default, "widths", help, {}, min_length=1 if at_least_one else None)


def numbers(
    default: tuple[float, ...],
    *,
    help: str,  # noqa: A002
) -> Any:
    """Return a field that holds a list of finite numbers above 0."""
    return _field(default, "numbers", help, {})


def words(default: tuple[str, ...], *, help: str, at_least_one: bool = False) -> Any:  # noqa: A002
    """Return a field that holds a list of the words of its `Literal` annotation."""
    return _field(default, "words", help, {}, min_length=1 if at_least_one else None)


def table(*, help: str) -> Any:  # noqa: A002
    """Return a field that holds a table whose keys are the user's; empty by default."""
    return _field({}, "table", help, {})


def text(default: str, *, help: str, pattern: str | None = None, max_length: int = 200) -> Any:  # noqa: A002
    """Return a field of free text."""
    return _field(default, "text", help, {}, pattern=pattern, max_length=max_length)


def choice(
    default: Choice,
    *,
    family: tuple[type[Choice], ...],
    help: str,  # noqa: A002
    several: bool = False,
) -> Any:
    """Return a field that is itself a choice out of `family`."""
    return _field(default, "choice", help, {"family": family, "several": several})


def _words(annotation: Any) -> tuple[str, ...]:
    """Return the words that a field's annotation allows: those of its `Literal`s."""
    if get_origin(annotation) is Literal:
        return tuple(str(word) for word in get_args(annotation))
    return tuple(word for part in get_args(annotation) for word in _words(part))


def _spec(name: str, info: FieldInfo) -> FieldSpec:
    extra = info.json_schema_extra
    assert isinstance(extra, dict), f"{name}: declare it with number(), count(), flag() ..."
    facts: dict[str, Any] = dict(extra)
    return FieldSpec(
        name=name,
        default=info.default,
        help=info.description or "",
        options=_words(info.annotation) if facts["control"] in ("option", "count", "words") else (),
        **facts,
    )


@cache
def fields_of(kind: type[Choice]) -> tuple[FieldSpec, ...]:
    """Return the fields of a kind in the order of its form; `kind` itself is not among them."""
    names = [name for name in kind.model_fields if name != "kind"]
    names.sort(key=lambda name: kind.last.index(name) if name in kind.last else -1)
    return tuple(_spec(name, kind.model_fields[name]) for name in names)


def by_name(family: tuple[type[Choice], ...], name: str) -> type[Choice] | None:
    """Return the member of `family` called `name`, or None."""
    return next((kind for kind in family if kind.word() == name), None)


def nearest(word: str, known: list[str]) -> str:
    """Return a sentence that helps with a word nobody knows: the nearest known one, then all."""
    if not known:
        return "It has none."
    close = get_close_matches(word.lower(), known, n=1, cutoff=0.5)
    guess = f"Did you mean {close[0]}? " if close else ""
    return f"{guess}Known: {', '.join(known)}."
