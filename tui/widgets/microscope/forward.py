"""Page 1, forward: what each layer hands on, and one neuron written out."""

from typing import Any

from textual.content import Content

from dlcore.clean import clean
from tui.widgets.microscope.board import (
    Lines,
    rule,
    said,
    shape,
    share_out,
    short,
    sum_of_products,
    table,
    title,
)

_HEADS = ("module", "output", "min", "mean", "max", "")


def lines(answer: dict[str, Any], width: int, height: int) -> Lines:
    """Return the page, made for so many columns and lines."""
    content = answer["content"]
    rows, neuron = content["rows"], content["neuron"]
    chosen = next((index for index, row in enumerate(rows) if row["chosen"]), None)
    behind = _behind(neuron, width)
    ends = _ends(neuron)
    terms = neuron.get("terms", [])
    fixed = 4 + len(behind) + len(ends) + (1 if terms else 0)
    table_rows, rooms = share_out(height, fixed, len(rows), [len(terms)])
    cells = [_cells(row) for row in rows]
    found = [*table(_HEADS, cells, chosen, table_rows), Content("")]
    if "value" not in neuron:
        return [*found, said(neuron["note"])]
    found.append(title(_who(answer, neuron), "z = Σ w·x" + (" + b" if ends[1:] else "")))
    heads = ("w", "x", "w·x")
    found += sum_of_products(heads, terms, neuron["count"], neuron["sum"], rooms[0], ends)
    return [*found, *behind]


def _cells(row: dict[str, Any]) -> list[str]:
    figures = ["–" if not row["shape"] else short(row[name]) for name in ("min", "mean", "max")]
    return [clean(row["name"]), shape(row["shape"]), *figures, row["note"]]


def _who(answer: dict[str, Any], neuron: dict[str, Any]) -> str:
    what = "filter" if neuron["is_filter"] else "unit"
    where = f" at {','.join(map(str, neuron['place']))}, where it is largest" if neuron["place"] else ""
    return f"{what} {answer['unit']} of {answer['layers'][answer['layer']]}, sample {answer['sample']}{where}"


def _ends(neuron: dict[str, Any]) -> list[tuple[str, float | None]]:
    """Return what stands below the products: the bias, and the sum of it all."""
    if "value" not in neuron:
        return []
    bias = [("+ bias b", neuron["bias"])] if neuron["bias"] is not None else []
    return [*bias, ("z", neuron["value"])]


def _behind(neuron: dict[str, Any], width: int) -> Lines:
    """Return what becomes of z."""
    found: Lines = []
    for stage in neuron.get("stages", []):
        found += rule(stage, width)
        if stage["note"]:
            found.append(said(f"      {stage['note']}"))
    if "value" in neuron and neuron["note"]:
        found.append(said(f"  → {neuron['note']}"))
    return found
