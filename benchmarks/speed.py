"""Training speed: dltui with the app attached, against the plain torchvision + DataLoader script.

Both train the classic network on all 60,000 images, in turn, round after round; a ratio is the median of the
rounds' own ratios. The script's time is that of its training loop alone; dltui is given three ways: its own
figure (training steps), the clock of training with everything that is written down, and the clock of a whole
epoch with the evaluation that both do on the 10,000 test images.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import mnist
from benchmarks.report import Spread, ratios, spread, table
from benchmarks.terminal import Terminal, dltui_command, environment
from dlcore.errors import DltuiError
from dlcore.launch import launch
from dlcore.oneline import parse
from dlcore.rundir import RunDir
from dlcore.summary import read_history, state_of, summarize

ROUNDS = 5
EPOCHS = 10
PLAIN_EPOCHS = 2
SAMPLES = 60_000
LINE = f"mnist mlp 128,64 relu ce momentum lr=.01 m=.9 b=64 e={EPOCHS} val=0 device=cpu seed=0"

_EPOCH = re.compile(r"training ([\d.]+) s  testing ([\d.]+) s")


@dataclass(frozen=True)
class Figures:
    """One program in one round."""

    steps: float
    """Samples per second of the training steps, as the program itself says."""
    training: float
    """Samples per second by the clock, from the first step of an epoch to its last."""
    epoch: float
    """Seconds of an epoch with its evaluation on the test split."""
    start: float
    """Seconds that the program lived and did neither."""
    note: str = ""
    fault: str = ""
    """Why the app was not attached to the end."""


def plain(folder: Path, threads: int | None) -> Figures:
    """Run the plain script on torchvision's `folder`; `threads` None leaves the number to torch."""
    variables = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    if threads:
        variables["OMP_NUM_THREADS"] = str(threads)
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.plain_script", str(folder), str(PLAIN_EPOCHS)],
        cwd=Path(__file__).parent.parent,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )
    wall = time.perf_counter() - began
    epochs = [(float(trained), float(tested)) for trained, tested in _EPOCH.findall(done.stdout)]
    if done.returncode or len(epochs) != PLAIN_EPOCHS:
        raise DltuiError(f"The plain script failed: {done.stderr.strip()[-300:]}", "See plain_script.py.")
    training = sum(trained for trained, _ in epochs)
    whole = training + sum(tested for _, tested in epochs)
    speed = PLAIN_EPOCHS * SAMPLES / training
    return Figures(speed, speed, whole / PLAIN_EPOCHS, wall - whole, done.stdout.splitlines()[0])


@contextmanager
def attached(home: Path, run: RunDir) -> Iterator[Terminal]:
    """Have the app on a terminal of its own watch the run for as long as the block lasts."""
    with Terminal([dltui_command(), "attach", run.id], environment(home)) as terminal:
        yield terminal


def trained(home: Path, *, watched: bool) -> Figures:
    """Train in a real run, with or without the app attached."""
    began = time.perf_counter()
    run, trainer = launch(home, parse(LINE), datetime.now(UTC))
    if not watched:
        trainer.wait()
        return _of_run(run, time.perf_counter() - began)
    with attached(home, run) as terminal:
        trainer.wait()
        ended = time.perf_counter()
        figures = _of_run(run, ended - began)
        if not terminal.running:
            return replace(figures, fault=f"the app did not stay: {terminal.last_words()}")
        rate = _bytes_per_second(run, terminal, ended)
        return replace(figures, note=f"{rate / 1000:.1f} kB/s to the terminal")


def _bytes_per_second(run: RunDir, terminal: Terminal, ended: float) -> float:
    """Return what the app sent per second, from the first step of training to the trainer's end."""
    history = read_history(run)
    last = ended - terminal.began
    first = last - (history.seconds - history.evaluations[0].seconds)
    return terminal.bytes_between(first, last) / (last - first)


def _of_run(run: RunDir, wall: float) -> Figures:
    """Read what the run says of itself, and the clock in its events."""
    history = read_history(run)
    summary = summarize(run, history, state_of(run, history))
    if summary["state"] != "finished" or len(history.epochs) != EPOCHS:
        raise DltuiError(f"The run {run.id} is {summary['state']}: {summary['message']}", f"See {run.log}.")
    if not history.gradients.steps:
        raise DltuiError(f"The run {run.id} measured no gradient norms", "Look at probe_budget.")
    starts = [one.seconds for one in history.evaluations]
    training = sum(one.seconds - start for one, start in zip(history.epochs, starts, strict=False))
    whole = starts[EPOCHS] - starts[0]
    return Figures(
        steps=summary["samples_per_second"],
        training=EPOCHS * SAMPLES / training,
        epoch=whole / EPOCHS,
        start=wall - whole,
    )


def measure() -> str:
    """Return the tables of this section."""
    mnist.folder()
    with tempfile.TemporaryDirectory() as scratch:
        home, folder = Path(scratch) / "home", Path(scratch) / "torchvision"
        mnist.put_into_home(home)
        mnist.put_for_torchvision(folder)
        programs: dict[str, Callable[[], Figures]] = {
            "plain script, one thread": lambda: plain(folder, 1),
            "dltui, app attached": lambda: trained(home, watched=True),
            "plain script, torch's own number of threads": lambda: plain(folder, None),
            "dltui, no app": lambda: trained(home, watched=False),
        }
        rounds: dict[str, list[Figures]] = {name: [] for name in programs}
        for number in range(ROUNDS):
            # There and back again: what slows the machine down in between hits the first and the last alike.
            for name in list(programs)[:: -1 if number % 2 else 1]:
                rounds[name].append(programs[name]())
    return "\n\n".join((_intro(), _speeds(rounds), _ratios(rounds)))


def _intro() -> str:
    return (
        f"784-128-64-10 with ReLU, SGD with momentum 0.9 and learning rate 0.01, batches of 64, all "
        f"{SAMPLES:,} images of MNIST, on the CPU; {ROUNDS} rounds in turn, {PLAIN_EPOCHS} epochs of the "
        f"plain script and {EPOCHS} of dltui in each. dltui trains with one thread and measures gradient "
        "norms and accuracy."
    )


def _speeds(rounds: dict[str, list[Figures]]) -> str:
    rows = []
    for name, figures in rounds.items():
        steps = spread([one.steps for one in figures])
        rows.append(
            (
                name,
                f"{steps.median:,.0f} ({steps.low:,.0f} – {steps.high:,.0f})",
                f"{spread([one.training for one in figures]).median:,.0f}",
                f"{spread([one.epoch for one in figures]).median:.2f}",
                f"{spread([one.start for one in figures]).median:.1f}",
                next((f"**{one.fault}**" for one in figures if one.fault), figures[-1].note),
            )
        )
    header = (
        "program (median of the rounds)",
        "samples/s, training steps",
        "samples/s, clock of training",
        "s per epoch with evaluation",
        "s for starting and ending",
        "note",
    )
    return table(header, rows)


def _ratios(rounds: dict[str, list[Figures]]) -> str:
    one, watched, own, alone = rounds.values()

    def row(name: str, ratio: Spread) -> tuple[str, str, str, str]:
        return name, f"{ratio.median:.2f}", f"{ratio.low:.2f}", f"{ratio.high:.2f}"

    def steps(figures: list[Figures]) -> list[float]:
        return [figure.steps for figure in figures]

    def clock(figures: list[Figures]) -> list[float]:
        return [figure.training for figure in figures]

    def epochs(figures: list[Figures]) -> list[float]:
        return [1 / figure.epoch for figure in figures]

    rows = [
        row("dltui, app attached / plain, one thread: training steps", ratios(steps(watched), steps(one))),
        row("the same by the clock of training", ratios(clock(watched), clock(one))),
        row("the same by whole epochs with evaluation", ratios(epochs(watched), epochs(one))),
        row(
            "dltui, app attached / plain, torch's threads: training steps", ratios(steps(watched), steps(own))
        ),
        row("the same by the clock of training", ratios(clock(watched), clock(own))),
        row("dltui, app attached / no app: clock of training", ratios(clock(watched), clock(alone))),
    ]
    return table(("speed ratio", "median", "min", "max"), rows)
