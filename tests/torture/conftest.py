"""What all torture shares: a mark, and homes for real trainers."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.process.laboratory import Laboratory
from tests.torture import ledger

_FIRST = ("test_ssh", "test_user_code", "test_terminals", "test_signals", "test_viewers", "test_resume")
"""Files that wait for minutes: what computes runs beside them, and none of them alone at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything in this folder; the full tier begins with what takes long without computing."""
    if ledger.IS_FULL:
        items.sort(key=lambda item: item.path.stem not in _FIRST)
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
