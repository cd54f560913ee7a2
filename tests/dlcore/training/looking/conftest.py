"""Small networks, each trained once for all tests that look into them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dlcore.checkpoints import saved
from dlcore.rundir import RunDir
from dlcore.training import checkpoint
from tests.dlcore.trained import train

Kept = tuple[RunDir, dict[str, Any]]
"""A run, and what its newest checkpoint holds."""


@pytest.fixture(scope="session")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Kept]:
    """Train what a line says, once in a session. The files must not be changed."""
    home: Path = tmp_path_factory.mktemp("looked-at")
    known: dict[str, Kept] = {}

    def of(line: str) -> Kept:
        if line not in known:
            run = train(home, line).run
            known[line] = run, checkpoint.load(run, max(saved(run)))
        return known[line]

    return of
