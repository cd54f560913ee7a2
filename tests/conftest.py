"""Fixtures that every part of the tests shares."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dlcore.config import RunConfig, to_toml
from dlcore.rundir import RunDir, create

MOMENT = datetime(2026, 3, 4, 5, 6, 7, 89_000, tzinfo=UTC)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home for runs and data, as `DLTUI_HOME` names it."""
    path = tmp_path / "home"
    monkeypatch.setenv("DLTUI_HOME", str(path))
    return path


@pytest.fixture
def fresh_run(home: Path) -> RunDir:
    """A run of the default configuration that no trainer has touched."""
    config = RunConfig().resolved()
    return create(home, config.name, MOMENT, to_toml(config), {})


@pytest.fixture(autouse=True)
def own_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Undo what a trainer does to its process, where that is the tests' own: it steps back, and flushes."""
    monkeypatch.setattr("os.nice", lambda increment: 0)
    yield
    if "torch" in sys.modules:
        sys.modules["torch"].set_flush_denormal(False)
