"""A CSV file as rows: lines of text, the delimiter between cells, and why a file is not used."""

import csv
from collections.abc import Iterable, Iterator
from typing import TextIO

from dlcore.clean import clean

LONGEST_LINE = 16 * 1024**2
_DELIMITERS = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "|"}
_SHOWN = 40  # characters of a cell or a name in a sentence


class RefusedError(Exception):
    """Why a file is not used, and the cure; `read_table` puts the file's name in front."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def lines_of(handle: TextIO) -> Iterator[str]:
    """Yield the lines with their ends; raises where one is not text."""
    hint = "Save the file as text in UTF-8; in a spreadsheet it is called CSV UTF-8."
    for number, line in enumerate(iter(lambda: handle.readline(LONGEST_LINE), ""), 1):
        if len(line) == LONGEST_LINE:
            long = f"line {number} has {LONGEST_LINE:,} characters or more"
            raise RefusedError(long, "Give a CSV file: each row is a line.")
        if "\0" in line:
            raise RefusedError(f"line {number} has a zero byte, so this is no UTF-8 text", hint)
        if not line.isascii():
            try:
                line.encode()
            except UnicodeEncodeError as error:
                byte = ord(line[error.start]) - 0xDC00
                raise RefusedError(f"line {number} is not UTF-8 text (byte 0x{byte:02x})", hint) from None
        yield line


def rows_of(lines: Iterable[str], delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that are not blank, each with the number of the line it begins in."""
    ended = False

    def noticed() -> Iterator[str]:
        nonlocal ended
        yield from lines
        ended = True

    reader = csv.reader(noticed(), delimiter=delimiter, skipinitialspace=True)
    line = 1
    hint = "Look for a quotation mark that is never closed; inside quotation marks it is doubled."
    while True:
        try:
            cells = next(reader, None)
        except csv.Error:  # of its faults, only this one can come from lines of text
            most = csv.field_size_limit()
            raise RefusedError(f"line {line} begins a cell of more than {most:,} characters", hint) from None
        if cells is None:
            return
        if ended:  # the row is complete only because the file is: csv would hide the rows inside
            raise RefusedError(f"the row that begins in line {line} has an open quotation mark", hint)
        if len(cells) > 1 or (cells and cells[0].strip()):
            yield line, cells
        line = reader.line_num + 1


def delimiter_of(sample: list[str]) -> str:
    """Return the delimiter that cuts most rows of the sample into as many cells as the first row."""
    candidates = []
    fault = RefusedError(
        "its first row has one cell" if any(line.strip() for line in sample) else "it is empty",
        "A table has a column to predict and at least one other, parted by comma, semicolon, tab or |.",
    )
    for delimiter in _DELIMITERS:
        widths: list[int] = []
        try:
            for _, cells in rows_of(sample, delimiter):
                widths.append(len(cells))
        except RefusedError as refused:
            if not widths:  # else the sample may just end inside a cell
                fault = refused
        if widths and widths[0] > 1:
            # Between equals it is the semicolon: the commas beside it are those of decimal numbers.
            agreement = widths.count(widths[0]) / len(widths)
            candidates.append((agreement, delimiter == ";", widths[0], delimiter))
    if not candidates:
        raise fault
    return max(candidates)[-1]


def ragged(line: int, cells: int, measure: str, delimiter: str) -> RefusedError:
    """Return the fault of a row with more or fewer cells than `measure` says."""
    return RefusedError(
        f"line {line} has {counted(cells, 'cell')}, {measure}",
        f"Cells are parted by {_DELIMITERS[delimiter]} here; put a cell that has one into quotation marks.",
    )


def counted(number: int, noun: str) -> str:
    """Return a number of things: 1 cell, 2 cells."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def short(text: str) -> str:
    """Return a text of the file, cleaned, as far as a sentence has room for it."""
    text = clean(text)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def shown(text: str) -> str:
    """Return a text of the file in quotation marks."""
    return f'"{short(text)}"'
