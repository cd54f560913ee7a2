"""How numbers, columns, sums of products and rules stand on a page: short, aligned, so that they add up."""

import math
import re
from collections.abc import Sequence
from typing import Any

from rich.cells import cell_len, set_cell_size
from textual.content import Content

from dlcore.clean import clean

Lines = list[Content]
Number = float | int | None

_DIGITS = 5
_MOST_DECIMALS = 7
_LARGE = 1e5
_TIMES = re.compile(r"(?<=\S)·(?=\S)")
LEAST_ROWS = 3
LEAST_TERMS = 2


def figure(value: Number, digits: int = _DIGITS) -> str:
    """Return a number in so many digits, as short as they are."""
    if value is None:
        return "not finite"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value + 0.0:.{digits}g}"  # no minus before a zero


def short(value: Number) -> str:
    """Return a number in four digits, all of them written."""
    return "not finite" if value is None else f"{value + 0.0:#.4g}".rstrip(".")


def column(values: Sequence[Number]) -> list[str]:
    """Return numbers that stand below each other: one notation for all, right-aligned.

    Five digits of the largest and three of the smallest, or powers of ten where that takes too much room.
    """
    sizes = [abs(value) for value in values if value]
    largest, smallest = max(sizes, default=1.0), min(sizes, default=1.0)
    decimals = max(_DIGITS - 1 - _power(largest), 2 - _power(smallest), 0)
    is_plain = decimals <= _MOST_DECIMALS and largest < _LARGE
    texts = [_one(value, decimals if is_plain else None) for value in values]
    width = max(map(len, texts), default=0)
    return [text.rjust(width) for text in texts]


def _power(size: float) -> int:
    return math.floor(math.log10(size)) if size > 0 else 0


def _one(value: Number, decimals: int | None) -> str:
    if value is None:
        return "not finite"
    value += 0.0
    return f"{value:.{decimals}f}" if decimals is not None else f"{value:.{_DIGITS - 1}e}"


def title(text: str, aside: str = "") -> Content:
    """Return a heading, and what goes with it."""
    return Content.assemble((clean(text), "bold"), (f"  {clean(aside)}" if aside else "", "$secondary"))


def said(text: str) -> Content:
    """Return a sentence in the quiet colour."""
    return Content(clean(text)).stylize("$secondary")


def shape(sides: Sequence[int]) -> str:
    """Return a shape as people write it."""
    return "×".join(map(str, sides)) or "1"


def share_out(height: int, fixed: int, rows: int, sums: Sequence[int]) -> tuple[int, list[int]]:
    """Return how many rows of a table and terms of each sum there is room for, beside `fixed` other lines.

    The table comes first, until few terms are left; neither goes below what makes sense: then it scrolls.
    """
    free, wanted, least = max(0, height - fixed), sum(sums), LEAST_TERMS * sum(map(bool, sums))
    shown = min(wanted, max(least, free - rows))
    table = min(rows, max(LEAST_ROWS, free - shown))
    left = min(wanted, max(least, free - table))
    shares = [0] * len(sums)
    for done, (terms, at) in enumerate(sorted((terms, at) for at, terms in enumerate(sums))):
        shares[at] = min(terms, left // (len(sums) - done))
        left -= shares[at]
    return table, shares


def in_ascii(line: Content) -> Content:
    """Return a line whose signs of multiplication are stars; plain dots would be read as points."""
    return Content(_TIMES.sub("*", line.plain), spans=list(line.spans))


# -- tables -----------------------------------------------------------------------------------------


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], chosen: int | None, room: int) -> Lines:
    """Return rows below their heads: words to the left, first column and remarks without a head; else right.

    Where there is no room for all, those around the chosen one are shown. The chosen one is marked.
    """
    columns = list(zip(heads, *rows, strict=True))
    to_left = [number == 0 or not head for number, head in enumerate(heads)]
    widths = [max(map(cell_len, cells)) for cells in columns]
    first, last = _window(len(rows), chosen or 0, room)
    lines = [Content("  " + _spread(heads, widths, to_left)).stylize("$secondary")]
    if first:
        lines.append(said(f"  ⋮ {first} before"))
    for index in range(first, last):
        text = clean(_spread(rows[index], widths, to_left))
        is_chosen = index == chosen
        lines.append(Content(f"{'›' if is_chosen else ' '} {text}").stylize("bold" if is_chosen else ""))
    if last < len(rows):
        lines.append(said(f"  ⋮ {len(rows) - last} more"))
    return lines


def _spread(cells: Sequence[str], widths: Sequence[int], to_left: Sequence[bool]) -> str:
    texts = []
    for cell, width, is_left in zip(cells, widths, to_left, strict=True):
        blanks = " " * max(0, width - cell_len(cell))
        texts.append(cell + blanks if is_left else blanks + cell)
    return "  ".join(texts).rstrip()


def _window(many: int, chosen: int, room: int) -> tuple[int, int]:
    """Return first and last row of `many` that are shown; a line each says what is left out."""
    if many <= room:
        return 0, many
    inner = max(1, room - 2)
    first = max(0, min(chosen - inner // 2, many - inner))
    if first <= 1:
        return 0, max(1, room - 1)
    if first + inner >= many - 1:
        return many - max(1, room - 1), many
    return first, first + inner


# -- sums and rules ---------------------------------------------------------------------------------


def sum_of_products(
    heads: tuple[str, str, str],
    terms: Sequence[Sequence[Any]],
    count: int,
    total: Number,
    room: int,
    ends: Sequence[tuple[str, Number]],
    what: str = "terms",
) -> Lines:
    """Return terms `left × right = product`, the rest of them in one line, and what comes of it.

    `terms` are (left, right, product, label), the largest of `count`; without left and right, products
    alone. `ends` are the lines below: what else is added, and the result.
    """
    shown = terms[:room]
    products = [term[2] for term in shown]
    left_out = count - len(shown)
    rest = None
    if total is not None and all(product is not None for product in products):
        rest = total - math.fsum(products)
    tail = ([(f"… + {left_out:,} more {what}", rest)] if left_out else []) + list(ends)
    numbers = column([*products, *(value for _, value in tail)])
    factors = [(figures[0], figures[1]) for figures in shown if figures[0] is not None]
    lefts, rights = column([left for left, _ in factors]), column([right for _, right in factors])
    width = max([cell_len(label) for label, _ in tail] + [0])
    if factors:
        width = max(width, len(lefts[0]) + 3 + len(rights[0]))
    lines = [_heading(heads, lefts, rights, width, len(numbers[0]) if numbers else 0)] if factors else []
    for index, term in enumerate(shown):
        if factors:
            pair = f"{lefts[index]} × {rights[index]}".rjust(width)
            lines.append(_sum_line(pair, numbers[index], str(term[3])))
        else:
            lines.append(_sum_line(str(term[3]).ljust(width), numbers[index], ""))
    for index, (label, _) in enumerate(tail, len(shown)):
        is_last = index == len(numbers) - 1
        line = _sum_line(set_cell_size(label, width), numbers[index], "")
        lines.append(line.stylize("bold") if is_last else line)
    return lines


def _heading(
    heads: tuple[str, str, str], lefts: list[str], rights: list[str], width: int, last: int
) -> Content:
    pair = f"{heads[0].rjust(len(lefts[0]))}   {heads[1].rjust(len(rights[0]))}"
    return said(f"  {pair.rjust(width)}   {heads[2].rjust(last)}")


def _sum_line(left: str, value: str, label: str) -> Content:
    return Content.assemble(
        f"  {clean(left)} = {value}", (f"   {clean(label)}" if label else "", "$secondary")
    )


def numbers_of(line: dict[str, Any], digits: int = _DIGITS) -> str:
    """Return a rule's right side with its numbers; a negative one stands in brackets behind a sign."""
    text = ""
    for part in line["parts"]:
        if isinstance(part, str):
            text += part
            continue
        number = figure(part, digits)
        is_bare = not text or text.endswith("(")
        text += f"({number})" if number.startswith("-") and not is_bare else number
    return text


def rule(line: dict[str, Any], width: int, symbols: int = 0) -> Lines:
    """Return `symbol = rule = numbers = value`: in one line, or the numbers in a second one.

    Where those are too long for a line, they lose a digit; then the value stands in a third.
    """
    symbol, value, numbers = str(line["symbol"]).ljust(symbols), figure(line["value"]), numbers_of(line)
    middle = "" if numbers == value else f" = {numbers}"
    head = f"  {clean(symbol)} = "
    words = clean(str(line["rule"]))
    if cell_len(head) + cell_len(words) + cell_len(middle) + 3 + len(value) <= width:
        return [Content.assemble(head, (words, "$secondary"), middle, " = ", (value, "bold"))]
    below = " " * (cell_len(head) - 2) + "= "
    first = Content.assemble(head, (words, "$secondary"))
    if not middle:
        return [first, Content.assemble(below, (value, "bold"))]
    room = width - cell_len(below)
    if cell_len(numbers) + 3 + len(value) > room:
        numbers = numbers_of(line, _DIGITS - 1)
    if cell_len(numbers) + 3 + len(value) <= room:
        return [first, Content.assemble(below, numbers, " = ", (value, "bold"))]
    if cell_len(numbers) > room:
        numbers = numbers_of(line, _DIGITS - 2)
    return [first, Content(below + numbers), Content.assemble(below, (value, "bold"))]


def rules(lines: Sequence[dict[str, Any]], width: int) -> Lines:
    """Return rules below each other, their equals signs in one column."""
    symbols = max((cell_len(str(line["symbol"])) for line in lines), default=0)
    return [content for line in lines for content in rule(line, width, symbols)]
