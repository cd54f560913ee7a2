"""One column of a table while it is read: numbers for as long as it can be, categories beside them."""

from __future__ import annotations

import math
import re
from array import array
from collections.abc import Sequence

from dlcore.datasets.tables.rows import RefusedError, shown

MOST_CATEGORIES = 100
MOST_CLASSES = 1000
LARGEST = 3.4028234663852886e38
"""The largest number of 32 bits."""
_MISSING = frozenset(("", "nan", "+nan", "-nan", "na", "n/a", "null", "none", "?"))
_DECIMAL_COMMA = re.compile(r"[-+]?\d[\d.]*(,\d+)?")


class Column:
    """What is known of one column so far: its numbers, its categories, and what is wrong with it."""

    def __init__(self, name: str, position: int, is_target: bool) -> None:
        self.name = name
        self.position = position
        self.is_target = is_target
        self.title = f"{'the target' if is_target else 'column'} {shown(name)}"
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

    def _too_many(self) -> RefusedError:
        self.refuse_decimal_commas()
        line, text = self.word
        other = "name another one in data.target" if self.is_target else "put the column into data.ignore"
        header = "; if line 1 names the columns, set data.header = true" if line == 1 else ""
        return RefusedError(
            f"{self.title} has more than {self.most:,} different values that are not all numbers: "
            f"line {line} has {shown(text)}",
            f"Correct that cell if the column holds numbers, else {other}{header}.",
        )

    def refuse_decimal_commas(self) -> None:
        """Raise where all that keeps a column from being numbers are its commas."""
        line, text = self.word
        categories = filter(None, self.categories)
        if "," in text and all(_DECIMAL_COMMA.fullmatch(category) for category in categories):
            raise RefusedError(
                f"{self.title} has a number with a comma in line {line}: {shown(text)}",
                "Write numbers with a decimal point and nothing between the thousands.",
            )

    def checked_numbers(self) -> array[float] | None:
        """Return the numbers if that is what the column holds; raises for what no 32 bits can hold."""
        if self.numbers is None:
            self.refuse_decimal_commas()
        elif self.too_large[0]:
            line, text = self.too_large
            raise RefusedError(
                f"{self.title} has {shown(text)} in line {line}, which is no finite number of 32 bits",
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
