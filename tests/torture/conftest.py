"""What all torture shares: a mark, and homes for real trainers."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.process.laboratory import Laboratory
from tests.torture import ledger


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything in this folder."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.torture)
            if ledger.IS_FULL:
                item.add_marker(pytest.mark.timeout(1800))


@pytest.fixture
def laboratory(tmp_path: Path) -> Iterator[Laboratory]:
    """An empty home for real trainers, all of which are gone at the end."""
    laboratory = Laboratory(tmp_path)
    yield laboratory
    laboratory.close()
