"""The words and signs of a filter, each with its place in what was typed."""

import re
from typing import Literal, NamedTuple

from dlcore.errors import DltuiError

_OPERATORS = ("==", "!=", "<=", ">=", "=", "<", ">", "~")
_SIGNS = "=!<>~"
_QUOTES = "\"'"
_PARENTHESES = "()"
_SHARE = re.compile(r"[\d.]+\s+%(?=\)|\s|$)")
"""A share as the app itself writes it: `97.87 %`."""
KEYWORDS = ("and", "or", "not")
MOST_LETTERS = 1000
"""A filter longer than this is refused."""


class FilterFault(DltuiError):
    """A filter that cannot be understood; the message names the letter, from 1, where it goes wrong."""

    def __init__(self, said: str, at: int, *, is_unfinished: bool = False) -> None:
        super().__init__(f"Letter {at + 1} of the filter: {said}")
        self.said = said
        self.at = at
        """The place, counted from 0."""
        self.is_unfinished = is_unfinished
        """Whether more letters may make it whole, as while somebody types."""


class Token(NamedTuple):
    """One word or sign; `text` is what it says, without quotation marks."""

    kind: Literal["word", "quoted", "keyword", "operator", "(", ")", "end"]
    text: str
    at: int


def tokens(text: str) -> list[Token]:
    """Return the words and signs of a filter, and an `end` behind them; raises FilterFault."""
    if len(text) > MOST_LETTERS:
        raise FilterFault(f"it is too long; at most {MOST_LETTERS:,} letters are read", MOST_LETTERS)
    found: list[Token] = []
    at = 0
    while at < len(text):
        letter = text[at]
        if letter.isspace():
            at += 1
        elif letter in _PARENTHESES:
            found.append(Token("(" if letter == "(" else ")", letter, at))
            at += 1
        elif letter in _SIGNS:
            token = _operator(text, at)
            found.append(token)
            at += len(token.text)
        elif letter in _QUOTES:
            token, at = _quoted(text, at)
            found.append(token)
        else:
            token = _word(text, at)
            found.append(token)
            at += len(token.text)
    found.append(Token("end", "", len(text.rstrip())))
    return found


def _operator(text: str, at: int) -> Token:
    for sign in _OPERATORS:
        if text.startswith(sign, at):
            return Token("operator", sign, at)
    raise FilterFault(
        "a ! stands before a = alone; otherwise write not", at, is_unfinished=at == len(text) - 1
    )


def _quoted(text: str, start: int) -> tuple[Token, int]:
    """Return what stands in quotation marks, a backslash before any letter, and the place behind it."""
    letters: list[str] = []
    at = start + 1
    while at < len(text) and text[at] != text[start]:
        at += text[at] == "\\" and at + 1 < len(text)
        letters.append(text[at])
        at += 1
    if at == len(text):
        raise FilterFault("this quotation mark is not closed", start, is_unfinished=True)
    return Token("quoted", "".join(letters), start), at + 1


def _word(text: str, start: int) -> Token:
    if (share := _SHARE.match(text, start)) is not None:
        return Token("word", share[0], start)
    at = start
    while at < len(text) and not text[at].isspace() and text[at] not in _PARENTHESES + _SIGNS + _QUOTES:
        at += 1
    word = text[start:at]
    return Token("keyword", word.lower(), start) if word.lower() in KEYWORDS else Token("word", word, start)


def quoted(text: str) -> str:
    """Return a text as a filter has it: in quotation marks where it would be taken for something else."""
    special = _PARENTHESES + _SIGNS + _QUOTES
    is_plain = text and not any(letter.isspace() or letter in special for letter in text)
    if is_plain and text.lower() not in KEYWORDS:
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
