"""Names in few cells that still tell the classes apart."""

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


def right(text: str, cells: int) -> str:
    """Return a text at the right of exactly so many cells."""
    text = cut_to(text, cells)
    return " " * (cells - cell_len(text)) + text


def left(text: str, cells: int) -> str:
    """Return a text at the left of exactly so many cells."""
    text = cut_to(text, cells)
    return text + " " * (cells - cell_len(text))
