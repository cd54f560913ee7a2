"""What all torture shares: a mark, and homes for real trainers."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.process.laboratory import Laboratory
from tests.torture import ledger

_FIRST = {
    False: (
        "test_terminals",
        "test_hostile_files",
        "test_signals",
        "test_hostile_widgets",
        "test_user_code",
        "test_ssh",
        "test_failed_write",
        "test_one_trainer",
        "test_resume",
        "test_exhausted",
        "test_viewers",
    ),
    True: ("test_ssh", "test_user_code", "test_terminals", "test_signals", "test_viewers", "test_resume"),
}
"""Files that take long, by tier: what waits lies between what computes, and none is alone at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything in this folder; begin with what takes long."""
    first = _FIRST[ledger.IS_FULL]
    ours = [item for item in items if Path(__file__).parent in item.path.parents]
    for item in ours:
        item.add_marker(pytest.mark.torture)
        if ledger.IS_FULL:
            item.add_marker(pytest.mark.timeout(1800))
    early = [item for name in first for item in ours if item.path.stem == name]
    is_early = set(early)
    items[:] = [*early, *(item for item in items if item not in is_early)]


@pytest.fixture
def laboratory(tmp_path: Path) -> Iterator[Laboratory]:
    """An empty home for real trainers, all of which are gone at the end."""
    laboratory = Laboratory(tmp_path)
    yield laboratory
    laboratory.close()
