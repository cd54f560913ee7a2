"""A line of a picture: pieces of text, each with the name of a style, and what is laid over them."""

from typing import Literal, NamedTuple

Role = Literal[
    "train",
    "validation",
    "raw",
    "reference",
    "run-1",
    "run-2",
    "run-3",
    "run-4",
    "run-5",
    "run-6",
    "run-7",
    "run-8",
    "band-1",
    "band-2",
    "band-3",
    "band-4",
    "band-5",
    "band-6",
    "band-7",
    "band-8",
]
"""What a curve stands for, and so its colour; a band is the paler one of its run."""
Key = Literal["axis", "title", "value", "cursor", "note", "mark"] | Role

_BLANKS = " \N{BRAILLE PATTERN BLANK}"


class Run(NamedTuple):
    """A piece of a line, and the name of the style it is shown in."""

    text: str
    key: Key


Line = tuple[Run, ...]


def put(runs: list[Run], column: int, character: str, key: Key, *, over: bool = True) -> list[Run]:
    """Return the pieces with one cell changed; without `over` only where it is blank."""
    start = 0
    for index, (text, style) in enumerate(runs):
        place = column - start
        if place < len(text):
            if not over and text[place] not in _BLANKS:
                return runs
            parts = [Run(text[:place], style), Run(character, key), Run(text[place + 1 :], style)]
            return [*runs[:index], *(part for part in parts if part.text), *runs[index + 1 :]]
        start += len(text)
    return runs


def write(rows: list[list[Run]], notes: list[str], columns: int) -> list[list[Run]]:
    """Return rows of so many cells with notes at the right of the first ones, below each other.

    A note takes the first blank place; where there is none it covers what is in the upper half.
    """
    rows = [list(runs) for runs in rows]
    first = 0
    for note in notes:
        text = note if len(note) < columns else f"{note[: columns - 2]}~"
        blank = (row for row in range(first, len(rows)) if _is_blank(rows[row], columns - len(text) - 1))
        row = next(blank, first if first < max(1, len(rows) // 2) else None)
        if row is None:
            return rows
        first = row + 1
        rows[row] = [*_before(rows[row], columns - len(text)), Run(text, "note")]
    return rows


def _is_blank(runs: list[Run], start: int) -> bool:
    """Whether a row holds nothing from a column on."""
    text = "".join(run.text for run in runs)
    return not text[max(start, 0) :].strip(_BLANKS)


def _before(runs: list[Run], stop: int) -> list[Run]:
    """Return the pieces up to a column."""
    kept: list[Run] = []
    for text, key in runs:
        if stop <= 0:
            break
        kept.append(Run(text[:stop], key))
        stop -= len(text)
    return kept
