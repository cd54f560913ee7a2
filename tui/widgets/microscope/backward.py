"""Page 3, backward: the gradient of every tensor, and the chain rule for one weight written out."""

from typing import Any

from textual.content import Content

from tui.widgets.microscope.board import (
    Lines,
    Number,
    figure,
    rules,
    said,
    shape,
    share_out,
    short,
    sum_of_products,
    table,
    title,
)

_PASSES = 4
"""Backward passes that get a column."""


def lines(answer: dict[str, Any], width: int, height: int) -> Lines:
    """Return the page, made for so many columns and lines."""
    content = answer["content"]
    heads, rows, chosen = _rows(answer)
    chain, delta = content["rule"], content["delta"]
    sums = [len(part.get("terms", [])) for part in (chain, chain.get("within", {}), delta)]
    behind = rules(delta["lines"][1:] if delta.get("terms") else delta["lines"], width)
    piled = _piled(answer)
    remarks = sum(map(bool, (chain.get("within"), chain.get("uses", 1) > 1, delta["note"])))
    fixed = 3 + len(piled) + 3 * sum(map(bool, sums)) + remarks + len(behind) + 2 * bool(delta["lines"])
    table_rows, rooms = share_out(height, fixed, len(rows), sums)
    found = [*table(heads, rows, chosen, table_rows), *piled, Content("")]
    found += _chain(answer, chain, rooms)
    return [*found, *_delta(answer, delta, behind, rooms[2])]


def _rows(answer: dict[str, Any]) -> tuple[list[str], list[list[str]], int | None]:
    """Return heads and rows: a layer's weights and biases side by side, or pass by pass as they pile up."""
    tensors = answer["content"]["rows"]
    chosen = next((row["name"] for row in tensors if row["chosen"]), "")
    if answer["passes"] > 1:
        passes = _shown_passes(answer["passes"])
        heads = ["norm of grad", *(f"pass {one}" for one in passes)]
        rows = [
            [row["name"], *(_norm(row["norms"][one - 1], row["has"]) for one in passes)] for row in tensors
        ]
        names = [row["name"] for row in tensors]
        return heads, rows, names.index(chosen) if chosen in names else None
    layers: dict[str, dict[str, Any]] = {}
    for row in tensors:
        layer, _, kind = row["name"].rpartition(".")
        key = layer if kind in ("weight", "bias") else row["name"]
        layers.setdefault(key, {})["bias" if kind == "bias" else "weight"] = row
    heads = ["norm of the gradient", "shape", "weights", "zeros", "biases"]
    rows = [[name or "weights", *_layer(each)] for name, each in layers.items()]
    index = next(
        (at for at, each in enumerate(layers.values()) if any(row["chosen"] for row in each.values())), None
    )
    return heads, rows, index


def _layer(each: dict[str, Any]) -> list[str]:
    weight, bias = each.get("weight"), each.get("bias")
    zero = "" if weight is None or weight["zero"] is None else f"{weight['zero']:.0%}"
    return [
        shape(weight["shape"]) if weight else "",
        _norm(weight["norms"][0], weight["has"]) if weight else "",
        zero,
        _norm(bias["norms"][0], bias["has"]) if bias else "–",
    ]


def _norm(value: Number, has: bool) -> str:
    return short(value) if has else "none"


def _shown_passes(passes: int) -> list[int]:
    """Return the passes that get a column: the first ones, and the last."""
    return [*range(1, min(passes, _PASSES)), passes]


def _piled(answer: dict[str, Any]) -> Lines:
    if answer["passes"] == 1:
        return []
    times = f"after {answer['passes']} it is {answer['passes']} times as long"
    return [said(f"  zero_grad forgotten: each pass adds to grad; {times}")]


def _chain(answer: dict[str, Any], chain: dict[str, Any], rooms: list[int]) -> Lines:
    """Return dL/dw as a sum over samples."""
    name = f"{answer['parameter']}, unit {answer['unit']}"
    if not chain.get("terms"):
        value = f"dL/dw = {figure(chain['value'])}" if "value" in chain else ""
        return [title(name, value), said(f"  {chain['note']}")]
    rule = "δ·1" if answer["is_bias"] else "δ·x"
    found = [title(f"{name}, {chain['label']}", f"dL/dw = Σ {rule} over samples")]
    if chain["places"] > 1:
        found = [title(f"{name}, {chain['label']}", f"dL/dw = Σ δ·x over samples × {chain['places']} places")]
    ends = [("dL/dw", chain["value"])]
    if chain["uses"] > 1:
        found.append(
            said(f"  the layer is used {chain['uses']} times in a forward pass: the sum is over all")
        )
    found += sum_of_products(
        ("δ", "x", "δ·x"), chain["terms"], chain["count"], chain["sum"], rooms[0], ends, "samples"
    )
    if within := chain.get("within"):
        found.append(said(f"  sample {answer['sample']} alone, place by place:"))
        ends = [(f"sample {answer['sample']}", within["sum"])]
        found += sum_of_products(
            ("δ", "x", "δ·x"), within["terms"], within["count"], within["sum"], rooms[1], ends, "places"
        )
    return found


def _delta(answer: dict[str, Any], delta: dict[str, Any], behind: Lines, room: int) -> Lines:
    """Return how δ of the unit comes from what follows it."""
    if not delta["lines"]:
        return []
    where = f" at {','.join(map(str, delta['place']))}" if delta["place"] else ""
    source = (
        f"from the δ of {delta['from']}"
        if delta.get("terms")
        else "from the loss"
        if delta.get("from")
        else ""
    )
    found = [Content(""), title(f"δ in sample {answer['sample']}{where} = {figure(delta['value'])}", source)]
    if delta["note"]:
        found.append(said(f"  {delta['note']}"))
    if delta.get("terms"):
        ends = [(delta["lines"][0]["symbol"], delta["sum"])]
        found += sum_of_products(
            ("w", "δ", "w·δ"), delta["terms"], delta["count"], delta["sum"], room, ends, "units"
        )
    return [*found, *behind]
