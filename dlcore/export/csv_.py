"""CSV: a row for each epoch or evaluation, for a spreadsheet or a data frame.

A cell is empty where there is no figure, and the word nan or inf where the figure was not finite.
"""

import csv
import io
import math
from collections.abc import Iterable, Sequence

from dlcore.events import shortest
from dlcore.export.escape import for_spreadsheet
from dlcore.export.report import MEASURED, Report, Row, norms_at, rows
from dlcore.export.run_table import run_columns
from dlcore.export.together import Member

Cell = str | int | float | bool | None


def to_csv(report: Report) -> str:
    """Return the table: epoch, step, seconds since the start, learning rate, figures, norms, findings.

    A gradient norm belongs to the last step, at or before the row's, at which the probe looked. The figures
    beside the loss are accuracies, or R² and errors in a regression. Findings are the codes of those that
    hold since a step at or before the row's.
    """
    layers = list(report.history.gradients.figures)
    names = MEASURED[report.history.metric]
    norms = (f"grad_norm_{layer}" for layer in layers)
    header = ["epoch", "step", "seconds", "lr", *names, *norms, "findings"]
    return _table(header, (_cells(report, row, layers) for row in rows(report.history)))


def runs_to_csv(members: Sequence[Member]) -> str:
    """Return one row a run: who it is, the settings that differ, and what came of it."""
    columns = run_columns(members)
    return _table(list(columns), zip(*columns.values(), strict=True))


def _table(header: Sequence[Cell], lines: Iterable[Iterable[Cell]]) -> str:
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(map(_text, header))
    for line in lines:
        writer.writerow(map(_text, line))
    return file.getvalue()


def _cells(report: Report, row: Row, layers: list[str]) -> list[Cell]:
    norms = norms_at(report.history.gradients, row.step)
    return [
        round(row.epoch, 6),
        row.step,
        round(row.seconds, 3),
        row.lr,
        *(row.measured.get(name) for name in MEASURED[report.history.metric]),
        *(norms.get(layer) for layer in layers),
        " ".join(one.code for one in report.judgement.findings if one.step <= row.step),
    ]


def _text(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, str):
        return for_spreadsheet(cell)
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float):
        return f"{shortest(cell):.9g}" if math.isfinite(cell) else str(cell)
    return str(cell)
