"""One long real run, followed as the app follows it: what trainer, file and history hold as it goes on."""

import pickle
import statistics
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import psutil

from benchmarks.training_runs import trainer
from dlcore import events
from dlcore.errors import DltuiError
from dlcore.files.journal import Tail
from dlcore.history import RunHistory
from dlcore.rundir import RunDir

PARTS = 10
_MEGABYTE = 1e6
_LOOK_SECONDS = 0.1
_DEADLINE_SECONDS = 180.0


@dataclass(frozen=True)
class Moment:
    """One look at a run."""

    step: int
    seconds: float
    """Of the run, by its own clock: evaluations and all that is written down are in it."""
    processor: float
    """Seconds of processor time that the trainer has used."""
    resident: float
    """Megabytes that the trainer holds."""
    written: float
    """Megabytes of its events."""
    history: float
    """Kilobytes of what the app keeps of it, pickled."""
    blocks: int
    """Blocks that stand for the curve of the loss."""
    evaluations: int
    looks: int
    """Evaluations, and looks at the gradients, that are kept."""


def followed(home: Path, line: str) -> tuple[list[Moment], int]:
    """Train, and return what was seen meanwhile, and the steps in all; raises DltuiError if it failed."""
    with trainer(home, line) as (run, process):
        history = RunHistory()
        moments = _watched(run, process, history)
    prepared = history.prepared
    if history.ended is None or history.ended.reason != "finished" or prepared is None:
        said = history.ended.message if history.ended else "it did not end in time"
        raise DltuiError(f"A run that was followed did not finish: {said}", f"Train it alone: {line}.")
    return moments, prepared.total_steps


def _watched(run: RunDir, process: subprocess.Popen[bytes], history: RunHistory) -> list[Moment]:
    """Fold the events as they come until the run has ended; return what was seen while it trained."""
    tail = Tail(run.events)
    seen = psutil.Process(process.pid)
    found: list[Moment] = []
    deadline = time.perf_counter() + _DEADLINE_SECONDS
    while history.ended is None and time.perf_counter() < deadline:
        has_left = process.poll() is not None
        # Before the events: if these do not tell the end, this is what the trainer held while it trained.
        used, resident = seen.cpu_times(), seen.memory_info().rss  # a child that has ended has none
        for content in tail.read():
            event = events.decode(content)
            if event is not None:
                history.apply(event)
        if history.step and history.ended is None and not has_left:
            found.append(_moment(history, used.user + used.system, resident, tail.offset))
        if has_left:
            break
        time.sleep(_LOOK_SECONDS)
    return found


def _moment(history: RunHistory, processor: float, resident: int, written: int) -> Moment:
    return Moment(
        step=history.step,
        seconds=history.seconds,
        processor=processor,
        resident=resident / _MEGABYTE,
        written=written / _MEGABYTE,
        history=len(pickle.dumps(history)) / 1e3,
        blocks=history.loss.blocks,
        evaluations=len(history.evaluations),
        looks=len(history.gradients.steps),
    )


def tenths(moments: Sequence[Moment], steps: int) -> list[Moment]:
    """Return the first moment, and for each tenth of the steps the last one that is not behind it.

    Raises DltuiError where a tenth went by unseen.
    """
    chosen = list(moments[:1])
    for part in range(1, PARTS + 1):
        last = [one for one in moments if one.step <= steps * part / PARTS][-1:]
        if not last or last[0].step <= chosen[-1].step:
            raise DltuiError(f"Tenth {part} of {steps} steps was over before it was seen", "Train longer.")
        chosen += last
    return chosen


def step_microseconds(moments: Sequence[Moment], *, processor: bool = False) -> list[float]:
    """Return the time of a step between each two neighbours: by the run's clock, or of the processor."""
    clock = [one.processor if processor else one.seconds for one in moments]
    steps = [one.step for one in moments]
    return [
        1e6 * (end - start) / (after - before)
        for (start, end), (before, after) in zip(pairwise(clock), pairwise(steps), strict=True)
    ]


def kilobytes_per_million_steps(moments: Sequence[Moment]) -> float:
    """Return the slope of the trainer's memory over the steps behind the first tenth, by least squares."""
    later = moments[1:]
    slope = statistics.linear_regression([one.step for one in later], [one.resident for one in later]).slope
    return 1e3 * 1e6 * slope
