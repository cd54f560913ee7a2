"""Accuracy: the classic script's run in dltui, over five seeds, with MNIST through the real download."""

import os
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import mnist
from benchmarks.report import table
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


def evaluations(home: Path, seed: int) -> list[Evaluated]:
    """Train with one seed; return the evaluations of the test split, before step 0 and after each epoch."""
    run, trainer = launch(home, parse(f"{LINE} seed={seed}"), datetime.now(UTC))
    trainer.wait()
    history = read_history(run)
    found = history.split("test")
    if len(found) != EPOCHS + 1 or history.ended is None or history.ended.reason != "finished":
        raise DltuiError(f"The run with seed {seed} did not finish", f"See {run.log}.")
    return found


def measure() -> str:
    """Return the tables of this section."""
    with tempfile.TemporaryDirectory() as scratch, mnist.mirror() as mirror, mirrored(mirror.address):
        runs = [evaluations(Path(scratch) / "home", seed) for seed in SEEDS]
        if len(mirror.served) != len(mnist.FILES):
            raise DltuiError(f"The mirror on loopback was asked for {mirror.served}", "Each file comes once.")
    before = [found[0].accuracy or 0.0 for found in runs]
    after = [found[-1].accuracy or 0.0 for found in runs]
    rows = [
        (f"seed {seed}", _percent(untrained), _percent(trained))
        for seed, untrained, trained in zip(SEEDS, before, after, strict=True)
    ]
    rows.append(("mean", _percent(statistics.mean(before)), _percent(statistics.mean(after))))
    rows.append(("min", _percent(min(before)), _percent(min(after))))
    header = ("", "untrained", f"after {EPOCHS} epochs")
    return "\n\n".join((_intro(), table(header, rows), _verdict(after)))


def _intro() -> str:
    return (
        f'`dltui run "{LINE} seed=S"`, seeds {SEEDS[0]} to {SEEDS[-1]}: all 60,000 training images; the '
        "share of the 10,000 test images that is recognized. The files came over HTTP from a mirror on "
        "loopback into an empty DLTUI_HOME."
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
