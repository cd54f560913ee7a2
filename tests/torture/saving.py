"""A writer that goes on at a steady pace and saves checkpoints, as a trainer does."""

import time
from pathlib import Path

import torch

from dlcore.config import RunConfig
from dlcore.rundir import RunDir
from dlcore.training.saving import Saver
from tests.torture import writing
from tests.torture.forked import say

_A_SECOND = 500
"""Events; so many that each of them counts."""
_EVENTS_A_CHECKPOINT = 1500
"""So seldom that the disk is most often waited for because a second is over."""
_LIFE_SECONDS = 600.0


def write_steadily(path: str, seed: int) -> None:
    """Say events, each with the number and the time of the last one, and save checkpoints in between."""
    record, seq = writing.open_record(path)
    saver = Saver(RunDir(Path(path)), record, RunConfig().resolved())
    began = time.monotonic()
    first = seq
    while (now := time.monotonic()) < began + _LIFE_SECONDS:
        if seq % _EVENTS_A_CHECKPOINT == 0:
            step = writing.STEPS * seq
            assert saver.save(step, {"weights": torch.full((5000,), float(step))})
        else:
            event = writing.tell(record, seq, seed, writing.SHORT)
            say(f"{seq} {event.seconds}")
        seq += 1
        time.sleep(max(0.0, began + (seq - first) / _A_SECOND - now))
