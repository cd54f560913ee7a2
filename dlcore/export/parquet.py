"""Parquet: a table with types for data frames and queries. pyarrow is imported only when one is written."""

from collections.abc import Mapping, Sequence
from typing import Any

from dlcore.export.report import Report
from dlcore.export.run_table import run_columns
from dlcore.export.steps import step_columns
from dlcore.export.together import Member
from dlcore.oneline import print_line

_ROWS_IN_GROUP = 1 << 17


def to_parquet(report: Report) -> bytes:
    """Return one row a step with everything that was measured at it; the run and its line are metadata."""
    line = print_line(report.config)
    return _written(step_columns(report), {"run": report.run.id, "line": line})


def runs_to_parquet(members: Sequence[Member]) -> bytes:
    """Return one row a run: the settings that differ, and what came of it."""
    return _written(run_columns(members), {"runs": str(len(members))})


def _written(columns: Mapping[str, Sequence[Any]], notes: Mapping[str, str]) -> bytes:
    import pyarrow
    from pyarrow import parquet

    arrays = [_typed(column) for column in columns.values()]
    names = [_sound(name) for name in columns]
    table = pyarrow.Table.from_arrays(arrays, names=names)
    table = table.replace_schema_metadata({f"dltui.{key}": _sound(value) for key, value in notes.items()})
    file = pyarrow.BufferOutputStream()
    parquet.write_table(table, file, compression="zstd", row_group_size=_ROWS_IN_GROUP)
    return bytes(file.getvalue())


def _typed(column: Sequence[Any]) -> Any:
    """Return a column of whole numbers, of figures or of texts; texts where values are of several sorts."""
    import pyarrow

    kinds = {type(value) for value in column if value is not None}
    if kinds <= {int}:
        return pyarrow.array(list(column), pyarrow.int64())
    if kinds == {bool}:
        return pyarrow.array(list(column), pyarrow.bool_())
    if kinds <= {int, float}:
        return pyarrow.array(list(column), pyarrow.float64())
    texts = [None if value is None else _sound(str(value)) for value in column]
    return pyarrow.array(texts, pyarrow.string())


def _sound(text: str) -> str:
    """Return a text that UTF-8 can say: a name of a folder may have halves of letters."""
    return text.encode(errors="backslashreplace").decode()
