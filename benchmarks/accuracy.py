"""Accuracy over five seeds: the classic run in dltui, plain and compiled, and the script that it is like.

MNIST comes through the real download.
"""

import os
import statistics
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import mnist
from benchmarks.programs import script
from benchmarks.report import Page, Target, table
from benchmarks.training_runs import COMPILED
from dlcore.errors import DltuiError
from dlcore.events import Evaluated
from dlcore.launch import launch
from dlcore.oneline import parse
from dlcore.summary import read_history

SEEDS = range(5)
EPOCHS = 10
LINE = f"mnist mlp 128,64 relu ce momentum lr=.01 m=.9 b=64 e={EPOCHS} val=0"

TARGET_MEAN, TOLERANCE, TARGET_LEAST = 0.974, 0.003, 0.968


@contextmanager
def mirrored(address: str) -> Iterator[None]:
    """Have every download begin at `address`."""
    before = os.environ.get("DLTUI_MIRRORS")
    os.environ["DLTUI_MIRRORS"] = address
    try:
        yield
    finally:
        if before is None:
            del os.environ["DLTUI_MIRRORS"]
        else:
            os.environ["DLTUI_MIRRORS"] = before


def evaluations(home: Path, seed: int, more: str = "") -> list[Evaluated]:
    """Train with one seed; return the evaluations of the test split, before step 0 and after each epoch."""
    run, trainer = launch(home, parse(f"{LINE} seed={seed} {more}"), datetime.now(UTC))
    trainer.wait()
    history = read_history(run)
    found = history.split("test")
    if len(found) != EPOCHS + 1 or history.ended is None or history.ended.reason != "finished":
        raise DltuiError(f"The run with seed {seed} did not finish", f"See {run.log}.")
    return found


def plain(scratch: Path, seed: int) -> float:
    """Train the plain script with one seed; return its accuracy after the last epoch."""
    options = ("classic", "0", "cpu", "64", str(seed))
    folder = str(scratch / "torchvision")
    return script("plain_script", folder, str(EPOCHS), *options, scratch=scratch, threads=1).accuracy


def measure() -> Page:
    """Return the tables of this section."""
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(2) as pool:  # nothing is timed here
        scratch = Path(folder)
        with mnist.mirror() as mirror, mirrored(mirror.address):
            runs = [evaluations(scratch / "home", SEEDS[0])]  # which downloads what all others share
            runs += pool.map(lambda seed: evaluations(scratch / "home", seed), SEEDS[1:])
            compiled = list(pool.map(lambda seed: evaluations(scratch / "home", seed, COMPILED), SEEDS))
            if len(mirror.served) != len(mnist.FILES):
                raise DltuiError(
                    f"The mirror on loopback was asked for {mirror.served}", "Each file comes once."
                )
        mnist.put_for_torchvision(scratch / "torchvision")
        scripts = list(pool.map(lambda seed: plain(scratch, seed), SEEDS))
    columns = {
        "untrained": [found[0].accuracy or 0.0 for found in runs],
        "dltui": [found[-1].accuracy or 0.0 for found in runs],
        "dltui compiled": [found[-1].accuracy or 0.0 for found in compiled],
        "plain script": scripts,
    }
    return page(columns)


def page(columns: dict[str, list[float]]) -> Page:
    """Return the page that these accuracies make."""
    kinds: dict[str, Callable[[list[float]], float]] = {
        "mean": statistics.mean,
        "standard deviation": statistics.stdev,
        "min": min,
        "max": max,
    }
    rows = [
        (f"seed {seed}", *(_percent(column[index]) for column in columns.values()))
        for index, seed in enumerate(SEEDS)
    ]
    rows += [(name, *(_percent(of(column)) for column in columns.values())) for name, of in kinds.items()]
    parts = (_intro(), table(("", *columns), rows), _verdict(columns["dltui"]))
    return Page("\n\n".join(parts), _targets(columns))


def _targets(columns: dict[str, list[float]]) -> tuple[Target, ...]:
    scripts = columns["plain script"]
    low, high = min(scripts), max(scripts)
    targets = []
    for name in ("dltui", "dltui compiled"):
        mean = statistics.mean(columns[name])
        targets.append(
            Target(
                f"test accuracy after {EPOCHS} epochs, {name}, mean of five seeds",
                f"{_percent(mean)} (lowest {_percent(min(columns[name]))})",
                f"{_percent(low)} – {_percent(high)}: the plain script's seeds",
                low <= mean <= high,
            )
        )
    return tuple(targets)


def _intro() -> str:
    return (
        f'`dltui run "{LINE} seed=S"`, seeds {SEEDS[0]} to {SEEDS[-1]}: all 60,000 training images; the '
        "share of the 10,000 test images that is recognized. The files came over HTTP from a mirror on "
        f"loopback into an empty DLTUI_HOME. Compiled: with `{COMPILED}`. The plain script is "
        "benchmarks/plain_script.py with the same seeds, which draw another order of the images there."
    )


def _verdict(after: list[float]) -> str:
    mean = statistics.mean(after)
    met = abs(mean - TARGET_MEAN) <= TOLERANCE and min(after) >= TARGET_LEAST
    return (
        f"Wanted: from about 10 % to a mean of {100 * TARGET_MEAN:.1f} ± {100 * TOLERANCE:.1f} %, none below "
        f"{100 * TARGET_LEAST:.1f} %. {'Met' if met else '**Not met**'}: mean {_percent(mean)}, "
        f"standard deviation {100 * statistics.stdev(after):.2f}, lowest {_percent(min(after))}."
    )


def _percent(share: float) -> str:
    return f"{100 * share:.2f} %"
