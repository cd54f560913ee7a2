"""Programs that train: each is run to its end on a terminal of its own, and what it measured is read from it.

The clock of every program leaves its first epoch out, and everything that is not training: imports, reading
the data, evaluation. So what each pays only once does not count for or against it.
"""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.report import Spread, Target, ratios, spread, table
from benchmarks.terminal import Terminal, environment
from dlcore.errors import DltuiError

SAMPLES = 60_000
_DEADLINE_SECONDS = 240.0
_ROOT = Path(__file__).parent.parent
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")

_EPOCH = re.compile(r"epoch \d+  (?:loss [\d.]+  accuracy [\d.]+  )?training ([\d.]+) s")
_ACCURACY = re.compile(r"test accuracy ([\d.]+)")
_THREADS_SAID = re.compile(r"threads (\d+)")


@dataclass(frozen=True)
class Trained:
    """One program in one round."""

    rate: float
    """Samples per second by the clock, over the epochs after the first, without evaluation."""
    accuracy: float
    """Share of the test images that are recognized after the last epoch."""
    epochs: int
    wall: float
    """Seconds from start-up to finish."""
    threads: int | None = None
    steps: float | None = None
    """Samples per second of the training steps, as the program itself counts; None where it does not."""
    note: str = ""
    fault: str = ""
    """What was not as it should be all the time."""


def script(
    module: str,
    *arguments: str,
    scratch: Path,
    threads: int | None,
    samples: int = SAMPLES,
    variables: Mapping[str, str] | None = None,
) -> Trained:
    """Run `python -m benchmarks.MODULE`; `threads` None leaves their number to the library.

    Raises DltuiError with the program's last words when it fails or takes too long.
    """
    command = [sys.executable, "-m", f"benchmarks.{module}", *arguments]
    began = time.perf_counter()
    with Terminal(command, _variables(scratch, threads, variables or {})) as terminal:
        try:
            code = terminal.process.wait(_DEADLINE_SECONDS)
        except subprocess.TimeoutExpired:
            code = None
        wall = time.perf_counter() - began
    text = b"".join(content for _, content in terminal.chunks).decode(errors="replace")
    said = parsed(text, wall, samples) if code == 0 else None
    if said is None:
        end = "did not end in time" if code is None else f"failed: {terminal.last_words()}"
        raise DltuiError(f"benchmarks.{module} {end}", f"Try: python -m benchmarks.{module} FOLDER EPOCHS.")
    return said


def printed_by(module: str, *arguments: object, home: Path, seconds: float) -> str:
    """Run `python -m benchmarks.scripts.MODULE` with one thread, at most so long; return what it printed.

    Raises DltuiError with its last words when it fails or takes too long.
    """
    name = f"benchmarks.scripts.{module}"
    try:
        done = subprocess.run(
            [sys.executable, "-m", name, *map(str, arguments)],
            cwd=_ROOT,
            env={**os.environ, "DLTUI_HOME": str(home), "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise DltuiError(f"{name} did not end in {seconds:.0f} s", "Run it by itself.") from None
    if done.returncode:
        raise DltuiError(f"{name} failed: {done.stderr.strip()[-300:]}", "Run it by itself.")
    return done.stdout


def _variables(scratch: Path, threads: int | None, more: Mapping[str, str]) -> dict[str, str]:
    found = {name: value for name, value in environment(scratch).items() if name not in _THREADS}
    if threads:
        found |= dict.fromkeys(_THREADS, str(threads))
    return {**found, "PYTHONPATH": str(_ROOT), **more}


def parsed(text: str, wall: float, samples: int) -> Trained | None:
    """Return what a program has printed of itself; None when that is not at least two epochs and a test."""
    seconds = [float(one) for one in _EPOCH.findall(text)]
    accuracy = _ACCURACY.search(text)
    threads = _THREADS_SAID.search(text)
    if len(seconds) < 2 or accuracy is None:
        return None
    return Trained(
        rate=rate(seconds, samples),
        accuracy=float(accuracy[1]),
        epochs=len(seconds),
        wall=wall,
        threads=int(threads[1]) if threads else None,
    )


def rate(seconds: Sequence[float], samples: int) -> float:
    """Return samples per second, from the seconds of all epochs: the first is left out."""
    return (len(seconds) - 1) * samples / sum(seconds[1:])


def installed(package: str) -> str | None:
    """Return the version of a package, None when it is not there."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def not_installed(packages: Iterable[str]) -> str:
    """Return a sentence about peers that are not there; it is empty when all are."""
    missing = [name for name in packages if installed(name) is None]
    if not missing:
        return ""
    verb = "is" if len(missing) == 1 else "are"
    return (
        f"**Not measured**, because not installed, {verb} {' and '.join(missing)}: "
        "`pip install -e '.[bench]'` installs the peers."
    )


def figures_table(rounds: Mapping[str, Sequence[Trained]]) -> str:
    """Return a Markdown table with a row for each program: medians of its rounds."""
    rows = []
    for name, figures in rounds.items():
        clock, wall = spread([one.rate for one in figures]), spread([one.wall for one in figures])
        right = spread([one.accuracy for one in figures])
        fault = next((f"**{one.fault}**" for one in figures if one.fault), figures[-1].note)
        rows.append(
            (
                name,
                f"{clock.median:,.0f} ({clock.low:,.0f} – {clock.high:,.0f})",
                f"{100 * right.median:.2f} %, epoch {figures[-1].epochs}",
                _numbers({one.threads for one in figures if one.threads}),
                f"{wall.median:.1f}",
                fault,
            )
        )
    header = ("program", "samples/s by the clock", "test accuracy", "threads", "s in all", "note")
    return table(header, rows)


def _numbers(values: Iterable[int]) -> str:
    return " or ".join(map(str, sorted(values)))


def against(ours: Sequence[Trained], theirs: Sequence[Trained]) -> Spread:
    """Return the spread of the rounds' ratios of speed, by the clock of both."""
    return ratios([one.rate for one in ours], [one.rate for one in theirs])


def factor(value: Spread) -> str:
    """Return a ratio as text, with its ends."""
    return f"{value.median:.2f} × ({value.low:.2f} – {value.high:.2f})"


def at_least(what: str, value: Spread, wanted: float) -> Target:
    """Return the target that the median of a ratio is not below `wanted`."""
    decimals = 2 if round(wanted, 1) != wanted else 1
    return Target(what, factor(value), f"≥ {wanted:.{decimals}f} ×", value.median >= wanted)
