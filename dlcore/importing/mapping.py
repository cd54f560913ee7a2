"""Which of a log's names are loss, accuracy, learning rate and so on, of which split: by sensible rules.

What the rules choose is shown, and can be changed: `--map "Loss/dev=validation_loss"`. A name is taken only
where it says plainly what it is; an accuracy that could be something else is left out.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from dlcore.choices.choice import nearest
from dlcore.clean import clean
from dlcore.errors import DltuiError
from dlcore.importing.log import Log

SERIES = (
    "train_loss",
    "train_accuracy",
    "train_r2",
    "epoch_loss",
    "epoch_accuracy",
    "epoch_r2",
    "lr",
    "validation_loss",
    "validation_accuracy",
    "validation_r2",
    "validation_mae",
    "validation_rmse",
    "test_loss",
    "test_accuracy",
    "test_r2",
    "test_mae",
    "test_rmse",
    "epoch",
)
"""What a run of ours can have: `train` of each step, `epoch` as means over one, the splits as evaluated."""
NONE = "none"
"""What a name is mapped to that is not to be imported."""

_SPLITS = {
    "validation": frozenset(("val", "valid", "validation", "dev", "eval", "evaluation", "holdout")),
    "test": frozenset(("test", "testing")),
    "train": frozenset(("train", "training", "trn")),
}
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_FIGURES: tuple[tuple[str, tuple[frozenset[str], ...]], ...] = (
    ("loss", tuple(map(frozenset, (("loss",), ("total", "loss"), ("cross", "entropy", "loss"))))),
    (
        "accuracy",
        tuple(
            map(
                frozenset,
                (
                    ("accuracy",),
                    ("acc",),
                    ("accuracy", "top", "1"),
                    ("acc", "top", "1"),
                    ("acc", "1"),
                    ("top", "1"),
                    ("categorical", "accuracy"),
                    ("sparse", "categorical", "accuracy"),
                    ("binary", "accuracy"),
                    ("multiclass", "accuracy"),
                ),
            )
        ),
    ),
    ("r2", tuple(map(frozenset, (("r", "2"), ("r", "2", "score"), ("r", "squared"))))),
    ("mae", tuple(map(frozenset, (("mae",), ("mean", "absolute", "error"))))),
    ("rmse", tuple(map(frozenset, (("rmse",), ("root", "mean", "squared", "error"))))),
)
"""What a name may say besides its split, the plainest first."""
_RATES = tuple(map(frozenset, (("lr",), ("learning", "rate"))))
_ABOUT = frozenset(("lr", "pg", "adam", "w", "sgd", "group", "learning", "rate", "scheduler", "0", "1"))
"""What may stand beside a learning rate."""
_PERIODS = frozenset(("epoch", "step", "batch", "iter", "iteration"))


@dataclass(frozen=True)
class Choice:
    """What becomes of a log's names."""

    series: dict[str, str]
    """Series → the name in the log."""
    left: tuple[str, ...]
    """Names with figures that are not imported."""


def split_of(name: str) -> str:
    """Return the split that a folder is named for: validation, test, train, or ''."""
    words = _words(name)
    return _split(words[-1:])


def chosen(log: Log, given: Mapping[str, str] | None = None, before: Choice | None = None) -> Choice:
    """Return what a log's names stand for: what was `given`, else chosen `before`, else by the rules.

    Raises DltuiError for a name that is not there, or a series that there is not.
    """
    given = given or {}
    _check(log, given)
    series: dict[str, str] = {}
    for name, wanted in given.items():
        if wanted != NONE and name in log.columns:
            series[wanted] = name
    for wanted, name in (before.series if before is not None else {}).items():
        if name not in given:
            series.setdefault(wanted, name)
    ranked: dict[str, list[tuple[int, str]]] = {}
    for name in log.columns:
        if name not in given and name not in series.values():
            for wanted, rank in _meant(name, log.format):
                ranked.setdefault(wanted, []).append((rank, name))
    for wanted, found in ranked.items():
        series.setdefault(wanted, min(found, key=lambda one: one[0])[1])
    _settle_epochs(log, series)
    in_order = {wanted: series[wanted] for wanted in SERIES if wanted in series}
    taken = set(in_order.values())
    return Choice(in_order, tuple(name for name in log.columns if name not in taken))


def _check(log: Log, given: Mapping[str, str]) -> None:
    known = [*log.columns, *log.others]
    for name, wanted in given.items():
        if name not in known and log.columns:
            raise DltuiError(f'{clean(log.source)} has no "{clean(name)}"', nearest(name, known[:50]))
        if name in log.others:
            raise DltuiError(f'"{clean(name)}" holds {clean(log.others[name])}', "Only figures are imported.")
        if wanted not in (*SERIES, NONE):
            raise DltuiError(f'"{clean(wanted)}" is no series', nearest(wanted, [*SERIES, NONE]))
    asked = [one for one in given.values() if one != NONE]
    twice = next((one for one in asked if asked.count(one) > 1), None)
    if twice is not None:
        raise DltuiError(f"Two names are mapped to {twice}", "Map each series once.")


def _meant(name: str, form: str) -> Iterator[tuple[str, int]]:
    """Yield the series that a name may stand for, with a rank: 0 is the plainest."""
    words = _words(name)
    if not words:
        return
    if words == ["epoch"] or (len(words) == 2 and words[1] == "epoch" and _split(words[:1])):
        yield "epoch", 0
        return
    if any(rate <= set(words) for rate in _RATES) and set(words) - {"train"} <= _ABOUT | _PERIODS:
        yield "lr", len(words)
        return
    split = _split(words)
    rest = [word for word in words if not _is_split(word) and word not in _PERIODS]
    period = "epoch" if words[-1] == "epoch" else "step"
    if form == "ultralytics CSV" and words[0] == "metrics":
        split, rest = "validation", rest[1:]
    elif form == "ultralytics CSV" and rest[-2:] == ["box", "loss"]:  # none of its losses is the whole
        rest = ["loss"]
    elif form == "fastai CSV" and not split:
        split = "validation"
    for figure, ways in _FIGURES:
        rank = next((rank for rank, way in enumerate(ways) if way == frozenset(rest)), None)
        if rank is None:
            continue
        if split in ("validation", "test"):
            yield f"{split}_{figure}", rank + (period == "step" and "step" in words)
        elif figure in ("loss", "accuracy", "r2"):
            yield f"{'epoch' if period == 'epoch' else 'train'}_{figure}", rank


def _settle_epochs(log: Log, series: dict[str, str]) -> None:
    """Where means over epochs are all there is, they are the curve as well."""
    for figure in ("loss", "accuracy", "r2"):
        if f"train_{figure}" not in series and f"epoch_{figure}" in series:
            series[f"train_{figure}"] = series.pop(f"epoch_{figure}")


def _words(name: str) -> list[str]:
    return [word.casefold() for word in _WORDS.findall(name)]


def _split(words: Iterable[str]) -> str:
    """Return the split that some word names; '' where none does."""
    found = [split for word in words for split, names in _SPLITS.items() if word in names]
    return next((split for split in found if split != "train"), found[0] if found else "")


def _is_split(word: str) -> bool:
    return any(word in names for names in _SPLITS.values())
