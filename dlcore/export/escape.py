"""Strings from outside in a file that others open: nothing steers a terminal, a table or a spreadsheet."""

import re

from dlcore.clean import clean, steers

_MARKDOWN = re.compile(r"[\\`*\[\]<>|~&#]|(?<!\w)_|_(?!\w)")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def for_markdown(text: str) -> str:
    """Return the text so that Markdown shows it as it is, in a sentence or in a cell of a table."""
    return _MARKDOWN.sub(lambda found: "\\" + found[0], clean(text))


def for_toml(document: str) -> str:
    """Return the same TOML document with TOML's own escapes for what could steer a terminal."""
    return "".join(
        f"\\u{ord(letter):04x}" if letter != "\n" and steers(letter) else letter for letter in document
    )


def for_spreadsheet(text: str) -> str:
    """Return the text with an apostrophe in front where a spreadsheet would take it for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text
