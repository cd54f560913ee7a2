"""Whether other runs use what a new one is about to use: a warning, never a refusal."""

from itertools import islice
from pathlib import Path
from typing import NamedTuple

from dlcore import events
from dlcore.errors import DltuiError
from dlcore.events import Prepared
from dlcore.files.journal import Tail
from dlcore.files.lock import lock_holder
from dlcore.process.cores import available
from dlcore.reading import read_file
from dlcore.rundir import RunDir, all_runs

_LINES = 200
"""A trainer has said what it computes with by then; downloads come before."""
_NAMED = 2
"""So many runs are named, the newest first."""


class Use(NamedTuple):
    """What a live run computes with."""

    run: RunDir
    device: str
    threads: int


def busy(root: Path, wanted: str, besides: RunDir | None = None) -> str:
    """Return a sentence where live runs below `root` take what `training.device` = `wanted` will use.

    '' where there is room: on the CPU, as long as the threads of all leave a core. `besides` does not count.
    """
    uses = [_use(run) for run in all_runs(root) if run != besides and lock_holder(run) is not None]
    device = _device(wanted, uses)
    same = [use for use in uses if use.device == device]
    if not same or (device == "cpu" and sum(use.threads for use in same) < available()):
        return ""
    cores = available()
    taken = f"{device} is in use" if device != "cpu" else "The core is in use"
    if device == "cpu" and cores > 1:
        taken = f"All {cores} cores are in use"
    return f"{taken} by {_named(same)}: each will be slower"


def _named(uses: list[Use]) -> str:
    names = ", ".join(use.run.id for use in uses[:_NAMED])
    more = len(uses) - _NAMED
    return f"{names} and {more} more" if more > 0 else names


def _device(wanted: str, uses: list[Use]) -> str:
    """Return the device that a new run gets; which one `auto` is, the live runs show."""
    if wanted == "auto":
        return next((use.device for use in uses if use.device != "cpu"), "cpu")
    return _numbered(wanted)


def _numbered(device: str) -> str:
    return "cuda:0" if device == "cuda" else device


def _use(run: RunDir) -> Use:
    """Return what a live run computes with: what it has said, else what its configuration asks for."""
    for line in islice(Tail(run.events).read(), _LINES):
        event = events.decode(line) if b'"kind":"Prepared"' in line else None
        if isinstance(event, Prepared):
            return Use(run, _numbered(event.device), event.threads)
    try:
        wanted = read_file(run.config).training
    except DltuiError:
        return Use(run, "cpu", 1)
    device = "cpu" if wanted.device == "auto" else _numbered(wanted.device)
    return Use(run, device, wanted.threads if isinstance(wanted.threads, int) else 1)
