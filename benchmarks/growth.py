"""How cost grows: a step's time against width, depth, batch and probes, and what a long run might pile up.

The steps are those of a real run's loop on noise of MNIST's shape, one thread, all sizes in turn. Then the
smallest of networks is trained for half a million steps: nothing may grow with them but the file.
"""

import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from benchmarks.curves import picture
from benchmarks.programs import printed_by
from benchmarks.report import Page, Spread, Target, spread, table
from benchmarks.rounds import wait_until_quiet
from benchmarks.tenths import Moment, followed, kilobytes_per_million_steps, step_microseconds, tenths
from benchmarks.training_runs import BLIND, ONE_THREAD

ROUNDS = 7
SECONDS = 0.4
WIDTHS = tuple(2**power for power in range(4, 12))
DEPTHS = tuple(2**power for power in range(6))
BATCHES = tuple(2**power for power in range(3, 13))
EYES = ("off", "default budget", "every step")
EPOCHS, PER_EPOCH = 2000, 256
LONG = f"xor samples={4 * PER_EPOCH} mlp 2, tanh sgd b=4 device=cpu {ONE_THREAD} seed=0"
"""The smallest network there is; each epoch ends with an evaluation."""
MOST_MEGABYTES, MOST_RATIO = 5.0, 1.1

_COMMON = (
    "noise samples=20480 data.side=28 relu ce momentum lr=.01 m=.9 val=0 device=cpu seed=0 e=1000000 "
    "training.evaluate_every=1000000000"
)
_CLASSIC = "128,64"
_DEADLINE_SECONDS = 290.0
_LINE = re.compile(r"^turn (\w+):(\d+) ([\d.]+) (\d+)$", re.MULTILINE)


@dataclass(frozen=True)
class Configuration:
    """One size of one thing that is varied."""

    what: str
    size: int
    line: str
    every_step: bool = False
    """Whether each step is looked at, whatever that costs."""

    @property
    def key(self) -> str:
        """What it is called in the script's lines."""
        return f"{self.what}:{self.size}"


@dataclass(frozen=True)
class Cost:
    """What a step costs at one size."""

    size: int
    microseconds: Spread
    parameters: int


def configurations() -> list[Configuration]:
    """Return everything that is measured in turn."""

    def of(what: str, size: int, hidden: str, batch: int, *words: str, every_step: bool = False) -> None:
        line = " ".join((_COMMON, f"mlp {hidden} b={batch}", *words))
        found.append(Configuration(what, size, line, every_step))

    found: list[Configuration] = []
    for width in WIDTHS:
        of("width", width, f"{width},{width}", 64, BLIND)
    for depth in DEPTHS:
        of("depth", depth, "64," * depth, 64, BLIND)
    for batch in BATCHES:
        of("batch", batch, _CLASSIC, batch, BLIND)
    of("eyes", 1, _CLASSIC, 64, BLIND)
    of("eyes", 2, _CLASSIC, 64)
    of("eyes", 3, _CLASSIC, 64, every_step=True)
    return found


def measure(rounds: int = ROUNDS, seconds: float = SECONDS, epochs: int = EPOCHS) -> Page:
    """Return the page of this section."""
    with tempfile.TemporaryDirectory() as scratch:
        wait_until_quiet()
        printed = printed_by("step_costs", rounds, seconds, home=Path(scratch), seconds=_DEADLINE_SECONDS)
        wait_until_quiet()
        moments = tenths(*followed(Path(scratch), f"{LONG} e={epochs}"))
    return page(read_costs(printed), moments, rounds)


def read_costs(text: str) -> dict[str, list[Cost]]:
    """Return what the script's lines say: for each thing varied the costs, the smallest size first."""
    turns: dict[tuple[str, int], list[float]] = {}
    parameters: dict[tuple[str, int], int] = {}
    for what, size, microseconds, number in _LINE.findall(text):
        turns.setdefault((what, int(size)), []).append(float(microseconds))
        parameters[what, int(size)] = int(number)
    found: dict[str, list[Cost]] = {}
    for (what, size), values in sorted(turns.items()):
        found.setdefault(what, []).append(Cost(size, spread(values), parameters[what, size]))
    return found


def page(costs: dict[str, list[Cost]], moments: Sequence[Moment], rounds: int) -> Page:
    """Return the page that these figures make."""
    intro = (
        f"Medians of {rounds} rounds in which all sizes took their turns, one thread, batches of 64 unless "
        "they vary: a real run's loop, by the clock of its events, with all that it reads and writes. The "
        "data are noise of MNIST's shape. No gradients are looked at but where that is what varies. All "
        "axes are logarithmic but those of the long run."
    )
    parts = [
        intro,
        "## Width: 784-w-w-10",
        *_part(costs["width"], "width", "parameters", _parameters),
        "## Depth: so many hidden layers of 64",
        *_part(costs["depth"], "layers", "parameters", _parameters),
        "## Batch: 784-128-64-10",
        *_part(costs["batch"], "batch", "samples/s", _samples),
        "## Eyes: 784-128-64-10",
        *_eyes(costs["eyes"]),
        "## Length of the run",
        *_long(moments),
    ]
    return Page("\n\n".join(parts), _targets(moments))


def _parameters(cost: Cost) -> float:
    return cost.parameters


def _samples(cost: Cost) -> float:
    return 1e6 * cost.size / cost.microseconds.median


def _part(costs: list[Cost], size: str, figure: str, of: Callable[[Cost], float]) -> tuple[str, str]:
    """Return the table and the chart of what grows by factors of two; `figure` is a column more."""
    medians = [one.microseconds.median for one in costs]
    factors = ["", *(f"{after / before:.2f} ×" for before, after in pairwise(medians))]
    rows = [
        (f"{one.size:,}", _microseconds(one.microseconds), factor, f"{of(one):,.0f}")
        for one, factor in zip(costs, factors, strict=True)
    ]
    points = [(one.size, one.microseconds.median) for one in costs]
    return (
        table((size, "µs a step", "against half of it", figure), rows),
        picture(f"µs a step against {size}", points, {one.size: str(one.size) for one in costs}),
    )


def _microseconds(value: Spread) -> str:
    decimals = 1 if value.median < 1000 else 0
    return f"{value.median:,.{decimals}f} ({value.low:,.{decimals}f} – {value.high:,.{decimals}f})"


def _eyes(costs: list[Cost]) -> tuple[str, str]:
    off = costs[0].microseconds.median
    rows = [
        (name, _microseconds(one.microseconds), f"{one.microseconds.median / off:.3f} ×")
        for name, one in zip(EYES, costs, strict=True)
    ]
    points = [(float(one.size), one.microseconds.median) for one in costs]
    labels = dict(zip((x for x, _ in points), EYES, strict=True))
    return (
        table(("gradients are looked at", "µs a step", "against off"), rows),
        picture("µs a step against looking", points, labels, logarithmic=False),
    )


def _long(moments: Sequence[Moment]) -> Iterator[str]:
    steps = moments[-1].step
    times, busy = step_microseconds(moments), step_microseconds(moments, processor=True)
    evaluations = max(one.evaluations for one in moments)
    blocks = max(one.blocks for one in moments)
    yield (
        f"`{LONG}`: {steps:,} steps, and an evaluation after every {PER_EPOCH}; the time of a step is by the "
        "run's own clock, everything included. This process reads its events and folds them as the app does: "
        f"of the curve of the loss there were at most {blocks:,} blocks, and {evaluations:,} evaluations. "
        f"Behind the first tenth the trainer's memory grew by "
        f"{kilobytes_per_million_steps(moments):,.0f} kB per million steps (least squares)."
    )
    rows = [
        (
            f"{end.step:,}",
            f"{microseconds:.1f}",
            f"{computing:.1f}",
            f"{end.resident:.1f}",
            f"{end.written:.2f}",
            f"{end.blocks:,}",
            f"{end.evaluations:,}",
            f"{end.looks:,}",
            f"{end.history:,.0f}",
        )
        for end, microseconds, computing in zip(moments[1:], times, busy, strict=True)
    ]
    header = (
        "steps",
        "µs a step since the line above",
        "of processor time",
        "MB of the trainer",
        "MB of events",
        "blocks of a curve",
        "evaluations kept",
        "looks kept",
        "kB of history, pickled",
    )
    yield table(header, rows)
    labels = {float(one.step): f"{one.step / 1000:,.0f}k" for one in moments[1:]}
    for title, values in (
        ("µs a step, in each tenth", times),
        ("MB of the trainer", [one.resident for one in moments[1:]]),
        ("MB of events", [one.written for one in moments[1:]]),
        ("kB of the app's history, pickled", [one.history for one in moments[1:]]),
    ):
        yield picture(title, list(zip(labels, values, strict=True)), labels, logarithmic=False)


def _targets(moments: Sequence[Moment]) -> tuple[Target, ...]:
    grown = moments[-1].resident - moments[1].resident
    times = step_microseconds(moments)
    ratio = times[-1] / times[1]
    return (
        Target(
            f"trainer memory grown over the last nine tenths of {moments[-1].step:,} steps",
            f"{grown:.1f} MB",
            f"≤ {MOST_MEGABYTES:g} MB",
            grown <= MOST_MEGABYTES,
        ),
        Target(
            "time of a step of the same, last tenth against the second",
            f"{ratio:.2f} × ({times[1]:.0f} µs, then {times[-1]:.0f} µs)",
            f"≤ {MOST_RATIO} ×",
            ratio <= MOST_RATIO,
        ),
    )
