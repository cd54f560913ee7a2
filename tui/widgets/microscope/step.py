"""Page 4, step: one weight from its old value to the new one, and how far every tensor moves."""

from typing import Any

from textual.content import Content

from tui.widgets.microscope.board import Lines, figure, rules, said, short, table, title

_HEADS = ("what moves", "norm of the update", "/ norm of w", "largest update", "at")


def lines(answer: dict[str, Any], width: int, height: int) -> Lines:
    """Return the page, made for so many columns and lines."""
    content = answer["content"]
    step = answer["step"] + 1
    found = [
        title(
            f"{answer['parameter']}, unit {answer['unit']}, {answer['weight_label']}",
            f"step {step:,} by {content['optimizer']}, lr {figure(content['lr'])}",
        ),
        Content.assemble("  w = ", (figure(content["old"]), "bold"), (_of(content), "$secondary")),
        *rules(content["lines"], width),
    ]
    if content["note"]:
        found.append(said(f"  {content['note']}"))
    rows = [
        [
            row["name"],
            short(row["norm"]),
            "–" if row["ratio"] is None else f"{row['ratio']:.1e}",
            short(row["largest"]),
            ",".join(map(str, row["at"])),
        ]
        for row in content["rows"]
    ]
    chosen = next((index for index, row in enumerate(content["rows"]) if row["chosen"]), None)
    room = max(3, height - len(found) - 2)
    return [*found, Content(""), *table(_HEADS, rows, chosen, room)]


def _of(content: dict[str, Any]) -> str:
    """Return what the optimizer remembers of the weight."""
    memory = content.get("memory") or {}
    shown = [f"{name} {figure(value)}" for name, value in memory.items() if name != "step"]
    return f"   remembered: {' · '.join(shown)}" if shown else ""
