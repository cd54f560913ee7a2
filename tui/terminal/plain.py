"""The last door before a terminal that has no font for more: every character becomes a plain one."""

from functools import lru_cache

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

_LETTERS = str.maketrans(
    {
        **dict.fromkeys("█▌▏▎▍▋▊▉▐", "="),
        **dict.fromkeys("│┃┤├┆┊⋮▕", "|"),
        **dict.fromkeys("─━▁▔–—−", "-"),
        **dict.fromkeys("‹⟨", "<"),
        **dict.fromkeys("›⟩→▶", ">"),
        **dict.fromkeys("·•…", "."),
        **dict.fromkeys("✗×", "x"),
        **dict.fromkeys("◼●", "#"),
        "✓": "+",
        "Ⅱ": "=",
        "◌": "o",
        "÷": "/",
        "±": "~",
        "└": "`",
        "²": "2",
        "√": "r",
        "Σ": "S",
        "γ": "g",
        "δ": "d",
        "ε": "e",
        **dict.fromkeys("⏎↑", "^"),
        "↓": "v",
        **dict.fromkeys("⌫←", "<"),
        "\N{NO-BREAK SPACE}": " ",
    }
)


@lru_cache(4096)
def plain(text: str) -> str:
    """Return the text in ASCII, each character as many cells wide as before; unknown ones are `?`."""
    text = text.translate(_LETTERS)
    if text.isascii():
        return text
    return "".join(letter if letter.isascii() else "?" * cell_len(letter) for letter in text)


class Plain(LineFilter):
    """Makes every line that is drawn plain."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments with plain characters, styles as they were."""
        return [Segment(plain(text), style, control) for text, style, control in segments]
