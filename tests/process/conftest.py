"""Fixtures with real processes: homes, trainers and terminals."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from dlcore.rundir import RunDir
from tests.process.laboratory import Laboratory, Watch


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything in this folder."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.process)


@pytest.fixture
def laboratory(tmp_path: Path) -> Iterator[Laboratory]:
    """An empty home."""
    laboratory = Laboratory(tmp_path)
    yield laboratory
    laboratory.close()


@dataclass(frozen=True)
class Finished:
    """A run that has come to its end, and what the command said."""

    laboratory: Laboratory
    run: RunDir
    status: int
    output: str
    errors: str


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Finished]:
    """A finished run of three epochs; nobody changes it."""
    laboratory = Laboratory(tmp_path_factory.mktemp("finished"))
    done = laboratory.dltui("run", "digits e=3", "--json")
    yield Finished(laboratory, laboratory.run(), done.returncode, done.stdout, done.stderr)
    laboratory.close()


@dataclass(frozen=True)
class Live:
    """A run that goes on for as long as anybody wants."""

    laboratory: Laboratory
    run: RunDir
    watch: Watch
    status: int
    """Of the command that started it, as are `output` and `errors`."""
    output: str
    errors: str


@pytest.fixture(scope="session")
def endless(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A run that never ends, started with `--detach`."""
    laboratory = Laboratory(tmp_path_factory.mktemp("endless"))
    done = laboratory.dltui("run", "digits e=1000000", "--detach", "--json")
    run = laboratory.run()
    yield Live(laboratory, run, Watch(run), done.returncode, done.stdout, done.stderr)
    laboratory.close()


@pytest.fixture
def paused(endless: Live) -> Iterator[Live]:
    """The run that never ends, standing still; whoever lets it go on need not stop it again."""
    _pause(endless)
    yield endless
    _pause(endless)


def _pause(live: Live) -> None:
    live.watch.until_step(1)
    if live.watch.state != "paused":
        assert live.laboratory.dltui("pause", live.run.id).returncode == 0
