"""The figures of a run that a list can show, sort and filter by, from its summary."""

from collections.abc import Mapping
from typing import Any, NamedTuple, TypeGuard

_MOST = 1e30
_MOST_COUNT = 10**15
_SCORES = ("accuracy", "r2")


class Figures(NamedTuple):
    """How a run stands; None is what was not measured, or is not finite."""

    loss: float | None = None
    """Of the last evaluation on the validation split; where there is none, on the test split."""
    train_loss: float | None = None
    """The running mean of the last epoch."""
    train_score: float | None = None
    """Accuracy or R², the same way."""
    test_loss: float | None = None
    test_score: float | None = None
    seconds: float | None = None
    speed: float | None = None
    """Training samples per second."""
    parameters: int | None = None


NO_FIGURES = Figures()


def measured(summary: Mapping[str, Any], parameters: object) -> Figures:
    """Return the figures that a summary holds, which may be damaged."""
    get = summary.get
    train, validation, test = _table(get("train")), _table(get("validation")), _table(get("test"))
    return Figures(
        loss=finite((validation or test).get("loss")),
        train_loss=finite(train.get("loss")),
        train_score=_score(train),
        test_loss=finite(test.get("loss")),
        test_score=_score(test),
        seconds=finite(get("seconds")),
        speed=finite(get("samples_per_second")) or None,  # 0 is not measured yet
        parameters=parameters if is_count(parameters) else None,
    )


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _score(table: dict[str, Any]) -> float | None:
    for name in _SCORES:
        if name in table:
            return finite(table[name])
    return None


def finite(value: object) -> float | None:
    """Return a finite number of a sensible size; None of anything else."""
    if type(value) is not float and type(value) is not int:  # a bool is neither
        return None
    return value if -_MOST < value < _MOST else None  # which nan is not


def is_count(value: object) -> TypeGuard[int]:
    """Whether a value from outside can be a number of things."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MOST_COUNT
