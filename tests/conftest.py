"""Fixtures that every part of the tests shares."""

import asyncio
import statistics
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from textual import _wait

from dlcore.config import RunConfig, to_toml
from dlcore.rundir import RunDir, create

pytest_plugins = ["tests.torture.table"]

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


@pytest.fixture(autouse=True, scope="session")
def idle_at_rest() -> Iterator[None]:
    """Let Textual's pilot see that an app is idle where waking up alone costs more than it allows for.

    It takes a millisecond of work in twenty for work; some virtual machines count two for a wake-up, and each
    key then waits for a second. Elsewhere nothing changes.
    """

    async def woken() -> float:
        began = time.process_time()
        await asyncio.sleep(_wait.SLEEP_GRANULARITY)
        return time.process_time() - began

    async def typical() -> float:
        return statistics.median([await woken() for _ in range(15)])

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(_wait, "SLEEP_IDLE", max(_wait.SLEEP_IDLE, 2.5 * asyncio.run(typical())))
        yield
