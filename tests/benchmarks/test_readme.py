"""README's table of targets is made of the rows of all pages."""

from pathlib import Path

import pytest

from benchmarks import readme
from benchmarks.report import Page, Target, table
from dlcore.errors import DltuiError

FAST = Target("speed against a snail", "9.00 × (8.00 – 9.50)", "≥ 5.0 ×", True)
SMALL = Target("size", "3 MB", "≤ 2 MB", False)


def test_rows_are_those_of_targets_alone() -> None:
    body = table(("program", "samples/s"), [("dltui", "80,000")])
    page = f"# Speed\n\nA machine.\n\n{Page(body, (FAST, SMALL)).text()}\n"
    assert list(readme.rows(page)) == [
        ["speed against a snail", "9.00 × (8.00 – 9.50)", "≥ 5.0 ×", "met"],
        ["size", "3 MB", "≤ 2 MB", "**not met**"],
    ]


def test_pages_come_in_the_order_of_the_sections(tmp_path: Path) -> None:
    for name in ("start", "speed", "notes"):
        (tmp_path / f"{name}.md").write_text(name)
    assert readme.pages(tmp_path) == ["speed", "start"]


def test_the_table_is_replaced() -> None:
    page = Page("", (FAST,)).text()
    before = f"# x\n\n{readme.BEGIN}\nold\n{readme.END}\n\nmore\n"
    after = readme.with_targets(before, [page, "no table"])
    assert after.startswith(f"# x\n\n{readme.BEGIN}\n\n| against the target |")
    assert after.endswith(f"| ≥ 5.0 × | met |\n\n{readme.END}\n\nmore\n")
    assert readme.with_targets(after, [page]) == after


def test_a_readme_without_a_place_is_told() -> None:
    with pytest.raises(DltuiError, match="has no place"):
        readme.with_targets("# x\n", [])


def test_readme_says_what_the_pages_say() -> None:
    text = readme.README.read_text(encoding="utf-8")
    assert text == readme.with_targets(text, readme.pages()), "run: python -m benchmarks.readme"
