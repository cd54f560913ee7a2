"""Page 5, check: the gradient of one weight against a difference of two losses."""

from typing import Any

from textual.content import Content

from tui.widgets.microscope.board import Lines, Number, figure, said, table, title

_AGREES = 1e-4
_SEEN = 1e4
"""A gradient so many times as large as what rounding makes of it is seen to four digits."""
_WORDS = 24
"""Columns of the words before the equals signs."""


def lines(answer: dict[str, Any], width: int, height: int) -> Lines:
    """Return the page, made for so many columns and lines."""
    content = answer["content"]
    found = [
        title(
            f"{answer['parameter']}, unit {answer['unit']}, {answer['weight_label']}",
            "nudged by ε either way, in double",
        ),
        _line("w", _long(content["old"])),
        _line("ε", figure(content["epsilon"]), _why(content)),
        _line("L(w + ε)", _long(content["above"])),
        _line("L(w − ε)", _long(content["below"])),
        _line("(L(w + ε) − L(w − ε))/2ε", _long(content["difference"]), "the difference", "bold"),
        _line("dL/dw", _long(content["exact"]), "by backward, in double", "bold"),
        _line("dL/dw", figure(content["single"]), "by backward, in float32"),
        *_verdict(content),
        *_piled(answer, content),
    ]
    if len(content["rows"]) > 1:
        heads = ("ε", "difference", "relative error", "")
        rows = [
            [f"{row['epsilon']:.0e}", _long(row["difference"]), _share(row["error"]), _remark(row, content)]
            for row in content["rows"]
        ]
        chosen = next(at for at, row in enumerate(content["rows"]) if row["epsilon"] == content["epsilon"])
        found += [Content(""), *table(heads, rows, chosen, max(4, height - len(found) - 2))]
    return found


def _why(content: dict[str, Any]) -> str:
    """Return why the step is as long as it is."""
    if content["kink"] is None:
        return "short enough, and not too short"
    return f"within {content['kink']:.0e} the loss has a kink, as of relu"


def _line(words: str, value: str, aside: str = "", style: str = "") -> Content:
    shown = (value, style) if style else value
    return Content.assemble(f"  {words:<{_WORDS}} = ", shown, (f"   {aside}" if aside else "", "$secondary"))


def _share(error: Number) -> str:
    return "–" if error is None else f"{error:.0e}"


def _long(value: Number) -> str:
    return "not finite" if value is None else f"{value:.12g}"


def _verdict(content: dict[str, Any]) -> Lines:
    error, exact, noise = content["error"], content["exact"], content["noise"]
    if error is None or exact is None or noise is None:
        return [said("  the loss is not finite: there is nothing to compare")]
    agrees = error < _AGREES
    found = [_line("relative error", f"{error:.1e}", "✓ they agree" if agrees else "✗ they differ", "bold")]
    if not agrees and abs(exact) < _SEEN * noise:
        found.append(said(f"  so small a gradient is lost in rounding: it is known to ±{noise:.0e}"))
    elif not agrees:
        found.append(said("  within ε there may be a kink, as relu has one at 0: no one slope is there"))
    return found


def _piled(answer: dict[str, Any], content: dict[str, Any]) -> Lines:
    if answer["passes"] == 1:
        return []
    return [
        _line("grad", figure(content["held"]), f"zero_grad forgotten: {answer['passes']} times as much"),
        said("  a check against grad would fail: the backward pass is right, the loop is not"),
    ]


def _remark(row: dict[str, Any], content: dict[str, Any]) -> str:
    if row["epsilon"] == content["epsilon"]:
        return "the step taken"
    if row["error"] is None or row["error"] < _AGREES:
        return ""
    if content["kink"] is not None and row["epsilon"] > content["epsilon"]:
        return "too long: the loss has a kink"
    return "too long: the loss bends" if row["epsilon"] > content["epsilon"] else "too short: rounding"
