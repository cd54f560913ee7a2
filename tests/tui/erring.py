"""Answers about errors as an inspector would give them, always the same, and one that gives them."""

import random
from collections.abc import Sequence
from typing import Any

from tests.tui.fakes import FakeInspector, FakeRun

TEN = tuple("0123456789")
SIDE = 28


def seen(step: int, samples: int, **changed: Any) -> dict[str, Any]:
    """Which samples were looked at."""
    split = {"split": "validation", "size": samples, "samples": samples, "complete": True}
    return {"step": step, **split, "not_finite": 0, **changed}


def class_errors(
    names: Sequence[str] = TEN, size: int = 600, step: int = 900, **changed: Any
) -> dict[str, Any]:
    """Classes of about `size` samples each, of which some are often taken for their neighbour."""
    chance = random.Random(5)
    classes = len(names)
    counts = [[0] * classes for _ in names]
    for true in range(classes):
        for _ in range(size + true):
            other = (true + 5) % classes if chance.random() < 0.5 else chance.randrange(classes)
            counts[true][other if chance.random() < 0.01 + 0.01 * (true % 5) else true] += 1
    support = [sum(row) for row in counts]
    called = [sum(row[label] for row in counts) for label in range(classes)]
    right = [counts[label][label] for label in range(classes)]
    samples = sum(support)
    bins = [0, 0, 4, 15, 35, 66, 90, 150, 240]
    return {
        **seen(step, samples),
        "task": "classification",
        "loss": "cross_entropy",
        "names": list(names),
        "cells": [[t, c, n] for t, row in enumerate(counts) for c, n in enumerate(row) if n],
        "accuracy": sum(right) / samples,
        "precision": [n / max(of, 1) for n, of in zip(right, called, strict=True)],
        "recall": [n / max(of, 1) for n, of in zip(right, support, strict=True)],
        "f1": [2 * n / max(a + b, 1) for n, a, b in zip(right, called, support, strict=True)],
        "support": support,
        "called": called,
        "scores": "softmax",
        "calibration": {
            "counts": [*bins, samples - sum(bins)],
            "confidence": [0.0, 0.0, *(0.05 + 0.1 * index for index in range(2, 9)), 0.985],
            "right": [0.0, 0.0, 0.25, 0.27, 0.37, 0.41, 0.57, 0.6, 0.72, 0.974],
            "error": 0.0234,
            "mean_confidence": 0.981,
            "mean_right": sum(right) / samples,
        },
        "margins": None,
        **changed,
    }


def number_errors(samples: int = 300, step: int = 60, **changed: Any) -> dict[str, Any]:
    """Predictions that lie nearer to the mean than their targets, as those of a regression do."""
    chance = random.Random(3)
    targets = [chance.gauss(150, 75) for _ in range(samples)]
    points = [[target, 75 + 0.5 * target + chance.gauss(0, 30)] for target in targets]
    worst = sorted(points, key=lambda pair: -abs(pair[1] - pair[0]))
    return {
        **seen(step, samples),
        "task": "regression",
        "loss": "mse",
        "target": 0,
        "targets": 1,
        "name": "target",
        "r2": 0.483,
        "mae": 43.2,
        "rmse": 55.04,
        "bias": -1.25,
        "points": points,
        "residuals": {
            "start": -150.0,
            "width": 50.0,
            "counts": [12, 38, 90, 100, 45, 15],
            "below": True,
            "above": False,
        },
        "worst": worst[:100],
        **changed,
    }


def picture(number: int) -> list[list[int]]:
    """A ring, open at a place that depends on the number."""
    middle = (SIDE - 1) / 2
    return [
        [
            255
            if 6 < ((x - middle) ** 2 + (y - middle) ** 2) ** 0.5 < 10 and (x + y + 5 * number) % 28 > 4
            else 0
            for x in range(SIDE)
        ]
        for y in range(SIDE)
    ]


def samples_of(
    report: dict[str, Any], cell: Sequence[int] | None, first: int, count: int, columns: Sequence[str] = ()
) -> dict[str, Any]:
    """The samples of a cell, as pictures or as rows of these columns; or the worst of a regression."""
    if cell is None:
        chosen = report["worst"]
        rows = [{"true": wanted, "predicted": got} for wanted, got in chosen]
    else:
        number = {(t, c): n for t, c, n in report["cells"]}.get((cell[0], cell[1]), 0)
        true, called = cell
        sure = [0.97 - 0.8 * index / max(number, 1) for index in range(number)]
        rows = [_judged(true, called, high) for high in sure]
    told = [
        {"place": 7 * index, **row, **_subject(index, columns)}
        for index, row in enumerate(rows)
        if first <= index < first + count
    ]
    place = {"step": report["step"], "split": report["split"]}
    return {**place, "total": len(rows), "first": first, "samples": told}


def _judged(true: int, called: int, high: float) -> dict[str, Any]:
    """What a network says of a sample, the surer of the wrong class, or the less sure of the right one."""
    if true != called:
        scores, margin = [[called, high], [true, 0.9 * (1 - high)]], 1 - 2 * high
    else:
        own = 1.3 - 0.8 * high
        scores, margin = [[true, own], [1 if true == 0 else 0, 1 - own]], 2 * own - 1
    return {"true": true, "predicted": called, "scores": scores, "margin": margin}


def _subject(index: int, columns: Sequence[str]) -> dict[str, Any]:
    if not columns:
        return {"pixels": picture(index)}
    return {"row": [[name, 1.5 * place + index, (place - 1) * 1.2] for place, name in enumerate(columns)]}


class Examiner(FakeInspector):
    """Tells of errors; `errors` are its answers by step, the last one for every later step."""

    def __init__(self, *reports: dict[str, Any], columns: Sequence[str] = ()) -> None:
        super().__init__()
        self.reports = list(reports)
        self.columns = columns
        self.failing = ""

    async def ask(self, what: str, **fields: Any) -> dict[str, Any]:
        """Answer with errors or samples as they were given."""
        if what not in ("errors", "error_samples"):
            return await super().ask(what, **fields)
        self.asked.append({"ask": what, **fields})
        if self.failing:
            return {"error": self.failing}
        upto = [one for one in self.reports if one["step"] <= fields["step"]]
        report = (upto or self.reports[:1])[-1]
        if what == "errors":
            return {**report, "target": fields["target"]} if "target" in report else report
        return samples_of(report, fields["cell"], fields["first"], fields["count"], self.columns)

    def questions(self, what: str) -> list[dict[str, Any]]:
        """What was asked of one sort."""
        return [one for one in self.asked if one["ask"] == what]


def checkpoint(run: FakeRun, *steps: int) -> FakeRun:
    """Have checkpoints stand in a run's folder, by their names."""
    run.dir.checkpoints.mkdir(exist_ok=True)
    for step in steps:
        (run.dir.checkpoints / f"{step}.pt").write_bytes(b"")
    return run
