"""What can be asked of a run in a list: a figure, a word that it is known by, a key of its configuration."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from dlcore import figures
from dlcore.oneline import print_value
from dlcore.runs import RunRow, age

Kind = Literal["share", "number", "time", "age", "moment", "text", "setting"]
"""How values of a key are typed, compared and written. A time is in seconds, and so is an age."""
Value = float | str | datetime | tuple[str, ...]
"""What a run says to a key; a flag of the configuration is a bool, which is a number."""


@dataclass(frozen=True)
class Key:
    """One thing that can be asked of a run."""

    name: str
    """The way it is written in filters, columns and what is remembered."""
    kind: Kind
    about: str
    get: Callable[[RunRow, datetime], Value | None]
    """What a run says; None where it says nothing. The time is now."""
    high_first: bool = False
    """Whether a sorted list begins with the highest value."""
    is_numeric: bool = False
    """Whether its values are figures, which are aligned to the right."""

    def text(self, row: RunRow, now: datetime) -> str:
        """Return what a run says as people read it; '' for nothing. It is not cleaned."""
        if self.name == "best":
            return row.best if row.score is not None else ""
        value = self.get(row, now)
        return "" if value is None else written(value, self.kind)


def written(value: Value, kind: Kind) -> str:
    """Return a value as people read it."""
    if isinstance(value, tuple):
        return " ".join(value)
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    if isinstance(value, str):
        return value
    if kind == "share":
        return figures.share(value)
    if kind == "age":
        return age(value)
    if kind == "time":
        return figures.duration(value)
    if kind == "setting":
        return print_value(value)
    return f"{value:,.0f}" if isinstance(value, int) or abs(value) >= 1000 else f"{value:.4g}"


def _of(metric: str, row: RunRow, score: float | None) -> float | None:
    """Return a score where it is of that metric."""
    return score if row.metric == metric else None


def _age(row: RunRow, now: datetime) -> float | None:
    return (now - row.made).total_seconds() if row.made is not None else None


def _figure(name: str, kind: Kind, about: str, get: Callable[[RunRow], Value | None]) -> Key:
    """Return a key whose values are figures, the highest first unless it is a loss or a time."""
    high_first = kind in ("share", "moment") or (kind == "number" and not name.endswith("loss"))
    return Key(name, kind, about, lambda row, now: get(row), high_first, is_numeric=True)


def _word(name: str, about: str, get: Callable[[RunRow], Value | None]) -> Key:
    return Key(name, "text", about, lambda row, now: get(row))


_FIRST: tuple[Key, ...] = (
    _word("state", "running, finished, stopped, failed, crashed …", lambda row: row.state),
    _figure("best", "number", "The best accuracy or R².", lambda row: row.score),
    _word("name", "What it is called.", lambda row: row.name),
    Key("age", "age", "How long ago it was made: 2h, 3d.", _age, is_numeric=True),
    _word("network", "The network in a few words.", lambda row: row.network),
    _figure("epochs", "number", "Epochs trained.", lambda row: row.epochs),
    _figure("steps", "number", "Steps trained.", lambda row: row.steps),
    _word("id", "Its folder's name.", lambda row: row.run.id),
)
_MORE: tuple[Key, ...] = (
    _figure("acc", "share", "The best accuracy: 0.97 or 97%.", lambda row: _of("accuracy", row, row.score)),
    _figure("r2", "number", "The best R².", lambda row: _of("r2", row, row.score)),
    _word("split", "The split that the best is of.", lambda row: row.split or None),
    _figure("loss", "number", "The last loss: validation, else test.", lambda row: row.figures.loss),
    _figure("train_loss", "number", "The last epoch's mean loss.", lambda row: row.figures.train_loss),
    _figure(
        "train_acc",
        "share",
        "The last epoch's mean accuracy.",
        lambda row: _of("accuracy", row, row.figures.train_score),
    ),
    _figure("test_loss", "number", "The loss on the test split.", lambda row: row.figures.test_loss),
    _figure(
        "test_acc",
        "share",
        "The accuracy on the test split.",
        lambda row: _of("accuracy", row, row.figures.test_score),
    ),
    _figure("params", "number", "Weights and biases.", lambda row: row.figures.parameters),
    _figure("duration", "time", "The time that it took: 90s, 5m, 2h.", lambda row: row.figures.seconds),
    _figure("speed", "number", "Training samples a second.", lambda row: row.figures.speed),
    _figure("created", "moment", "When it was made (UTC): 2026-01-31.", lambda row: row.made),
    _word("tag", "Its tags.", lambda row: row.label.tags),
    _word("notes", "Its notes.", lambda row: row.label.notes),
    _word("parent", "The run that it comes from.", lambda row: row.origin.run if row.origin else None),
    _word(
        "remedy", "The remedy that it takes.", lambda row: (row.origin.remedy or None) if row.origin else None
    ),
    _word(
        "group",
        "The twins or repeats that it is one of.",
        lambda row: f"{row.group.kind} {row.group.id}" if row.group else None,
    ),
)
FIGURES: dict[str, Key] = {key.name: key for key in (*_FIRST, *_MORE)}
"""All but the configuration, in the order of the list to choose from."""
DEFAULT_COLUMNS: tuple[str, ...] = tuple(key.name for key in _FIRST)
