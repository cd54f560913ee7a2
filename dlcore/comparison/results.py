"""What came of a run, as figures that can be put beside those of others."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from dlcore import figures
from dlcore.history import RunHistory, score

_Write = Callable[[float], str]


@dataclass(frozen=True)
class Result:
    """One figure; the same names in the same order come of every run."""

    name: str
    value: float | None
    """None where there is none, or where it is not finite."""
    text: str
    """The figure as it is written."""


def results(history: RunHistory) -> tuple[Result, ...]:
    """Return the figures of a run as it stands: the best first, then how it ended, then what it took."""
    metric = history.metric
    best, final = history.best(), history.final()
    watched, test = final.get(history.watched, {}), final.get("test", {})
    train = final.get("train", {})

    def written(value: float) -> str:
        return figures.score(value, metric)

    parameters = history.prepared.parameters if history.prepared is not None else None
    return (
        _result("best score", score(best, metric) if best is not None else None, written),
        _result("best at step", best.step if best is not None else None, _count),
        _result("last score", watched.get(metric), written),
        _result("last loss", watched.get("loss"), figures.loss),
        _result("test score", test.get(metric), written),
        _result("test loss", test.get("loss"), figures.loss),
        _result("training score", train.get(metric), written),
        _result("training loss", train.get("loss"), figures.loss),
        _result("steps", float(history.step), _count),
        _result("training time", history.totals()[1], figures.duration),
        _result("samples/s", history.samples_per_second() or None, figures.rate),
        _result("parameters", parameters, _count),
    )


def _result(name: str, value: float | None, write: _Write) -> Result:
    is_known = value is not None and math.isfinite(value)
    return Result(name, value if is_known else None, write(value) if is_known and value is not None else "–")


def _count(value: float) -> str:
    return f"{value:,.0f}"


RESULTS: tuple[str, ...] = tuple(one.name for one in results(RunHistory()))
"""The names, in their order."""
