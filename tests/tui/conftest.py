"""Surroundings in which the app is always the same."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.tui.fakes import FakeInspector, FakeRun


@pytest.fixture(autouse=True)
def quiet_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """No SSH, the app's own theme, and no summary of a run that ends, wherever the tests run."""
    monkeypatch.setattr("tui.watching.watchman.LOOK_SECONDS", 1e6)
    for name in ("SSH_CONNECTION", "SSH_TTY", "TEXTUAL_THEME"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def quick_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    """Frames that follow each other at once, so that nobody waits for the next one."""
    monkeypatch.setattr("tui.screens.train._POLL_SECONDS", 0.02)
    monkeypatch.setattr("tui.screens.inside._POLL_SECONDS", 0.02)
    monkeypatch.setattr("tui.terminal.pace.FRAME_SECONDS", 0.0)
    monkeypatch.setattr("tui.terminal.pace.SHARED_FRAME_SECONDS", 0.0)


@pytest.fixture(autouse=True)
def no_offers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is asked about crashed runs as the app opens."""
    monkeypatch.setattr("dlcore.process.crashes.unasked", lambda root: [])


@pytest.fixture
def inspector(monkeypatch: pytest.MonkeyPatch) -> FakeInspector:
    """The inspector that an app finds: it needs no torch."""
    fake = FakeInspector()
    monkeypatch.setattr("tui.asking.inspector.Inspector", lambda: fake)
    return fake


@pytest.fixture
def make_run(home: Path) -> Iterator[Callable[..., FakeRun]]:
    """Make runs in the test's home; their processes end with the test."""
    made: list[FakeRun] = []

    def make(*arguments: Any, **options: Any) -> FakeRun:
        made.append(FakeRun(home, *arguments, **options))
        return made[-1]

    yield make
    for run in made:
        run.close()
