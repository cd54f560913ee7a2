"""TensorBoard: a run's figures as an event file, in a folder of its own, so that several runs stand apart.

The tags go by TensorBoard's way of grouping: what stands before the first slash is a group of charts. Every
step has its point up to 100,000 of them; in longer runs a point is the mean of a few steps, at the last of
them. Nothing of TensorBoard or torch is needed to write it: `tfrecord.py` is all there is to it.
"""

import math
from collections.abc import Callable, Iterator

from dlcore.config import to_toml
from dlcore.curves.layerwise import LayerFigures
from dlcore.curves.series import Series
from dlcore.export.escape import for_toml
from dlcore.export.report import Report, rows
from dlcore.export.tfrecord import record, scalar, text, version
from dlcore.oneline import print_line
from dlcore.summary import created

MOST_POINTS = 100_000

Clock = Callable[[int], float]
Scalar = tuple[int, str, float]
"""A step, a tag and a figure."""


def to_tensorboard(report: Report) -> bytes:
    """Return the event file: scalars in the order of their steps, behind the configuration as a text."""
    made = created(report.facts)
    began = made.timestamp() if made is not None else 0.0
    clock = _clock(report, began)
    events = [version(began)]
    events += [text(began, 0, tag, said) for tag, said in _texts(report)]
    found = sorted(_scalars(report), key=lambda one: one[0])
    events += [scalar(clock(step), step, tag, value) for step, tag, value in found]
    return b"".join(map(record, events))


def _clock(report: Report, began: float) -> Clock:
    """Return what gives the time of a step: seconds of training behind the run's making."""
    elapsed = report.history.elapsed
    return lambda step: began + elapsed.seconds_at(step)


def _texts(report: Report) -> Iterator[tuple[str, str]]:
    """Yield the configuration and the live edits, indented as code: nothing of it is taken for Markdown."""
    config = for_toml(to_toml(report.config))
    yield "configuration", _as_code(f"dltui run '{print_line(report.config)}'\n\n{config}")
    if report.history.edits:
        lines = (f"step {edit.step}: {edit.text}" for edit in report.history.edits)
        yield "edits", _as_code("\n".join(lines))


def _as_code(said: str) -> str:
    lines = (line.encode(errors="backslashreplace").decode() for line in said.splitlines())
    return "\n".join(f"    {line}" for line in lines)


def _scalars(report: Report) -> Iterator[Scalar]:
    history = report.history
    yield from _steps("train_step/loss", history.loss)
    yield from _steps(f"train_step/{history.metric}", history.score)
    yield from _steps("learning_rate/lr", history.lr)
    for row in rows(history):
        for name, value in row.measured.items():
            split, _, figure = name.partition("_")
            yield row.step, f"{split}/{figure}", value
    yield from _layers("gradient_norm", history.gradients)
    yield from _layers("update_ratio", history.updates)


def _steps(tag: str, series: Series) -> Iterator[Scalar]:
    """Yield a figure of the steps; nan where it was not finite, nothing where no step has one."""
    columns = series.columns(MOST_POINTS)
    if any(column.count for column in columns):
        for column in columns:
            yield column.last, tag, column.mean


def _layers(group: str, figures: LayerFigures) -> Iterator[Scalar]:
    for layer, values in figures.figures.items():
        for step, value in zip(figures.steps, values, strict=True):
            yield step, f"{group}/{layer}", value if math.isfinite(value) else math.nan
