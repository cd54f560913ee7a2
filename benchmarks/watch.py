"""What `dlcore.watch` costs a script of one's own: its loop with and without, on networks of three kinds."""

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks.programs import printed_by
from benchmarks.report import Page, Spread, Target, ratios, table
from benchmarks.rounds import wait_until_quiet

STRETCHES = 40
STRETCH_STEPS = {"classic": 400, "deep": 200, "cnn": 40}
BUDGET = 0.10
_DEADLINE_SECONDS = 200.0
_LINE = re.compile(r"^stretch ([\d.]+) ([\d.]+)$", re.MULTILINE)
_PROBES = re.compile(r"^probes ([\d.]+) (\d+)$", re.MULTILINE)


@dataclass(frozen=True)
class Cost:
    """What one network's loop took, stretch by stretch."""

    name: str
    without: list[float]
    """Seconds of each stretch."""
    watched: list[float]
    probes: float
    """What the probes say they took, as a share of the loop's time."""
    every: int

    @property
    def more(self) -> Spread:
        """Time with watch over time without."""
        return ratios(self.watched, self.without)


def measure() -> Page:
    """Return the tables of this section."""
    wait_until_quiet()
    return page([_cost(name) for name in STRETCH_STEPS])


def _cost(name: str) -> Cost:
    with tempfile.TemporaryDirectory() as scratch:
        printed = printed_by("watched_loop", name, home=Path(scratch), seconds=_DEADLINE_SECONDS)
    return read_cost(name, printed)


def read_cost(name: str, printed: str) -> Cost:
    """Return what the script has printed."""
    stretches = [(float(without), float(watched)) for without, watched in _LINE.findall(printed)]
    ((share, every),) = _PROBES.findall(printed)
    without, watched = (list(seconds) for seconds in zip(*stretches, strict=True))
    return Cost(name, without, watched, float(share), int(every))


def page(costs: list[Cost]) -> Page:
    """Return the page that these costs make."""
    dearest = max(costs, key=lambda cost: cost.more.median)
    rows = [
        (
            cost.name,
            f"{1e6 * sum(cost.without) / (len(cost.without) * STRETCH_STEPS[cost.name]):,.0f}",
            f"{cost.more.median:.3f} ({cost.more.low:.3f} – {cost.more.high:.3f})",
            f"{100 * cost.probes:.1f} %",
            str(cost.every),
        )
        for cost in costs
    ]
    intro = (
        "A plain PyTorch loop, batches of 64 images of 28×28, one thread, SGD with momentum, `loss.item()` "
        f"at each step; with `watch(model, optimizer)` and `run.step(loss)`, `probe_budget` {BUDGET:g}. Both "
        f"in one process, in turn, {STRETCHES} stretches each."
    )
    header = ("network", "µs a step without", "time with watch / without", "probes", "steps between looks")
    target = Target(
        "time of a script's own loop under `dlcore.watch`, dearest of three networks",
        f"{dearest.more.median:.3f} × ({dearest.name})",
        f"≤ {1 + BUDGET:.2f} ×",
        dearest.more.median <= 1 + BUDGET,
    )
    return Page(f"{intro}\n\n{table(header, rows)}", (target,))
