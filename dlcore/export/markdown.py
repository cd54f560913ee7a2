"""Markdown: a summary that reads well as it is, in a terminal, a mail or a merge request."""

from collections.abc import Iterable, Sequence
from typing import assert_never

from dlcore.clean import clean
from dlcore.export.document import (
    Block,
    Code,
    Figure,
    Heading,
    Items,
    Line,
    Paragraph,
    Quote,
    Source,
    Strong,
    Table,
)
from dlcore.export.escape import as_line, for_markdown, in_markdown
from dlcore.export.report import Report
from dlcore.export.sections import summary
from dlcore.export.tables import table
from dlcore.export.textplot import WIDTH, plot
from dlcore.export.together import Member
from dlcore.export.together import summary as summary_of_runs


def to_markdown(report: Report) -> str:
    """Return the summary of a run."""
    return markdown(summary(report))


def runs_to_markdown(members: Sequence[Member]) -> str:
    """Return the summary of several runs."""
    return markdown(summary_of_runs(members))


def markdown(blocks: Iterable[Block]) -> str:
    """Return blocks as a document of Markdown; a plot without anything to draw is left out."""
    return "\n\n".join(text for text in map(_written, blocks) if text) + "\n"


def _written(block: Block) -> str:
    match block:
        case Heading():
            return f"{'#' * block.level} {for_markdown(block.text)}"
        case Paragraph():
            return "\n".join(map(_line, block.lines))
        case Quote():
            return f"> {for_markdown(block.text)}"
        case Table():
            cells = [[in_markdown(cell) for cell in row] for row in (block.header, *block.rows)]
            return "\n".join(table(cells[0], cells[1:], block.sides))
        case Items():
            marks = [f"{number}." if block.numbered else "-" for number in range(1, len(block.lines) + 1)]
            return "\n".join(f"{mark} {_line(line)}" for mark, line in zip(marks, block.lines, strict=True))
        case Source():
            return _fenced(block.text, block.language)
        case Figure():
            lines = plot(block.draw(WIDTH))
            return _fenced("\n".join(lines), "text") if lines else ""
        case _:
            assert_never(block)


def _fenced(text: str, language: str) -> str:
    return f"```{language}\n{text}\n```"


def _line(line: Line) -> str:
    return as_line("".join(map(_piece, line)).strip())


def _piece(piece: str | Strong | Code) -> str:
    match piece:
        case Strong(text):
            return f"**{in_markdown(text)}**"
        case Code(text):
            return in_markdown(text) if "`" in text else f"`{clean(text)}`"
        case _:
            return in_markdown(piece)
