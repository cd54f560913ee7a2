"""Fixtures that every part of the tests shares."""

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
def politeness(monkeypatch: pytest.MonkeyPatch) -> None:
    """A trainer that runs in the tests' own process does not make that one step back for good."""
    monkeypatch.setattr("os.nice", lambda increment: 0)
