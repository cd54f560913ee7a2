"""Strings from outside in a file that others open: nothing steers a terminal, a table or a spreadsheet."""

import html
import re

from dlcore.clean import clean, steers

_MARKDOWN = re.compile(
    r"[\\`*\[\]<>|~&#@$]|(?<![^\W_])_|_(?![^\W_])"
    r"|:(?=//)|/(?=/)|(?<=mailto):|(?<=xmpp):|(?<=www)\.",  # what is made a link without being written as one
    re.IGNORECASE,
)
_ITEM = re.compile(r"([-+]|\d{1,9}[.)])")
"""An item of a list, at the start of a line."""
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")  # wide ones are taken for formulas too


def for_markdown(text: str) -> str:
    """Return the text so that Markdown shows it as it is, as a line of its own."""
    return as_line(in_markdown(text).strip())


def in_markdown(text: str) -> str:
    """Return the text so that Markdown shows it as it is within a line, or in a cell of a table."""
    return _MARKDOWN.sub(lambda found: "\\" + found[0], clean(text))


def as_line(escaped: str) -> str:
    """Return escaped Markdown as a line which no item of a list begins."""
    found = _ITEM.match(escaped)
    return f"{escaped[: found.end() - 1]}\\{escaped[found.end() - 1 :]}" if found else escaped


def for_html(text: str) -> str:
    """Return the text so that HTML shows it as it is, between tags and in a quoted attribute."""
    return html.escape(clean(text), quote=True)


def for_toml(document: str) -> str:
    """Return the same TOML document with TOML's own escapes for what could steer a terminal."""
    return "".join(
        f"\\u{ord(letter):04x}" if letter != "\n" and steers(letter) else letter for letter in document
    )


def for_spreadsheet(text: str) -> str:
    """Return the text with an apostrophe in front where a spreadsheet would take it for a formula."""
    text = clean(text)
    return f"'{text}" if text.lstrip().startswith(_FORMULA) else text
