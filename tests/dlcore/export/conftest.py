"""A run that has ended, and one that goes on."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dlcore.config import RunConfig
from dlcore.rundir import RunDir
from tests.dlcore.export.said import an_epoch_and_a_half, make, to_the_end, write


@pytest.fixture
def run(home: Path) -> RunDir:
    """A finished run of two epochs."""
    return make(home, RunConfig(), to_the_end())


@pytest.fixture
def held(run: RunDir) -> Iterator[RunDir]:
    """A run in the middle of its second epoch, whose lock another process holds."""
    run.events.unlink()
    write(run, an_epoch_and_a_half())
    hold = (
        "import sys, pathlib; from dlcore.files.lock import Lock; from dlcore.rundir import RunDir;"
        "lock = Lock(RunDir(pathlib.Path(sys.argv[1]))); print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(run.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        yield run
        holder.communicate()
