"""A real trainer in a child of a fork server that has imported torch: it costs no start."""

import os
from pathlib import Path

import sklearn.datasets  # noqa: F401  # so that no child has to
import torch

from dlcore.rundir import RunDir
from dlcore.training import log
from dlcore.training.__main__ import main

torch.set_num_threads(1)


def train(path: str, *arguments: str) -> int:
    """Train a run as the installed trainer would, in a session of its own; return the exit status."""
    os.setsid()
    run = RunDir(Path(path))
    words = os.open(run.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for number in (1, 2):
        os.dup2(words, number)
    log.guard(run.log)
    return main([path, *arguments])
