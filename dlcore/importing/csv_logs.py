"""CSV logs of other programs: Lightning's, Keras', fastai's, ultralytics', or any with a header and numbers.

A row has the figures of a step or of an epoch, and may leave cells empty. Which it is, a column says: `step`
(`global_step`, `iteration` ...) or `epoch`; without either, rows are counted.
"""

import math
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from io import TextIOWrapper
from itertools import chain, islice
from pathlib import Path

from dlcore.clean import clean
from dlcore.datasets.tables.rows import RefusedError, delimiter_of, lines_of, ragged, rows_of
from dlcore.errors import DataError
from dlcore.files.plainfile import open_plain
from dlcore.importing.log import LONGEST_NAME, MOST_NAMES, MOST_POINTS, MOST_STEP, Column, Log

MOST_BYTES = 64 << 20
_SAMPLE = 100
_STEPS = ("step", "global_step", "trainer/global_step", "iteration", "iter", "steps", "iterations")
_EPOCHS = ("epoch", "epochs")
_NO_VALUES = ("", "none", "null", "na", "n/a", "-")
_WORDS = "words, not numbers"


@dataclass(frozen=True)
class _Head:
    """What the first row says."""

    names: tuple[str, ...]
    step: int | None
    epoch: int | None

    @property
    def format(self) -> str:
        """Whose log it is, as far as its names tell."""
        names = set(self.names)
        if any(name.startswith("metrics/") or name == "train/box_loss" for name in names):
            return "ultralytics CSV"
        if {"train_loss", "valid_loss", "time"} <= names:
            return "fastai CSV"
        if {"epoch", "step"} <= names:
            return "Lightning CSV"
        if "epoch" in names and ("loss" in names or "val_loss" in names):
            return "Keras CSV"
        return "CSV"


def read_csv(path: Path, *, grows: bool = False) -> Log:
    """Return what a CSV file holds; with `grows`, its last line counts only once it is ended.

    Raises DataError for a file that is no table, names the line, and OSError where it cannot be read.
    """
    try:
        with open_plain(path) as file:
            size = os.fstat(file.fileno()).st_size
            if size > MOST_BYTES:
                raise RefusedError(
                    f"it has {size:,} bytes, at most {MOST_BYTES:,} are read", "Import a part."
                )
            text = TextIOWrapper(file, encoding="utf-8-sig", errors="surrogateescape", newline="")
            return _read(path, _ended(lines_of(text), grows=grows))
    except RefusedError as refused:
        raise DataError(f"{clean(str(path))}: {refused.message}", refused.hint) from None


def _ended(lines: Iterator[str], *, grows: bool) -> Iterator[str]:
    """Yield the lines; of a file that grows, only those that have an end."""
    return (line for line in lines if not grows or line.endswith(("\n", "\r")))


def _read(path: Path, lines: Iterator[str]) -> Log:
    sample = list(islice(lines, _SAMPLE))
    delimiter = delimiter_of(sample)
    records = rows_of(chain(sample, lines), delimiter)
    _, first = next(records)
    head = _head(first)
    log = Log(path.stem if path.stem != "metrics" else path.parent.name or path.stem, str(path), head.format)
    rows = _rows(records, head, delimiter)
    log.by_epoch = head.step is None and head.epoch is not None and _is_one_each(rows, head.epoch)
    index = _index(head, log.by_epoch)
    words: set[int] = set()
    if head.epoch is not None:
        log.epochs = Column()
    for number, cells in enumerate(rows):
        step = index(number, cells)
        if step is None:
            continue
        for at, cell in enumerate(cells):
            value = _value(cell)
            if isinstance(value, str):
                words.add(at)
            elif value is not None and at == head.epoch and log.epochs is not None:
                log.epochs.add(step, value)
            elif value is not None and at != head.step and at not in words:
                log.add(head.names[at], step, value)
    for at in words:
        log.columns.pop(head.names[at], None)
        log.others[head.names[at]] = _WORDS
    for column in (*log.columns.values(), *((log.epochs,) if log.epochs is not None else ())):
        column.settle()
    return log


def _rows(records: Iterator[tuple[int, list[str]]], head: _Head, delimiter: str) -> list[tuple[str, ...]]:
    """Return the cells of all rows; raises RefusedError for one that has others than the header."""
    found = []
    for line, cells in records:
        if len(cells) != len(head.names):
            raise ragged(line, len(cells), f"the header has {len(head.names)}", delimiter)
        found.append(tuple(cell.strip() for cell in cells))
        if len(found) * len(cells) > 2 * MOST_POINTS:
            raise RefusedError(f"it has more than {2 * MOST_POINTS:,} cells", "Import a part.")
    return found


def _head(cells: Sequence[str]) -> _Head:
    names = tuple(cell.strip()[:LONGEST_NAME] or f"c{number}" for number, cell in enumerate(cells, 1))
    if len(names) > MOST_NAMES:
        raise RefusedError(
            f"it has {len(names):,} columns, at most {MOST_NAMES:,} are read", "Import a part."
        )
    if all(not isinstance(_value(name), str) for name in names):
        raise RefusedError("its first line has no names of columns", "Write a header above the figures.")
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise RefusedError(f'two columns are called "{clean(twice)}"', "Give each a name of its own.")
    lower = [name.casefold() for name in names]

    def place(known: tuple[str, ...]) -> int | None:
        return next((lower.index(name) for name in known if name in lower), None)

    return _Head(names, place(_STEPS), place(_EPOCHS))


def _index(head: _Head, by_epoch: bool) -> Callable[[int, tuple[str, ...]], int | None]:
    """Return what gives the step of a row, from its number and its cells; None where it says none."""
    at = head.epoch if by_epoch else head.step
    if at is None:
        return lambda number, cells: number

    def step(number: int, cells: tuple[str, ...]) -> int | None:
        value = _value(cells[at])
        whole = isinstance(value, float) and math.isfinite(value) and 0 <= value <= MOST_STEP
        return int(value) if whole and not isinstance(value, str) and value is not None else None

    return step


def _is_one_each(rows: list[tuple[str, ...]], epoch: int) -> bool:
    """Whether each row is of another epoch."""
    said = [row[epoch] for row in rows]
    return len(set(said)) == len(said)


def _value(cell: str) -> float | str | None:
    """Return the number of a cell, nan and inf among them; None for an empty one, the word for a word."""
    if cell.casefold() in _NO_VALUES:
        return None
    try:
        return float(cell) if "_" not in cell else cell
    except ValueError:
        return cell
