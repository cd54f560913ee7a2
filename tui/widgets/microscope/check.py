"""Page 5, check: the gradient of one weight against a difference of two losses."""

from typing import Any

from textual.content import Content

from tui.widgets.microscope.board import Lines, Number, figure, said, table, title

_AGREES = 1e-4
_SEEN = 1e4
"""A gradient so many times as large as what rounding makes of it is seen to four digits."""


def lines(answer: dict[str, Any], width: int, height: int) -> Lines:
    """Return the page, made for so many columns and lines."""
    content = answer["content"]
    found = [
        title(
            f"{answer['parameter']}, unit {answer['unit']}, {answer['weight_label']}",
            "nudged either way, all else as it is, in double precision",
        ),
        Content(f"  w       = {_long(content['old'])},  ε = {figure(content['epsilon'])}"),
        Content(f"  L(w + ε) = {_long(content['above'])}"),
        Content(f"  L(w − ε) = {_long(content['below'])}"),
        Content.assemble(
            "  (L(w + ε) − L(w − ε)) / 2ε  = ", (_long(content["difference"]), "bold"), "   the difference"
        ),
        Content.assemble("  dL/dw by backward           = ", (_long(content["exact"]), "bold"), "   in double"),
        said(f"  dL/dw by backward           = {figure(content['single'])}   in float32, as on page 3"),
        *_verdict(content),
        *_piled(answer, content),
    ]
    if len(content["rows"]) > 1:
        heads = ("ε", "difference", "relative error", "")
        rows = [
            [f"{row['epsilon']:.0e}", _long(row["difference"]), f"{row['error']:.0e}", _remark(row, content)]
            for row in content["rows"]
        ]
        chosen = next(at for at, row in enumerate(content["rows"]) if row["epsilon"] == content["epsilon"])
        found += [Content(""), *table(heads, rows, chosen, max(4, height - len(found) - 2))]
    return found


def _long(value: Number) -> str:
    return "not finite" if value is None else f"{value:.12g}"


def _verdict(content: dict[str, Any]) -> Lines:
    error, exact, noise = content["error"], content["exact"], content["noise"]
    if error is None or exact is None or noise is None:
        return [said("  the loss is not finite: there is nothing to compare")]
    agrees = error < _AGREES
    word = "they agree" if agrees else "they differ"
    found = [
        Content.assemble(
            "  relative error              = ", (f"{error:.1e}", "bold"), f"   {'✓' if agrees else '✗'} {word}"
        )
    ]
    if not agrees and abs(exact) < _SEEN * noise:
        found.append(said(f"  so small a gradient is lost in rounding: the difference is known to ±{noise:.0e}"))
    elif not agrees:
        found.append(said("  within ε there may be a kink, as relu has one at 0: there is no one slope there"))
    return found


def _piled(answer: dict[str, Any], content: dict[str, Any]) -> Lines:
    if answer["passes"] == 1:
        return []
    held = figure(content["held"])
    return [said(f"  zero_grad forgotten: grad holds {held}, {answer['passes']} times as much; the check would fail")]


def _remark(row: dict[str, Any], content: dict[str, Any]) -> str:
    if row["epsilon"] == content["epsilon"]:
        return "the step taken"
    if row["error"] is None or row["error"] < _AGREES:
        return ""
    return "too long: the loss bends" if row["epsilon"] > content["epsilon"] else "too short: rounding"
