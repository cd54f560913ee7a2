"""A log of another program in memory: named figures at steps, bounded, whatever a file holds."""

from array import array
from bisect import bisect_left
from dataclasses import dataclass, field

from dlcore.errors import DataError

MOST_POINTS = 5_000_000
"""Figures of one log, all names together."""
MOST_NAMES = 5_000
LONGEST_NAME = 1_000
MOST_STEP = 10**12


class Column:
    """The figures of one name; in the order of their steps once it is settled."""

    def __init__(self) -> None:
        self.steps = array("q")
        self.values = array("d")
        self.times = array("d")
        """Seconds since 1970, 0 where that is not known."""
        self._is_settled = True

    def __len__(self) -> int:
        return len(self.steps)

    def add(self, step: int, value: float, time: float = 0.0) -> None:
        """Take in a figure: behind the others, or in the place of the last at the same step."""
        if self.steps and step == self.steps[-1]:
            self.values[-1], self.times[-1] = value, time
            return
        self._is_settled &= not self.steps or step > self.steps[-1]  # else another thread was late
        self.steps.append(step)
        self.values.append(value)
        self.times.append(time)

    def settle(self) -> None:
        """Put the figures in the order of their steps; of several at one step, the last stays."""
        if self._is_settled:
            return
        steps, values, times = self.steps, self.values, self.times
        order = sorted(range(len(steps)), key=steps.__getitem__)
        last = [
            at
            for at, then in zip(order, [*order[1:], None], strict=True)
            if then is None or steps[then] != steps[at]
        ]
        self.steps = array("q", [steps[at] for at in last])
        self.values = array("d", [values[at] for at in last])
        self.times = array("d", [times[at] for at in last])
        self._is_settled = True

    def cut(self, step: int) -> None:
        """Forget the figures from a step on: the program has begun there again."""
        self.settle()
        kept = bisect_left(self.steps, step)
        del self.steps[kept:], self.values[kept:], self.times[kept:]


@dataclass
class Log:
    """What a program has said of one training."""

    name: str
    """What the run is called, if nobody calls it otherwise."""
    source: str
    """Path of the file or folder."""
    format: str
    columns: dict[str, Column] = field(default_factory=dict)
    """Figures by their names, in the order in which they came."""
    others: dict[str, str] = field(default_factory=dict)
    """What holds no figures, by name, and what it is."""
    epochs: Column | None = None
    """Number of the epoch at steps, where the log says it."""
    by_epoch: bool = False
    """Whether a step of the log is an epoch."""
    damage: list[str] = field(default_factory=list)
    """What could not be read, in sentences without full stops."""
    points: int = 0

    def add(self, name: str, step: int, value: float, time: float = 0.0) -> Column:
        """Take in a figure, and return its column; raises DataError for more than anybody logs."""
        column = self.columns.get(name)
        if column is None:
            if len(self.columns) >= MOST_NAMES:
                raise DataError(f"{self.source} has more than {MOST_NAMES:,} names", "Import a part of it.")
            column = self.columns[name] = Column()
        self.points += 1
        if self.points > MOST_POINTS:
            raise DataError(f"{self.source} has more than {MOST_POINTS:,} figures", "Import a part of it.")
        column.add(step, value, time)
        return column
