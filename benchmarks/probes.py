"""What looking costs on every shipped preset: share of the time of its training steps, all probes on.

Every run of every preset trains for a few seconds, or to its end; the account is the trainer's own, of all
that its probes do. Page `limit` checks it by the clock: the same network with eyes on and off.
"""

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks import mnist
from benchmarks.programs import printed_by
from benchmarks.report import Page, Target, spread, table
from benchmarks.rounds import wait_until_quiet
from dlcore.config import RunConfig

SECONDS = 2.0
BUDGET = RunConfig().training.probe_budget
_DEADLINE_SECONDS = 290.0
_LINE = re.compile(r"^run (\S+) ([\d.]+) ([\d.]+) (\d+) (\d+)$", re.MULTILINE)


@dataclass(frozen=True)
class Cost:
    """What the probes took on one run of a preset."""

    name: str
    share: float
    seconds: float
    """Of its training steps."""
    steps: int
    every: int
    """Steps from one look at the gradients to the next, in the end."""


def measure() -> Page:
    """Return the tables of this section."""
    mnist.folder()
    wait_until_quiet()
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch)
        mnist.put_into_home(home)
        printed = printed_by("probe_costs", SECONDS, home=home, seconds=_DEADLINE_SECONDS)
    return page([read_cost(*found) for found in _LINE.findall(printed)])


def read_cost(name: str, share: str, seconds: str, steps: str, every: str) -> Cost:
    """Return what a line of the script says."""
    return Cost(name, float(share), float(seconds), int(steps), int(every))


def page(costs: list[Cost]) -> Page:
    """Return the page that these costs make."""
    dearest = max(costs, key=lambda cost: cost.share)
    middle = spread([cost.share for cost in costs]).median
    rows = [
        (
            cost.name,
            f"{100 * cost.share:.1f} %",
            str(cost.every),
            f"{1e6 * cost.seconds / cost.steps:,.0f}",
            f"{cost.steps:,}",
            f"{cost.seconds:.2f}",
        )
        for cost in costs
    ]
    intro = (
        f"{len(costs)} runs, {SECONDS:g} s of training each or to their end, one thread, "
        f"`training.probe_budget` {BUDGET:g}: gradient norms, and at each evaluation what the layers hand to "
        "their activations."
    )
    header = ("run of a preset", "probes", "steps between looks", "µs a step", "steps", "s of training")
    target = Target(
        "probes at their defaults, share of step time, dearest of all shipped presets",
        f"{100 * dearest.share:.1f} % ({dearest.name}; median {100 * middle:.1f} %)",
        f"≤ {100 * BUDGET:g} %",
        dearest.share <= BUDGET,
    )
    return Page(f"{intro}\n\n{table(header, rows)}", (target,))
