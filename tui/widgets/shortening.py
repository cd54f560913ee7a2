"""Texts in few cells: names that still tell the classes apart, and what is cut and says so."""

from collections import Counter
from functools import lru_cache

from rich.cells import cell_len, set_cell_size


@lru_cache(16)
def shortened(names: tuple[str, ...], cells: int) -> tuple[str, ...]:
    """Return each name in at most so many cells; of those that would look alike the end is a number."""
    cut = [cut_to(name, cells) for name in names]
    times = Counter(cut)
    found = []
    for number, (name, short) in enumerate(zip(names, cut, strict=True)):
        if times[short] == 1 or cell_len(name) <= cells:
            found.append(short)
        else:
            end = str(number)[-cells:]
            found.append(cut_to(name, cells - len(end)) + end)
    return tuple(found)


def cut_to(text: str, cells: int) -> str:
    """Return the beginning of a text that has room in so many cells, without blanks at its end."""
    return set_cell_size(text, cells).rstrip() if cell_len(text) > cells else text


def ellipsized(text: str, cells: int) -> str:
    """Return a text in at most so many cells; one that is cut ends in an ellipsis."""
    if cell_len(text) <= cells:
        return text
    return f"{cut_to(text, cells - 1)}…" if cells > 0 else ""


def in_lines(text: str, cells: int, most: int) -> list[str]:
    """Return a text broken at its blanks, in at most so many lines; one that is cut ends in an ellipsis."""
    lines, words = [""], text.split()
    while words:
        longer = f"{lines[-1]} {words[0]}".lstrip()
        if cell_len(longer) <= cells or not lines[-1]:
            lines[-1] = longer
            words.pop(0)
        elif len(lines) < most:
            lines.append("")
        else:
            lines[-1] = f"{lines[-1]} {' '.join(words)}"
            break
    return [ellipsized(line, cells) for line in lines]


def right(text: str, cells: int) -> str:
    """Return a text at the right of exactly so many cells."""
    text = cut_to(text, cells)
    return " " * (cells - cell_len(text)) + text


def left(text: str, cells: int) -> str:
    """Return a text at the left of exactly so many cells."""
    text = cut_to(text, cells)
    return text + " " * (cells - cell_len(text))
