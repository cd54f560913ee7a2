"""What all torture shares: a mark, homes for real trainers, and the table at the end."""

import os
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


def pytest_report_header() -> str:
    """Say how to repeat this run."""
    return f"faults: {'full' if ledger.IS_FULL else 'quick'} tier, DLTUI_SEED={ledger.SEED}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table, and write it where it is wanted."""
    rows = list(ledger.lines())
    if not rows:
        return
    terminalreporter.section(f"faults tried · survived · lost (DLTUI_SEED={ledger.SEED})")
    for promise, tried, survived, lost, notes in rows:
        terminalreporter.write_line(f"{promise:84} {tried:>9} {survived:>9} {lost:>5}  {notes}".rstrip())
    if path := os.environ.get("DLTUI_LEDGER"):
        ledger.write(Path(path))


@pytest.fixture
def laboratory(tmp_path: Path) -> Iterator[Laboratory]:
    """An empty home for real trainers, all of which are gone at the end."""
    laboratory = Laboratory(tmp_path)
    yield laboratory
    laboratory.close()
