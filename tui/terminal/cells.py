"""What the terminal shows, cell by cell, so that a frame sends only the cells that change.

Textual sends a region from the left edge of its widget on, with the whole style of every piece of text and a
reset behind it. Over a slow line most of that says what the terminal shows already. Here a frame is taken
apart, compared with what was sent before, and written anew: the cells that differ, and of their style what
differs from the cell before. Whatever is not a frame, or not understood, is no concern of ours.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from rich.cells import cell_len

_MOVE = re.compile(r"\x1b\[(\d+);(\d+)H")
_PIECE = re.compile(r"\x1b\[([\d;]*)m|([^\x00-\x1f\x7f-\x9f]+)")
_GAP = 4
"""So many cells between two that changed are written again, where a move of the cursor is not shorter."""
_SHOWN_ON_BLANKS = {"4", "7", "9", "21", "53"}
"""Attributes that show on a blank: underline, reverse, strike, double underline, overline."""


class Style(NamedTuple):
    """Parameters of `SGR` sequences: both colours and the rest. A blank has no foreground: None fits any."""

    foreground: str | None
    background: str
    attributes: frozenset[str]


Cell = tuple[str, Style]
"""The text that begins in a cell, and how it looks; cells that wider text covers hold no text."""

_PLAIN = Style("", "", frozenset())


class Cells:
    """The cells of a terminal as they are after everything that was taken, and which of them it lacks."""

    def __init__(self) -> None:
        self._rows: dict[int, list[Cell | None]] = {}
        self._latest: dict[int, tuple[int, str]] = {}
        """What came last for a row, and where it began: the same again changes nothing."""
        self._uneven: set[int] = set()
        """Rows with text whose width terminals disagree about: everything sent there is sent on."""
        self._changed: dict[int, set[int]] = {}
        self._pen = _Pen()
        self._cursor: tuple[int, int] | None = None
        self._shown_cursor: tuple[int, int] | None = None

    def forget(self) -> None:
        """Know nothing any more: the terminal may show anything."""
        self._rows.clear()
        self._latest.clear()
        self._uneven.clear()
        self._changed.clear()
        self._cursor = self._shown_cursor = None

    def take(self, frame: str) -> bool:
        """Take a frame in; False if it is more than moves, styles and text: then `forget` must follow."""
        before, *parts = _MOVE.split(frame)
        if before or not parts:
            return False
        for row, column, content in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
            x, y = int(column) - 1, int(row) - 1
            self._cursor = (x, y)
            stretch = content.removesuffix("\n")  # which another move follows
            if stretch and self._latest.get(y) != (x, stretch):
                self._latest[y] = (x, stretch)
                if not self._apply(x, y, stretch):
                    return False
        return True

    def _apply(self, x: int, y: int, stretch: str) -> bool:
        """Set the cells from (x, y) on; False if something in there is neither style nor text."""
        codes, end = "", 0
        for piece in _PIECE.finditer(stretch):
            if piece.start() != end:
                return False
            end = piece.end()
            style, text = piece.groups()
            if text is not None:
                x += self._put(x, y, text, _style(codes))
            else:
                codes = "" if style in ("", "0") else f"{codes};{style}"
        return end == len(stretch)

    def _put(self, x: int, y: int, text: str, style: Style) -> int:
        """Set the cells from (x, y) on, and return how many."""
        width = cell_len(text)
        if not width:  # marks without a letter of their own: they would change the one before them
            return 0
        row = self._rows.setdefault(y, [])
        if len(row) < x + width:
            row += [None] * (x + width - len(row))
        if text.isascii() or _is_narrow(text):
            blank = _blank(style)
            cells: list[Cell] = [(one, blank if one == " " else style) for one in text]
        else:
            self._uneven.add(y)
            cells = [(text, style), *[("", style)] * (width - 1)]
        before = row[x : x + width]
        if y in self._uneven:
            self._changed.setdefault(y, set()).update(range(x, x + width))
        elif before != cells:
            differing = (i for i, (old, new) in enumerate(zip(before, cells, strict=True), x) if old != new)
            self._changed.setdefault(y, set()).update(differing)
        row[x : x + width] = cells
        return width

    def changes(self) -> str:
        """Return what brings the terminal up to date, and take it as sent; empty if nothing is to be sent."""
        written = [piece for y in sorted(self._changed) for piece in self._row(y, self._pen)]
        self._changed.clear()
        if self._cursor is not None and (written or self._cursor != self._shown_cursor):
            written.append(_move(*self._cursor))
            self._shown_cursor = self._cursor
        return "".join(written)

    def plain(self) -> str:
        """Return what ends the style that the last changes were written in, before others write."""
        ended, self._pen = self._pen.style, _Pen()
        return "" if ended == _PLAIN else "\x1b[0m"

    def _row(self, y: int, pen: "_Pen") -> Iterator[str]:
        row = self._rows[y]
        at = -1
        for x in sorted(self._changed[y]):
            cell = row[x]
            assert cell is not None
            if at < 0 and not cell[0]:  # covered by the text before it
                continue
            if x > at:
                gap = row[at:x] if at >= 0 else []
                if 0 < len(gap) <= _GAP and all(cell is not None and pen.suits(cell) for cell in gap):
                    yield "".join(cell[0] for cell in gap if cell is not None)
                else:
                    yield _move(x, y) if at < 0 else f"\x1b[{x - at}C"
            yield pen.write(cell)
            at = -1 if _is_disputed(cell[0]) else x + 1


class _Pen:
    """How the next character would look. It stays as it is from one frame to the next."""

    def __init__(self) -> None:
        self.style = _PLAIN

    def suits(self, cell: Cell) -> bool:
        """Whether a cell can be written without a change of style."""
        text, wanted = cell
        return len(text) == 1 and not self._change(wanted)

    def write(self, cell: Cell) -> str:
        """Return a cell's text behind the change of style that it needs."""
        text, wanted = cell
        if not text:
            return ""
        change = self._change(wanted)
        if not change:
            return text
        if wanted.foreground is None:  # what is on the pen stays on it
            kept = _PLAIN if change.startswith("0") else self.style
            wanted = Style(kept.foreground, wanted.background, kept.attributes)
        self.style = wanted
        return f"\x1b[{change}m{text}"

    def _change(self, wanted: Style) -> str:
        now = self.style
        if wanted is now:
            return ""
        return _transition(now, wanted)


@lru_cache(4096)
def _transition(now: Style, wanted: Style) -> str:
    """Return the parameters that lead from one style to another; empty if one looks like the other."""
    if wanted.foreground is None:
        if now.attributes & _SHOWN_ON_BLANKS:
            return _joined("0", wanted.background)
        return "" if now.background == wanted.background else wanted.background or "49"
    if not now.attributes <= wanted.attributes:
        return _joined("0", *sorted(wanted.attributes), wanted.foreground, wanted.background)
    parts = sorted(wanted.attributes - now.attributes)
    if wanted.foreground != now.foreground:
        parts.append(wanted.foreground or "39")
    if wanted.background != now.background:
        parts.append(wanted.background or "49")
    return ";".join(parts)


def _joined(*parts: str) -> str:
    return ";".join(part for part in parts if part)


@lru_cache(4096)
def _style(codes: str) -> Style:
    """Read parameters of `SGR` sequences, in the order in which they came."""
    foreground, background, attributes = "", "", set[str]()
    numbers = iter(codes.strip(";").split(";")) if codes else iter(())
    for number in numbers:
        code = int(number or 0)
        if code in (38, 48):
            colour = ";".join((number, *_colour(numbers)))
            foreground, background = (colour, background) if code == 38 else (foreground, colour)
        elif 30 <= code <= 39 or 90 <= code <= 97:
            foreground = "" if code == 39 else number
        elif 40 <= code <= 49 or 100 <= code <= 107:
            background = "" if code == 49 else number
        elif code == 0:
            foreground, background, attributes = "", "", set()
        else:
            attributes.add(number)
    return Style(foreground, background, frozenset(attributes))


def _colour(numbers: Iterator[str]) -> Iterable[str]:
    """Return the rest of an indexed colour, `5;n`, or of a true one, `2;r;g;b`."""
    kind = next(numbers, "5")
    return (kind, *(next(numbers, "0") for _ in range(3 if kind == "2" else 1)))


@lru_cache(1024)
def _blank(style: Style) -> Style:
    """Return how a blank of a style looks: only its background shows, unless it is underlined or the like."""
    if style.attributes & _SHOWN_ON_BLANKS:
        return style
    return Style(None, style.background, frozenset())


@lru_cache(4096)
def _is_narrow(text: str) -> bool:
    """Whether every character is one cell wide by itself."""
    return all(cell_len(character) == 1 for character in text)


@lru_cache(4096)
def _is_disputed(text: str) -> bool:
    """Whether some terminals draw it wider than others: letters that join, as in pictures of families."""
    if text.isascii():
        return False
    is_flag = any("\U0001f1e6" <= letter <= "\U0001f1ff" for letter in text)
    return is_flag or sum(map(cell_len, text)) != cell_len(text)


def _move(x: int, y: int) -> str:
    return f"\x1b[{y + 1};{x + 1}H"
