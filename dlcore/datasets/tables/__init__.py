"""A user's own CSV file as numbers: columns of words become 0/1 columns, a target becomes classes or values.

The file is read once, in blocks of rows, into compact columns. A column is kept as numbers and as categories
for as long as it may still turn out to be either, so that nothing has to be read again.
"""

from __future__ import annotations

import stat
from array import array
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from itertools import chain, islice
from pathlib import Path
from typing import Literal, Required, TextIO, TypedDict, Unpack

from dlcore.choices.choice import nearest
from dlcore.clean import clean
from dlcore.datasets.tables.columns import MOST_CLASSES, Column
from dlcore.datasets.tables.rows import (
    RefusedError,
    counted,
    delimiter_of,
    lines_of,
    ragged,
    rows_of,
    short,
    shown,
)
from dlcore.errors import DataError

Task = Literal["classification", "regression"]

LEAST_ROWS = 10
MOST_GUESSED = 20
"""A target of more different numbers than this is not guessed to be classes."""
MOST_BYTES = 2 * 1024**3
MOST_COLUMNS = 100_000
LONGEST_NAME = 1000
"""Letters of a column's name, and of a class: each input made of a column repeats its name."""
MOST_VALUES = MOST_BYTES // 4
"""Inputs times rows, at four bytes each."""
KEPT_BYTES = 64 * 1024**2
"""`cached_table` keeps no larger file."""

_SAMPLE = 100  # lines that the delimiter is told from
_SAMPLE_CHARACTERS = 1024**2
_KNOWN = 20  # names in the cure of an unknown one


@dataclass(frozen=True)
class Table:
    """The inputs and targets of a file, row by row. Tables are shared: nobody changes their arrays."""

    task: Task
    target: str
    """Name of the target column."""
    inputs: tuple[str, ...]
    """Names of the input columns after encoding: `age`, `colour=red`, ..."""
    values: array[float]
    """32-bit floats, rows × inputs, row by row; nan where a number is missing."""
    targets: array[float]
    """64-bit floats, one a row: class numbers from 0, or the values of a regression."""
    classes: tuple[str, ...]
    """Names of the classes, numbers sorted as numbers; empty for a regression."""

    @property
    def rows(self) -> int:
        """How many samples there are."""
        return len(self.targets)


class Options(TypedDict, total=False):
    """What `read_table` takes besides the path."""

    target: Required[str]
    task: Literal["auto", "classification", "regression"]
    header: bool
    missing: Literal["refuse", "impute"]
    ignore: tuple[str, ...]


def read_table(
    path: Path,
    *,
    target: str,
    task: Literal["auto", "classification", "regression"] = "auto",
    header: bool = True,
    missing: Literal["refuse", "impute"] = "refuse",
    ignore: tuple[str, ...] = (),
) -> Table:
    """Read a CSV file; an empty `target` is the last column that is not ignored.

    Without a header the columns are called c1, c2 ... With `missing="impute"` a missing number is nan and a
    missing category is 0 in all its columns. Raises `DataError` naming file, line and column.
    """
    try:
        _check_file(path)
        # Bytes that are not UTF-8 become surrogates, so that the line they are in can be named.
        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as handle:
            columns, goal = _read_columns(handle, target, header, ignore)
        if goal.rows < LEAST_ROWS:
            raise RefusedError(f"it has {counted(goal.rows, 'row')}", f"At least {LEAST_ROWS} are needed.")
        _check_missing([goal] if missing == "impute" else columns, goal)
        chosen, targets, classes = _targets(goal, task)
        names, values = _inputs([column for column in columns if column is not goal], goal.rows)
    except RefusedError as refused:
        raise DataError(f"{clean(str(path))}: {refused.message}", refused.hint) from None
    except OSError as error:
        reason = error.strerror or clean(str(error))
        hint = "Check the path in data.file, and that you may read it."
        raise DataError(f"{clean(str(path))} cannot be read: {reason}", hint) from error
    return Table(chosen, goal.name, names, values, targets, classes)


def cached_table(path: Path, **options: Unpack[Options]) -> Table:
    """Return what `read_table` does, or raise what it raises, without reading an unchanged file again."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return read_table(path, **options)  # which says what is wrong
    if status.st_size > KEPT_BYTES:
        return read_table(path, **options)
    found = table_at(path, status.st_mtime_ns, status.st_size, **options)
    if isinstance(found, DataError):
        raise DataError(found.message, found.hint)  # a new one: each raise would lengthen a kept traceback
    return found


@lru_cache(maxsize=4)
def table_at(path: Path, mtime_ns: int, size: int, **options: Unpack[Options]) -> Table | DataError:
    """Return the table of a file of that age and size, or what is wrong with its content."""
    try:
        return read_table(path, **options)
    except DataError as error:
        if isinstance(error.__cause__, OSError):  # permissions change without a trace in age and size
            raise
        return DataError(error.message, error.hint)


def _check_file(path: Path) -> None:
    hint = "Give the path of a CSV file in data.file."
    try:
        status = path.stat()
    except ValueError:
        raise RefusedError("this is no path", hint) from None
    except FileNotFoundError:
        raise RefusedError("there is no such file", hint) from None
    if not stat.S_ISREG(status.st_mode):
        raise RefusedError(
            "this is a folder" if stat.S_ISDIR(status.st_mode) else "this is not a plain file", hint
        )
    if status.st_size > MOST_BYTES:
        raise RefusedError(
            f"it has {status.st_size:,} bytes, at most {MOST_BYTES:,} are read",
            "Take a part of its rows, or read it with code of your own (data.kind = custom).",
        )


def _read_columns(
    handle: TextIO, target: str, header: bool, ignore: tuple[str, ...]
) -> tuple[list[Column], Column]:
    """Return all columns that are not ignored, in the file's order, and the target among them."""
    lines = lines_of(handle)
    sample: list[str] = []
    while len(sample) < _SAMPLE and sum(map(len, sample)) < _SAMPLE_CHARACTERS and (line := next(lines, "")):
        sample.append(line)
    delimiter = delimiter_of(sample)
    records = rows_of(chain(sample, lines), delimiter)
    line_number, first = next(records)
    _check_width(first)
    names = _names(first, header)
    goal = _target_name(names, target, ignore)
    columns = [
        Column(name, position, name == goal) for position, name in enumerate(names) if name not in ignore
    ]
    if not header:
        records = chain([(line_number, first)], records)
    measure = f"{'the header' if header else f'line {line_number}'} has {len(names)}"
    block_rows = max(1, min(1024, 100_000 // len(names)))
    while block := list(islice(records, block_rows)):
        for number, cells in block:
            if len(cells) != len(names):
                raise ragged(number, len(cells), measure, delimiter)
        numbers = [number for number, _ in block]
        cells_of = list(zip(*(cells for _, cells in block), strict=True))
        for column in columns:
            column.take(numbers, cells_of[column.position])
    return columns, next(column for column in columns if column.is_target)


def _check_width(cells: list[str]) -> None:
    if len(cells) > MOST_COLUMNS:
        raise RefusedError(
            f"it has {len(cells):,} columns, at most {MOST_COLUMNS:,} are read",
            "Take a part of them, or read it with code of your own (data.kind = custom).",
        )


def _names(cells: list[str], header: bool) -> list[str]:
    if not header:
        return [f"c{number}" for number in range(1, len(cells) + 1)]
    names = [cell.strip() or f"c{number}" for number, cell in enumerate(cells, 1)]
    long = next((name for name in names if len(name) > LONGEST_NAME), None)
    if long is not None:
        raise RefusedError(
            f"a column's name, {shown(long)}, has {len(long):,} letters",
            f"Give it one of at most {LONGEST_NAME:,}.",
        )
    first: dict[str, int] = {}
    for number, name in enumerate(names, 1):
        if name in first:
            raise RefusedError(
                f"columns {first[name]} and {number} are both called {shown(name)}",
                "Give each a name of its own; if the first line is data already, set data.header = false.",
            )
        first[name] = number
    return names


def _target_name(names: list[str], target: str, ignore: tuple[str, ...]) -> str:
    for name in (*ignore, target or names[0]):
        if name not in names:
            known, more = [short(other) for other in names], ""
            if len(known) > _KNOWN:
                more = f" These are the nearest {_KNOWN} of {len(known):,}."
                known = get_close_matches(name, known, n=_KNOWN, cutoff=0)
            raise RefusedError(f"there is no column {shown(name)}", nearest(short(name), known) + more)
    kept = [name for name in names if name not in ignore]
    if target in ignore:
        raise RefusedError(f"the target {shown(target)} is ignored", "Take it out of data.ignore.")
    if len(kept) < 2:
        raise RefusedError("no column is left to learn from", "Take one out of data.ignore.")
    return target or kept[-1]


def _check_missing(columns: list[Column], goal: Column) -> None:
    """Raise for the first missing cell of these columns."""
    gaps = [column for column in columns if column.missing]
    if not gaps:
        return
    first = min(gaps, key=lambda column: column.first_missing[0])
    line, text = first.first_missing
    total = sum(column.missing for column in gaps)
    what = f"{shown(text)}, which stands for no value," if text else "no value"
    only = "" if total == 1 else f"; {total:,} cells in all have none"
    impute = any(column is not goal for column in gaps)
    raise RefusedError(
        f"line {line} has {what} in {first.title}{only}",
        "Fill in the values or remove the rows"
        + (", or set data.missing = impute." if impute else ": without a target nothing can be learned."),
    )


def _targets(goal: Column, task: str) -> tuple[Task, array[float], tuple[str, ...]]:
    """Return the task, the class numbers or values row by row, and the names of the classes."""
    numbers = goal.checked_numbers()
    if task == "regression" and numbers is None:
        line, text = goal.word
        raise RefusedError(
            f"{goal.title} has {shown(text)} in line {line}, which is no number",
            "Correct that cell, or set data.task = classification.",
        )
    if numbers is not None and (task == "regression" or (task == "auto" and not _are_classes(numbers))):
        return "regression", numbers, ()
    if numbers is None:
        assert goal.codes is not None
        classes = goal.sorted_categories()
        if any(len(name) > LONGEST_NAME for name in classes):
            raise RefusedError(
                f"{goal.title} has a class with a name of more than {LONGEST_NAME:,} letters",
                "Name another column in data.target.",
            )
        place = {goal.categories[name]: float(index) for index, name in enumerate(classes)}
        targets = array("d", map(place.__getitem__, goal.codes))
    else:
        distinct = sorted(_distinct(numbers, MOST_CLASSES))
        if len(distinct) > MOST_CLASSES:
            raise RefusedError(
                f"{goal.title} has more than {MOST_CLASSES:,} classes",
                "Set data.task = regression, or name another column in data.target.",
            )
        classes = [repr(number).removesuffix(".0") for number in distinct]
        index_of = {number: float(index) for index, number in enumerate(distinct)}
        targets = array("d", map(index_of.__getitem__, numbers))
    if len(classes) < 2:
        raise RefusedError(
            f"{goal.title} has one class only: {shown(classes[0])}",
            "Name another column in data.target.",
        )
    return "classification", targets, tuple(classes)


def _are_classes(numbers: array[float]) -> bool:
    """Whether few different whole numbers come often enough to be taken for classes."""
    distinct = _distinct(numbers, MOST_GUESSED)
    few = len(distinct) <= MOST_GUESSED and len(numbers) >= 3 * len(distinct)
    return few and all(number.is_integer() for number in distinct)


def _distinct(numbers: array[float], most: int) -> set[float]:
    """Return the different numbers; one more than `most` of them at most."""
    found: set[float] = set()
    for number in numbers:
        found.add(number)
        if len(found) > most:
            break
    return found


def _inputs(columns: list[Column], rows: int) -> tuple[tuple[str, ...], array[float]]:
    """Return the names of the inputs and their values, row by row."""
    names: list[str] = []
    starts = []
    for column in columns:
        starts.append(len(names))
        names += _input_names(column)
    if not names:
        raise RefusedError(
            "no column is left to learn from", "A column of words that are all the same teaches nothing."
        )
    width = len(names)
    if width * rows > MOST_VALUES:
        raise RefusedError(
            f"{rows:,} rows of {width:,} inputs are more than {MOST_BYTES:,} bytes",
            "Put columns with many categories into data.ignore, or take a part of the rows.",
        )
    values = array("f", [0.0]) * (width * rows)
    for column, start in zip(columns, starts, strict=True):
        _place(column, values, start, width)
    return tuple(names), values


def _input_names(column: Column) -> list[str]:
    if column.checked_numbers() is not None:
        if column.missing == column.rows:
            raise RefusedError(f"{column.title} has no value in any row", "Put it into data.ignore.")
        return [column.name]
    return [f"{column.name}={category}" for category in _encoded_categories(column)]


def _encoded_categories(column: Column) -> list[str]:
    """Return the categories that get an input: of two the second, of one none."""
    categories = column.sorted_categories()
    return categories if len(categories) > 2 else categories[1:]


def _place(column: Column, values: array[float], start: int, width: int) -> None:
    """Write a column into the rows of `values`, its first input at `start`."""
    if column.numbers is not None:
        values[start::width] = column.numbers
        return
    assert column.codes is not None
    inputs = enumerate(_encoded_categories(column), start)
    place = {column.categories[category]: index for index, category in inputs}
    for row, code in enumerate(column.codes):
        if code in place:
            values[row * width + place[code]] = 1.0
