"""dltui's own runs as the benchmarks make them: a real trainer, with or without the app attached to it."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.programs import Trained, rate
from benchmarks.terminal import Terminal, dltui_command, environment
from dlcore.errors import DltuiError
from dlcore.history import RunHistory
from dlcore.launch import launch
from dlcore.oneline import parse
from dlcore.rundir import RunDir
from dlcore.summary import read_history, state_of, summarize

CLASSIC = "mnist mlp 128,64 relu ce momentum lr=.01 m=.9 b=64 val=0 device=cpu seed=0"
"""The network and the settings that all programs here have in common."""
ONE_THREAD, TWO_THREADS = "training.threads=1", "training.threads=2"
COMPILED = "training.compile=true"
BLIND = "training.probe_budget=0"
"""Eyes off: no gradients are looked at, and no activations."""

_DEADLINE_SECONDS = 240.0
_EXIT_SECONDS = 10.0


@contextmanager
def attached(home: Path, run: RunDir) -> Iterator[Terminal]:
    """Have the app on a terminal of its own watch the run for as long as the block lasts."""
    with Terminal([dltui_command(), "attach", run.id], environment(home)) as terminal:
        yield terminal


@contextmanager
def trainer(home: Path, line: str) -> Iterator[tuple[RunDir, subprocess.Popen[bytes]]]:
    """Start a run; its trainer and what that has started are gone when the block is left."""
    run, process = launch(home, parse(line), datetime.now(UTC))
    try:
        yield run, process
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(_EXIT_SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # it leads a session of its own: this is that session
        process.wait()


def trained(home: Path, line: str, *, watched: bool) -> Trained:
    """Train in a real run, with or without the app attached."""
    began = time.perf_counter()
    with trainer(home, line) as (run, process):
        if not watched:
            _wait(process, run)
            return of_run(run, line, time.perf_counter() - began)
        with attached(home, run) as terminal:
            _wait(process, run)
            ended = time.perf_counter()
            figures = of_run(run, line, ended - began)
            if not terminal.running:
                return replace(figures, fault=f"the app did not stay: {terminal.last_words()}")
            sent = _bytes_per_second(run, terminal, ended)
            return replace(figures, note=f"{sent / 1000:.1f} kB/s to the terminal")


def _wait(process: subprocess.Popen[bytes], run: RunDir) -> None:
    try:
        process.wait(_DEADLINE_SECONDS)
    except subprocess.TimeoutExpired:
        raise DltuiError(f"The run {run.id} did not end in time", f"See {run.log}.") from None


def _bytes_per_second(run: RunDir, terminal: Terminal, ended: float) -> float:
    """Return what the app sent per second, from the first step of training to the trainer's end."""
    history = read_history(run)
    last = ended - terminal.began
    first = last - (history.seconds - history.evaluations[0].seconds)
    return terminal.bytes_between(first, last) / (last - first)


def of_run(run: RunDir, line: str, wall: float) -> Trained:
    """Read what the run says of itself, and the clock in its events."""
    history = read_history(run)
    summary = summarize(run, history, state_of(run, history))
    prepared = history.prepared
    if summary["state"] != "finished" or prepared is None:
        raise DltuiError(f"The run {run.id} is {summary['state']}: {summary['message']}", f"See {run.log}.")
    samples = prepared.training_samples
    return Trained(
        rate=rate(clock(history), samples),
        accuracy=summary["test"]["accuracy"],
        epochs=len(history.epochs),
        wall=wall,
        threads=prepared.threads,
        steps=rate([one.duration for one in history.epochs], samples),
        fault=fault(history, line),
    )


def clock(history: RunHistory) -> list[float]:
    """Return the seconds of each epoch by the clock in the events: from the evaluation before it to its end.

    That is more than the training steps: all that is written down and asked for meanwhile is in it.
    """
    starts = [one.seconds for one in history.evaluations]
    return [one.seconds - start for one, start in zip(history.epochs, starts, strict=False)]


def fault(history: RunHistory, line: str) -> str:
    """Return what the run was asked for and has not done."""
    if COMPILED in line.split() and (history.compiled is None or not history.compiled.used):
        return f"not compiled: {history.compiled.reason if history.compiled else 'nobody tried'}"
    if history.warnings:
        return f"the run warned: {history.warnings[0].message}"
    if BLIND not in line.split() and not len(history.gradients.steps):
        return "no gradient norms were measured"
    return ""
