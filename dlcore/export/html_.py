"""HTML: the same summary as a page of its own, which needs no network, no script and no other file."""

from collections.abc import Iterable, Sequence
from typing import assert_never

import dlcore
from dlcore.export import svg
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
from dlcore.export.escape import for_html
from dlcore.export.report import Report
from dlcore.export.sections import summary
from dlcore.export.style import SHEET
from dlcore.export.together import Member
from dlcore.export.together import summary as summary_of_runs

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""Browsers load and run nothing, whatever should come to stand in the page."""


def to_html(report: Report) -> str:
    """Return the summary of a run."""
    return page(report.name, summary(report))


def runs_to_html(members: Sequence[Member]) -> str:
    """Return the summary of several runs."""
    return page(f"{len(members):,} runs", summary_of_runs(members))


def page(title: str, blocks: Iterable[Block]) -> str:
    """Return blocks as a whole page; a plot without anything to draw is left out."""
    body = "\n".join(text for text in map(_written, blocks) if text)
    footer = f"<footer>dltui {for_html(dlcore.__version__)}</footer>"
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{for_html(title)}</title>\n<style>\n{SHEET}</style>\n</head>\n"
        f"<body>\n<main>\n{body}\n{footer}\n</main>\n</body>\n</html>\n"
    )


def _written(block: Block) -> str:
    match block:
        case Heading():
            return f"<h{block.level}>{for_html(block.text)}</h{block.level}>"
        case Paragraph():
            return f"<p>{'<br>'.join(map(_line, block.lines))}</p>"
        case Quote():
            return f"<blockquote>{for_html(block.text)}</blockquote>"
        case Table():
            return _table(block)
        case Items():
            name = "ol" if block.numbered else "ul"
            return f"<{name}>{''.join(f'<li>{_line(line)}</li>' for line in block.lines)}</{name}>"
        case Source():
            lines = map(for_html, block.text.split("\n"))
            return f"<pre>{chr(10).join(lines)}</pre>"
        case Figure():
            return svg.draw(block.draw(svg.COLUMNS))
        case _:
            assert_never(block)


def _table(block: Table) -> str:
    """Return a table; one without names of columns has those of its rows at the left."""
    is_named = any(block.header)
    head = "".join(
        f'<th scope="col"{_side(side)}>{for_html(cell)}</th>' for cell, side in _cells(block, block.header)
    )
    rows = []
    for row in block.rows:
        cells = [f"<td{_side(side)}>{for_html(cell)}</td>" for cell, side in _cells(block, row)]
        if not is_named:
            cells[0] = f'<th scope="row">{for_html(row[0])}</th>'
        rows.append(f"<tr>{''.join(cells)}</tr>")
    start = f"<thead><tr>{head}</tr></thead>\n" if is_named else ""
    body = "\n".join(rows)
    return f'<div class="scroll"><table>\n{start}<tbody>\n{body}\n</tbody>\n</table></div>'


def _cells(block: Table, row: Iterable[str]) -> Iterable[tuple[str, str]]:
    return zip(row, block.sides, strict=True)


def _side(side: str) -> str:
    return ' class="r"' if side == "r" else ""


def _line(line: Line) -> str:
    return "".join(map(_piece, line)).strip()


def _piece(piece: str | Strong | Code) -> str:
    match piece:
        case Strong(text):
            return f"<strong>{for_html(text)}</strong>"
        case Code(text):
            return f"<code>{for_html(text)}</code>"
        case _:
            return for_html(piece)
