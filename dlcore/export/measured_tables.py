"""The sections of a summary that hold what was measured: results, classes, epochs, layers."""

import math
from collections.abc import Iterator

from dlcore import figures
from dlcore.curves.perclass import per_class
from dlcore.events import EpochEnded, Evaluated, Number
from dlcore.export import curves
from dlcore.export.document import Block, Figure, Heading, Table, said
from dlcore.export.report import Report, Row, measured, rows
from dlcore.history import Metric, first_last_ratio, score

MOST_ROWS = 40
"""Longer tables are thinned: a summary is for reading, and the CSV has every row."""


def results(report: Report) -> Iterator[Block]:
    """Yield the figures of each split as they stand, and the best of the watched one."""
    history, metric = report.history, report.history.metric
    extras = _extras(report)
    lines = []
    if history.epochs:
        epoch = history.epochs[-1]
        how = f"running mean over the steps of epoch {epoch.epoch:,}"
        lines.append(_result("train", epoch, metric, extras, how))
    for name in ("validation", "test"):
        if found := history.split(name):
            lines.append(_result(name, found[-1], metric, extras, _how(found[-1])))
    if not lines:
        return
    yield Heading("Results")
    header = ("split", "loss", figures.SCORES[metric], *extras.values(), "how")
    yield Table(header, lines, "l" + "r" * (len(header) - 2) + "l")
    if best := history.best():
        where = f"at step {best.step:,}"
        where += f" (epoch {epoch_text(best.epoch)})" if history.epoch() else ""
        name = figures.SCORES[metric]
        sentences = [f"Best {best.split} {name}: {figures.score(score(best, metric), metric)} {where}."]
        if best.split == "test":
            sentences.append(
                "No samples were held out: the test split itself picked this step, so the figure flatters."
            )
        yield said(*sentences)
    if (step := history.taken_back) is not None:
        yield said(
            f"The best weights were taken back at the end: those of step {step:,}, which had the lowest "
            f"{history.watched} loss."
        )


def _extras(report: Report) -> dict[str, str]:
    """Return the names and titles of the figures that stand behind the score, as far as there are any."""
    if report.history.metric == "r2":
        return {"mae": "MAE", "rmse": "RMSE"}
    return {"top5": "top 5"} if any(one.top5 is not None for one in report.history.evaluations) else {}


def _how(event: Evaluated) -> str:
    samples = f"{event.samples:,} samples, " if event.samples else ""  # another program's log may not say
    if event.weights is not None:
        return f"{samples}best weights, step {event.weights:,}"
    untrained = "" if event.step else ", untrained"
    return f"{samples}evaluated at step {event.step:,}{untrained}"


def _result(
    split: str, event: EpochEnded | Evaluated, metric: Metric, extras: dict[str, str], how: str
) -> tuple[str, ...]:
    others = (_extra(event, name) for name in extras)
    loss = figures.loss(measured(event, "loss"))
    return split, loss, figures.score(score(event, metric), metric), *others, how


def _extra(event: EpochEnded | Evaluated, name: str) -> str:
    value = measured(event, name)
    return figures.share(value) if name == "top5" else figures.amount(value)


def classes(report: Report) -> Iterator[Block]:
    """Yield precision, recall and F1 of each class."""
    found = per_class(report.history)
    if found is None:
        return
    yield Heading("Classes")
    yield said(f"Of the {found.evaluation.split} split: {_how(found.evaluation)}.")
    lines = [
        (row.name, *(figures.share(value) for value in (row.precision, row.recall, row.f1)))
        for row in found.rows
    ]
    yield Table(("class", "precision", "recall", "F1"), lines, "lrrr")


_COLUMNS = (
    ("train_loss", "train loss †"),
    ("train_accuracy", "train acc. †"),
    ("train_r2", "train R² †"),
    ("validation_loss", "val. loss"),
    ("validation_accuracy", "val. acc."),
    ("validation_r2", "val. R²"),
    ("test_loss", "test loss"),
    ("test_accuracy", "test acc."),
    ("test_r2", "test R²"),
)


def epochs(report: Report) -> Iterator[Block]:
    """Yield a row for each epoch or evaluation, thinned where there are too many."""
    history = report.history
    every = rows(history)
    if not every:
        return
    shown = _thinned(every, report)
    columns = [(name, title) for name, title in _COLUMNS if any(name in row.measured for row in shown)]
    yield Heading("Epochs")
    header = ("epoch", "step", *(title for _, title in columns), "lr", "seconds")
    cells = [
        (
            epoch_text(row.epoch),
            f"{row.step:,}",
            *(_measured(row, name, history.metric) for name, _ in columns),
            "" if row.lr is None else f"{row.lr:.4g}",
            f"{row.seconds:,.1f}",
        )
        for row in shown
    ]
    yield Table(header, cells, "r" * len(header))
    notes = []
    if any("train_loss" in row.measured for row in shown):
        notes.append("† Running mean over the steps of the epoch, while the weights were changing.")
    notes.append("Step 0 is the untrained network. Seconds count from the start of the trainer.")
    if (step := history.taken_back) is not None:
        notes.append(
            f"The row of step {step:,} also has what was measured at the end, when its weights were back."
        )
    if len(shown) < len(every):
        notes.append(f"These are {len(shown)} of {len(every):,} rows; the CSV export has all of them.")
    yield said(*notes)


def _thinned(every: list[Row], report: Report) -> list[Row]:
    """Return about MOST_ROWS rows: the first, the last, the best and others at equal distances."""
    if len(every) <= MOST_ROWS:
        return every
    last = len(every) - 1
    kept = {round(index * last / (MOST_ROWS - 2)) for index in range(MOST_ROWS - 1)}
    best = report.history.best()
    wanted = {best.step if best else None, report.history.taken_back}
    return [row for index, row in enumerate(every) if index in kept or row.step in wanted]


def _measured(row: Row, name: str, metric: Metric) -> str:
    value = row.measured.get(name)
    if value is None:
        return ""
    if not math.isfinite(value):
        return str(value)
    return figures.score(value, metric) if name.endswith(metric) else figures.loss(value)


def epoch_text(epoch: float) -> str:
    """Return an epoch with its fraction, where it has one."""
    return f"{epoch:,.2f}".rstrip("0").rstrip(".")


def gradients(report: Report) -> Iterator[Block]:
    """Yield how each layer's gradient norm went, and what it was at the first and at the last look."""
    seen = report.history.gradients
    if not seen.steps or not seen.figures:
        return
    looks = [(seen.steps[0], seen.at(0)), (seen.steps[-1], seen.latest())]
    if len(seen.steps) == 1:
        del looks[1]
    lines = [(layer, *(figures.norm(norms.get(layer)) for _, norms in looks)) for layer in seen.figures]
    if len(seen.figures) > 1:
        lines.append(("first ÷ last", *(figures.ratio(first_last_ratio(norms)) for _, norms in looks)))
    yield Heading("Gradients")
    yield said(f"Euclidean norm of dL/dW of each layer; {seen.looks:,} looks in all.")
    if (draw := curves.flow(report.history)) is not None:
        yield Figure(draw)
    yield Table(("layer", *(f"step {step:,}" for step, _ in looks)), lines, "l" + "r" * len(looks))


def activations(report: Report) -> Iterator[Block]:
    """Yield what each layer hands to its activation, as it was measured last."""
    if not report.history.activations or not report.history.activations[-1].mean:
        return
    found = report.history.activations[-1]
    columns = (found.mean, found.deviation, found.low, found.high)
    lines = [(layer, *(_plain(column.get(layer)) for column in columns)) for layer in found.mean]
    yield Heading("Activations")
    yield said(
        f"What each layer hands to its activation, over {found.samples:,} samples of the "
        f"{report.history.watched} split at step {found.step:,}; nine values in ten lie between the last two."
    )
    yield Table(("layer", "mean", "deviation", "5 %", "95 %"), lines, "lrrrr")


def _plain(value: Number) -> str:
    return "not finite" if value is None else f"{value:.3g}"
