"""A summary as blocks, before it becomes Markdown or HTML: what is said stands in one place for both.

Texts are as they came, steering characters and all: whoever writes them out escapes them for its format.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from dlcore.export.chart import Draw


@dataclass(frozen=True)
class Strong:
    """Words that stand out."""

    text: str


@dataclass(frozen=True)
class Code:
    """What is to be typed as it stands."""

    text: str


Line = tuple[str | Strong | Code, ...]
"""A line of a paragraph, in pieces."""


@dataclass(frozen=True)
class Heading:
    """The title of the document (level 1) or of a section."""

    text: str
    level: int = 2


@dataclass(frozen=True)
class Paragraph:
    """Lines of one thought."""

    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Quote:
    """What the run itself has said."""

    text: str


@dataclass(frozen=True)
class Table:
    """Rows of cells; `sides` has an l or r for each column."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    sides: str


@dataclass(frozen=True)
class Items:
    """A list, numbered or not."""

    lines: tuple[Line, ...]
    numbered: bool = False


@dataclass(frozen=True)
class Source:
    """Lines of a language, as they stand in a file or are typed."""

    text: str
    language: str


@dataclass(frozen=True)
class Figure:
    """A plot."""

    draw: Draw


Block = Heading | Paragraph | Quote | Table | Items | Source | Figure


def said(*lines: str | Line) -> Paragraph:
    """Return a paragraph of lines, each a text or its pieces."""
    return Paragraph(tuple((line,) if isinstance(line, str) else line for line in lines))
