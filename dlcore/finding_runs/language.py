"""The language of filters: `acc>97% and (optimizer=adam or lr<.01) and not crashed`.

    filter     := "" | either
    either     := all ("or" all)*
    all        := part (["and"] part)*
    part       := "not" part | "(" either ")" | comparison | word
    comparison := key ("=" | "!=" | "<" | "<=" | ">" | ">=" | "~") value

`~` is contains. A word alone is looked for in name, tags, id, state, network and data; several must all be
there. What stands in quotation marks is a word or a value as it is. Keys are those of `lookup`.

`parse(print_filter(node)) == node` for every filter.
"""

from contextlib import suppress
from dataclasses import dataclass
from typing import Literal, assert_never, cast

from dlcore.finding_runs.checks import check
from dlcore.finding_runs.lookup import begins_key, key_named, nearest
from dlcore.finding_runs.tokens import KEYWORDS, FilterFault, Token, quoted, tokens

Operator = Literal["=", "!=", "<", "<=", ">", ">=", "~"]
_DEEPEST = 40
"""Parentheses and nots within each other."""


@dataclass(frozen=True, slots=True)
class Word:
    """A text that is looked for in what a run is known by."""

    text: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """A key, how it is compared, and with what, as it was typed."""

    key: str
    operator: Operator
    value: str


@dataclass(frozen=True, slots=True)
class Not:
    """What its part does not say."""

    part: "Filter"


@dataclass(frozen=True, slots=True)
class All:
    """Two parts or more that must all hold."""

    parts: "tuple[Filter, ...]"


@dataclass(frozen=True, slots=True)
class Either:
    """Two parts or more of which one must hold."""

    parts: "tuple[Filter, ...]"


Filter = Word | Comparison | Not | All | Either


def parse(text: str) -> Filter | None:
    """Return what a filter says, None for an empty one; raises FilterFault where it cannot be understood."""
    found = tokens(text)
    if found[0].kind == "end":
        return None
    parser = _Parser(found)
    node = parser.either()
    parser.expect_end()
    return node


def while_typing(text: str) -> tuple[str, FilterFault | None]:
    """Return how much of a filter holds while somebody types it, and what is wrong with the whole.

    What is begun at its end and not whole yet (`acc>0.9 and lr>`) is left out; so is a last word that may
    become an `and`, an `or` or a `not`. Where nothing is whole, all runs are meant.
    """
    try:
        parse(text)
    except FilterFault as fault:
        return _whole_part(text), fault
    *before, last = text.split() or [""]
    is_begun = not text[-1:].isspace() and any(word.startswith(last.lower()) for word in KEYWORDS)
    return (_whole_part(text) if before and is_begun else text.strip()), None


def without_key(text: str) -> str | None:
    """Return a filter that somebody types without a last word that may become a key; None where none is."""
    try:
        found = tokens(text)
    except FilterFault:
        return None
    is_begun = len(found) > 1 and found[-2].kind == "word" and not text[-1:].isspace()
    return _whole_part(text) if is_begun and begins_key(found[-2].text) else None


def _whole_part(text: str) -> str:
    """Return the longest beginning of a filter that leaves no condition half said."""
    try:
        found = tokens(text)[:-1]
    except FilterFault as fault:
        return _whole_part(text[: fault.at]) if fault.at else ""
    for token in reversed(found):
        if token.kind == "operator":  # the key before it belongs to it
            continue
        begun = text[: token.at].strip()
        with suppress(FilterFault):
            parse(begun)
            return begun
    return ""


class _Parser:
    """Goes through the tokens from left to right; each method takes what its rule of the grammar says."""

    def __init__(self, found: list[Token]) -> None:
        self._tokens = found
        self._next = 0
        self._depth = 0

    @property
    def _token(self) -> Token:
        return self._tokens[self._next]

    def _take(self) -> Token:
        token = self._token
        self._next += token.kind != "end"
        return token

    def _takes(self, word: str) -> bool:
        """Take a keyword if it stands here; return whether it did."""
        stands = self._token.kind == "keyword" and self._token.text == word
        self._next += stands
        return stands

    def either(self) -> Filter:
        parts = [self._all()]
        while self._takes("or"):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def _all(self) -> Filter:
        parts = [self._part()]
        while self._takes("and") or self._begins_part():
            parts.append(self._part())
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _begins_part(self) -> bool:
        token = self._token
        return token.kind in ("word", "quoted", "(") or (token.kind == "keyword" and token.text == "not")

    def _part(self) -> Filter:
        token = self._take()
        if self._depth > _DEEPEST:
            raise FilterFault("too many parentheses stand within each other", token.at)
        if token.kind == "keyword" and token.text == "not":
            self._depth += 1
            part = Not(self._part())
            self._depth -= 1
            return part
        if token.kind == "(":
            return self._parenthesis(token)
        if token.kind in ("word", "quoted"):
            return self._comparison(token) if self._token.kind == "operator" else self._word(token)
        raise _missing(token)

    def _parenthesis(self, opened: Token) -> Filter:
        self._depth += 1
        node = self.either()
        self._depth -= 1
        if self._token.kind != ")":
            raise FilterFault(
                "this parenthesis is not closed", opened.at, is_unfinished=self._token.kind == "end"
            )
        self._take()
        return node

    def _word(self, token: Token) -> Filter:
        if not token.text.strip():
            raise FilterFault("these quotation marks hold nothing to look for", token.at)
        return Word(token.text)

    def _comparison(self, named: Token) -> Filter:
        if named.kind == "quoted":
            raise FilterFault("a key stands without quotation marks", named.at)
        key = key_named(named.text)
        if key is None:
            raise FilterFault(f"there is no key {named.text[:60]!r}, {nearest(named.text)}", named.at)
        sign = self._take()
        value = self._take()
        if value.kind not in ("word", "quoted"):
            is_unfinished = value.kind in ("end", "keyword")
            raise FilterFault(
                f"a value must follow {named.text}{sign.text}", value.at, is_unfinished=is_unfinished
            )
        operator = cast(Operator, "=" if sign.text == "==" else sign.text)
        if fault := check(key, operator, value.text):
            raise FilterFault(fault, value.at, is_unfinished=self._token.kind == "end")
        return Comparison(key.name, operator, value.text)

    def expect_end(self) -> None:
        token = self._token
        if token.kind == ")":
            raise FilterFault("no parenthesis is open here", token.at)
        if token.kind != "end":
            raise FilterFault(f"{token.text!r} stands where a word, and, or, or the end belongs", token.at)


def _missing(token: Token) -> FilterFault:
    """Return what is wrong where a condition should stand."""
    if token.kind == "end":
        return FilterFault("something must follow", token.at, is_unfinished=True)
    if token.kind == "operator":
        return FilterFault(f"a key must stand before {token.text}, as in acc>0.9", token.at)
    return FilterFault(f"a condition must stand before {token.text!r}", token.at)


def print_filter(node: Filter | None) -> str:
    """Return a filter as text; '' for none."""
    match node:
        case None:
            return ""
        case Word(text):
            return quoted(text)
        case Comparison(key, operator, value):
            return f"{key}{operator}{quoted(value)}"
        case Not(part):
            return f"not {_inner(part, (All, Either))}"
        case All(parts):
            return " and ".join(_inner(part, (All, Either)) for part in parts)
        case Either(parts):
            return " or ".join(_inner(part, (Either,)) for part in parts)
        case _:
            assert_never(node)


def _inner(part: Filter, looser: tuple[type, ...]) -> str:
    """Return a part of a filter, in parentheses where it would else be taken apart."""
    text = print_filter(part)
    return f"({text})" if isinstance(part, looser) else text
