"""The learning-rate finder: does it say the same from seed to seed, and does what it says train well?"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import mnist
from benchmarks.report import Page, Target, table
from dlcore.config import to_table
from dlcore.errors import DltuiError
from dlcore.launch import launch
from dlcore.oneline import parse
from dlcore.reading import checked
from dlcore.summary import read_history

SEEDS = 5
TARGET_FACTOR = 3.0
APART = 3.0
"""Runs at the rate to take are compared with runs at rates so many times lower and higher."""
CLASSIC = "mnist mlp 128,64 relu momentum lr=.01 m=.9 b=64 e=5"
LINES = tuple(
    f"digits {network} {optimizer} e=5"
    for network in ("mlp 128,64 relu", "cnn")
    for optimizer in ("sgd", "momentum", "adam")
)
TRAINED_SEEDS = range(3)
_DEADLINE_SECONDS = 240
_COMMAND = (sys.executable, "-P", "-c", "from tui.cli import main; main()", "lr-find")


@dataclass(frozen=True)
class Found:
    """What the finder said of a configuration with some seeds."""

    bands: tuple[tuple[float, float, float], ...]
    """Low, the rate to take, and high, for each seed."""
    seconds: float
    """Of one seed, with a share of the start of torch."""

    @property
    def factor(self) -> float:
        """The highest of the rates to take over the lowest."""
        middles = [middle for _, middle, _ in self.bands]
        return max(middles) / min(middles)


@dataclass(frozen=True)
class Trained:
    """The validation loss after training at the rate to take, and at rates below and above it."""

    lower: float
    taken: float
    higher: float


def found(home: Path, line: str) -> Found:
    """Ask `dltui lr-find` about a line, with several seeds."""
    began = time.perf_counter()
    done = subprocess.run(
        [*_COMMAND, line, "--seeds", str(SEEDS), "--json"],
        env={**os.environ, "DLTUI_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=_DEADLINE_SECONDS,
        check=False,
    )
    if done.returncode:
        raise DltuiError(f"No rate was found for {line}: {done.stderr.strip()[-300:]}", "Try it by itself.")
    results = json.loads(done.stdout)["results"]
    if any(one["lr"] is None for one in results):
        raise DltuiError(f"No band for {line}: {results[0]['said']}", "Try it by itself.")
    bands = tuple((one["low"], one["lr"], one["high"]) for one in results)
    return Found(bands, (time.perf_counter() - began) / SEEDS)


def trained(home: Path, line: str, bands: Found) -> Trained:
    """Train a line at and around the rate that was found for each seed; return the means over the seeds."""
    means = [
        statistics.mean(loss(home, line, seed, bands.bands[seed][1] * factor) for seed in TRAINED_SEEDS)
        for factor in (1 / APART, 1.0, APART)
    ]
    return Trained(*means)


def loss(home: Path, line: str, seed: int, lr: float) -> float:
    """Train in a trainer of its own; return its last validation loss, at most that before step 0."""
    config = to_table(parse(line)) | {"seed": seed}
    config["optimizer"]["lr"] = lr
    run, trainer = launch(home, checked(config, line), datetime.now(UTC))
    trainer.wait()
    history = read_history(run)
    figures = [one.loss for one in history.split("validation")]
    has_finished = history.ended is not None and history.ended.reason == "finished"
    first, last = figures[0], figures[-1]
    assert first is not None
    return min(first, last) if has_finished and last is not None else first


def measure() -> Page:
    """Return the tables of this section."""
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch) / "home"
        mnist.put_into_home(home)
        bands = {line: found(home, line) for line in (CLASSIC, *LINES)}
        after = {line: trained(home, line, bands[line]) for line in LINES}
    return page(bands, after)


def page(bands: dict[str, Found], after: dict[str, Trained]) -> Page:
    """Return the page that these bands and losses make."""
    rows = [
        (
            line,
            " ".join(f"{middle:.2g}" for _, middle, _ in one.bands),
            f"{one.factor:.2f} ×",
            f"{statistics.median(low for low, _, _ in one.bands):.2g} – "
            f"{statistics.median(high for _, _, high in one.bands):.2g}",
            f"{one.seconds:.1f} s",
        )
        for line, one in bands.items()
    ]
    header = ("configuration", f"rate to take, seeds 0 to {SEEDS - 1}", "spread", "band", "time a seed")
    losses = [(line, *(f"{value:.3f}" for value in _values(one))) for line, one in after.items()]
    mean = (
        "geometric mean",
        *(f"{_mean(column):.3f}" for column in zip(*map(_values, after.values()), strict=True)),
    )
    names = ("configuration", f"÷ {APART:g}", "rate to take", f"× {APART:g}")
    parts = (_intro(), table(header, rows), _intro_of_training(), table(names, [*losses, mean]))
    return Page("\n\n".join(parts), _targets(bands, after))


def _values(one: Trained) -> tuple[float, float, float]:
    return one.lower, one.taken, one.higher


def _mean(values: tuple[float, ...]) -> float:
    return statistics.geometric_mean(values)


def _targets(bands: dict[str, Found], after: dict[str, Trained]) -> tuple[Target, ...]:
    classic = bands[CLASSIC].factor
    lower, taken, higher = (_mean(column) for column in zip(*map(_values, after.values()), strict=True))
    return (
        Target(
            f"learning rate found for the classic run, highest over lowest of {SEEDS} seeds",
            f"{classic:.2f} ×",
            f"≤ {TARGET_FACTOR:g} ×",
            classic <= TARGET_FACTOR,
        ),
        Target(
            f"validation loss at the rate found, against {APART:g} × lower and higher, {len(after)} networks",
            f"{taken:.3f} against {lower:.3f} and {higher:.3f}",
            "the lowest",
            taken <= min(lower, higher),
        ),
    )


def _intro() -> str:
    return (
        f'`dltui lr-find "LINE" --seeds {SEEDS}`: three sweeps for each seed, from its own first weights and '
        "with its own orders of the data. The spread is the highest of the rates to take over the lowest; "
        "of the band the medians are shown, and the time has a share of the start of torch."
    )


def _intro_of_training() -> str:
    return (
        "Validation loss after training at the rate to take, and at rates around it: means over the seeds "
        f"{TRAINED_SEEDS[0]} to {TRAINED_SEEDS[-1]}; a run that diverged counts with its loss before step 0."
    )
