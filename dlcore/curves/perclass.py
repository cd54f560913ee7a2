"""Precision, recall and F1 of each class by its name, as they stand."""

from dataclasses import dataclass

from dlcore.events import Evaluated, Number
from dlcore.history import RunHistory


@dataclass(frozen=True)
class ClassRow:
    """How well one class is told from the others; the figures are shares."""

    name: str
    precision: Number
    recall: Number
    f1: Number


@dataclass(frozen=True)
class PerClass:
    """All classes in their order, by one evaluation."""

    evaluation: Evaluated
    rows: tuple[ClassRow, ...]


def per_class(history: RunHistory) -> PerClass | None:
    """Return the figures of the last evaluation of the test split, else of the validation split.

    None where there are fewer than two classes, and before the first training step.
    """
    for split in ("test", "validation"):
        last = history.latest(split)
        if last is not None and last.step and len(last.f1) > 1:
            if not len(last.precision) == len(last.recall) == len(last.f1):
                return None  # a damaged file
            figures = zip(last.precision, last.recall, last.f1, strict=True)
            rows = tuple(ClassRow(_name(history, label), *row) for label, row in enumerate(figures))
            return PerClass(last, rows)
    return None


def _name(history: RunHistory, label: int) -> str:
    """Return what a class is called: its number where it has no name."""
    names = history.prepared.classes if history.prepared is not None else ()
    return names[label] if label < len(names) else str(label)
