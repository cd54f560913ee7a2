"""What checkpoints cost at their defaults: by the clock, and at each better evaluation.

Three networks: one whose epochs are over in a moment, the classic one, and one whose checkpoint is large.
"""

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks import mnist
from benchmarks.programs import printed_by
from benchmarks.report import Page, Target, table
from benchmarks.rounds import wait_until_quiet
from dlcore import figures
from dlcore.errors import DltuiError

SHARE = 0.03
NETWORKS = {
    "digits, 64": "digits mlp 64, adam lr=.0003 e=100000 device=cpu",
    "classic": "mnist mlp 128,64 relu momentum lr=.01 m=.9 b=64 e=1000 device=cpu",
    "MNIST, 2048,2048, adam": "mnist mlp 2048,2048 relu adam lr=.0001 b=64 e=1000 device=cpu",
}
SECONDS = 70.0
"""Long enough for two checkpoints by the clock."""
_DEADLINE_SECONDS = 200.0
_LINE = re.compile(r"^saves ([\d.]+) ([\d.]+) (\d+) (\d+)$", re.MULTILINE)


@dataclass(frozen=True)
class Cost:
    """What checkpoints took of one run."""

    name: str
    seconds: float
    of: float
    """Seconds since the first step."""
    saves: int
    size: int
    """Bytes of one."""

    @property
    def share(self) -> float:
        """The part of the time that saving took."""
        return self.seconds / self.of


def measure() -> Page:
    """Return the table of this section."""
    mnist.folder()
    wait_until_quiet()
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch)
        mnist.put_into_home(home)
        return page([read_cost(name, _run(home, line)) for name, line in NETWORKS.items()])


def _run(home: Path, line: str) -> str:
    return printed_by("saving_costs", SECONDS, line, home=home, seconds=_DEADLINE_SECONDS)


def read_cost(name: str, printed: str) -> Cost:
    """Return what the script says."""
    found = _LINE.search(printed)
    if found is None:
        raise DltuiError(f"{name} has said nothing of its checkpoints", "Run its script by hand.")
    return Cost(name, float(found[1]), float(found[2]), int(found[3]), int(found[4]))


def page(costs: list[Cost]) -> Page:
    """Return the page that these costs make."""
    dearest = max(costs, key=lambda cost: cost.share)
    rows = [
        (
            cost.name,
            f"{100 * cost.share:.2f} %",
            str(cost.saves),
            figures.size(cost.size),
            f"{1000 * cost.seconds / max(cost.saves, 1):.1f}",
        )
        for cost in costs
    ]
    intro = (
        f"{SECONDS:g} s of training each, one thread. Checkpoints come every 30 s and at each better "
        "evaluation of the held-out split, but none by itself before 40 times as long has gone by as the "
        "last one took. "
        "Those before the first step and behind the last are not counted: a run has them in any case."
    )
    header = ("network", "share of the time", "saves", "size of one", "ms a save")
    target = Target(
        "Checkpoints at their defaults, share of the time of training",
        f"{100 * dearest.share:.2f} % ({dearest.name})",
        f"≤ {100 * SHARE:g} %",
        dearest.share <= SHARE,
    )
    return Page(f"{intro}\n\n{table(header, rows)}", (target,))
