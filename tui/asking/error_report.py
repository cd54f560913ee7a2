"""What the inspector tells of a run's errors, read and named, and the sentences that go with it."""

import math
from dataclasses import dataclass
from typing import Any, Literal

from dlcore import figures
from dlcore.clean import clean

Cell = tuple[int, int]
"""(true class, predicted class)."""
Scores = Literal["softmax", "sigmoid", "sigmoids", "squared", "margin"]

SCORES: dict[Scores, str] = {
    "softmax": "probability, by softmax",
    "sigmoid": "probability, by sigmoid",
    "sigmoids": "probability of each class by itself",
    "squared": "probability, as it comes",
    "margin": "output, no probability",
}


@dataclass(frozen=True)
class Seen:
    """Which samples were looked at, with the weights of which step."""

    step: int
    split: str
    size: int
    """Samples of the whole split."""
    samples: int
    complete: bool
    """Whether no more of them will be taken."""
    not_finite: int
    """Samples with an output that is not a number."""

    def words(self) -> str:
        """Return it in a few words."""
        number = f"{self.samples:,} samples"
        if self.samples < self.size:
            number = f"{self.samples:,} of {self.size:,} samples, evenly picked"
        number += "" if self.complete else " …"
        number += f" · {self.not_finite:,} not finite" if self.not_finite else ""
        return f"{self.split} at step {self.step:,} · {number}"


@dataclass(frozen=True)
class Histogram:
    """Counts in bins of one width, the first of which begins at `start`; end bins may be open."""

    start: float
    width: float
    counts: tuple[int, ...]
    below: bool
    above: bool


@dataclass(frozen=True)
class Calibration:
    """Ten bins of confidence: how many samples, how sure on average, which share was right."""

    counts: tuple[int, ...]
    confidence: tuple[float, ...]
    right: tuple[float, ...]
    error: float
    """The expected calibration error, a share."""
    mean_confidence: float
    mean_right: float


@dataclass(frozen=True)
class ClassErrors:
    """Errors of a classification."""

    seen: Seen
    names: tuple[str, ...]
    counts: dict[Cell, int]
    """Of the cells that are not empty."""
    accuracy: float
    precision: tuple[float, ...]
    recall: tuple[float, ...]
    f1: tuple[float, ...]
    support: tuple[int, ...]
    """Samples of each class."""
    called: tuple[int, ...]
    """Samples that are called each class."""
    loss: str
    scores: Scores
    calibration: Calibration | None
    margins: Histogram | None
    """Where there are no probabilities."""

    def share(self, cell: Cell) -> float:
        """Return which share of a true class's samples fell into a cell."""
        return self.counts.get(cell, 0) / max(self.support[cell[0]], 1)

    def behind(self, cell: Cell | None) -> int:
        """Return how many samples there are in a cell."""
        return self.counts.get(cell, 0) if cell is not None else 0

    def confusions(self, *, by_share: bool = False) -> list[Cell]:
        """Return the cells off the diagonal that are not empty, the worst first."""
        wrong = [cell for cell in self.counts if cell[0] != cell[1]]
        if by_share:
            return sorted(wrong, key=lambda cell: (-self.share(cell), -self.counts[cell], cell))
        return sorted(wrong, key=lambda cell: (-self.counts[cell], -self.share(cell), cell))

    def words(self) -> str:
        """Return the first line of the screen."""
        wrong = self.seen.samples - sum(n for (true, called), n in self.counts.items() if true == called)
        return f"{self.seen.words()} · accuracy {figures.share(self.accuracy)} · {wrong:,} wrong"

    def told(self, cell: Cell) -> str:
        """Return what a cell says."""
        true, called = (self.names[label] for label in cell)
        number, size = self.counts.get(cell, 0), self.support[cell[0]]
        if not size:
            return f"No sample is {true}"
        share = f"{percent(self.share(cell))} of its {size:,}"
        if cell[0] == cell[1]:
            return f"{true}, rightly so: {number:,} times, {share}"
        if not number:
            return f"{true}, never taken for {called}"
        return f"{true}, taken for {called}: {number:,} {'time' if number == 1 else 'times'}, {share}"


@dataclass(frozen=True)
class NumberErrors:
    """Errors of a regression, for one of the numbers to predict."""

    seen: Seen
    target: int
    targets: int
    name: str
    r2: float | None
    mae: float | None
    rmse: float | None
    bias: float | None
    """Mean of prediction − target."""
    points: tuple[tuple[float, float], ...]
    """(target, prediction) of some samples, in the target's own unit."""
    residuals: Histogram
    worst: tuple[tuple[float | None, float | None], ...]
    """(target, prediction), the farthest off first."""

    def words(self) -> str:
        """Return the first line of the screen."""
        several = f" · {self.name}, {self.target + 1} of {self.targets}" if self.targets > 1 else ""
        return f"{self.seen.words()}{several} · {figures.named_score(self.r2, 'r2')}"

    def behind(self, cell: Cell | None) -> int:
        """Return how many samples are told of, the farthest off first."""
        return len(self.worst)


Report = ClassErrors | NumberErrors


@dataclass(frozen=True)
class Sample:
    """One sample, what it is and what the network says."""

    place: int
    """Its number in the split, from 0."""
    true: float | None
    """A class number, or a figure."""
    predicted: float | None
    scores: tuple[tuple[int, float | None], ...]
    """The classes with the highest scores, the true one among them; none in a regression."""
    margin: float | None
    pixels: list[Any] | None
    row: tuple[tuple[str, float | None, float | None], ...]
    """Column, value, and by how many standard deviations it is off; of a table."""


def read(answer: dict[str, Any]) -> Report:
    """Return the answer to "errors"."""
    names = ("step", "split", "size", "samples", "complete", "not_finite")
    seen = Seen(**{name: answer[name] for name in names})
    if answer["task"] == "classification":
        return _classes(seen, answer)
    return NumberErrors(
        seen=seen,
        target=answer["target"],
        targets=answer["targets"],
        name=clean(answer["name"]),
        **{name: answer.get(name) for name in ("r2", "mae", "rmse", "bias")},
        points=tuple((wanted, got) for wanted, got in answer["points"]),
        residuals=_histogram(answer["residuals"]),
        worst=tuple((wanted, got) for wanted, got in answer["worst"]),
    )


def _classes(seen: Seen, answer: dict[str, Any]) -> ClassErrors:
    calibration, margins = answer["calibration"], answer["margins"]
    shares: dict[str, Any] = {name: tuple(answer[name]) for name in ("precision", "recall", "f1")}
    return ClassErrors(
        seen=seen,
        names=tuple(clean(name) for name in answer["names"]),
        counts={(true, called): number for true, called, number in answer["cells"]},
        accuracy=answer["accuracy"],
        **shares,
        support=tuple(answer["support"]),
        called=tuple(answer["called"]),
        loss=answer["loss"],
        scores=answer["scores"],
        calibration=_calibration(calibration) if calibration is not None else None,
        margins=_histogram(margins) if margins is not None else None,
    )


def _histogram(told: dict[str, Any]) -> Histogram:
    return Histogram(**{**told, "counts": tuple(told["counts"])})


def _calibration(told: dict[str, Any]) -> Calibration:
    lists = {name: tuple(told[name]) for name in ("counts", "confidence", "right")}
    return Calibration(**{**told, **lists})


def read_samples(answer: dict[str, Any]) -> list[Sample]:
    """Return the samples of an answer to "error_samples"."""
    return [
        Sample(
            place=one["place"],
            true=one["true"],
            predicted=one["predicted"],
            scores=tuple((label, score) for label, score in one.get("scores", ())),
            margin=one.get("margin"),
            pixels=one.get("pixels"),
            row=tuple((clean(name), value, off) for name, value, off in one.get("row", ())),
        )
        for one in answer["samples"]
    ]


def percent(share: float) -> str:
    """Return a share as 97 %, 2.3 % or 0.04 %: two digits that count, and 100 % only for all."""
    value = 100 * share
    if value >= 99.5 and share < 1:
        return f"{min(value, 99.99):.2f} %"
    if value >= 9.95 or not value:
        return f"{value:.0f} %"
    return f"{value:.1f} %" if value >= 0.095 else f"{value:.1g} %"


def number(value: float | None) -> str:
    """Return a figure in four digits."""
    if value is None or not math.isfinite(value):
        return "not finite"
    return f"{value:,.0f}" if 1e4 <= abs(value) < 1e9 else f"{value:.4g}"
