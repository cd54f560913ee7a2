"""The door for strings from outside: run names, file names, log text, exceptions."""

import re
import unicodedata

_JOINER = "\u200d"
_PICTURE = "[\u2194-\u2199\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff]\ufe0f?[\U0001f3fb-\U0001f3ff]?"
_JOINED = re.compile(f"{_PICTURE}(?:{_JOINER}{_PICTURE}){{1,3}}|{_JOINER}")
"""Pictures that are drawn as one, of which none has more than four; or a joiner that joins no such ones."""
_VIRAMA = 9
"""The combining class of marks behind which a joiner makes one letter of two, in the scripts of India."""
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def steers(letter: str) -> bool:
    """Whether a character could steer a terminal or turn a line around instead of being shown."""
    # Cc: control characters; Cs: lone surrogates; Zl, Zp: line and paragraph separators.
    return letter in _BIDI or unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp")


def clean(text: str) -> str:
    """Return the text with everything that could steer a terminal made visible, as in \\x1b; letters stay."""
    if text.isprintable():  # which nothing is that steers; most texts need no second look
        return text
    return _without_stray_joiners("".join(_visible(letter) for letter in text))


def _visible(letter: str) -> str:
    if not steers(letter):
        return letter
    code = ord(letter)
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"


def _without_stray_joiners(text: str) -> str:
    """Make joiners visible that join neither pictures nor letters.

    Layouts take what stands behind any joiner for part of what is before it, and leave it no room; terminals
    do not, so that the line would grow beyond its end.
    """

    def shown(found: re.Match[str]) -> str:
        is_stray = found[0] == _JOINER and not _joins_letters(text, found.start())
        return "\\u200d" if is_stray else found[0]

    return _JOINED.sub(shown, text) if _JOINER in text else text


def _joins_letters(text: str, at: int) -> bool:
    before, after = text[at - 1 : at], text[at + 1 : at + 2]
    return bool(before) and unicodedata.combining(before) == _VIRAMA and after.isalpha()


def clean_lines(text: str) -> str:
    """Return the text cleaned line by line: its line ends stay."""
    return "\n".join(clean(line) for line in text.split("\n"))
