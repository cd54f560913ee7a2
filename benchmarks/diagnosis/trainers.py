"""Real trainers at the price of a fork: this process has imported what they need, and each run is a child.

A run is kept under what it was configured as, so that it is trained once and judged as often as wanted.
"""

import hashlib
import os
import shutil
import signal
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import click

from benchmarks import mnist
from benchmarks.diagnosis.tasks import config_of, has_mnist
from dlcore.config import RunConfig, to_toml
from dlcore.history import RunHistory
from dlcore.rundir import RunDir, all_runs, create
from dlcore.summary import read_history

_MOST_SECONDS = 120.0
_LOOK_SECONDS = 0.01
_SAY_EVERY = 100


class Trainers:
    """Runs below one folder, trained when they are first asked for, so many at once."""

    def __init__(self, home: Path, at_once: int) -> None:
        self.home = home
        self._at_once = at_once
        self._runs = {run.id.rpartition("-")[2]: run for run in all_runs(home)}
        self.trained = 0
        """How many runs were trained since then; the others were there."""
        if has_mnist() and not (home / "data" / "mnist").is_dir():
            mnist.put_into_home(home)

    def run(self, config: RunConfig) -> RunDir | None:
        """Return the run of a configuration; None where it was never made."""
        return self._runs.get(_name(config))

    def history(self, config: RunConfig) -> RunHistory | None:
        """Return what a trained run has said; None where it came to no end."""
        return ended(self.run(config))

    def train(self, configs: Iterable[RunConfig]) -> None:
        """Train those that were not trained before, each in a child with one thread."""
        waiting = {_name(config): config for config in configs}
        waiting = {name: config for name, config in waiting.items() if not self._is_there(name)}
        if not waiting:
            return
        _import_all()
        began, number = time.perf_counter(), len(waiting)
        children: dict[int, tuple[str, float]] = {}
        said = 0
        try:
            while waiting or children:
                while waiting and len(children) < self._at_once:
                    name = next(iter(waiting))
                    children[self._start(name, waiting.pop(name))] = name, time.perf_counter()
                self._wait(children)
                done = number - len(waiting) - len(children)
                if done >= said + _SAY_EVERY or done == number:
                    said = done
                    click.echo(f"{done} of {number} runs, {time.perf_counter() - began:.0f} s", err=True)
        finally:
            for child in children:
                _kill(child)
        self.trained += number

    def _is_there(self, name: str) -> bool:
        """Whether a run has been trained to its end; what is left of one that was not goes."""
        run = self._runs.get(name)
        if run is None:
            return False
        if run.log.exists():  # left behind the run's end
            return True
        shutil.rmtree(run.path)
        del self._runs[name]
        return False

    def _start(self, name: str, config: RunConfig) -> int:
        """Make the run, and return the number of the child that trains it."""
        run = create(self.home, name, datetime.now(UTC), to_toml(config), {})
        self._runs[name] = run
        if child := os.fork():
            return child
        status = 70
        with suppress(BaseException):  # a child never returns into the parent's code
            status = _train(self.home, run)
        os._exit(status)

    def _wait(self, children: dict[int, tuple[str, float]]) -> None:
        """Wait a moment, and take leave of the children that have ended, or should have."""
        time.sleep(_LOOK_SECONDS)
        for child, (name, since) in list(children.items()):
            ended, _ = os.waitpid(child, os.WNOHANG)
            if not ended and time.perf_counter() - since > _MOST_SECONDS:
                _kill(child)
                ended = child
            if ended:
                run = self._runs[name]
                run.log.touch()
                shutil.rmtree(run.checkpoints, ignore_errors=True)  # nobody goes on with it
                del children[child]


def ended(run: RunDir | None) -> RunHistory | None:
    """Return what a run has said; None where it came to no end."""
    history = read_history(run) if run is not None and run.events.exists() else None
    return history if history is not None and history.ended is not None else None


def _train(home: Path, run: RunDir) -> int:
    """Be the trainer of a run, in a child."""
    from dlcore.training.__main__ import main

    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)
    os.environ["DLTUI_HOME"] = str(home)
    return main([str(run.path)])


def _kill(child: int) -> None:
    with suppress(ProcessLookupError, ChildProcessError):
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _import_all() -> None:
    """Import what a trainer does, so that no child has to; with one thread, so that forking is safe."""
    import sklearn.datasets  # noqa: F401
    import torch

    import dlcore.training.__main__
    import dlcore.training.chance
    import dlcore.training.control
    import dlcore.training.loop
    import dlcore.training.models
    import dlcore.training.sources
    import dlcore.training.state
    import dlcore.training.threads  # noqa: F401

    torch.set_num_threads(1)


def _name(config: RunConfig) -> str:
    return hashlib.sha256(to_toml(config).encode()).hexdigest()[:20]


def configs(lines: Iterable[str]) -> Iterator[RunConfig]:
    """Return the configurations of lines."""
    return (config_of(one) for one in lines)
