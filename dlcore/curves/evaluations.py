"""Evaluations over a run, by split: thinned evenly when there are many, and yet the best and the newest."""

from dlcore.curves.thinned import Thinned
from dlcore.events import Evaluated


class Evaluations:
    """What was measured on whole splits."""

    def __init__(self, most: int, with_classes: bool) -> None:
        """`most` of each split are kept; all but the newest lose their figures per class, or none does."""
        self._most = most
        self._with_classes = with_classes
        self._splits: dict[str, Thinned[Evaluated]] = {}
        self._records: dict[str, Thinned[Evaluated]] = {}
        """Of each split, those that were better than all before: a rollback uncovers an earlier one."""

    def add(self, event: Evaluated, metric: str) -> None:
        """Take the newest in; `metric` is the field by which one is better than another."""
        kept = self._splits.setdefault(event.split, Thinned(self._most))
        if kept:
            kept[-1] = self._plain(kept[-1])
        kept.add(event)
        if event.weights is None and getattr(event, metric) is not None:
            records = self._records.setdefault(event.split, Thinned(self._most))
            if not records or _rank(event, metric) > _rank(records[-1], metric):
                records.add(self._plain(event))

    def _plain(self, event: Evaluated) -> Evaluated:
        if self._with_classes or not (event.precision or event.recall or event.f1):
            return event
        return event.model_copy(update={"precision": (), "recall": (), "f1": ()})

    def cut(self, step: int, kept: int | None = None) -> None:
        """Forget what came behind a step, or was said after the first `kept` events.

        The best before it is known while there are few records.
        """
        for evaluations in (*self._splits.values(), *self._records.values()):
            evaluations.cut(step, kept)

    def all(self) -> list[Evaluated]:
        """Return those of all splits, the oldest first."""
        return sorted((one for kept in self._splits.values() for one in kept), key=lambda one: one.seq)

    def of(self, split: str) -> list[Evaluated]:
        """Return those of one split, the oldest first."""
        return list(self._splits.get(split, ()))

    def newest(self) -> Evaluated | None:
        """Return the newest of all splits."""
        newest = (kept[-1] for kept in self._splits.values() if kept)
        return max(newest, key=lambda one: one.seq, default=None)

    def best(self, split: str) -> Evaluated | None:
        """Return the first of those with the highest score, all with the weights of their own step."""
        records = self._records.get(split)
        return records[-1] if records else None


def _rank(event: Evaluated, metric: str) -> tuple[float, int]:
    return getattr(event, metric), -event.step
