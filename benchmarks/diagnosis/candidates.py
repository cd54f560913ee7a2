"""A training that may be sick, beside the one that differs from it in one named remedy alone."""

import hashlib
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeVar

from benchmarks.diagnosis.tasks import SEEDS, Slots, Task, line, seeded, task
from dlcore.diagnose import Code

Half = Literal["dev", "held-back"]
Item = TypeVar("Item")
SEED = 2026
"""All candidates follow from it."""


@dataclass(frozen=True)
class Candidate:
    """What is trained, and what it is meant to be; what it is, its outcome says."""

    family: str
    """What draws it: the code that it is meant for, or `healthy`."""
    number: int
    task: Task
    seed: int
    line: str
    fault: str
    """What was done to it, in words; of a healthy one, what is odd about it."""
    remedy: str = ""
    """What alone is different in `cured`; '' for a healthy one."""
    cured: str = ""
    codes: tuple[Code, ...] = ()
    """What an honest person may call it, whatever comes of it."""

    @cached_property
    def key(self) -> str:
        """What its label is kept under: it changes with what is trained."""
        text = "\n".join((self.family, self.line, self.cured, *self.codes))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def half(self) -> Half:
        """Which half it belongs to: by seed, family and number, whatever comes of it."""
        return "dev" if _lot(self.family, self.number)[0] % 2 else "held-back"

    def is_among(self, every: int) -> bool:
        """Whether it is one of about one in so many, the same ones each time."""
        return int.from_bytes(_lot(self.family, self.number)[1:5]) % every == 0


def _lot(family: str, number: int) -> bytes:
    return hashlib.sha256(f"{SEED} {family} {number}".encode()).digest()


class Chance:
    """Draws what a candidate is made of; the same for the same family and number."""

    def __init__(self, family: str, number: int) -> None:
        self.number = number
        self._random = random.Random(f"{SEED} {family} {number}")

    def of(self, items: Sequence[Item]) -> Item:
        """Return one of them."""
        return self._random.choice(items)

    def between(self, low: float, high: float) -> float:
        """Return a figure between two, evenly over their logarithms, with two digits."""
        return float(f"{low * (high / low) ** self._random.random():.2g}")

    def whole(self, low: int, high: int) -> int:
        """Return a whole number from low to high, both included."""
        return self._random.randint(low, high)

    def task(self, names: Sequence[str]) -> Task:
        """Return one of the tasks."""
        return task(self.of(names))

    def seed(self) -> int:
        """Return one of the seeds whose reach is known."""
        return self.of(SEEDS)


@dataclass(frozen=True)
class Draft:
    """What a family draws: the sick slots over the task's, and those of the remedy over them."""

    task: Task
    sick: Slots
    fault: str
    remedy: str = ""
    cure: Slots | None = None
    codes: tuple[Code, ...] = ()


@dataclass(frozen=True)
class Family:
    """Candidates of one kind."""

    name: str
    count: int
    draw: Callable[[Chance], Draft]
    codes: tuple[Code, ...] = ()
    """What its candidates may turn out to be; none for the healthy."""

    def candidates(self) -> Iterator[Candidate]:
        """Yield all candidates, each drawn by itself."""
        return map(self._candidate, range(self.count))

    def _candidate(self, number: int) -> Candidate:
        chance = Chance(self.name, number)
        draft = self.draw(chance)
        seed = chance.seed()
        base, slot = draft.task.slots, seeded(seed)
        return Candidate(
            family=self.name,
            number=number,
            task=draft.task,
            seed=seed,
            line=line(base, draft.sick, slot),
            fault=draft.fault,
            remedy=draft.remedy,
            cured=line(base, draft.sick, draft.cure, slot) if draft.cure is not None else "",
            codes=draft.codes,
        )
