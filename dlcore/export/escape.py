"""Strings from outside in a file that others open: nothing steers a terminal, a table or a spreadsheet."""

import re

from dlcore.clean import clean, steers

_MARKDOWN = re.compile(
    r"[\\`*\[\]<>|~&#@$]|(?<![^\W_])_|_(?![^\W_])"
    r"|^[-+]|(?<=^\d)[.)]|(?<=^\d\d)[.)]|(?<=^\d{3})[.)]"  # an item of a list, at the start of a line
    r"|:(?=//)|/(?=/)|(?<=mailto):|(?<=xmpp):|(?<=www)\.",  # what is made a link without being written as one
    re.IGNORECASE,
)
_LONG_ITEM = re.compile(r"^(\d{4,9})([.)])")
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")  # wide ones are taken for formulas too


def for_markdown(text: str) -> str:
    """Return the text so that Markdown shows it as it is, in a sentence or in a cell of a table."""
    escaped = _MARKDOWN.sub(lambda found: "\\" + found[0], clean(text).strip())
    return _LONG_ITEM.sub(r"\1\\\2", escaped)


def for_toml(document: str) -> str:
    """Return the same TOML document with TOML's own escapes for what could steer a terminal."""
    return "".join(
        f"\\u{ord(letter):04x}" if letter != "\n" and steers(letter) else letter for letter in document
    )


def for_spreadsheet(text: str) -> str:
    """Return the text with an apostrophe in front where a spreadsheet would take it for a formula."""
    text = clean(text)
    return f"'{text}" if text.lstrip().startswith(_FORMULA) else text
