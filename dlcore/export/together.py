"""Several runs as one summary: their settings where they differ, their figures side by side, their curves."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from dlcore import figures
from dlcore.comparison.differences import Difference, differences
from dlcore.config import RunConfig
from dlcore.diagnose.words import place, sentence, words
from dlcore.edits import Edit
from dlcore.export import curves
from dlcore.export.chart import Chart, Curve, Draw, Limits, Point
from dlcore.export.curves import Axis
from dlcore.export.document import Block, Figure, Heading, Items, Source, Strong, Table, said
from dlcore.export.report import Report, without_path
from dlcore.family.lineage_tree import told as kinship
from dlcore.family.lineage_tree import tree
from dlcore.history import Metric, State, first_last_ratio
from dlcore.runs import RunRow, run_row
from dlcore.summary import created

MARKS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
"""What stands for a run in plots and tables."""
MOST_OVERLAID = 8
"""So many runs are drawn over each other: more could not be told apart."""
_POINTS = 480
_AXES: tuple[Axis, ...] = ("epoch", "step")
_ACROSS = 6
"""Up to so many runs stand as columns in the table of settings; more as its rows."""
MOST_EDITS = 20
"""Of one run; all of them stand in its own summary."""


@dataclass(frozen=True)
class Member:
    """One of several runs: what is told of it beside the others, without its whole history."""

    row: RunRow
    name: str
    state: State
    created: datetime | None
    config: RunConfig
    """What it began with."""
    changed: dict[str, Any]
    """What has been changed while it ran, by dotted key."""
    summary: dict[str, Any]
    metric: Metric
    watched: str
    axis: Axis
    """What its own curves are drawn over."""
    last: dict[Axis, float]
    """Where its curves end on each axis."""
    curves: dict[tuple[str, Axis], Curve]
    """By what they show (`train loss`, `loss`, `score`) over what."""
    ratio: float | None
    """First layer's gradient norm over the last one's, at the last look."""
    findings: tuple[str, ...]
    """Each in a sentence."""
    edits: tuple[Edit, ...]
    """Hyperparameters that were changed while it ran; their texts name no path."""


def member(report: Report, now: datetime) -> Member:
    """Return what is told of a run beside others."""
    history = report.history
    found: dict[tuple[str, Axis], Curve] = {}
    for axis in _AXES if history.prepared is not None and history.step else ():
        found["train loss", axis] = curves.train(history, history.loss, _POINTS, axis)
        found["loss", axis] = curves.evaluated(history, "loss", axis)
        found["score", axis] = curves.evaluated(history, history.metric, axis)
    return Member(
        row=run_row(report.run, now),
        name=report.name,
        state=report.state,
        created=created(report.facts),
        config=report.config,
        changed=history.settings,
        summary=report.summary,
        metric=history.metric,
        watched=history.watched,
        axis=curves.axis_of(history),
        last={axis: curves.limits(history, axis)[1] for axis in _AXES},
        curves=found,
        ratio=first_last_ratio(history.gradients.latest()),
        findings=tuple(
            f"{words(one.code)} {place(one)}: {sentence(one.message)}" for one in report.judgement.findings
        ),
        edits=tuple(replace(edit, text=without_path(report.run, edit.text)) for edit in history.edits),
    )


def summary(members: Sequence[Member]) -> Iterator[Block]:
    """Yield the summary of several runs."""
    yield Heading(f"{len(members):,} runs", 1)
    yield from _results(members)
    yield from _settings(members)
    yield from _edits(members)
    yield from _overlaid(members)
    yield from _findings(members)
    yield from _kinship(members)


def mark(index: int) -> str:
    """Return what stands for the run number `index`, from 0 on."""
    return MARKS[index] if index < len(MARKS) else str(index + 1)


def _results(members: Sequence[Member]) -> Iterator[Block]:
    metrics = {one.metric for one in members}
    title = figures.SCORES[metrics.pop()] if len(metrics) == 1 else "score"
    header = ("", "run", "state", "epochs", "steps", "train loss", "loss", title, "best", "first ÷ last")
    rows = [
        (
            mark(index),
            one.row.run.id,
            one.state,
            f"{one.summary['epochs']:,}",
            f"{one.summary['steps']:,}",
            _figure(one, "train", "loss"),
            _figure(one, one.watched, "loss"),
            _figure(one, one.watched, one.metric),
            figures.score(best(one), one.metric),
            figures.ratio(one.ratio),
        )
        for index, one in enumerate(members)
    ]
    yield Heading("Results")
    yield Table(header, rows, "lll" + "r" * 7)
    watched = " or ".join(dict.fromkeys(one.watched for one in members))
    yield said(
        f"Loss and {title} are those of the last evaluation of the {watched} split, the best {title} is that "
        "of all evaluations. Train loss is the running mean of the last epoch; first ÷ last compares the "
        "gradient norms of the first and the last layer."
    )


def _figure(one: Member, split: str, name: str) -> str:
    found = one.summary.get(split)
    if not isinstance(found, dict) or name not in found:
        return "–"
    return figures.loss(found[name]) if name == "loss" else figures.score(found[name], one.metric)


def best(one: Member) -> float | None:
    """Return the best score of a run; None before its first evaluation."""
    found = one.summary["best"]
    value: float | None = found[one.metric] if found else None
    return value


def differing(members: Sequence[Member]) -> dict[str, Difference]:
    """Return in what runs differ by now, live edits included; a kind stands under the key of its section."""
    found = differences([one.config for one in members], [one.changed for one in members])
    return {one.key.removesuffix(".kind"): one for one in found}


def _settings(members: Sequence[Member]) -> Iterator[Block]:
    """Yield the settings that differ: runs across while they are few."""
    found = differing(members)
    yield Heading("Settings that differ")
    if not found:
        by_now = ", as live edits have left them" if any(one.edits for one in members) else ""
        yield said(f"None: the configurations are the same{by_now}.")
        return
    if len(members) <= _ACROSS:
        names = [mark(index) for index in range(len(members))]
        rows = [(key, *one.texts) for key, one in found.items()]
        yield Table(("", *names), rows, "l" + "r" * len(names))
    else:
        texts = zip(*(one.texts for one in found.values()), strict=True)
        across = [(mark(index), *values) for index, values in enumerate(texts)]
        yield Table(("", *found), across, "l" + "r" * len(found))


def _edits(members: Sequence[Member]) -> Iterator[Block]:
    """Yield when what was changed while the runs went on."""
    rows: list[tuple[str, str, str]] = []
    for index, one in enumerate(members):
        rows += [(mark(index), f"{edit.step:,}", edit.text) for edit in one.edits[:MOST_EDITS]]
        if more := untold(one):
            rows.append((mark(index), "", more))
    if rows:
        yield Heading("Edits while they ran")
        yield Table(("", "step", "what"), rows, "lrl")


def untold(one: Member) -> str:
    """Return in words how many edits of a run are not told; '' for none."""
    more = len(one.edits) - MOST_EDITS
    return f"and {more:,} more, in its own summary" if more > 0 else ""


def _overlaid(members: Sequence[Member]) -> Iterator[Block]:
    """Yield the curves of the runs over each other: of many, those of the best."""
    shown = [(index, one) for index, one in enumerate(members) if one.curves]
    if not shown:
        return
    yield Heading("Curves")
    if len(shown) > MOST_OVERLAID:
        ranked = sorted(shown, key=lambda item: _rank(item[1]), reverse=True)[:MOST_OVERLAID]
        shown = [item for item in shown if item in ranked]
        yield said(f"Of the {len(members):,} runs the {len(shown)} with the best figures are drawn.")
    watched = " or ".join(dict.fromkeys(one.watched for _, one in shown))
    metrics = {one.metric for _, one in shown}
    for what, title in (
        ("loss", f"{watched} loss"),
        ("score", f"{watched} score"),
        ("train loss", "train loss"),
    ):
        if what == "score":
            if len(metrics) > 1:  # an accuracy and R² have no axis in common
                continue
            title = f"{watched} {figures.SCORES[next(iter(metrics))]}"
        yield Figure(_overlay(shown, what, title))


def _rank(one: Member) -> float:
    score = best(one)
    return score if score is not None and math.isfinite(score) else -math.inf


def _overlay(members: Sequence[tuple[int, Member]], what: str, title: str) -> Draw:
    axis: Axis = "epoch" if all(one.axis == "epoch" for _, one in members) else "step"
    limits = 0.0, max(one.last[axis] for _, one in members)
    is_share = what == "score" and all(one.metric == "accuracy" for _, one in members)

    def draw(width: int) -> Chart:
        lines = []
        for index, one in members:
            curve = one.curves[what, axis]
            points = coarser(curve.points, width, limits) if what == "train loss" else curve.points
            letter = mark(index)
            lines.append(Curve(one.name, letter[-1], points, letter=letter, has_marks=curve.has_marks))
        return Chart(title, lines, limits, axis, "percent" if is_share else "auto")

    return draw


def coarser(points: Sequence[Point], width: int, limits: Limits) -> list[Point]:
    """Return the means of the points that fall into each of `width` columns; one without any is left out."""
    columns: dict[int, list[Point]] = {}
    for x, y in points:
        if math.isfinite(y):
            place = int((x - limits[0]) / (limits[1] - limits[0]) * width) if limits[1] > limits[0] else 0
            columns.setdefault(place, []).append((x, y))
    return [
        (math.fsum(x for x, _ in some) / len(some), math.fsum(y for _, y in some) / len(some))
        for _, some in sorted(columns.items())
    ]


def _findings(members: Sequence[Member]) -> Iterator[Block]:
    lines = [
        (Strong(mark(index)), f": {finding}") for index, one in enumerate(members) for finding in one.findings
    ]
    if lines:
        yield Heading("Findings")
        yield Items(tuple(lines))


def _kinship(members: Sequence[Member]) -> Iterator[Block]:
    """Yield how the runs come from each other, as a tree."""
    marks = {one.row.run.id: mark(index) for index, one in enumerate(members)}
    places = tree(one.row for one in members)
    if not any(kinship(found.row) for found in places):
        return
    yield Heading("Lineage")
    lines = []
    for found in places:
        how = kinship(found.row)
        name = f"{marks[found.row.run.id]} {found.row.run.id}"
        lines.append(f"{'   ' * found.depth}{'└─ ' if found.depth else ''}{name}{f'  {how}' if how else ''}")
    yield Source("\n".join(lines), "text")
