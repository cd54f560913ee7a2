"""`python -m benchmarks.readme`: README's table of targets, from the pages in results/.

Every page begins with a table of what it wanted and found; README has the rows of all of them, between two
comments that nobody sees.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from benchmarks.__main__ import SECTIONS
from benchmarks.report import RESULTS, TARGET_HEADER, table
from dlcore.errors import DltuiError

README = Path(__file__).parent.parent / "README.md"
BEGIN, END = "<!-- targets -->", "<!-- /targets -->"


def rows(page: str) -> Iterator[list[str]]:
    """Return the cells of each row of a page's tables of targets."""
    inside = False
    for line in page.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")] if line.startswith("|") else []
        if not cells:
            inside = False
        elif cells == [*TARGET_HEADER]:
            inside = True
        elif inside and not set(line) <= set("|-: "):
            yield cells


def pages(folder: Path = RESULTS) -> list[str]:
    """Return the texts of all pages, in the order of the sections."""
    order = [*SECTIONS, "diagnosis"]  # which has commands of its own
    known = (path for path in folder.glob("*.md") if path.stem in order)
    return [path.read_text(encoding="utf-8") for path in sorted(known, key=lambda one: order.index(one.stem))]


def with_targets(readme: str, found: list[str]) -> str:
    """Return README's text with the targets of these pages; raises DltuiError where it has no place."""
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise DltuiError(
            f"README.md has no place for the table of targets: {BEGIN} … {END}",
            "Put these two comments where the table shall be.",
        )
    targets = table(TARGET_HEADER, [cells for page in found for cells in rows(page)])
    return f"{before}{BEGIN}\n\n{targets}\n\n{END}{after}"


@click.command()
def main() -> None:
    """Write README's table of targets anew, from the pages in benchmarks/results."""
    try:
        text = with_targets(README.read_text(encoding="utf-8"), pages())
    except DltuiError as error:
        click.echo(error, err=True)
        sys.exit(error.code)
    README.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
