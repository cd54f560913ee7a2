"""Strings that others may hand us, and the question whether a painted or printed text is clean of them."""

import random
import re
import unicodedata
from collections.abc import Iterator

KEPT = (
    "한글 이름 둘",
    "한글",
    "né ½ ß ﷺ",
    "日本語の名前",
    "🙂🙃 👍🏽 ❤️ 🇰🇷",
    "👨‍👩‍👧‍👦 가족",
    "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f x",
    "e\u0301a\u0308 combined",
    "שלום עולם",
    "मानक हिन्दी",
)
"""Harmless names of people who do not write in ASCII: they are shown letter by letter."""

STEERING = (
    "\x1b]0;PWN\x07",
    "\x1b[2J\x1b[H",
    "\x1b[31mred\x1b[0m",
    "\x1b]8;;https://example.com\x1b\\link\x1b]8;;\x1b\\",
    "\x1b]52;c;cm0gLXJm\x07",
    "\x1bPq#0\x1b\\",
    "\x1b_Gf=100;AAAA\x1b\\",
    "\x1b[?1049l\x1b[?1003l",
    "\x1b[6n\x1b[c\x05",
    "\x1bc",
    "\x9b31mred",
    "\x9d0;PWN\x9c",
    "\x90q\x9c",
    "abc\u202egnp.exe\u202c",
    "\u2066left\u2069\u200f\u061c",
    "nul\0byte",
    "line\u2028para\u2029end",
    "tab\tcr\rlf\nff\x0cnel\x85",
    "back\x08\x08\x08\x08over",
    "del\x7f so\x0e si\x0f",
)
"""What a terminal would obey."""

MARKUP = (
    "[red]x[/red]",
    "[@click=app.bell]press[/]",
    "[@click=app.exit()]x",
    "A[/nope]B",
    "r[1,2] [lr=0.1]",
    '"[/"',
    "[/",
    "[/]",
    "[bold",
    "\\[bold]x\\[/bold]",
    "[$text-error]x[/]",
    "[link=https://example.com]x[/link]",
    "[",
    "]]][[[",
    ":warning: :bomb:",
    "%s %(x)s {0} {} $x ${HOME}",
)
"""What a widget might read instead of show."""

SHAPES = (
    "",
    " ",
    "x" * 3000,
    "가" * 700,
    "🙂" * 300,
    "ab가나" * 40,
    "Z" + "\u0351\u036b\u0343" * 30 + "A",
    "\u0301\u0301",
    "\u200d",
    "\u200b\u2060\ufeff",
    "a\u200db\u200cc\u00add",
    "\u115f\u1160\u3164",
    "\ufff9a\ufffab\ufffb",
    "\U000e0041\U000e0042",
    "\ue000\ufdd0\U0010ffff",
    "가\u200d나",
    "x" * 37 + "가",
    "a b " * 90,
)
"""What breaks a layout that counts letters instead of cells."""

ACTIVE = (
    "=1+1",
    "+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1:A9)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "  =1+1",
    "＝1+1",
    '","=1+1',
    "| a | b |",
    "\\| a \\",
    "`code` ``` ~~~",
    "# heading",
    "\n\n# heading",
    "- item",
    "1. one",
    "+ plus",
    "---",
    "===",
    "> quote",
    "    indented",
    "[link](https://example.com)",
    "![picture](https://example.com/x.png)",
    "<https://example.com>",
    "https://example.com/x www.example.com",
    "someone@example.com @someone #12",
    "[ref]: https://example.com",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<!-- comment",
    "&lt;b&gt; &#60; &amp",
    "*bold* _italic_ __x__ ~~gone~~",
    "$x^2$ [^1]",
    "'''\n[table]\n",
)
"""What a spreadsheet, Markdown or a browser would carry out."""

SURROGATES = ("\udcff", "caf\udce9 한글", "\ud800x\udfff", "\udc1b[2J")
"""What names of files become that are not UTF-8; no file of ours can hold them as they are."""

LISTED = (*KEPT, *STEERING, *MARKUP, *SHAPES, *ACTIVE)

_PIECES = (
    *KEPT,
    *STEERING,
    *MARKUP,
    "\u0301",
    "\u200d",
    "가",
    "🙂",
    " ",
    "|",
    "`",
    "=",
    "x" * 30,
    "\n",
    "\\",
)
_BLOCKS = (
    *((0, 0x20), (0x20, 0x7F), (0x7F, 0x100), (0x300, 0x370), (0x590, 0x700), (0x1100, 0x1200)),
    *((0x2000, 0x2070), (0x3000, 0x3100), (0xAC00, 0xD7A4), (0xE000, 0xE010), (0xFE00, 0xFF00)),
    *((0x1F300, 0x1FAFF), (0xE0000, 0xE0080), (0x10FFF0, 0x110000)),
)

_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_STEERS = frozenset(("Cc", "Cs", "Zl", "Zp"))


def strings(source: random.Random, number: int) -> Iterator[str]:
    """Yield so many strings: those of the list first, in another order each time, then made-up ones."""
    listed = list(LISTED)
    source.shuffle(listed)
    yield from listed[:number]
    for _ in range(number - len(listed)):
        yield "".join(_piece(source) for _ in range(source.randint(1, 8)))


def _piece(source: random.Random) -> str:
    if source.random() < 0.5:
        return source.choice(_PIECES)
    low, high = source.choice(_BLOCKS)
    return "".join(chr(source.randrange(low, high)) for _ in range(source.randint(1, 6)))


def raw(text: str) -> list[str]:
    """Return the characters that would steer a terminal; said again here, apart from the code under test."""
    return [repr(one) for one in sorted(set(text)) if one in _BIDI or unicodedata.category(one) in _STEERS]


def squeezed(text: str) -> str:
    """Return a text without what a layout adds or takes: blanks, line ends, and what has no width."""
    return re.sub(r"\s+", "", text)
