"""The catalogue in docs is that of the code."""

from pathlib import Path

from dlcore.catalogue import text

PAGE = Path(__file__).parents[2] / "docs" / "catalogue.md"


def test_the_published_catalogue_is_the_codes() -> None:
    assert PAGE.read_text(encoding="utf-8") == text(), "run make docs"
