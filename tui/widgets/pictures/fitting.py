"""Many lines, or long ones, in little room."""

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size
from textual.content import Content


def fitting(lines: Sequence[Content], height: int) -> list[Content]:
    """Return the lines, those in the middle left out where there are too many."""
    if len(lines) <= height or height < 3:
        return list(lines)
    head = height // 2
    tail = height - head - 1
    left_out = Content(f"  ⋮ {len(lines) - head - tail} more").stylize("$secondary")
    return [*lines[:head], left_out, *lines[len(lines) - tail :]]


def flowing(parts: Sequence[str], width: int, between: str = " · ") -> Content:
    """Return the parts in lines of at most `width` cells, broken only between them."""
    lines: list[str] = []
    for part in parts:
        if lines and cell_len(lines[-1] + between + part) <= width:
            lines[-1] += between + part
        else:
            lines.append(part)
    return Content("\n".join(lines)).stylize("$secondary")


def centred(text: str, cells: int) -> str:
    """Return the text in the middle of exactly so many cells, cut where it is longer."""
    text = set_cell_size(text, min(cells, cell_len(text)))
    left = (cells - cell_len(text)) // 2
    return " " * left + text + " " * (cells - cell_len(text) - left)
