"""A power cut costs at most 2 s: a file system in a file is copied while a run writes to it, and read again.

The copy holds what had reached the disk at that moment, and nothing of what only the system knew.
"""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import torch

from dlcore import checkpoints, rundir
from dlcore.events import AttemptStarted, CheckpointSaved
from dlcore.rundir import RunDir
from dlcore.training import checkpoint
from tests.process.laboratory import environment, read_events
from tests.torture import writing
from tests.torture.forked import ForkServer, fork_server
from tests.torture.ledger import IS_FULL, SEED, Promise, chance, fault, note, times

_MEGABYTES = 48
_MOST_SECONDS = 2.0
_PROGRAMS = ("mkfs.ext4", "mount", "umount", "losetup")


@contextmanager
def mounted(image: Path) -> Iterator[Path]:
    """Mount a file system in a file beside it; it is gone at the end, whatever happens."""
    place = image.with_suffix(".mounted")
    place.mkdir()
    done = subprocess.run(["mount", "-o", "loop", image, place], capture_output=True, text=True, timeout=60)
    if done.returncode:
        pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")
    try:
        yield place
    finally:
        if subprocess.run(["umount", place], capture_output=True, timeout=60).returncode:
            subprocess.run(["umount", "--lazy", place], check=True, timeout=60)  # somebody is still in there


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    """An image with an empty file system."""
    missing = [program for program in _PROGRAMS if shutil.which(program) is None]
    reason = "" if IS_FULL else "power cuts are for the full tier"
    reason = reason or ("it takes root to mount" if os.geteuid() else "")
    reason = reason or (f"there is no {missing[0]}" if missing else "")
    if reason:
        note(Promise.POWER_CUT, f"not tried: {reason}")
        pytest.skip(reason)
    image = tmp_path / "disk"
    with image.open("wb") as file:
        file.truncate(_MEGABYTES << 20)
    subprocess.run(["mkfs.ext4", "-q", "-F", image], check=True, capture_output=True, timeout=60)
    return image


def test_a_power_cut_costs_at_most_two_seconds(disk: Path, tmp_path: Path) -> None:
    moments = chance("power cut")
    cost: list[float] = []
    stood: list[tuple[float, float]] = []
    """When the writer was held, and for how long: in that time it said nothing that could be lost."""
    with ExitStack() as last_first:
        home = last_first.enter_context(mounted(disk))
        run = rundir.create(home / "home", "cut", writing.MOMENT, "", {})
        writer = last_first.enter_context(fork_server("tests.torture.saving", environment=environment(home)))
        writer.call("tests.torture.saving:write_steadily", str(run.path), SEED)
        for number in range(times(0, 30)):
            writer.listen(moments.uniform(0.3, 2.3))
            image = tmp_path / f"cut{number}"
            with fault(Promise.POWER_CUT):
                began = time.monotonic()
                with standing_still(writer):
                    subprocess.run(["cp", "--sparse=always", disk, image], check=True, timeout=60)
                    newest, at = writer.listen(0.1)[-1].split()
                rest = time.monotonic() - began
                with mounted(image) as found:
                    kept = check(RunDir(found / run.path.relative_to(home)), int(newest))
                cost.append(float(at) - kept - sum(rest for at, rest in stood if at >= kept))
                stood.append((float(at), rest))
                assert cost[-1] <= _MOST_SECONDS
            image.unlink()
        writer.kill()
    note(Promise.POWER_CUT, f"at most {max(cost):.1f} s of figures were gone")


@contextmanager
def standing_still(writer: ForkServer) -> Iterator[None]:
    """Let the writer do nothing meanwhile."""
    os.kill(writer.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(writer.pid, signal.SIGCONT)


def check(run: RunDir, newest: int) -> float:
    """Assert that a run is sound as the power cut left it; return the time of its newest event."""
    events = read_events(run)
    assert [event.seq for event in events] == list(range(len(events)))
    assert len(events) <= newest + 2
    for event in events:
        if isinstance(event, CheckpointSaved):
            assert checkpoints.is_whole(run.path / event.file), event.file
            weights = checkpoint.load(run, event.step)["weights"]
            assert torch.equal(weights, torch.full_like(weights, float(event.step)))
        elif not isinstance(event, AttemptStarted):
            assert writing.body(event) == writing.body(writing.told(event.seq, SEED, writing.SHORT))
    return events[-1].seconds if events else 0.0
