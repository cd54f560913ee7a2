"""The door for strings from outside: run names, file names, log text, exceptions."""

import unicodedata

_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def steers(letter: str) -> bool:
    """Whether a character could steer a terminal or turn a line around instead of being shown."""
    # Cc: control characters; Cs: lone surrogates; Zl, Zp: line and paragraph separators.
    return letter in _BIDI or unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp")


def clean(text: str) -> str:
    """Return the text with everything that could steer a terminal made visible, as in \\x1b; letters stay."""
    if text.isprintable():  # which nothing is that steers; most texts need no second look
        return text
    return "".join(_visible(letter) for letter in text)


def _visible(letter: str) -> str:
    if not steers(letter):
        return letter
    code = ord(letter)
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"


def clean_lines(text: str) -> str:
    """Return the text cleaned line by line: its line ends stay."""
    return "\n".join(clean(line) for line in text.split("\n"))
