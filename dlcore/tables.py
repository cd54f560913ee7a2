"""A user's own CSV file as numbers: columns of words become 0/1 columns, a target becomes classes or values.

The file is read once, in blocks of rows, into compact columns. A column is kept as numbers and as categories
for as long as it may still turn out to be either, so that nothing has to be read again.
"""

from __future__ import annotations

import csv
import math
import re
import stat
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from itertools import chain, islice
from pathlib import Path
from typing import Literal, Required, TextIO, TypedDict, Unpack

from dlcore.choices.choice import nearest
from dlcore.clean import clean
from dlcore.errors import DataError

Task = Literal["classification", "regression"]

LEAST_ROWS = 10
MOST_CATEGORIES = 100
MOST_CLASSES = 1000
MOST_GUESSED = 20
"""A target of more different numbers than this is not guessed to be classes."""
MOST_BYTES = 2 * 1024**3
MOST_VALUES = MOST_BYTES // 4
"""Inputs times rows, at four bytes each."""
KEPT_BYTES = 64 * 1024**2
"""`cached_table` keeps no larger file."""
LONGEST_LINE = 16 * 1024**2
LARGEST = 3.4028234663852886e38
"""The largest number of 32 bits."""

_MISSING = frozenset(("", "nan", "+nan", "-nan", "na", "n/a", "null", "none", "?"))
_DECIMAL_COMMA = re.compile(r"[-+]?\d[\d.]*(,\d+)?")
_DELIMITERS = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "|"}
_SAMPLE = 100  # lines that the delimiter is told from
_SAMPLE_CHARACTERS = 1024**2
_KNOWN = 20  # names in the cure of an unknown one
_SHOWN = 40  # characters of a cell or a name in a sentence


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


class _RefusedError(Exception):
    """Why a file is not used, and the cure; `read_table` puts the file's name in front."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


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
            raise _RefusedError(f"it has {_counted(goal.rows, 'row')}", f"At least {LEAST_ROWS} are needed.")
        _check_missing([goal] if missing == "impute" else columns, goal)
        chosen, targets, classes = _targets(goal, task)
        names, values = _inputs([column for column in columns if column is not goal], goal.rows)
    except _RefusedError as refused:
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
        raise _RefusedError("this is no path", hint) from None
    except FileNotFoundError:
        raise _RefusedError("there is no such file", hint) from None
    if not stat.S_ISREG(status.st_mode):
        raise _RefusedError(
            "this is a folder" if stat.S_ISDIR(status.st_mode) else "this is not a plain file", hint
        )
    if status.st_size > MOST_BYTES:
        raise _RefusedError(
            f"it has {status.st_size:,} bytes, at most {MOST_BYTES:,} are read",
            "Take a part of its rows, or read it with code of your own (data.kind = custom).",
        )


def _lines(handle: TextIO) -> Iterator[str]:
    """Yield the lines with their ends; raises where one is not text."""
    hint = "Save the file as text in UTF-8; in a spreadsheet it is called CSV UTF-8."
    for number, line in enumerate(iter(lambda: handle.readline(LONGEST_LINE), ""), 1):
        if len(line) == LONGEST_LINE:
            long = f"line {number} has {LONGEST_LINE:,} characters or more"
            raise _RefusedError(long, "Give a CSV file: each row is a line.")
        if "\0" in line:
            raise _RefusedError(f"line {number} has a zero byte, so this is no UTF-8 text", hint)
        if not line.isascii():
            try:
                line.encode()
            except UnicodeEncodeError as error:
                byte = ord(line[error.start]) - 0xDC00
                raise _RefusedError(f"line {number} is not UTF-8 text (byte 0x{byte:02x})", hint) from None
        yield line


def _records(lines: Iterable[str], delimiter: str) -> Iterator[tuple[int, list[str]]]:
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
            raise _RefusedError(f"line {line} begins a cell of more than {most:,} characters", hint) from None
        if cells is None:
            return
        if ended:  # the row is complete only because the file is: csv would hide the rows inside
            raise _RefusedError(f"the row that begins in line {line} has an open quotation mark", hint)
        if len(cells) > 1 or (cells and cells[0].strip()):
            yield line, cells
        line = reader.line_num + 1


def _delimiter(sample: list[str]) -> str:
    """Return the delimiter that cuts most rows of the sample into as many cells as the first row."""
    candidates = []
    fault = _RefusedError(
        "its first row has one cell" if any(line.strip() for line in sample) else "it is empty",
        "A table has a column to predict and at least one other, parted by comma, semicolon, tab or |.",
    )
    for delimiter in _DELIMITERS:
        widths: list[int] = []
        try:
            for _, cells in _records(sample, delimiter):
                widths.append(len(cells))
        except _RefusedError as refused:
            if not widths:  # else the sample may just end inside a cell
                fault = refused
        if widths and widths[0] > 1:
            # Between equals it is the semicolon: the commas beside it are those of decimal numbers.
            agreement = widths.count(widths[0]) / len(widths)
            candidates.append((agreement, delimiter == ";", widths[0], delimiter))
    if not candidates:
        raise fault
    return max(candidates)[-1]


def _read_columns(
    handle: TextIO, target: str, header: bool, ignore: tuple[str, ...]
) -> tuple[list[_Column], _Column]:
    """Return all columns that are not ignored, in the file's order, and the target among them."""
    lines = _lines(handle)
    sample: list[str] = []
    while len(sample) < _SAMPLE and sum(map(len, sample)) < _SAMPLE_CHARACTERS and (line := next(lines, "")):
        sample.append(line)
    delimiter = _delimiter(sample)
    records = _records(chain(sample, lines), delimiter)
    line_number, first = next(records)
    names = _names(first, header)
    goal = _target_name(names, target, ignore)
    columns = [
        _Column(name, position, name == goal) for position, name in enumerate(names) if name not in ignore
    ]
    if not header:
        records = chain([(line_number, first)], records)
    measure = f"{'the header' if header else f'line {line_number}'} has {len(names)}"
    block_rows = max(1, min(1024, 100_000 // len(names)))
    while block := list(islice(records, block_rows)):
        for number, cells in block:
            if len(cells) != len(names):
                raise _ragged(number, len(cells), measure, delimiter)
        numbers = [number for number, _ in block]
        cells_of = list(zip(*(cells for _, cells in block), strict=True))
        for column in columns:
            column.take(numbers, cells_of[column.position])
    return columns, next(column for column in columns if column.is_target)


def _ragged(line: int, cells: int, measure: str, delimiter: str) -> _RefusedError:
    return _RefusedError(
        f"line {line} has {_counted(cells, 'cell')}, {measure}",
        f"Cells are parted by {_DELIMITERS[delimiter]} here; put a cell that has one into quotation marks.",
    )


def _names(cells: list[str], header: bool) -> list[str]:
    if not header:
        return [f"c{number}" for number in range(1, len(cells) + 1)]
    names = [cell.strip() or f"c{number}" for number, cell in enumerate(cells, 1)]
    first: dict[str, int] = {}
    for number, name in enumerate(names, 1):
        if name in first:
            raise _RefusedError(
                f"columns {first[name]} and {number} are both called {_shown(name)}",
                "Give each a name of its own; if the first line is data already, set data.header = false.",
            )
        first[name] = number
    return names


def _target_name(names: list[str], target: str, ignore: tuple[str, ...]) -> str:
    for name in (*ignore, target or names[0]):
        if name not in names:
            known, more = [_short(other) for other in names], ""
            if len(known) > _KNOWN:
                more = f" These are the nearest {_KNOWN} of {len(known):,}."
                known = get_close_matches(name, known, n=_KNOWN, cutoff=0)
            raise _RefusedError(f"there is no column {_shown(name)}", nearest(_short(name), known) + more)
    kept = [name for name in names if name not in ignore]
    if target in ignore:
        raise _RefusedError(f"the target {_shown(target)} is ignored", "Take it out of data.ignore.")
    if len(kept) < 2:
        raise _RefusedError("no column is left to learn from", "Take one out of data.ignore.")
    return target or kept[-1]


class _Column:
    """What is known of one column so far: its numbers, its categories, and what is wrong with it."""

    def __init__(self, name: str, position: int, is_target: bool) -> None:
        self.name = name
        self.position = position
        self.is_target = is_target
        self.title = f"{'the target' if is_target else 'column'} {_shown(name)}"
        self.most = MOST_CLASSES if is_target else MOST_CATEGORIES
        self.rows = 0
        self.numbers: array[float] | None = array("d" if is_target else "f")
        """One a row, nan where missing; None once a cell is no number."""
        self.codes: array[int] | None = array("H")
        """One a row, as in `categories`; None once there are more than `most` of them."""
        self.categories = {"": 0}
        """Codes by category in the order of their appearance; the empty one is the missing."""
        self.missing = 0
        self.first_missing = (0, "")
        self.word = (0, "")
        """Line and text of the first cell that is no number."""
        self.too_large = (0, "")

    def take(self, lines: list[int], cells: Sequence[str]) -> None:
        """Append the cells of some rows, given the lines they begin in."""
        self.rows += len(cells)
        texts = ["" if cell.lower() in _MISSING else cell for cell in map(str.strip, cells)]
        if "" in texts:
            index = texts.index("")
            if not self.missing:
                self.first_missing = (lines[index], cells[index].strip())
            self.missing += texts.count("")
        if self.numbers is not None:
            self._take_numbers(self.numbers, lines, texts)
        if self.codes is not None:
            codes = self.categories
            self.codes.extend([codes.setdefault(text, len(codes)) for text in texts])
            if len(codes) - 1 > self.most:
                self.codes = None
        if self.numbers is None and self.codes is None:
            raise self._too_many()

    def _take_numbers(self, numbers: array[float], lines: list[int], texts: list[str]) -> None:
        block: list[float] = []
        try:
            for text in texts:
                block.append(_number(text))
        except ValueError:
            index = len(block)
            self.word = (lines[index], texts[index])
            self.numbers = None
            return
        numbers.extend(block)
        if not self.too_large[0]:
            faults = (index for index, number in enumerate(block) if abs(number) > LARGEST)
            index = next(faults, -1)
            if index >= 0:
                self.too_large = (lines[index], texts[index])

    def _too_many(self) -> _RefusedError:
        self.refuse_decimal_commas()
        line, text = self.word
        other = "name another one in data.target" if self.is_target else "put the column into data.ignore"
        header = "; if line 1 names the columns, set data.header = true" if line == 1 else ""
        return _RefusedError(
            f"{self.title} has more than {self.most:,} different values that are not all numbers: "
            f"line {line} has {_shown(text)}",
            f"Correct that cell if the column holds numbers, else {other}{header}.",
        )

    def refuse_decimal_commas(self) -> None:
        """Raise where all that keeps a column from being numbers are its commas."""
        line, text = self.word
        categories = filter(None, self.categories)
        if "," in text and all(_DECIMAL_COMMA.fullmatch(category) for category in categories):
            raise _RefusedError(
                f"{self.title} has a number with a comma in line {line}: {_shown(text)}",
                "Write numbers with a decimal point and nothing between the thousands.",
            )

    def checked_numbers(self) -> array[float] | None:
        """Return the numbers if that is what the column holds; raises for what no 32 bits can hold."""
        if self.numbers is None:
            self.refuse_decimal_commas()
        elif self.too_large[0]:
            line, text = self.too_large
            raise _RefusedError(
                f"{self.title} has {_shown(text)} in line {line}, which is no finite number of 32 bits",
                "Correct that cell, or leave the column out with data.ignore.",
            )
        return self.numbers

    def sorted_categories(self) -> list[str]:
        """Return the categories without the missing one."""
        return sorted(filter(None, self.categories))


def _number(text: str) -> float:
    if not text:
        return math.nan
    if "_" in text:  # Python reads 1_000 as a number, a file means a word
        raise ValueError
    return float(text)


def _check_missing(columns: list[_Column], goal: _Column) -> None:
    """Raise for the first missing cell of these columns."""
    gaps = [column for column in columns if column.missing]
    if not gaps:
        return
    first = min(gaps, key=lambda column: column.first_missing[0])
    line, text = first.first_missing
    total = sum(column.missing for column in gaps)
    what = f"{_shown(text)}, which stands for no value," if text else "no value"
    only = "" if total == 1 else f"; {total:,} cells in all have none"
    impute = any(column is not goal for column in gaps)
    raise _RefusedError(
        f"line {line} has {what} in {first.title}{only}",
        "Fill in the values or remove the rows"
        + (", or set data.missing = impute." if impute else ": without a target nothing can be learned."),
    )


def _targets(goal: _Column, task: str) -> tuple[Task, array[float], tuple[str, ...]]:
    """Return the task, the class numbers or values row by row, and the names of the classes."""
    numbers = goal.checked_numbers()
    if task == "regression" and numbers is None:
        line, text = goal.word
        raise _RefusedError(
            f"{goal.title} has {_shown(text)} in line {line}, which is no number",
            "Correct that cell, or set data.task = classification.",
        )
    if numbers is not None and (task == "regression" or (task == "auto" and not _are_classes(numbers))):
        return "regression", numbers, ()
    if numbers is None:
        assert goal.codes is not None
        classes = goal.sorted_categories()
        place = {goal.categories[name]: float(index) for index, name in enumerate(classes)}
        targets = array("d", map(place.__getitem__, goal.codes))
    else:
        distinct = sorted(_distinct(numbers, MOST_CLASSES))
        if len(distinct) > MOST_CLASSES:
            raise _RefusedError(
                f"{goal.title} has more than {MOST_CLASSES:,} classes",
                "Set data.task = regression, or name another column in data.target.",
            )
        classes = [repr(number).removesuffix(".0") for number in distinct]
        index_of = {number: float(index) for index, number in enumerate(distinct)}
        targets = array("d", map(index_of.__getitem__, numbers))
    if len(classes) < 2:
        raise _RefusedError(
            f"{goal.title} has one class only: {_shown(classes[0])}",
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


def _inputs(columns: list[_Column], rows: int) -> tuple[tuple[str, ...], array[float]]:
    """Return the names of the inputs and their values, row by row."""
    names: list[str] = []
    starts = []
    for column in columns:
        starts.append(len(names))
        names += _input_names(column)
    if not names:
        raise _RefusedError(
            "no column is left to learn from", "A column of words that are all the same teaches nothing."
        )
    width = len(names)
    if width * rows > MOST_VALUES:
        raise _RefusedError(
            f"{rows:,} rows of {width:,} inputs are more than {MOST_BYTES:,} bytes",
            "Put columns with many categories into data.ignore, or take a part of the rows.",
        )
    values = array("f", [0.0]) * (width * rows)
    for column, start in zip(columns, starts, strict=True):
        _place(column, values, start, width)
    return tuple(names), values


def _input_names(column: _Column) -> list[str]:
    if column.checked_numbers() is not None:
        if column.missing == column.rows:
            raise _RefusedError(f"{column.title} has no value in any row", "Put it into data.ignore.")
        return [column.name]
    return [f"{column.name}={category}" for category in _encoded_categories(column)]


def _encoded_categories(column: _Column) -> list[str]:
    """Return the categories that get an input: of two the second, of one none."""
    categories = column.sorted_categories()
    return categories if len(categories) > 2 else categories[1:]


def _place(column: _Column, values: array[float], start: int, width: int) -> None:
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


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _short(text: str) -> str:
    text = clean(text)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _shown(text: str) -> str:
    return f'"{_short(text)}"'
