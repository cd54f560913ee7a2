"""The table of faults at the end of a test run, whichever processes have tried them."""

import os
from pathlib import Path
from typing import Any

import pytest

from tests.torture import ledger


def pytest_report_header() -> str:
    """Say how to repeat this run."""
    return f"faults: {'full' if ledger.IS_FULL else 'quick'} tier, DLTUI_SEED={ledger.SEED}"


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over what a process beside this one has counted."""
    ledger.heard(getattr(node, "workeroutput", {}).get("faults", []))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Tell the process that started this one, where one did, what was counted here."""
    if (output := getattr(session.config, "workeroutput", None)) is not None:
        output["faults"] = ledger.told()


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
