"""Strings from outside in a file that others open: nothing steers a terminal, a table or a spreadsheet."""

import re
import unicodedata

_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_MARKDOWN = re.compile(r"[\\`*\[\]<>|~&#]|(?<!\w)_|_(?!\w)")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def _steers(letter: str) -> bool:
    # Cc: control characters; Cs: lone surrogates; Zl, Zp: line and paragraph separators.
    return letter in _BIDI or unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp")


def visible(text: str) -> str:
    """Return the text on one line, with all that could steer a terminal made visible, as in \\x1b."""
    return "".join(
        (f"\\x{ord(letter):02x}" if ord(letter) < 256 else f"\\u{ord(letter):04x}")
        if _steers(letter)
        else letter
        for letter in text
    )


def for_markdown(text: str) -> str:
    """Return the text so that Markdown shows it as it is, in a sentence or in a cell of a table."""
    return _MARKDOWN.sub(lambda found: "\\" + found[0], visible(text))


def for_toml(document: str) -> str:
    """Return the same TOML document with TOML's own escapes for what could steer a terminal."""
    return "".join(
        f"\\u{ord(letter):04x}" if letter != "\n" and _steers(letter) else letter for letter in document
    )


def for_spreadsheet(text: str) -> str:
    """Return the text with an apostrophe in front where a spreadsheet would take it for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text
