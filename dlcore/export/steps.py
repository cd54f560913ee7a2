"""Everything that was measured of a run, one row a step: what a table with types can hold."""

from array import array
from collections.abc import Sequence

from dlcore.curves.layerwise import LayerFigures
from dlcore.curves.series import Series
from dlcore.export.curves import epoch_at
from dlcore.export.report import MEASURED, Report, rows

Column = Sequence[int | float | None]
"""A value for each row: None where nothing was measured, nan or inf where the figure was not finite."""


def step_columns(report: Report) -> dict[str, Column]:
    """Return the columns by name, in order; the first row is the untrained network, step 0.

    `batch_loss` and so on are those of the step's own batch. What is called as in the CSV is the same as
    there: running means of the training split, and evaluations.
    """
    history = report.history
    number = history.step + 1
    columns: dict[str, Column] = {
        "step": range(number),
        "epoch": array("d", (epoch_at(history, step) for step in range(number))),
        "lr": _series(history.lr, number),
        "batch_loss": _series(history.loss, number),
        f"batch_{history.metric}": _series(history.score, number),
    }
    found = rows(history)
    for name in MEASURED[history.metric]:
        values = {row.step: row.measured[name] for row in found if name in row.measured}
        if values:
            columns[name] = _sparse(number, values)
    for prefix, figures in (("grad_norm", history.gradients), ("update_ratio", history.updates)):
        columns |= _layers(number, prefix, figures)
    return columns


def _series(series: Series, number: int) -> list[float | None]:
    """Return a figure of each step behind that of step 0, which has none; a watched script may tell fewer."""
    if series.size == 1:
        column = [None, *series.values]
    else:  # a part of it was lost
        column = [None, *(series.value_at(step) for step in range(1, len(series) + 1))]
    return column[:number] + [None] * (number - len(column))


def _sparse(number: int, values: dict[int, float]) -> list[float | None]:
    column: list[float | None] = [None] * number
    for step, value in values.items():
        if step < number:
            column[step] = value
    return column


def _layers(number: int, prefix: str, figures: LayerFigures) -> dict[str, Column]:
    found: dict[str, Column] = {}
    for layer, values in figures.figures.items():
        looks = dict(zip(figures.steps, values, strict=True))
        found[f"{prefix}_{layer}"] = _sparse(number, looks)
    return found
