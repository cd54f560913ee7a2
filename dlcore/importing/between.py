"""What a log says between its lines: in shares or percent, from where its steps count, where epochs end."""

import math
from array import array
from bisect import bisect_right
from collections.abc import Mapping

from dlcore.history import Metric
from dlcore.importing.log import Column, Log

_PERCENT = 1.5
"""A share is at most 1; what is beyond this was said in percent."""


def metric_of(series: Mapping[str, Column]) -> Metric:
    """Return the figure beside the loss; an accuracy where there is none."""
    has_accuracy = any(name.endswith("accuracy") for name in series)
    return "r2" if not has_accuracy and any(name.endswith("r2") for name in series) else "accuracy"


def in_shares(series: dict[str, Column]) -> None:
    """Write accuracies as shares where the log has them in percent."""
    for name, column in series.items():
        if name.endswith("accuracy") and any(_PERCENT < value <= 100 for value in column.values):
            share = Column()
            share.steps, share.times = column.steps, column.times
            share.values = array("d", [value / 100 for value in column.values])
            series[name] = share


def shift_of(log: Log, series: Mapping[str, Column]) -> int:
    """Return what is added to a step: 1 where the program counts from 0, as our first step is 1."""
    trained = ("train_loss", "train_accuracy", "train_r2")
    firsts = [series[name].steps[0] for name in trained if name in series and len(series[name])]
    if log.by_epoch and not firsts:
        firsts = [column.steps[0] for column in series.values() if len(column)]
    return 1 if (firsts and min(firsts) == 0) or log.format == "Lightning CSV" else 0


def epoch_ends(log: Log, series: Mapping[str, Column]) -> list[tuple[int, float]]:
    """Return the last step of each epoch with the epochs that are over then, counted from 1."""
    if log.by_epoch:
        steps = sorted({step for column in series.values() for step in column.steps})
        return [(step, number) for number, step in enumerate(steps, 1)]
    said = series.get("epoch") or log.epochs
    if said is None or not len(said):
        return []
    last: dict[int, int] = {}
    is_whole = all(value == math.floor(value) for value in said.values if math.isfinite(value))
    for step, value in zip(said.steps, said.values, strict=True):
        if math.isfinite(value) and 0 <= value < 1e9:
            last[math.floor(value) if is_whole else math.ceil(value)] = step
    first = min(last, default=0)
    ends = sorted(last.items())
    return [(step, number - first + 1 if is_whole else max(number, 1)) for number, step in ends]


def epoch_at(ends: list[tuple[int, float]], step: int) -> float:
    """Return the epochs that are over at a step, with their fraction."""
    at = bisect_right(ends, step, key=lambda one: one[0])
    before, number = ends[at - 1] if at else (0, 0.0)
    if at == len(ends) or step == before:
        return float(number)
    after, following = ends[at]
    return number + (following - number) * (step - before) / max(after - before, 1)


def mean_over(series: Mapping[str, Column], names: tuple[str, ...], begin: int, end: int) -> float | None:
    """Return the mean over the steps behind `begin` up to `end` of the first of these series that has any."""
    for name in names:
        if name in series:
            column = series[name]
            first, last = bisect_right(column.steps, begin), bisect_right(column.steps, end)
            values = column.values[first:last]
            if values:
                return math.fsum(values) / len(values) if all(map(math.isfinite, values)) else math.nan
    return None
