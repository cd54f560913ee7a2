"""Statistics over rounds, the machine they were taken on, and Markdown tables."""

import os
import platform
import statistics
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import psutil

RESULTS = Path(__file__).parent / "results"
_BUSY_LOAD = 1.5
_BUSY_CORES = 0.25
"""When others use more than this meanwhile, the page says that its figures are not for quoting."""
_PACKAGES = ("dltui", "torch", "torchvision", "textual")


@dataclass(frozen=True)
class Spread:
    """The middle and both ends of what the rounds gave."""

    median: float
    low: float
    high: float


def spread(values: Sequence[float]) -> Spread:
    """Return median, minimum and maximum."""
    return Spread(statistics.median(values), min(values), max(values))


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> Spread:
    """Return the spread of ours / theirs, taken round by round: what disturbs both alike cancels out."""
    return spread([our / their for our, their in zip(ours, theirs, strict=True)])


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table; all columns but the first are aligned to the right."""
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


@dataclass(frozen=True)
class Target:
    """One figure against what we want of it: a row of README's table."""

    what: str
    measured: str
    """The figure with its unit, and its spread where it has one."""
    wanted: str
    """As in `≥ 5.0 ×`."""
    met: bool


@dataclass(frozen=True)
class Page:
    """What a section has found: Markdown, and the figures that README quotes."""

    body: str
    targets: tuple[Target, ...] = ()

    def text(self) -> str:
        """Return the targets as a table, then the rest."""
        return f"{targets_table(self.targets)}\n\n{self.body}" if self.targets else self.body


TARGET_HEADER = ("against the target", "measured", "wanted", "")


def targets_table(targets: Iterable[Target]) -> str:
    """Return a Markdown table of targets; README's table is made of the rows of all pages."""
    rows = [(one.what, one.measured, one.wanted, "met" if one.met else "**not met**") for one in targets]
    return table(TARGET_HEADER, rows)


class Company:
    """How much other programs compute from now on."""

    def __init__(self) -> None:
        self._began = time.perf_counter()
        self._others = _seconds_of_others()

    def seconds(self) -> float:
        """Return the seconds that have passed."""
        return time.perf_counter() - self._began

    def cores(self) -> float:
        """Return how many cores neither we nor our ended children have kept busy, on average since then."""
        return max(0.0, _seconds_of_others() - self._others) / self.seconds()


class Conditions:
    """When, where and in whose company something is measured; made before, read after."""

    def __init__(self) -> None:
        self._load = os.getloadavg()[0]
        self._company = Company()

    def text(self, *, timed: bool = True) -> str:
        """Return a paragraph that says so; figures that are not times need no quiet machine."""
        versions = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
        cores = self._company.cores()
        before = f" (above {_BUSY_LOAD}: others had been computing)" if self._load > _BUSY_LOAD else ""
        is_busy = timed and cores > _BUSY_CORES
        meanwhile = ": **measure again on a quiet machine before quoting**" if is_busy else ""
        return (
            f"{datetime.now(UTC):%Y-%m-%d} · {_processor()}, {os.cpu_count()} cores, "
            f"{psutil.virtual_memory().total / 2**30:.0f} GiB of memory · {platform.system()}, "
            f"Python {platform.python_version()}, {versions} · "
            f"load average {self._load:.1f} at the start{before}, "
            f"other programs used {cores:.2f} cores meanwhile{meanwhile} · "
            f"took {self._company.seconds():.0f} s"
        )


def _seconds_of_others() -> float:
    """Return the processor time, over all cores, that neither we nor our ended children have used."""
    machine: dict[str, float] = psutil.cpu_times()._asdict()
    at_rest = ("idle", "iowait", "guest", "guest_nice")  # guests are counted as user time already
    busy = sum(seconds for name, seconds in machine.items() if name not in at_rest)
    ours = os.times()
    return busy - (ours.user + ours.system + ours.children_user + ours.children_system)


def _processor() -> str:
    """Return the model of the processor; Linux keeps it where `platform` does not look."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()


def store(section: str, text: str) -> Path:
    """Write a section's page to `results/` and return where it is."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{section}.md"
    path.write_text(text, encoding="utf-8")
    return path
