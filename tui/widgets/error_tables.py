"""Lists of errors: confusions, classes, and the predictions that are farthest off."""

from collections.abc import Sequence
from typing import ClassVar, Literal

from rich.cells import cell_len

from tui.asking.error_report import Cell as Confused
from tui.asking.error_report import ClassErrors, NumberErrors, number, percent
from tui.widgets.columns import Column
from tui.widgets.virtual_table import Cell, VirtualTable

Order = Literal["class", "recall", "precision", "F1", "samples"]
ORDERS: tuple[Order, ...] = ("recall", "precision", "F1", "samples", "class")
"""Ways to sort the classes: by what is worst first; the first one is how they stand at first."""
_NAME = 24


class ConfusionTable(VirtualTable, can_focus=False):
    """Which class is taken for which, the worst first."""

    columns: ClassVar[Sequence[Column]] = (
        Column("true", 0, 6, most=_NAME),
        Column("taken for", 1, 9, most=_NAME),
        Column("times", 2, 5, right=True),
        Column("of its class", 3, 12, right=True),
    )

    def __init__(self) -> None:
        super().__init__()
        self._report: ClassErrors | None = None
        self.confusions: list[Confused] = []
        """The rows."""

    def show_errors(self, report: ClassErrors, *, by_share: bool) -> None:
        """List the confusions; the cursor stays on the one that it was on, if that is still there."""
        before = self.confusions[self.cursor] if self.confusions else None
        self._report = report
        self.confusions = report.confusions(by_share=by_share)
        widths = [
            max((cell_len(report.names[one[side]]) for one in self.confusions), default=0) for side in (0, 1)
        ]
        self.widen(*widths, 0, 0)
        self.show(len(self.confusions), self.confusions.index(before) if before in self.confusions else 0)

    def cells(self, row: int) -> tuple[Cell, ...]:
        """Return both classes, how often, and for which share of the first."""
        assert self._report is not None
        true, called = one = self.confusions[row]
        names = self._report.names
        share = percent(self._report.share(one))
        return Cell(names[true]), Cell(names[called]), Cell(f"{self._report.counts[one]:,}"), Cell(share)


class ClassTable(VirtualTable, can_focus=False):
    """How well each class is told from the others."""

    columns: ClassVar[Sequence[Column]] = (
        Column("class", 0, 5, most=_NAME),
        Column("recall", 1, 6, right=True),
        Column("prec.", 2, 6, right=True),
        Column("F1", 3, 6, right=True),
        Column("samples", 4, 7, right=True),
    )

    def __init__(self) -> None:
        super().__init__()
        self._report: ClassErrors | None = None
        self.labels: list[int] = []
        """The rows."""

    def show_errors(self, report: ClassErrors, order: Order) -> None:
        """List the classes, the worst by some figure first; the cursor stays on its class."""
        before = self.labels[self.cursor] if self.labels else None
        self._report = report
        self.labels = sorted(range(len(report.names)), key=lambda label: _rank(report, label, order))
        self.widen(max(map(cell_len, report.names), default=0), 0, 0, 0, 0)
        is_kept = before is not None and before in self.labels
        self.show(len(self.labels), self.labels.index(before) if is_kept and before is not None else 0)

    def cells(self, row: int) -> tuple[Cell, ...]:
        """Return a class, its recall, precision and F1, and how many samples it has."""
        report = self._report
        assert report is not None
        label = self.labels[row]
        return (
            Cell(report.names[label]),
            Cell(_share(report.recall[label], report.support[label])),
            Cell(_share(report.precision[label], report.called[label])),
            Cell(_share(report.f1[label], report.support[label] + report.called[label])),
            Cell(f"{report.support[label]:,}"),
        )


class WorstTable(VirtualTable, can_focus=False):
    """The predictions of a regression that are farthest off."""

    columns: ClassVar[Sequence[Column]] = (
        Column("target", 0, 8, most=12, right=True),
        Column("predicted", 1, 9, most=12, right=True),
        Column("off by", 2, 8, most=12, right=True),
    )

    def __init__(self) -> None:
        super().__init__()
        self._worst: tuple[tuple[float | None, float | None], ...] = ()

    def show_errors(self, report: NumberErrors) -> None:
        """List the predictions."""
        self._worst = report.worst
        self.widen(12, 12, 12)
        self.show(len(self._worst), self.cursor)

    def cells(self, row: int) -> tuple[Cell, ...]:
        """Return target, prediction and the difference."""
        wanted, got = self._worst[row]
        off = got - wanted if wanted is not None and got is not None else None
        signed = f"+{number(off)}" if off is not None and off > 0 else number(off)
        return Cell(number(wanted)), Cell(number(got)), Cell(signed)


def _rank(report: ClassErrors, label: int, order: Order) -> tuple[float, int]:
    """Return what classes are sorted by; those of which nothing is known come last."""
    known = {
        "recall": (report.recall, report.support[label]),
        "precision": (report.precision, report.called[label]),
        "F1": (report.f1, report.support[label] + report.called[label]),
    }
    if order == "class":
        return 0.0, label
    if order == "samples":
        return report.support[label], label
    values, number_of = known[order]
    return values[label] if number_of else 2.0, label


def _share(value: float, number_of: int) -> str:
    if not number_of:
        return "–"
    return f"{100 * value:.1f} %" if value < 1 else "100 %"
