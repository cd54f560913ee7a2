"""The schemas in docs are those of the code."""

from pathlib import Path

import pytest

from dlcore.schema import SCHEMAS, text

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("name", SCHEMAS)
def test_published_schema_is_the_codes(name: str) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == text(SCHEMAS[name]), "run make docs"
